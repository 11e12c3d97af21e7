"""A parity report in words and as JSON: what the text and the Markdown of it have in common."""

from __future__ import annotations

from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.parity.metrics import LOGIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.parity.judge import Judgement, Verdict
    from tflint.parity.layers import Layers
    from tflint.parity.metrics import Numbers
    from tflint.parity.report import ParityReport
    from tflint.parity.results import Results

SCHEMA_VERSION = 1
HEADS = ("verdict", "output", "runs with", "max abs", "logit diff", "cosine", "SQNR", "top-1", "equal")
ACCURACY = "accuracy"  # one more head, where samples have labels
LAYER_HEADS = ("worst operators", "tensor", "error", "before", "added")
DEFINITIONS = (
    f"logit diff = {LOGIT}, in percent; SQNR = 10 log10(sum reference^2 / sum (candidate - reference)^2), in dB; "
    "top-1: rows whose largest element is the same, ties apart; equal: elements that are."
)
RIGHT = " accuracy: rows whose largest element is that of the label, of the reference and of the candidate."


def headline(report: ParityReport) -> str:
    """Whether parity holds, and by what."""
    gates = report.gates
    how = f"gates: {gates.name}" + (f", {gates.reason}" if gates.reason else "")
    return f"parity holds ({how})" if report.holds else f"parity FAILS ({how})"


def facts(report: ParityReport) -> Iterator[tuple[str, str]]:
    """Lines above the table: (what, text)."""
    for part in report.parts:
        if part.key is not None:
            yield "signature", part.key
        yield "samples", part.samples.origin
        yield from (("", note) for note in part.samples.notes)
        yield from (("note", note) for note in part.notes)
        for judgement in part.judgements:
            yield from (("note", f"with {judgement.candidate.runner}: {note}") for note in judgement.notes)
    every = dict.fromkeys(
        gate for part in report.parts for each in part.judgements for verdict in each.verdicts for gate in verdict.gates
    )
    if every:
        yield "asked", "; ".join(every)


def labelled(report: ParityReport) -> bool:
    """Whether samples say what is right."""
    verdicts = (verdict for part in report.parts for each in part.judgements for verdict in each.verdicts)
    return any(verdict.numbers and verdict.numbers.accuracy for verdict in verdicts)


def heads(report: ParityReport) -> tuple[str, ...]:
    """Heads of the table."""
    return (*HEADS, ACCURACY) if labelled(report) else HEADS


def definitions(report: ParityReport) -> str:
    """What the numbers of the table are."""
    return DEFINITIONS + RIGHT if labelled(report) else DEFINITIONS


def rows(report: ParityReport) -> Iterator[tuple[str, ...]]:
    """Rows of the table under its heads."""
    width = len(heads(report))
    for part in report.parts:
        of = f"{part.key}: " if len(report.parts) > 1 else ""
        for judgement in part.judgements:
            yield from (_row(of + verdict.output, judgement, verdict)[:width] for verdict in judgement.verdicts)


def _row(name: str, judgement: Judgement, verdict: Verdict) -> tuple[str, ...]:
    if verdict.candidate_output not in ("", verdict.output):
        name += f" = {verdict.candidate_output}"
    mark = "pass" if verdict.holds else "FAIL"
    if verdict.numbers is None:
        return (mark, name, judgement.candidate.runner, *["-"] * 7)
    return (mark, name, judgement.candidate.runner, *_numbers(verdict.numbers))


