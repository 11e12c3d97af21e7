"""Cold starts and reads, side by side with the runtime's own on the same file, interleaved in one run.

    python benchmarks/run.py --model mobilebert2.tflite [--tflint BARE/bin/tflint] [--runs 15] [--json OUT]

`benchmarks/make_mobilebert.py` makes the model of the published figures. Needs ai-edge-litert in this environment.
Bytecode of everything measured is compiled first (PYTHONDONTWRITEBYTECODE doubles every start-up figure otherwise).
Each figure is a median in milliseconds with the spread of the middle half, and a ratio to LiteRT's load and allocate.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from tflint import sketch

ROOT = Path(__file__).parent.parent
LITERT = "from ai_edge_litert.interpreter import Interpreter as I\nimport sys\nI(sys.argv[1]).allocate_tensors()"
READ_MODEL = "from ai_edge_litert.tools import flatbuffer_utils as f\nimport sys\nf.read_model(sys.argv[1])"
PEER = "LiteRT load + allocate"
BIG = 2_500_000_000  # bytes
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
LAUNCHER = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", 1, 0)])
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


def commands(model: Path, program: Path) -> dict[str, list[str]]:
    """Name -> command line."""
    tflint = [str(program), "check", "--isolated", "--exit-zero"]
    typer = [str(program.with_name("python")), "-c", "import typer"]
    return {
        PEER: [sys.executable, "-c", LITERT, str(model)],
        "tflint check, concise": [*tflint, "-f", "concise", str(model)],
        "tflint check, full": [*tflint, str(model)],
        "flatbuffer_utils.read_model": [sys.executable, "-c", READ_MODEL, str(model)],
        "import typer": typer,
        "python -c pass": [sys.executable, "-c", "pass"],
    }


def run(command: list[str]) -> float:
    """Milliseconds of one process."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False)
    elapsed = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode()[-500:]}")
    return elapsed


def peak(command: list[str]) -> float:
    """Peak resident megabytes of one process, started by a small one: a child counts its parent's memory as its own."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *command], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    return int(done.stdout) / 1024


def measure(named: dict[str, list[str]], runs: int) -> dict[str, dict[str, float]]:
    """Interleaved runs of all commands."""
    times: dict[str, list[float]] = {name: [] for name in named}
    for number in range(runs + 1):
        for name, command in named.items():
            elapsed = run(command)
            if number:  # the first round warms the page cache
                times[name].append(elapsed)
    out = {}
    for name, values in times.items():
        quartiles = statistics.quantiles(values, n=4)
        middle = statistics.median(values)
        out[name] = {"ms": middle, "spread": quartiles[2] - quartiles[0], "peak_mb": peak(named[name])}
    return out


def big_model(folder: Path) -> Path:
    """2.5 GB, sparse on disk: one constant stored behind the FlatBuffer."""
    from tflint.model.write import encode  # noqa: PLC0415 - imports flatbuffers

    text = (
        f"x: float32[1,4]\nw: int8[1000,{BIG // 1000}] = raw 0x00\ny: float32[1,4] = RELU(x)\nz: int8[1] = const @w\n"
    )
    tables = sketch.parse(text.replace("z: int8[1] = const @w\n", "").replace(" = raw 0x00", " = raw 1"))
    tables["buffers"][-1] = {"offset": 1 << 20, "size": BIG}
    path = folder / "big.tflite"
    path.write_bytes(bytes(encode(tables)))
    os.truncate(path, (1 << 20) + BIG)
    return path


def in_process(model: Path, runs: int) -> dict[str, dict[str, float]]:
    """The read and the whole check against `flatbuffer_utils.read_model`, warm, in one process."""
    script = ROOT / "benchmarks" / "in_process.py"
    done = subprocess.run([sys.executable, script, model, str(runs)], capture_output=True, text=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def table(title: str, rows: dict[str, dict[str, float]], peer: str) -> None:
    """Print the figures with their ratio to the peer."""
    print(f"\n{title}")
    for name, row in rows.items():
        ratio = row["ms"] / rows[peer]["ms"]
        memory = f"  {row['peak_mb']:7.1f} MB" if "peak_mb" in row else ""
        print(f"  {name:32} {row['ms']:8.1f} ms ±{row['spread'] / 2:5.1f}  {ratio:5.2f}x{memory}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--tflint",
        type=Path,
        default=Path(sys.executable).with_name("tflint"),
        help="of a bare install, as users have it",
    )
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    packages = next(args.tflint.parent.parent.glob("lib/python*/site-packages"), sysconfig.get_path("purelib"))
    for folder in (ROOT / "checker", ROOT / "rules", packages, sysconfig.get_path("purelib")):
        compileall.compile_dir(folder, quiet=2, workers=0)
    cold = measure(commands(args.model, args.tflint), args.runs)
    table(f"cold start, {args.model.name} ({args.model.stat().st_size:,} bytes)", cold, PEER)
    warm = in_process(args.model, args.runs)
    table("in one process, warm", warm, "flatbuffer_utils.read_model")
    with tempfile.TemporaryDirectory() as scratch:
        big = big_model(Path(scratch))
        small = ROOT / "examples" / "models" / "clean.tflite"
        tflint = commands(big, args.tflint)["tflint check, concise"]
        sizes = measure({"a small model": [*tflint[:-1], str(small)], "2.5 GB of weights": tflint}, args.runs)
    table("tflint check, concise, by bytes of weights", sizes, "a small model")
    if args.json:
        args.json.write_text(json.dumps({"cold": cold, "warm": warm, "bytes": sizes}, indent=2) + "\n")


if __name__ == "__main__":
    main()
