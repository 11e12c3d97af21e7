"""`tflint report`: an archive that others may read, and that says what the model and the machine are."""

from __future__ import annotations

import getpass
import json
import stat
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import numpy as np
import pytest
from markdown_it import MarkdownIt

from command import tflint
from models import EXAMPLES, ROOT, all_models
from reporting import HOSTILE
from tflint import __version__, sketch
from tflint.bug_report.bundle import LOG_HEAD, LOG_TAIL
from tflint.bug_report.environment import anonymous
from tflint.model.read import decode
from tflint_rules.quantization.quant_did_not_happen import BAD as CONVERTED

if TYPE_CHECKING:
    import subprocess

ALWAYS = ["issue.md", "findings.json", "environment.json"]
OF_MODELS = [*ALWAYS, "model.json", "sketch.txt"]
WEIGHT = "0.8125"  # a weight, exact in float32
MODEL = f"""
x: float32[1,4]
shape: int32[2] = const [4,1]
w: float32[1,4] = const [{WEIGHT},{WEIGHT},{WEIGHT},{WEIGHT}]
y: float32[1,1] = FULLY_CONNECTED(x, w, -)
z: float32[4,1] = RESHAPE(x, shape)
signature serve(x=x) -> (y=y, z=z)
"""


def reported(folder: Path, *arguments: object, code: int = 0, around: dict[str, str] | None = None) -> dict[str, bytes]:
    """Members of the archive that the installed command writes, by name."""
    done = tflint("report", *arguments, "-o", "r.zip", cwd=folder, **(around or {}))
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    with zipfile.ZipFile(folder / "r.zip") as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def one_line(done: subprocess.CompletedProcess[str], code: int, word: str) -> None:
    """One line on stderr, no traceback."""
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
    assert word in done.stderr


