"""Make checker/tflint/runtimes/data from the facts files and from what installed runtimes answered.

    python scripts/generate_runtimes.py --facts DIR [--check]

DIR holds profiles.json, kernels.json, prepare.json, op_versions.json, custom_ops.json and builtin_ops.json.
scripts/runtime_probes.json (scripts/probe_runtimes.py) confirms their tables and settles what they leave open;
scripts/fact_texts.json has the sentences. `--check` writes nothing and fails when a file would change.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from accelerator_tables import accelerators
from runtime_facts import Facts, Target, expect
from task_targets import task_targets

ROOT = Path(__file__).parent.parent
DATA = ROOT / "checker/tflint/runtimes/data"
ANY_VERSION = [1, 0x7FFFFFFF]  # TFLite Micro looks ops up by code alone
OPEN = ("null_signature_maps_ok", "xnnpack", "xnnpack_custom_ops")
"""What the facts leave open between the releases they measured; the probes answer it."""


def nearest_probed(target: Target, targets: list[Target]) -> Target:
    """Find the probed release that is nearest and not newer; the oldest one when all are newer."""
    probed = sorted((other for other in targets if other.probe is not None), key=lambda other: other.generation)
    older = [other for other in probed if other.generation <= target.generation]
    twins = [other for other in older if other.twin is not None and other.twin.id == target.id]  # of the same sources
    return [*probed[:1], *older, *twins][-1]


def target_file(target: Target, table: str, targets: list[Target]) -> dict[str, Any]:
    """Gather the facts of one profile."""
    target.confirm()
    witness = target if target.probe else nearest_probed(target, targets)
    answer = witness.probe or {}
    behaviour = target.behaviour
    settled = {key: answer[key] for key in OPEN}
    settled["null_signature_maps_ok"] |= not behaviour["signature_defs"]  # what is not parsed is not refused
    wheel = target.facts.releases[target.package]
    expect(target.tensor_types == tensor_types(target.facts)[: len(target.tensor_types)], f"{target.id}: tensor types")
    origin = "measured" if target.probe else f"not measured: as {witness.id}, the nearest release that was"
    provenance = {
        "package": target.raw["package"],
        "wheel": target.raw["source"],
        "sha256": wheel["sha256"],
        "behaviour": "defective models, confirmed by scripts/probe_runtimes.py"
        if target.probe
        else "defective models on the wheel",
        "xnnpack": f"{origin}; scripts/runtime_probes.json",
    }
    if not target.probe:
        provenance["xnnpack"] += "; on by default in Linux builds since TF 2.8: tensorflow commit b36bc5b0d44"
    if target.family == "tflite":
        provenance["flex"] = "the Python wheel links Flex up to 2.18 (2.4, 2.5, 2.18 and the probed ones measured)"
    return {
        "family": target.family,
        "release": target.release,
        "generation": target.generation,
        "kernels": table,
        "max_builtin_code": target.raw["max_builtin_code"],
        "max_tensor_type": len(target.tensor_types) - 1,
        **behaviour,
        **settled,
        "custom_ops": {name: [1, 1] for name in target.custom_ops},
        "provenance": provenance,
    }


def micro_target(facts: Facts) -> tuple[dict[str, Any], dict[str, Any]]:
    """TFLite Micro: the profile and its table, all kernels of the source tree."""
    raw = facts.profiles["accelerators"]["tflite_micro"]
    custom = sorted(set(raw["custom_ops"]) - {"ethos-u"})  # the measured wheel is built for the host and refuses it
    table = {"provenance": raw["source"][0], "kernels": dict.fromkeys(sorted(raw["builtin_ops"]), ANY_VERSION)}
    loader = {
        "opcode_field": "max",
        "constant_size": "at-least",
        "verifies_structure": False,
        "signature_defs": False,
        "null_signature_maps_ok": True,
        "buffer_offset": False,
        "empty_subgraph_ok": True,
        "int4": "packed",
        "builtin_options2": False,
        "xnnpack": False,
        "xnnpack_custom_ops": [],
        "micro": True,
    }
    profile = {
        "family": "tflm",
        "release": [0],
        "generation": (2, 23),
        "kernels": "tflm",
        "max_builtin_code": raw["max_builtin_code"],
        "max_tensor_type": len(tensor_types(facts)) - 1,
        **loader,
        "custom_ops": dict.fromkeys(custom, ANY_VERSION),
        "provenance": {
            "package": "tflite-micro 0.dev20261023182759",
            "behaviour": "measured with one-operator models on the wheel; " + raw["source"][1],
            "ops": "all kernels; a firmware has those that its resolver adds",
        },
    }
    return profile, table


def tensor_types(facts: Facts) -> list[str]:
    """Names by number, of the newest release."""
    newest = list(facts.profiles["runtimes"])[-1]
    return list(Target(newest, facts).tensor_types)


def op_versions(facts: Facts) -> dict[str, Any]:
    """(op, version) -> first TensorFlow, first LiteRT, and what TFLite's own table claims."""
    raw = facts.read("op_versions")
    ops: dict[str, dict[str, list[str | None]]] = {}
    for entry in raw["entries"]:
        row = [entry["first_tf_measured"], entry["first_litert_measured"], entry["canonical_min_runtime"]]
        ops.setdefault(entry["op"], {})[str(entry["version"])] = row
    source = raw["canonical_source"]
    claimed = f"{source['repo']}@{source['snapshot_head'][:7]} {source['path']}"
    return {"provenance": f"first releases measured (kernels); claimed: {claimed}", "ops": ops}