def _numbers(numbers: Numbers) -> tuple[str, ...]:
    right = numbers.accuracy
    top = "-" if numbers.flips is None else f"{numbers.rows - numbers.flips}/{numbers.rows}"
    return (
        _short(numbers.max_abs),
        "-" if numbers.logit is None else f"{numbers.logit:.3g} %",
        "-" if numbers.cosine is None else f"{numbers.cosine:.6f}",
        "-" if numbers.sqnr is None else f"{numbers.sqnr:.1f} dB" if abs(numbers.sqnr) < inf else "exact",
        top,
        "bits" if numbers.same_bits else f"{numbers.equal:.3g} %",
        "-" if right is None else f"{right.before:.4g} -> {right.after:.4g} %",
    )


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def layers_words(report: ParityReport) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """Of each entry whose inside was compared: the operator where the two part ways, and rows under LAYER_HEADS."""
    for part in report.parts:
        found = part.layers
        if found is None:
            continue
        extent = (
            f"sample {found.sample + 1}, builtin kernels, {len(found.layers)} of {found.operators} operators compared"
        )
        if found.problem:
            line = f"intermediate tensors could not be compared: {found.problem}"
        elif found.jump is not None:
            jump = found.jump
            name = f"{jump.op} #{jump.index} '{jump.tensor}'"
            line = f"diverges at {name}: error {jump.error:.3g}, {jump.incoming:.3g} before it ({extent})"
        elif found.worst:
            line = f"no operator where the error jumps ({extent})"
        else:
            line = f"no difference inside ({extent})"
        rows = tuple(
            (f"{each.op} #{each.index}", each.tensor, f"{each.error:.3g}", f"{each.incoming:.3g}", f"{each.added:.3g}")
            for each in found.worst
        )
        yield (f"signature '{part.key}': {line}" if len(report.parts) > 1 else line), rows


def report_object(report: ParityReport) -> dict[str, Any]:
    """The report as JSON: schema-versioned, keys are added and never changed within a version."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "tflite-lint", "version": __version__},
        "reference": report.reference,
        "candidate": report.candidate,
        "holds": report.holds,
        "reasons": list(report.reasons),
        "gates": {"name": report.gates.name, "reason": report.gates.reason},
        "definitions": {"logit_difference_percent": LOGIT},
        "entries": [
            {
                "signature": part.key,
                "holds": part.holds,
                "samples": {
                    "count": len(part.samples.rows),
                    "origin": part.samples.origin,
                    "notes": list(part.samples.notes),
                },
                "problems": list(part.problems),
                "notes": list(part.notes),
                "runs": [_judgement(judgement) for judgement in part.judgements],
                "layers": None if part.layers is None else _layers(part.layers),
            }
            for part in report.parts
        ],
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "holds": judgement.holds,
        "binding": judgement.binding,
        "compared": judgement.compared,
        "reference": _side(judgement.reference),
        "candidate": _side(judgement.candidate),
        "problems": list(judgement.problems),
        "notes": list(judgement.notes),
        "outputs": [_verdict(verdict) for verdict in judgement.verdicts],
    }


def _layers(found: Layers) -> dict[str, Any]:
    return {
        "sample": found.sample,
        "compared": len(found.layers),
        "operators": found.operators,
        "problem": found.problem,
        "jump": None if found.jump is None else asdict(found.jump),
        "worst": [asdict(each) for each in found.worst],
    }


def _side(results: Results) -> dict[str, Any]:
    return {
        "runner": results.runner,
        "signature": results.key,
        "failure": results.problem,
        "leaks": results.leaks,
        "latency_seconds": results.latency,
        "peak_memory_bytes": results.memory,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    numbers = verdict.numbers
    return {
        "output": verdict.output,
        "candidate_output": verdict.candidate_output,
        "holds": verdict.holds,
        "problem": verdict.problem,
        "gates": list(verdict.gates),
        "numbers": None if numbers is None else _plain(numbers),
    }


def _plain(numbers: Numbers) -> dict[str, Any]:
    found = asdict(numbers)
    names = {"logit": "logit_difference_percent", "sqnr": "sqnr_db", "rows": "top1_rows", "flips": "argmax_flips",
             "top5": "top5_rows"}  # fmt: skip
    sample = numbers.worst
    found["worst"] = None if sample is None else {"sample": sample[0], "index": list(sample[1])}
    right = numbers.accuracy
    found["accuracy"] = right and {"rows": right.rows, "reference": right.before, "candidate": right.after}
    return {names.get(key, key): value for key, value in found.items()} | {
        "equal_percent": numbers.equal,
        "top1_percent": numbers.top1,
    }
