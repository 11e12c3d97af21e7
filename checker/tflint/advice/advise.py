"""Advice for one target: the way through the tree, every scheme with its verdict, and what to run next."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tflint.advice.fitness import current, of_model, of_target, size_under
from tflint.advice.tree import integers_only, schemes, walk
from tflint.fixer.refusal import CALLS
from tflint.parity.entry import entries
from tflint.report.escape import plain
from tflint.runtimes.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.advice.tree import Leaf, Said
    from tflint.model.view import Model
    from tflint.runtimes.profile import RuntimeProfile

SCHEMA_VERSION = 1
RANKS = ("supported", "partial", "unknown", "unsupported")
PLACEHOLDER = "MODEL.tflite"
SETTING = "converter._experimental_disable_per_channel_quantization_for_dense_layers = True"
FLOAT = "float32"


def advise(profile: RuntimeProfile, model: Model | None = None, path: str = "") -> dict[str, Any]:
    """Advice as JSON-able values; the same for the same target and model."""
    steps, leaf = walk(profile)
    rows = [_row(said, leaf, profile, model) for said in leaf.said]
    runs = [row for row in rows if row["verdict"] in ("supported", "partial")]
    out = [row for row in rows if row not in runs]
    rows = [*runs, *sorted(out, key=lambda row: RANKS.index(row["verdict"]))]
    best = runs[0]["scheme"] if runs else None
    free = next((row["scheme"] for row in runs if not row["calibration"]), None)
    facts = _facts(model, path, profile) if model is not None else None
    return {
        "target": profile.id,
        "kind": leaf.what,
        "best": best,
        "without_calibration": free,
        "because": [{"question": s.asks, "answer": s.answer, "sources": list(s.sources)} for s in steps],
        "schemes": rows,
        "model": facts,
        "next": _next(leaf, best, free, profile.id, facts, model),
        "notes": [*_of_model(facts, profile), *_notes(leaf, profile, model)],
    }


def _row(said: Said, leaf: Leaf, profile: RuntimeProfile, model: Model | None) -> dict[str, Any]:
    """One scheme. What the tree says is out stays so; what it knows nothing of can only turn out to be out."""
    scheme = schemes()[said.scheme]
    size = size_under(scheme, model) if model is not None else None
    obstacles = list(of_target(scheme, profile, model)) if said.verdict != "unsupported" else []
    if model is not None and said.verdict != "unsupported":
        one = _one_scale(leaf, scheme.name, model)
        obstacles += of_model(scheme, profile, model, size, dense_one_scale=one)
    verdict = max((said.verdict, *(each.verdict for each in obstacles)), key=RANKS.index)
    return {
        "scheme": said.scheme,
        "verdict": verdict,
        "why": said.why,
        "sources": list(said.sources),
        "obstacles": [each.why for each in obstacles],
        "calibration": scheme.calibration,
        "size": size,
    }


def _facts(model: Model, path: str, profile: RuntimeProfile) -> dict[str, Any]:
    """What of the model the advice goes by."""
    verdict = judge(model, profile)
    varying = [
        {"input": port.name, "dims": list(port.shape)}
        for entry in entries(model)
        for port in entry.inputs
        if port.shape is not None and -1 in port.shape
    ]
    return {
        "path": path,
        "size": model.file_size,
        "scheme": current(model),
        "verdict": verdict.value,
        "reasons": list(verdict.reasons),
        "dynamic_inputs": varying,
        "control_flow": sorted({op.name for op in model.ops if op.name in CALLS}),
    }


def _next(
    leaf: Leaf, best: str | None, free: str | None, target: str, facts: dict[str, Any] | None, model: Model | None
) -> list[dict[str, str]]:
    """Commands, and settings where no command does it, in order."""
    path = facts["path"] if facts else PLACEHOLDER
    look = _command(f"tflint check {_word(path)} --target {_word(target)}", "what the target makes of it, as it is")
    if facts and facts["scheme"] != FLOAT:
        made = _beside("FLOAT.tflite", best)
        again = _command(_quantize("FLOAT.tflite", best, made), f"the float32 model that it was made of, as {best}")
        return [look] if best in (None, facts["scheme"], FLOAT) else [look, again]
    if best in (None, FLOAT):
        return [look]
    source, steps = path, [look] if facts and facts["verdict"] == "unsupported" and not leaf.then else []
    if facts and leaf.fixed_shapes and facts["dynamic_inputs"]:
        source = _beside(path, "fixed")
        dims = " ".join(_word(f"--fix-dim={name}=SIZE") for name in _varying(facts))
        steps.append(_command(f"tflint fix {_word(path)} {dims} --out {_word(source)}", "it takes no dynamic shapes"))
    made = _beside(path, best)
    if _one_scale(leaf, best, model):
        steps.append({"setting": SETTING, "why": "tflint fix --quantize gives dense layers a scale a channel"})
    else:
        steps.append(_command(_quantize(source, best, made), ""))
        if free not in (None, best, FLOAT):
            steps.append(_command(_quantize(source, free, _beside(path, free)), "without calibration data"))
    steps.append(_command(f"tflint check {_word(made)} --target {_word(target)}", "that it is what the target runs"))
    if leaf.then:
        steps.append(_command(leaf.then.format(out=_word(made)), ""))
    return steps


def _quantize(source: str, scheme: str | None, made: str) -> str:
    calibration = " --calibration SAMPLES.npz" if schemes()[str(scheme)].calibration else ""
    return f"tflint fix {_word(source)} --quantize {scheme}{calibration} --out {_word(made)}"


def _one_scale(leaf: Leaf, scheme: str, model: Model | None) -> bool:
    """Dense layers of the model must not get a scale a channel, as `tflint fix --quantize` would give them."""
    asked = leaf.one_scale is not None and scheme in leaf.one_scale.scheme.split(",")
    return asked and model is not None and any(op.name == "FULLY_CONNECTED" for op in model.ops)


def _of_model(facts: dict[str, Any] | None, profile: RuntimeProfile) -> Iterator[dict[str, Any]]:
    """What the verdicts on schemes cannot say of a model."""
    if facts is None:
        return
    if facts["scheme"] != FLOAT:
        text = "already: the verdicts are those of the float32 model that it was made of"
        yield {"text": f"the model is {facts['scheme']} {text}", "sources": []}
    elif facts["verdict"] == "unsupported" and not integers_only(profile):
        codes = ", ".join(facts["reasons"])
        yield {"text": f"the target does not run the model as it is ({codes}), whatever its scheme", "sources": []}


def _notes(leaf: Leaf, profile: RuntimeProfile, model: Model | None) -> list[dict[str, Any]]:
    notes = [{"text": note.why, "sources": list(note.sources)} for note in leaf.notes]
    dense = model is None or any(op.name == "FULLY_CONNECTED" for op in model.ops)
    if leaf.one_scale and dense:
        names = leaf.one_scale.scheme.replace(",", ", ")
        text = f"{names}: {leaf.one_scale.why}. As you convert: {SETTING}"
        notes.append({"text": text, "sources": list(leaf.one_scale.sources)})
    if profile.inferred:
        notes.append({"text": profile.inferred, "sources": []})
    return notes


def _varying(facts: dict[str, Any]) -> list[str]:
    """`x.0` of each dimension that may vary."""
    rows = facts["dynamic_inputs"]
    return [f"{row['input']}.{place}" for row in rows for place, size in enumerate(row["dims"]) if size == -1]


def _beside(path: str, what: str | None) -> str:
    """`model-int8.tflite` for `model.tflite`."""
    return str(PurePath(path).with_name(f"{PurePath(path).stem}-{what}.tflite"))


def _word(text: str) -> str:
    """One word of a shell; what does not print is written out."""
    return shlex.quote(plain(text))


def _command(command: str, why: str) -> dict[str, str]:
    return {"command": command, "why": why}
