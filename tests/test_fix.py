"""`tflint fix MODEL`, run as a user runs it: what it does, what it proves, and that nothing short of that is kept."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import TFLINT, tflint
from models import SHARED, shared_rows
from tflint import sketch
from tflint.model.read import read_model

if TYPE_CHECKING:
    from pathlib import Path

UNSIGNED = """
graph main("serving_default_ids:0", mask) -> ("StatefulPartitionedCall:1", "StatefulPartitionedCall:0")
"serving_default_ids:0": float32[1,4]
mask: float32[1,4]
"StatefulPartitionedCall:0": float32[1,4] = ADD("serving_default_ids:0", mask)
"StatefulPartitionedCall:1": float32[1,4] = MUL("serving_default_ids:0", mask)
"""
SIGNED = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
signature serve(args_0=x) -> (output_0=y)
"""
SLOW_TO_RUN = "a: float32[1,600,600]\n" + "\n".join(
    f"{new}: float32[1,600,600] = BATCH_MATMUL({old}, a)" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

# Kills itself at the Nth change of the folder: files made, renamed, removed, opened for writing.
KILLED = """
import os, signal, sys
limit, folder = int(sys.argv[1]), sys.argv[2]
seen = 0
WATCHED = {"open", "os.rename", "os.remove", "os.link", "os.chmod", "tempfile.mkstemp", "shutil.copyfile"}
def hook(event, arguments):
    global seen
    if event in WATCHED and any(folder in str(a) for a in arguments):
        seen += 1
        if seen == limit:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from tflint.__main__ import run
try:
    run(["fix", *sys.argv[3:]])
finally:
    print("events", seen)
"""


def model(folder: Path, text: str, name: str = "model.tflite") -> Path:
    """A model of a sketch."""
    path = folder / name
    path.write_bytes(sketch.build(text))
    return path


def signatures(path: Path) -> dict[str | None, tuple[dict[Any, str], dict[Any, str]]]:
    """Key -> name -> tensor's name, of inputs and outputs."""
    found = read_model(path)
    return {
        s.key: tuple(  # type: ignore[misc] # two sides
            {name: found.subgraphs[s.subgraph_index].tensors[index].name for name, index in rows or ()}
            for rows in (s.inputs, s.outputs)
        )
        for s in found.signatures
    }


def hidden(folder: Path) -> list[str]:
    """What is left of candidates."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def by_index(path: Path, values: list[Any]) -> list[Any]:
    """Outputs by position."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [np.array(interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details()]


def test_a_signature_is_added_and_answers_as_the_positions_do(tmp_path: Path) -> None:
    """A model without one gets the signature, named after its tensors and results, and the old bytes are proved."""
    path = model(tmp_path, UNSIGNED)
    x, mask = np.array([[1, 2, 3, 4]], np.float32), np.array([[1, 0, 1, 0]], np.float32)
    before = by_index(path, [x, mask])
    done = tflint("fix", path, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert signatures(path) == {
        "serving_default": (
            {"ids": "serving_default_ids:0", "mask": "mask"},
            {"output_1": "StatefulPartitionedCall:1", "output_0": "StatefulPartitionedCall:0"},
        )
    }
    answer = Interpreter(str(path)).get_signature_runner("serving_default")(ids=x, mask=mask)
    assert [answer["output_1"].tolist(), answer["output_0"].tolist()] == [value.tolist() for value in before]
    assert "now seen: TFL102" in done.stdout
    assert hidden(tmp_path) == []


def test_twice_is_once(tmp_path: Path) -> None:
    """A second run finds nothing to change and leaves every byte."""
    path = model(tmp_path, UNSIGNED)
    tflint("fix", path, cwd=tmp_path)
    once = path.read_bytes()
    again = tflint("fix", path, cwd=tmp_path)

    assert (again.returncode, path.read_bytes()) == (0, once)
    assert "nothing to change" in again.stdout


def test_names_are_given_by_flags(tmp_path: Path) -> None:
    """Signature, inputs and outputs get the names that were asked for; nothing else is mended then."""
    path = model(tmp_path, SIGNED)
    done = tflint(
        "fix",
        path,
        "--signature",
        "serve=predict",
        "--rename",
        "args_0=ids",
        "--rename",
        "output_0=scores",
        cwd=tmp_path,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert signatures(path) == {"predict": ({"ids": "x"}, {"scores": "y"})}


def test_order_of_the_signature(tmp_path: Path) -> None:
    """Outputs are put where the signature or the flag has them; the numbers go with the names."""
    path = model(tmp_path, UNSIGNED)
    x, mask = np.array([[1, 2, 3, 4]], np.float32), np.array([[1, 0, 1, 0]], np.float32)
    product, total = by_index(path, [x, mask])
    tflint("fix", path, cwd=tmp_path)
    done = tflint("fix", path, "--order", "outputs=output_0,output_1", "--order", "inputs=mask,ids", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [v.tolist() for v in by_index(path, [mask, x])] == [total.tolist(), product.tolist()]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--rename", "args_1=ids"), "no input or output 'args_1' (did you mean 'args_0'?)"),
        (("--rename", "args_0"), "write OLD=NEW"),
        (("--signature", "other=new"), "no signature 'other'"),
        (("--signature", "fresh"), "to rename it, write 'serve=fresh'"),
        (("--order", "inputs=x"), "an order names each of them once"),
        (("--order", "sideways"), "write inputs=A,B"),
        (("--plan", "--diff"), "one of them"),
        (("--select", "TFL999"), "TFL999"),
        (("-f", "xml"), "xml"),
    ],
)
def test_flags_that_cannot_be_met(tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    """One line that says what is wrong, rc 2, and the file as it was."""
    path = model(tmp_path, SIGNED)
    before = path.read_bytes()
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_plan_and_diff_write_nothing(tmp_path: Path) -> None:
    """--plan names edit, rule and reason, --diff what would differ; neither touches the folder."""
    path = model(tmp_path, UNSIGNED)
    before = path.read_bytes()
    plan = tflint("fix", path, "--plan", cwd=tmp_path)
    diff = tflint("fix", path, "--diff", cwd=tmp_path)

    assert (plan.returncode, diff.returncode) == (0, 0)
    assert "add the signature 'serving_default': TFL101 no-signature: no SignatureDef" in plan.stdout
    assert "nothing was written" in plan.stdout
    assert "serving_default" in diff.stdout
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_json_names_steps_proof_and_digests(tmp_path: Path) -> None:
    """The machine's report holds what was done, on what proof, and what was written."""
    path = model(tmp_path, UNSIGNED)
    report = json.loads(tflint("fix", path, "--select", "TFL101", "-f", "json", cwd=tmp_path).stdout)

    assert report["steps"] == [
        {
            "edit": "add the signature 'serving_default'",
            "applicability": "safe",
            "code": "TFL101",
            "name": "no-signature",
            "why": "no SignatureDef: 2 inputs and 2 outputs can be bound by position only",
        }
    ]
    assert report["written"] == str(path)
    assert report["parity"]["gate"] == "exact"
    lock = json.loads((tmp_path / "tflint.lock").read_text())
    note = lock["models"]["model.tflite"]["fix"]
    assert [note["input"], note["output"]] == report["digests"]
    assert note["edits"] == ["add the signature 'serving_default'"]


def test_out_backup_links_and_permissions(tmp_path: Path) -> None:
    """--out leaves the model, --backup keeps it, a link stays a link, and permissions are kept."""
    path = model(tmp_path, UNSIGNED)
    path.chmod(0o640)
    before = path.read_bytes()
    out = tmp_path / "fixed.tflite"
    assert tflint("fix", path, "--out", out, cwd=tmp_path).returncode == 0
    assert path.read_bytes() == before
    assert stat.S_IMODE(out.stat().st_mode) == 0o640

    link = tmp_path / "link.tflite"
    link.symlink_to(path)
    assert tflint("fix", link, "--backup", cwd=tmp_path).returncode == 0
    assert link.is_symlink()
    assert path.read_bytes() == out.read_bytes()
    assert (tmp_path / "model.tflite.bak").read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_instant(tmp_path: Path, every: int) -> None:
    """Whichever step of the loop SIGKILL comes at, the old file or the new one is there, whole."""
    old = sketch.build(UNSIGNED)
    path = tmp_path / "model.tflite"
    path.write_bytes(old)
    whole = subprocess.run(
        [sys.executable, "-c", KILLED, "0", str(tmp_path), str(path), "--backup"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    events = int(whole.stdout.split()[-1])
    new = path.read_bytes()
    assert events > 8
    states = []
    for limit in range(events, 0, -every):
        path.write_bytes(old)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(limit), str(tmp_path), str(path), "--backup"],
            cwd=tmp_path, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert killed.returncode == -9
        states.append(path.read_bytes())
    assert set(states) == {old, new}, events


@pytest.mark.parametrize("size", [100, 600])
def test_disk_full(tmp_path: Path, size: int) -> None:
    """A candidate that cannot be written whole is an error of one line, and nothing is left of it."""
    path = model(tmp_path, UNSIGNED)
    before = path.read_bytes()
    limited = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); \
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); \
from tflint.__main__ import run; raise SystemExit(run(['fix', {str(path)!r}]))"
    done = subprocess.run(
        [sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "File too large" in done.stderr
    assert path.read_bytes() == before
    assert hidden(tmp_path) == []


def without_privilege() -> None:
    """Let root's next program be bound by permissions: CAP_DAC_OVERRIDE leaves the bounding set (linux/prctl.h)."""
    if os.getuid() == 0:
        ctypes.CDLL(None).prctl(24, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders are POSIX")
def test_read_only_folder(tmp_path: Path) -> None:
    """Where no candidate can be made, the model is left and one line says so."""
    folder = tmp_path / "models"
    folder.mkdir()
    path = model(folder, UNSIGNED)
    before = path.read_bytes()
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [TFLINT, "fix", str(path)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            preexec_fn=without_privilege,
        )
    finally:
        folder.chmod(0o755)

    assert done.returncode == 1, done.stderr
    assert "cannot write in" in done.stderr
    assert path.read_bytes() == before


def test_two_processes_on_one_file(tmp_path: Path) -> None:
    """Of fixes that run at once one does the work; the others say so, or find nothing left to do."""
    path = model(tmp_path, SLOW_TO_RUN)
    found: list[subprocess.CompletedProcess[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(tflint("fix", path, "--signature", "s", cwd=tmp_path)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done.returncode for done in found) in ([0, 1, 1], [0, 0, 1], [0, 0, 0])
    assert [("written" in done.stdout) for done in found].count(True) == 1
    for done in found:
        assert done.returncode == 0 or "another tflint fix" in done.stderr or "changed it meanwhile" in done.stderr
    assert list(signatures(path)) == ["s"]
    assert hidden(tmp_path) == []


def test_a_file_that_changes_meanwhile_is_left(tmp_path: Path) -> None:
    """What somebody else wrote while both models ran is not overwritten."""
    from tflint.fix.place import held, put, scratch, write_pieces  # noqa: PLC0415 - the parts between which it happens

    path = model(tmp_path, UNSIGNED)
    with held(path) as mine, scratch(path) as candidate:
        write_pieces([b"candidate"], candidate)
        path.write_bytes(b"theirs")
        with pytest.raises(Exception, match="somebody changed it meanwhile"):
            put(candidate, mine, None, backup=False)
    assert path.read_bytes() == b"theirs"


def test_missing_runtime_is_one_line(tmp_path: Path) -> None:
    """Without the extra nothing is run and nothing written: rc 2 and how to install it; a plan needs none."""
    path = model(tmp_path, UNSIGNED)
    hide = "import importlib.util as u; real = u.find_spec; \
u.find_spec = lambda n, *a: None if n == 'ai_edge_litert' else real(n, *a); \
from tflint.__main__ import run; import sys; raise SystemExit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", hide, "fix", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    plan = subprocess.run([*command, "--plan"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, plan.returncode) == (2, 0)
    assert done.stderr.count("\n") == 1
    assert "pip install 'tflint[verify]'" in done.stderr


def unsigned_corpus() -> list[str]:
    """Corpus models without a signature that LiteRT runs."""
    rows = ((name, row["truth"].get("litert-2.3.0", {})) for name, row in shared_rows("truth.jsonl").items())
    return [name for name, row in rows if row.get("invoke") and row.get("signatures_list") == {}]


@pytest.mark.slow
@pytest.mark.parametrize("name", unsigned_corpus())
def test_signature_of_corpus_models(name: str, tmp_path: Path) -> None:
    """Every corpus model that runs and has no signature gets one, whose runner gives the numbers of positions."""
    path = tmp_path / name
    path.write_bytes((SHARED / "corpus" / "files" / name).read_bytes())
    path.chmod(0o644)
    done = tflint("fix", path, "--signature", "serving_default", "-f", "json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["parity"]["samples"] > 0
    assert "serving_default" in signatures(path)


def test_findings_say_how_they_are_mended(tmp_path: Path) -> None:
    """The JSON report of a check lists the edits of each finding and their applicability."""
    path = model(tmp_path, UNSIGNED)
    report = json.loads(tflint("check", path, "-f", "json", cwd=tmp_path).stdout)
    fixes = {finding["code"]: finding["fix"] for finding in report["files"][0]["findings"]}

    assert fixes["TFL101"] == [{"edit": "add the signature 'serving_default'", "applicability": "safe"}]