def test_the_archive_has_what_maintainers_ask_for(tmp_path: Path) -> None:
    """Findings by their schema, verdicts, the converter's version and flags, versions, a sketch that builds again."""
    model = EXAMPLES / "op_too_new.tflite"
    members = reported(tmp_path, model, "-t", "tflite-2.12", "-t", "litert-2.3.0")
    findings = json.loads(members["findings.json"])
    around = json.loads(members["environment.json"])
    issue = members["issue.md"].decode()

    assert list(members) == OF_MODELS
    jsonschema.validate(findings, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert findings["files"][0]["verdicts"]["tflite-2.12"] == {"verdict": "unsupported", "reasons": ["TFL201"]}
    assert around["tflint"] == __version__
    assert around["packages"]["numpy"] == version("numpy")
    assert json.loads(members["model.json"])["ops"][0]["version"] == 12
    assert [op.version for op in decode(sketch.build(members["sketch.txt"].decode())).ops] == [12]
    for words in ("## Command", "## Output of the converter", "| tflite-2.12 | unsupported |", "`TFL201`"):
        assert words in issue


def test_conversion_metadata_is_told(tmp_path: Path) -> None:
    """The converter's version and settings, where the model has them."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(CONVERTED))
    members = reported(tmp_path, path)

    assert json.loads(members["model.json"])["conversion"]["modes"] == ["PTQ_FULL_INTEGER"]
    assert "| tensorflow\\_version | 2.15.0 |" in members["issue.md"].decode()
    assert "| modes | PTQ\\_FULL\\_INTEGER |" in members["issue.md"].decode()


def test_no_weight_is_in_it_unless_asked_for(tmp_path: Path) -> None:
    """Not even those few that the sketch shows by value; shapes stay. With --with-model the file itself is in."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(MODEL))
    without, with_model = reported(tmp_path, path), reported(tmp_path, path, "--with-model")
    weight = np.float32(WEIGHT).tobytes()

    assert list(without) == OF_MODELS
    assert not any(WEIGHT.encode() in data or weight in data for data in without.values())
    assert "const [4,1]" in without["sketch.txt"].decode()
    assert list(with_model) == [*OF_MODELS, "model.tflite"]
    assert with_model["model.tflite"] == path.read_bytes()
    assert {name: data for name, data in with_model.items() if name in OF_MODELS[1:]} == {
        name: without[name] for name in OF_MODELS[1:]
    }


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the time and the umask: dates and permissions of members are fixed."""
    log = tmp_path / "conv.log"
    log.write_text("WARNING: nothing\n")
    reported(tmp_path, EXAMPLES / "clean.tflite", "--log", log, "--with-model")
    first = (tmp_path / "r.zip").read_bytes()
    log.touch()
    (tmp_path / "r.zip").unlink()
    reported(tmp_path, EXAMPLES / "clean.tflite", "--log", log, "--with-model")

    assert (tmp_path / "r.zip").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()} == {0o644}


def test_names_of_a_model_are_no_markup(tmp_path: Path) -> None:
    """Whatever tensors, signatures and the file are called, the issue renders without a link, an image or HTML."""
    lines = ["x: float32[1]"]
    for name in map(json.dumps, HOSTILE.values()):
        lines += [f"{name}: float32[1] = CUSTOM:{name}(x)", f"signature {name}(a=x) -> (b={name})"]
    path = tmp_path / "[a](https:evil) <b>.tflite"
    path.write_bytes(sketch.build("\n".join(lines)))
    members = reported(tmp_path, path)
    tokens = MarkdownIt("commonmark").enable("table").parse(members["issue.md"].decode())
    inner = [child for token in tokens for child in token.children or ()]
    html = [token.content for token in tokens if token.type == "html_block"]

    assert list(members) == OF_MODELS
    assert not [child.type for child in inner if child.type in ("link_open", "image", "html_inline")]
    assert all(block.startswith("<!-- ") and block.strip().endswith("-->") for block in html)
    assert len(html) == members["issue.md"].count(b"<!--")
    assert members["issue.md"].decode().replace("\n", "").isprintable()


def test_the_log_is_bounded_and_cannot_close_its_fence(tmp_path: Path) -> None:
    """Of a long one the beginning and the end; in the issue its last lines, in a fence longer than any of its own."""
    log = tmp_path / "conv.log"
    log.write_bytes(b"first\n" + b"x" * 80 + b"\n" * 3_000_000 + b"````\n# owned\x1b[31m\nlast \xff line")
    members = reported(tmp_path, EXAMPLES / "clean.tflite", "--log", log)
    issue = members["issue.md"].decode()
    [fence] = [t for t in MarkdownIt("commonmark").parse(issue) if t.type == "fence" and "last" in t.content]

    assert list(members) == [*OF_MODELS, "converter.log"]
    assert members["converter.log"].startswith(b"first\n")
    assert members["converter.log"].endswith("last \ufffd line".encode())
    assert b"bytes left out]" in members["converter.log"]
    assert len(members["converter.log"]) < LOG_HEAD + LOG_TAIL + 100
    assert "````\n# owned\\x1b[31m\nlast" in fence.content


def test_neither_home_nor_user_is_told(tmp_path: Path) -> None:
    """The path is the file's name, or relative; the log's paths lose the home folder and the user's name."""
    home, user = tmp_path / "people" / "alice", "alice"
    project = home / "work"
    project.mkdir(parents=True)
    (project / "m.tflite").write_bytes(sketch.build(MODEL))
    log = project / "conv.log"
    log.write_text(f"saved to {home}/work/out\n/home/{user}/other C:\\Users\\{user}\\x {home}s stays\n")
    told = {"HOME": str(home), "LOGNAME": user}
    inside = reported(project, "m.tflite", "--log", log, around=told)
    outside = reported(tmp_path, project / "m.tflite", around=told)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    far = reported(elsewhere, project / "m.tflite", around=told)

    assert json.loads(inside["model.json"])["path"] == "m.tflite"
    assert json.loads(outside["model.json"])["path"] == "people/alice/work/m.tflite"
    assert json.loads(far["model.json"])["path"] == "m.tflite"
    assert inside["converter.log"].decode().splitlines()[0] == "saved to ~/work/out"
    assert "/home/USER/other C:\\Users\\USER\\x" in inside["converter.log"].decode()
    assert not any(str(home).encode() + b"/" in data for data in (*inside.values(), *far.values()))


def test_what_looks_like_the_user_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that is called as the user is no path of a home folder."""
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    monkeypatch.setattr(Path, "home", lambda: Path("/root"))

    assert anonymous("bert/root/dense /data/root/x /rooted") == "bert/root/dense /data/root/x /rooted"
    assert anonymous('"/root/x" /home/root/y') == '"~/x" /home/USER/y'


@pytest.mark.parametrize("name", ["truncated.tflite", "lfs_pointer.tflite"])
def test_what_is_no_model_is_reported_as_such(tmp_path: Path, name: str) -> None:
    """The archive says why, without a sketch; exit code 1, as for a finding."""
    members = reported(tmp_path, EXAMPLES / name, code=1)

    assert list(members) == ALWAYS
    assert json.loads(members["findings.json"])["files"][0]["findings"][0]["code"] == "TFL901"


def test_without_a_name_it_is_written_here(tmp_path: Path) -> None:
    """`MODEL-report.zip`, and stderr says so."""
    done = tflint("report", EXAMPLES / "clean.tflite", cwd=tmp_path)

    one_line(done, 0, "clean-report.zip")
    assert zipfile.is_zipfile(tmp_path / "clean-report.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["clean-report.zip"]


def test_mistakes_leave_nothing_behind(tmp_path: Path) -> None:
    """No such model, log or target; the model itself as the archive; a folder in its place."""
    model = tmp_path / "m.tflite"
    model.write_bytes(sketch.build(MODEL))
    before = model.read_bytes()
    (tmp_path / "folder").mkdir()
    for arguments, word in (
        (("nope.tflite",), "no such file: nope.tflite"),
        ((model, "--log", "nope.log"), "no such file: nope.log"),
        ((model, "-t", "litrt"), "did you mean 'litert'"),
        ((model, "-o", model), "is"),
        ((model, "-o", "folder"), "cannot write folder"),
    ):
        one_line(tflint("report", *arguments, cwd=tmp_path), 2, word)
    assert model.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "m.tflite"]


def test_every_model_at_hand_is_bundled(tmp_path: Path) -> None:
    """Of the corpus, one in sixteen: whatever it is, there is an archive, and no traceback."""
    for model in all_models()[::16]:
        done = tflint("report", model, "-o", "r.zip", cwd=tmp_path)
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
        assert "internal error" not in done.stderr
        with zipfile.ZipFile(tmp_path / "r.zip") as archive:
            assert archive.namelist() in (ALWAYS, OF_MODELS)
