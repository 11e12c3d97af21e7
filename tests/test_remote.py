"""Models behind URLs: only metadata travels, findings are those of the file, and what fails is one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from archiving import CLEAN, FLAWED, archive
from models import EXAMPLES
from running import environment, one_line, tflint
from serving import serving
from tflint import sketch
from tflint.__main__ import run
from tflint.artifacts.artifact import Artifact, redacted

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from serving import Server

pytest.importorskip("fsspec")

BIG = "\n".join(
    [
        "x0: float32[1,1024]",
        *(
            f"w{n}: float32[1024,1024] = const\nb{n}: float32[1024] = const\n"
            f"x{n + 1}: float32[1,1024] = FULLY_CONNECTED(x{n}, w{n}, b{n})"
            for n in range(25)
        ),
        "y: int8[1,1024] q=0.5+0 = QUANTIZE(x25)",
        "z: int8[1,1024] q=0.5+0 = SOFTMAX(y) beta=1",
        "signature serving_default(x=x0) -> (y=z)",
    ]
)
WITHOUT = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
from tflint.__main__ import run
sys.exit(run(["check", sys.argv[2]]))
"""


def reported(folder: Path, *arguments: object) -> list[dict[str, Any]]:
    """The files of a JSON report, whatever they are called."""
    done = tflint(folder, "check", "-f", "json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [{**file, "path": ""} for file in json.loads(done.stdout)["files"]]


def refuse(status: int) -> Any:
    """A server that answers with this status."""

    def answer(_: Server, handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    return answer


def test_only_metadata_travels(tmp_path: Path) -> None:
    """Of 100 MB less than 2 MB do, in a few requests; the findings are those of the file."""
    data = sketch.build(BIG)
    (tmp_path / "m.tflite").write_bytes(data)
    with serving({"/m.tflite": data}) as server:
        found = reported(tmp_path, f"{server.url}/m.tflite")

    assert len(data) > 100_000_000
    assert found == reported(tmp_path, "m.tflite")
    assert found[0]["findings"]
    assert server.sent < 2_000_000
    assert len(server.asked) < 60


def test_a_small_model_is_one_request(tmp_path: Path) -> None:
    """Between two that ask how large it is, and whether it still is what it was."""
    with serving({"/m.tflite": FLAWED}) as server:
        assert [f["code"] for f in reported(tmp_path, f"{server.url}/m.tflite")[0]["findings"]] == ["TFL212", "TFL510"]

    assert [method for method, _ in server.asked] == ["HEAD", "GET", "HEAD"]


def test_weights_travel_under_deep(tmp_path: Path) -> None:
    """Rules that read weights find them; `diff`, which compares constants, does too."""
    text = "x: float32[1,64]\nw: float32[64,64] = const\ny: float32[1,64] = FULLY_CONNECTED(x, w, -)\n"
    data = sketch.build(text) + bytes(200_000)
    (tmp_path / "m.tflite").write_bytes(data)
    with serving({"/m.tflite": data}) as server:
        url = f"{server.url}/m.tflite"
        assert reported(tmp_path, "--deep", url) == reported(tmp_path, "--deep", "m.tflite")
        assert server.sent >= len(data)
        assert "identical" in tflint(tmp_path, "diff", "m.tflite", url).stdout
        assert tflint(tmp_path, "show", url).stdout == tflint(tmp_path, "show", "m.tflite").stdout


def test_without_ranges_a_small_file_is_taken_whole(tmp_path: Path) -> None:
    """A large one is a finding, and is not downloaded."""
    data = FLAWED + bytes(100_000)
    with serving({"/m.tflite": data, "/big.tflite": CLEAN + bytes(70_000_000)}) as server:
        server.ranges = False
        (tmp_path / "m.tflite").write_bytes(data)
        assert reported(tmp_path, f"{server.url}/m.tflite") == reported(tmp_path, "m.tflite")
        done = tflint(tmp_path, "check", "-f", "concise", f"{server.url}/big.tflite")

    assert done.returncode == 1
    assert "gives no ranges of its 70,0" in done.stdout


@pytest.mark.parametrize(("status", "words"), [(404, "HTTP 404 Not Found"), (403, "HTTP 403"), (500, "HTTP 500")])
def test_what_cannot_be_read_is_a_finding(tmp_path: Path, status: int, words: str) -> None:
    """As of a file; without what is secret in its URL, in any report."""
    with serving({}) as server:
        server.failing = refuse(status)
        url = f"{server.url.replace('//', '//me:s3cret@')}/m.tflite?X-Amz-Signature=s3cret#s3cret"
        for kind in ("concise", "full", "json", "sarif", "github", "gitlab", "junit", "markdown"):
            done = tflint(tmp_path, "check", "-f", kind, url)
            assert (done.returncode, done.stderr) == (1, "")
            assert words in done.stdout, done.stdout
            assert "s3cret" not in done.stdout
        one_line(tflint(tmp_path, "inspect", url), words, f"{server.url}/m.tflite")


def test_a_host_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    """A name that does not resolve, and a port that nobody listens at."""
    done = tflint(tmp_path, "check", "-f", "concise", "http://tflint.invalid/m.tflite?k=s3cret", "http://127.0.0.1:9/m")

    assert done.returncode == 1
    assert "error TFL901 cannot be read: no connection to tflint.invalid" in done.stdout
    assert "error TFL901 cannot be read: no connection to 127.0.0.1" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_a_silent_server_does_not_hang(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A request without an answer ends."""
    remote = pytest.importorskip("tflint.artifacts.remote")
    monkeypatch.setattr(remote, "SILENT", 0.5)
    waiting = pytest.importorskip("threading").Event()
    with serving({"/m.tflite": FLAWED}) as server:
        server.failing = lambda *_: waiting.wait(20)
        assert run(["check", "-f", "concise", "-j", "1", f"{server.url}/m.tflite"]) == 1
        waiting.set()

    assert "error TFL901 cannot be read: no answer in time" in capsys.readouterr().out


@pytest.mark.parametrize("later", [FLAWED[:300], CLEAN + bytes(200_000), FLAWED + bytes(300_000)])
def test_what_changes_while_it_is_read_is_told(tmp_path: Path, later: bytes) -> None:
    """It may have become shorter or longer."""
    data = FLAWED + bytes(200_000)
    with serving({"/m.tflite": data}) as server:

        def change(server: Server, _: BaseHTTPRequestHandler) -> bool:
            if len(server.asked) > 2:
                server.files["/m.tflite"] = later
            return False

        server.failing = change
        done = tflint(tmp_path, "check", "-f", "concise", f"{server.url}/m.tflite")

    assert done.returncode == 1
    assert "changed while it was read" in done.stdout, done.stdout


def test_archives_behind_urls_are_looked_into(tmp_path: Path) -> None:
    """What is fetched is the directory, the first bytes of what may be a model, and the structure of each model."""
    members = {"classes.dex": bytes(5_000_000), "assets/m.tflite": FLAWED, "res/a.png": b"png" * 100, "lib": bytes(999)}
    data = archive(tmp_path / "app.apk", members).read_bytes()
    with serving({"/app.apk": data}) as server:
        found = reported(tmp_path, f"{server.url}/app.apk")
        assert server.sent < 100_000
        one = tflint(tmp_path, "check", "-f", "concise", f"{server.url}/app.apk!/assets/m.tflite").stdout
        one_line(tflint(tmp_path, "check", f"{server.url}/app.apk!/none"), "no model 'none' in it")

    assert found == reported(tmp_path, "app.apk")
    assert f"{server.url}/app.apk!/assets/m.tflite: error TFL510" in one


def test_a_url_is_governed_by_the_run(tmp_path: Path) -> None:
    """By the configuration here, and by globs for its name or for all of it."""
    with serving({"/m.tflite": FLAWED}) as server:
        url = f"{server.url}/m.tflite"
        for glob, reasons in (("m.tflite", 2), (f"{server.url}/*", 2), ("other/*.tflite", 0), ("http://other/*", 0)):
            (tmp_path / "tflint.toml").write_text(f'[per-file-ignores]\n"{glob}" = ["TFL212", "TFL510"]\n')
            [file] = reported(tmp_path, url)
            assert len([f for f in file["findings"] if f["suppressed"]]) == reasons, glob
        (tmp_path / "tflint.toml").unlink()
        assert tflint(tmp_path, "check", "--write-baseline", url).returncode == 0
        assert set(json.loads((tmp_path / "tflint-baseline.json").read_text())["files"]) == {url}
        assert tflint(tmp_path, "check", url).returncode == 0
        one_line(tflint(tmp_path, "check", "--changed-since", "HEAD", url), "is not in a git checkout")
        one_line(tflint(tmp_path, "lock", url), "a lock is of files")


def test_in_memory_folders_and_globs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What a filesystem of fsspec lists is searched, and matched, as a folder is."""
    memory = pytest.importorskip("fsspec").filesystem("memory")
    for name, data in (("a/m.tflite", FLAWED), ("a/b/n.tflite", CLEAN), ("a/x.txt", b"no"), ("o.tflite", CLEAN)):
        memory.pipe(f"/remote-test/{name}", data)
    memory.pipe("/remote-test/a/p.apk", archive(tmp_path / "p.apk", {"m.tflite": CLEAN}).read_bytes())

    def names(*urls: str) -> list[str]:
        run(["check", "-f", "json", "-j", "1", *urls])
        return [
            file["path"].removeprefix("memory:///remote-test/") for file in json.loads(capsys.readouterr().out)["files"]
        ]

    assert names("memory://remote-test/a") == ["a/b/n.tflite", "a/m.tflite", "a/p.apk!/m.tflite"]
    assert names("memory://remote-test/a/") == ["a/b/n.tflite", "a/m.tflite", "a/p.apk!/m.tflite"]
    assert names("memory://remote-test/**/*.tflite") == ["a/b/n.tflite", "a/m.tflite", "o.tflite"]
    assert names("memory://remote-test/none*") == []
    memory.rm("/remote-test", recursive=True)


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    """It is mapped as any file is, and known by its path."""
    (tmp_path / "a b.tflite").write_bytes(FLAWED)
    done = tflint(tmp_path, "check", "-f", "concise", f"file://{tmp_path}/a%20b.tflite")

    assert f"{tmp_path}/a b.tflite: error TFL510" in done.stdout


@pytest.mark.parametrize(
    ("without", "url", "words"),
    [
        ("fsspec", "https://h/m.tflite", "https:// takes fsspec: install tflint with its extra `remote`"),
        ("aiohttp", "https://h/m.tflite", "https:// takes aiohttp: install tflint with its extra `remote`"),
        ("s3fs", "s3://b/m.tflite", "s3:// takes the package s3fs too; fsspec says: Install s3fs to access S3"),
        ("gcsfs", "gs://b/m.tflite", "gs:// takes the package gcsfs too"),
        ("huggingface_hub", "hf://o/r/m.tflite", "hf:// takes the package huggingface_hub too"),
        ("paramiko", "sftp://h/m.tflite", "sftp:// takes the package paramiko too; fsspec says: SFTPFile"),
        ("libarchive", "libarchive://m.tflite", "libarchive:// takes the package libarchive too"),
        ("none", "nope://b/m.tflite", "Protocol not known: nope"),
    ],
)
def test_a_backend_that_is_not_installed_is_one_line(tmp_path: Path, without: str, url: str, words: str) -> None:
    """It says what to install."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, without, url],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    one_line(done, words)


def test_a_folder_of_a_web_server_is_a_mistake(tmp_path: Path) -> None:
    """It has no list that can be relied on."""
    one_line(tflint(tmp_path, "check", "https://tflint.invalid/models/"), "a web server lists no folders")


def test_what_is_secret_in_a_url_is_not_in_a_name() -> None:
    """User and password, query and fragment; a path keeps what looks like them."""
    assert redacted("https://u:p@h/a.tflite?sig=1#x") == "https://h/a.tflite"
    assert Artifact("s3://b/a?versionId=1", "m").name == "s3://b/a!/m"
    assert redacted("a?b#c@d.tflite") == "a?b#c@d.tflite"
    assert os.fspath(EXAMPLES) == redacted(os.fspath(EXAMPLES))