def custom_ops(facts: Facts) -> dict[str, Any]:
    """Known custom ops in our own words."""
    texts, ops = facts.texts, dict(facts.texts["more_custom_ops"])
    for raw in facts.read("custom_ops")["ops"]:
        provider = raw["provider"]
        variant = f"{provider}, not in SELECT_TFTEXT_OPS"
        key = variant if raw.get("in_SELECT_TFTEXT_OPS") is False and variant in texts["custom_ops"] else provider
        registrar = raw.get("registrar", "").rpartition(".")[2]
        since = raw.get("registrar_since_tftext", "").partition(" ")[0]
        since = f"{since} and later" if not since.startswith("<=") else f"{since[2:]} and later, or older"
        resolve = texts["custom_ops"][key].format(registrar=registrar, since=since)
        ops[raw["name"]] = {"provider": provider, "kind": raw["kind"], "resolve": resolve, "source": raw["source"]}
    return {
        "ops": dict(sorted(ops.items())),
        "unconverted": texts["unconverted"],
        "patterns": texts["custom_op_patterns"],
    }


def flex_allowlist(facts: Facts) -> dict[str, Any]:
    """TensorFlow ops behind Flex, by who adds them."""
    raw = facts.read("custom_ops")
    return {
        "provenance": "google-ai-edge/LiteRT@f674577 tflite/converter/delegates/flex/allowlisted_flex_ops.cc",
        "tensorflow": raw["flex_allowlist"],
        "tensorflow_text": raw["flex_allowlist_tensorflow_text"],
        "sentencepiece": raw["flex_allowlist_sentencepiece"],
    }


def render(value: dict[str, Any]) -> str:
    """JSON with a line for each entry of the top two levels, so that diffs read."""
    rows = []
    for key, entry in value.items():
        if isinstance(entry, dict) and len(entry) > 1:
            inner = ",\n".join(f"    {json.dumps(name)}: {json.dumps(item)}" for name, item in entry.items())
            rows.append(f"  {json.dumps(key)}: {{\n{inner}\n  }}")
        else:
            rows.append(f"  {json.dumps(key)}: {json.dumps(entry)}")
    return "{\n" + ",\n".join(rows) + "\n}\n"


def data_files(facts: Facts) -> dict[str, str]:
    """Path under data/ -> text."""
    targets = [Target(target, facts) for target in facts.profiles["runtimes"]]
    tables: dict[str, tuple[str, list[str]]] = {}
    files: dict[str, Any] = {}
    for target in targets:
        name, owners = tables.setdefault(json.dumps(target.kernels), (target.id, []))
        owners.append(target.raw["source"])
        files[f"targets/{target.id}"] = target_file(target, name, targets)
    how = "one-operator models, codes 0 to 240 x versions 0 to 30, loaded through the wheel's interpreter"
    for table, (name, wheels) in tables.items():
        files[f"kernels/{name}"] = {"provenance": f"{how}: {', '.join(wheels)}", "kernels": json.loads(table)}
    files["targets/tflm"], files["kernels/tflm"] = micro_target(facts)
    tasks = task_targets(files)
    files |= tasks
    ids = [*(target.id for target in targets), "tflm", *(name[8:] for name in tasks if name.startswith("targets/"))]
    files["index"] = {"targets": ids, "tensor_types": tensor_types(facts)}
    files |= {
        "op_versions": op_versions(facts),
        "custom_ops": custom_ops(facts),
        "flex_allowlist": flex_allowlist(facts),
    }
    files |= {f"accelerators/{name}": table for name, table in accelerators(facts.profiles, facts.texts).items()}
    return {f"{name}.json": render(value) for name, value in files.items()}


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    files = data_files(Facts(options.facts))
    present = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*.json")}
    stale = [name for name, text in files.items() if name not in present or (DATA / name).read_text() != text]
    stale += sorted(present - set(files))
    if options.check:
        expect(not stale, f"stale: {', '.join(stale)}")
        return
    for name in stale:
        path = DATA / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(files)} files, {len(stale)} changed")


if __name__ == "__main__":
    main()
