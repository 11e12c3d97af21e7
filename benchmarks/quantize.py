"""`tflint fix --quantize` beside the same by hand, interleaved in one run.

    python benchmarks/quantize.py --model float.tflite [--scheme dynamic] [--runs 5] [--json OUT]

By hand is what people write: one script that calls ai-edge-quantizer, and one that runs both models once on the same
samples, as many as tflint proves by. The proof, the checks before and after, the replacement and the lock are tflint's
own. Needs the extra `quantize`. Wanted: a ratio of at most 1.3.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import machine
import table
from measure import Sample, launched, rounds, rows
from tflint.open import open_model
from tflint.parity.entry import entries
from tflint.parity.generate import Side, generate
from tflint.parity.samples import Samples, save

OURS, BY_HAND = "tflint fix --quantize", "by hand"
RECIPES = {
    "dynamic": "dynamic_wi8_afp32",
    "weight-only-int8": "weight_only_wi8_afp32",
    "int8": "static_wi8_ai8",
    "int16x8": "static_wi8_ai16",
}
QUANTIZE = """
import sys
import numpy as np
from ai_edge_quantizer import quantizer, recipe
model, out, name, samples, count = *sys.argv[1:5], int(sys.argv[5])
work = quantizer.Quantizer(model, getattr(recipe, name)())
ranges = None
if work.need_calibration:
    from ai_edge_litert.interpreter import Interpreter
    data = np.load(samples)
    [key] = Interpreter(model).get_signature_list()
    names = {n.partition("/")[2] for n in data.files if "/" in n}
    ranges = work.calibrate({key: [{n: data[f"{i}/{n}"] for n in names} for i in range(count)]})
work.quantize(ranges).export_model(out, overwrite=True)
"""
RUN = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
samples, count = np.load(sys.argv[3]), int(sys.argv[4])
names = sorted({n.partition("/")[2] for n in samples.files if "/" in n})
for path in sys.argv[1:3]:
    model = Interpreter(path, num_threads=1)
    run = model.get_signature_runner()
    details = run.get_input_details()
    for index in range(count):
        row = {}
        for name in names:
            value, (scale, zero) = samples[f"{index}/{name}"], details[name]["quantization"]
            row[name] = np.clip(np.rint(value / scale) + zero, -128, 127).astype("i1") if scale else value
        run(**row)
"""


def in_turn(*commands: list[str]) -> Sample:
    """Processes, one after the other: the time of all, the most memory of one. Ends the run where one fails."""
    samples = list(map(launched, commands))
    for command, sample in zip(commands, samples, strict=True):
        if sample.ms is None:
            raise SystemExit(f"{' '.join(command)[:300]} failed: {sample.note}")
    return Sample(sum(sample.ms or 0 for sample in samples), max(sample.mb or 0 for sample in samples))


def samples_of(model: Path, count: int, out: Path) -> None:
    """Random samples of a model's one signature, as `tflint verify` makes them."""
    opened = open_model(model)
    [entry] = entries(opened)
    if entry.key is None:
        raise SystemExit("a model with a signature is wanted: by hand, both scripts call it by name")
    side = Side(opened, entry, {port.name: port.name for port in entry.inputs})
    made = generate((side,), count=count)
    save(Samples(made.rows, made.origin), out)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scheme", choices=sorted(RECIPES), default="dynamic")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given, before = parser.parse_args(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, small, out = folder / "samples.npz", folder / "by_hand.tflite", folder / "out.tflite"
        samples_of(given.model, given.samples, data)
        count = str(given.samples)
        program = str(Path(sys.executable).with_name("tflint"))
        ours = [program, "fix", str(given.model), "--quantize", given.scheme, "--out", str(out), "--inputs", str(data)]
        if given.scheme.startswith("int"):
            ours += ["--calibration", str(data)]
        ours += ["--metric", "logit:1e9"]  # what is measured is time: a model that is off is judged all the same
        made = [sys.executable, "-c", QUANTIZE, str(given.model), str(small), RECIPES[given.scheme], str(data), count]
        ran = [sys.executable, "-c", RUN, str(given.model), str(small), str(data), count]
        taken = rounds({OURS: lambda: in_turn(ours), BY_HAND: lambda: in_turn(made, ran)}, given.runs)
    title = f"{given.model.name}, {given.scheme}"
    group = {"title": title, "peer": BY_HAND, "rows": rows(taken, BY_HAND)}
    section = {"name": "quantize", "title": "Quantization, by tflint and by hand", "groups": [group]}
    print(table.of_section(section))
    if given.json:
        given.json.write_text(json.dumps({"about": machine.about(before), "sections": [section]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
