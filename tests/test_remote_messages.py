"""What is said where a URL cannot be read, or is none, or is not taken: what went wrong, and no secret of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archiving import FLAWED
from running import one_line, tflint
from serving import serving

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from serving import Server

pytest.importorskip("aiohttp")

FULL = "http://me:s3cret@h/m.tflite?k=s3cret"


def misbehave(_: Server, handler: BaseHTTPRequestHandler) -> bool:
    """Answer as the path says."""
    places = {"/loop.tflite": "/loop.tflite", "/away.tflite": "file:///etc/passwd"}
    if handler.path in places:
        handler.send_response(302)
        handler.send_header("Location", places[handler.path])
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True
    handler.close_connection = True
    if handler.path == "/short.tflite":
        handler.send_response(200)
        handler.send_header("Content-Length", "400")
        handler.end_headers()
        handler.wfile.write(b"x" * 10 if handler.command == "GET" else b"")
    elif handler.path == "/other.tflite":
        handler.wfile.write(b"220 ready\r\n\r\n")
    return True


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("loop", "it redirects in a circle"),
        ("away", "it redirects to what is not on the web"),
        ("short", "its server sent less than it said it would"),
        ("other", "its server does not speak HTTP"),
        ("nothing", "its server hung up"),
    ],
)
def test_what_a_server_does_is_told(tmp_path: Path, path: str, words: str) -> None:
    """None of it is "not found"."""
    with serving({}) as server:
        server.failing = misbehave
        done = tflint(tmp_path, "check", "-f", "concise", f"{server.url}/{path}.tflite")

    assert done.returncode == 1
    assert f"error TFL901 cannot be read: {words} (the file)" in done.stdout


def test_a_server_without_tls_is_told(tmp_path: Path) -> None:
    """Something stands behind the colon."""
    with serving({}) as server:
        done = tflint(tmp_path, "check", "-f", "concise", server.url.replace("http", "https") + "/m.tflite")

    assert "no connection to 127.0.0.1: " in done.stdout
    assert "no connection to 127.0.0.1:  " not in done.stdout


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:99999/m.tflite", "no URL: Port"),
        ("http:///m.tflite", "no URL: it names no host"),
    ],
)
def test_a_url_that_leads_nowhere_is_told(tmp_path: Path, url: str, words: str) -> None:
    """As of any other it is a finding."""
    done = tflint(tmp_path, "check", "-f", "concise", url)

    assert done.returncode == 1
    assert f"cannot be read: {words}" in done.stdout


def test_what_is_no_url_is_a_mistake(tmp_path: Path) -> None:
    """A bracket that is not closed."""
    one_line(tflint(tmp_path, "check", "http://[::1/m.tflite"), "tflint: error: http://[::1/m.tflite: no URL: ")


def test_schemes_have_no_case_and_localhost_is_here(tmp_path: Path) -> None:
    """RFC 3986, 3.1; RFC 8089, 2."""
    (tmp_path / "m.tflite").write_bytes(FLAWED)
    with serving({"/m.tflite": FLAWED}) as server:
        done = tflint(tmp_path, "check", "-f", "concise", server.url.replace("http", "HTTP") + "/m.tflite")
    assert f"{server.url}/m.tflite: error TFL510" in done.stdout
    done = tflint(tmp_path, "check", "-f", "concise", f"FILE://localhost{tmp_path}/m.tflite")
    assert f"{tmp_path}/m.tflite: error TFL510" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fix", FULL), "http://h/m.tflite: tflint fix writes local files only"),
        (("report", FULL), "http://h/m.tflite: a URL, which check, inspect, show and diff take"),
        (("advise", FULL), "http://h/m.tflite: a URL, which check, inspect, show and diff take"),
        (("check", "m.tflite", "-o", FULL), "http://h/m.tflite: a URL, and reports are written to files"),
        (("report", "m.tflite", "-o", FULL), "http://h/m.tflite: a URL, and reports are written to files"),
    ],
)
def test_a_url_where_none_is_taken_is_a_mistake(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """It is said as it was written but for its secrets, and no folder is made of its scheme."""
    (tmp_path / "m.tflite").write_bytes(FLAWED)
    done = tflint(tmp_path, *arguments)

    one_line(done, words)
    assert "s3cret" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m.tflite"]
