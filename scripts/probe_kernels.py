"""Hold the kernel facts against real runtimes: small models per op, mutated, run, and compared with the verdict.

    python scripts/probe_kernels.py [OP ...] [--runtimes DIR] [--only litert23,...] [--show N] [--keep DIR]

Base cases are sketches in scripts/kernel_cases/<OP>.tfl (tflm/<OP>.tfl for TFLite Micro), separated by `---` lines.
Each is run as it is and mutated: dtypes, ranks and sizes of every tensor, inputs dropped, omitted and added,
quantization, constants made inputs and inputs made constants, options. DIR (default /opt/rt) holds virtual environments
named as in RUNTIMES; one that is not there is left out. A disagreement is printed with the runtime's own words; exit 1
when there is one.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint import sketch
from tflint.model import schema
from tflint.model.read import decode
from tflint.model.tensor import DTYPES
from tflint.model.write import encode
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import Verdict, refusals_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
RUNTIMES = {  # environment and mode of scripts/run_models.py -> target
    ("litert23", "default"): "litert-2.3.0",
    ("litert23", "no-delegate"): "litert-2.3.0+no-xnnpack",
    ("litert14", "default"): "litert-1.4.0",
    ("litert10", "default"): "litert-1.0.1",
    ("rt14", "default"): "tflite-runtime-2.14.0",
    ("tf212", "default"): "tflite-2.12+flex",
    ("tflm", "tflm"): "tflm",
}
MICRO = "tflm/"  # cases of TFLite Micro's kernels, which ask for other things
TRIED = (
    "float32",
    "float16",
    "int32",
    "uint8",
    "int64",
    "bool",
    "int16",
    "int8",
    "float64",
    "string",
    "int4",
    "uint32",
)
CODES = {name.lower(): code for code, name in schema.ENUMS["TensorType"].items()}

Table = dict[str, Any]


def cases(op: str) -> Iterator[tuple[str, Table]]:
    """Base cases of an op and their mutations, named."""
    text = (HERE / "kernel_cases" / f"{op}.tfl").read_text()
    for number, base in enumerate(text.split("\n---\n")):
        root = sketch.parse(base)
        yield f"{op}[{number}] as it is", root
        for name, mutant in mutations(root):
            yield f"{op}[{number}] {name}", mutant


def mutations(root: Table) -> Iterator[tuple[str, Table]]:
    """Variants of a case that differ in one thing."""
    graph = root["subgraphs"][0]
    op = graph["operators"][-1]
    for position, index in enumerate(op["inputs"]):
        yield from ((f"without input {position}", m) for m in _edit(root, lambda o, _, p=position: o["inputs"].pop(p)))
        yield from ((f"input {position} omitted", m) for m in _edit(root, lambda o, _, p=position: _put(o, p)))
        if index >= 0:
            yield from _tensor_mutations(root, index, f"input {position}")
    if op["inputs"]:
        yield from (("an input more", m) for m in _edit(root, lambda o, _: o["inputs"].append(o["inputs"][-1])))
    for position, index in enumerate(op["outputs"]):
        yield from _tensor_mutations(root, index, f"output {position}")
    for dtype in TRIED if op["outputs"] else ():
        mutant = copy.deepcopy(root)
        main = mutant["subgraphs"][0]["tensors"][op["outputs"][0]]["type"]
        for tensor in mutant["subgraphs"][0]["tensors"]:
            if tensor["type"] == main:
                _retype(mutant, tensor, dtype)
        yield f"all {dtype}", mutant
    yield from _option_mutations(root)


def _put(op: Table, position: int) -> None:
    op["inputs"][position] = -1


def _edit(root: Table, change: Any) -> Iterator[Table]:
    mutant = copy.deepcopy(root)
    graph = mutant["subgraphs"][0]
    change(graph["operators"][-1], graph)
    yield mutant


def _tensor_mutations(root: Table, index: int, role: str) -> Iterator[tuple[str, Table]]:
    def variant() -> tuple[Table, Table]:
        mutant = copy.deepcopy(root)
        return mutant, mutant["subgraphs"][0]["tensors"][index]

    tensor = root["subgraphs"][0]["tensors"][index]
    for dtype in TRIED:
        mutant, changed = variant()
        _retype(mutant, changed, dtype)
        yield f"{role} {dtype}", mutant
    shape = list(tensor["shape"] or ())
    shapes = [[], [0], [1, *shape], [*shape, 1], shape[1:], [7, *shape[1:]], [*shape[:-1], 5], [*shape[:-1], 1]]
    for new in shapes:
        if new != shape:
            mutant, changed = variant()
            changed["shape"] = new
            _refill(mutant, changed)
            yield f"{role} {new}", mutant
    if tensor.get("buffer"):
        mutant, changed = variant()
        changed["buffer"] = 0
        mutant["subgraphs"][0]["inputs"].append(index)
        yield f"{role} not constant", mutant
    elif role.startswith("input"):
        mutant, changed = variant()
        mutant["buffers"].append({"data": b""})
        changed["buffer"] = len(mutant["buffers"]) - 1
        mutant["subgraphs"][0]["inputs"] = [i for i in mutant["subgraphs"][0]["inputs"] if i != index]
        _refill(mutant, changed)
        yield f"{role} constant", mutant
    yield from _quant_mutations(variant, role, tensor.get("quantization"))


def _quant_mutations(variant: Any, role: str, quant: Table | None) -> Iterator[tuple[str, Table]]:
    if not quant or not quant.get("scale"):
        return
    count, scale = len(quant["scale"]), quant["scale"][0]
    changes = {
        "not quantized": None,
        "scale 0": {**quant, "scale": [0.0] * count},
        "scale x3": {**quant, "scale": [3 * s for s in quant["scale"]]},
        "zero point +1": {**quant, "zero_point": [z + 1 for z in quant["zero_point"]]},
        "per tensor": {**quant, "scale": [scale], "zero_point": quant["zero_point"][:1]},
    }
    for name, new in changes.items():
        if new != quant:
            mutant, changed = variant()
            changed["quantization"] = new
            yield f"{role} {name}", mutant


def _option_mutations(root: Table) -> Iterator[tuple[str, Table]]:
    op = root["subgraphs"][0]["operators"][-1]
    union = "builtin_options" if op.get("builtin_options_type") else "builtin_options_2"
    if not op.get(union + "_type"):
        return
    enum = "BuiltinOptions" if union == "builtin_options" else "BuiltinOptions2"
    table = schema.ENUMS[enum][op[union + "_type"]]
    for _, field, kind, default in schema.TABLES[table]:
        if kind in "?bBiIf":
            now = op[union].get(field, default)
            for value in (not now,) if kind == "?" else (0, 1, 2, 3, -1):
                if value != now and not (kind in "BI" and value < 0):
                    for mutant in _edit(root, lambda o, _, f=field, v=value: o[union].update({f: v})):
                        yield f"{field}={value}", mutant
    for mutant in _edit(root, lambda o, _: (o.pop(union), o.pop(union + "_type"))):
        yield "no options", mutant


def _retype(root: Table, tensor: Table, dtype: str) -> None:
    tensor["type"] = CODES[dtype]
    _refill(root, tensor)


def _refill(root: Table, tensor: Table) -> None:
    """A constant keeps its first values and gets the size that its shape asks for."""
    if not tensor.get("buffer"):
        return
    dtype = schema.ENUMS["TensorType"][tensor["type"]].lower()
    size = (math.prod(tensor["shape"] or ()) * DTYPES[dtype][0] + 7) // 8
    data = b"\0\0\0\0\x08\0\0\0" if dtype == "string" else bytes(root["buffers"][tensor["buffer"]]["data"])[:size]
    root["buffers"].append({"data": data.ljust(size, b"\0")})
    tensor["buffer"] = len(root["buffers"]) - 1


def truth(python: Path, mode: str, paths: list[Path]) -> dict[str, Table]:
    """What a runtime did, by file name."""
    argv = [str(python), str(HERE / "run_models.py"), "--mode", mode, *map(str, paths)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {Path(row["file"]).name: row for row in rows}


def compare(op: str, folder: Path, args: argparse.Namespace) -> collections.Counter[str]:
    """Run one op's cases everywhere; print the disagreements."""
    paths, names = [], {}
    for number, (name, root) in enumerate(cases(op)):
        path = folder / f"{op.replace('/', '_')}_{number}.tflite"
        try:
            path.write_bytes(bytes(encode(root)))
        except (TypeError, ValueError, OverflowError):
            continue  # a mutation that the schema cannot hold
        paths.append(path)
        names[path.name] = name
    count: collections.Counter[str] = collections.Counter()
    wrong: dict[tuple[str, str, str], list[str]] = {}
    for (environment, mode), target in RUNTIMES.items():
        python = args.runtimes / environment / "bin" / "python"
        if not python.exists() or (args.only and environment not in args.only.split(",")):
            continue
        if (mode == "tflm") != op.startswith(MICRO):
            continue
        rows = truth(python, mode, paths)
        profile = resolve(target)
        for path in paths:
            if path.name not in rows:
                continue
            row = rows[path.name]
            refusals = refusals_of(decode(path.read_bytes()), profile)
            verdict = Verdict.of(target, refusals)
            loads = row["stage"] in ("ok", "invoke")
            says = {"supported": True, "partial": True, "unsupported": False}.get(verdict.value)
            kind = "right" if says == loads else "unknown" if says is None else "comfort" if says else "alarm"
            count[kind] += 1
            if kind != "right":
                why = "; ".join(str(dict(r.data)) for r in refusals[:1]) if kind == "alarm" else ""
                words = " ".join((row["error"] + " " + row["stderr"][-200:] * (row["stage"] == "crash")).split())
                wrong.setdefault((names[path.name], kind, (why or words)[:200]), []).append(target)
    for (name, kind, words), targets in list(wrong.items())[: args.show]:
        print(f"  {kind:8} {name}: {','.join(targets)}: {words}")
    if len(wrong) > args.show:
        print(f"  ... and {len(wrong) - args.show} more")
    print(
        f"{op}: {len(paths)} models, " + ", ".join(f"{k} {count[k]}" for k in ("right", "comfort", "alarm", "unknown"))
    )
    return count


def main() -> int:
    """All ops with cases, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ops", nargs="*")
    parser.add_argument("--runtimes", type=Path, default=Path("/opt/rt"))
    parser.add_argument("--only", help="environments, comma separated")
    parser.add_argument("--show", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="keep the models here")
    args = parser.parse_args()
    cases_of = HERE / "kernel_cases"
    ops = args.ops or sorted(str(p.relative_to(cases_of).with_suffix("")) for p in cases_of.rglob("*.tfl"))
    total: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for op in ops:
            total += compare(op, folder, args)
    print("total: " + ", ".join(f"{k} {total[k]}" for k in ("right", "comfort", "alarm", "unknown")))
    return 1 if total["comfort"] + total["alarm"] else 0


if __name__ == "__main__":
    sys.exit(main())
