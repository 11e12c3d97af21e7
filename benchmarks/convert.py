"""`tflint fix --source` beside the converter script that one writes by hand for the same recipe, interleaved.

    python benchmarks/convert.py --source tf/ --python TF/bin/python [--length 128] [--runs 3] [--json OUT]

`examples/mobilebert/tf_models.py` makes the checkpoint: `--layers 2` for a small one, 24 for the whole of MobileBERT.
By hand is one script: load, trace with fixed sizes and two outputs, convert, write. Whether `trackable_obj` is the
Keras model, as people write it, or holds its variables alone, as tflint has it, makes a large difference: Keras traces
all its layers to save them. The second is what is compared. tflint also proves the result in the source's framework:
what `tflint verify` takes for the same files is measured too, and is taken off. Seconds by the clock, and of processor
time, which other work disturbs less. Wanted: `fix` without its proof at most 1.25 times the script, three
variants at most 1.6 times one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
import table
from measure import ENVIRONMENT, Sample, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUTS = ("last_hidden_state", "pooler_output")
BY_HAND = """
import sys
import tensorflow as tf
from transformers import TFMobileBertModel
source, out, length, tracked = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
model = TFMobileBertModel.from_pretrained(source)
names = ("attention_mask", "input_ids", "token_type_ids")
@tf.function(input_signature=[tf.TensorSpec([1, length], tf.int32, name=name) for name in names])
def serve(attention_mask, input_ids, token_type_ids):
    found = model(input_ids, attention_mask, token_type_ids, training=False)
    return {"last_hidden_state": found.last_hidden_state, "pooler_output": found.pooler_output}
holder = tf.Module()
holder.all = model if tracked == "model" else model.variables
converter = tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], holder)
open(out, "wb").write(converter.convert())
"""
KERAS, SCRIPT = "by hand, the Keras model tracked", "by hand, its variables tracked"
FIX, VERIFY, THREE = "tflint fix", "tflint verify", "tflint fix, three variants"
ALONE = "tflint fix, without its proof"


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds by the clock and of processor time of a process and all that it waited for."""
    environment = ENVIRONMENT | {"TF_USE_LEGACY_KERAS": "1"}
    start = time.perf_counter()
    with (folder / "said").open("wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, env=environment)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)[:300]} failed: {(folder / 'said').read_text()[-1500:]}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime


def commands(given: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    """Name -> command line."""
    program, source, made = str(Path(sys.executable).with_name("tflint")), str(given.source.resolve()), "fixed.tflite"
    fix = [program, "fix", "new.tflite", "--source", source, "--python", str(given.python), "--out", made]
    for name in ("attention_mask", "input_ids", "token_type_ids"):
        fix += ["--fix-dim", f"{name}.1={given.length}"]
    for name in OUTPUTS:
        fix += ["--keep-output", name]
    verify = [program, "verify", source, made, "--python", str(given.python)]
    three = [*fix, "--quantize", "float16,dynamic", "--metric", "logit:1e9"]  # what is measured is time
    script = [str(given.python), "-c", BY_HAND, source, str(folder / "by_hand.tflite"), str(given.length)]
    return {KERAS: [*script, "model"], SCRIPT: [*script, "variables"], FIX: fix, VERIFY: verify, THREE: three}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given, before = parser.parse_args(), os.getloadavg()[0]
    times: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(given.runs):
            for what, command in commands(given, folder).items():
                if what != VERIFY:
                    for file in folder.glob("fixed*"):
                        file.unlink()
                times.setdefault(what, []).append(measured(command, folder))
                print(f"{times[what][-1][0]:8.1f} s, {times[what][-1][1]:7.1f} s of processor time  {what}", flush=True)
        print(", ".join(f"{file.name} {file.stat().st_size:,}" for file in sorted(folder.glob("*.tflite"))))
    section = {"name": "convert", "title": "Conversion, by tflint and by hand", "groups": list(groups(times))}
    print(table.of_section(section))
    if given.json:
        given.json.write_text(json.dumps({"about": machine.about(before), "sections": [section]}, indent=1) + "\n")


def groups(times: dict[str, list[tuple[float, float]]]) -> Iterator[dict[str, Any]]:
    """By the clock and of processor time: all beside the better script, and three variants beside one."""
    for place, unit in enumerate(("by the clock", "processor time")):
        taken = {what: [Sample(each[place] * 1000) for each in pairs] for what, pairs in times.items()}
        pairs = zip(times[FIX], times[VERIFY], strict=True)
        taken[ALONE] = [Sample((fix[place] - proof[place]) * 1000) for fix, proof in pairs]
        yield {"title": unit, "peer": SCRIPT, "rows": rows(taken, SCRIPT)}
        yield {"title": unit, "peer": FIX, "rows": rows({what: taken[what] for what in (FIX, THREE)}, FIX)}


if __name__ == "__main__":
    main()
