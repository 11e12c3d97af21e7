"""Configurations, baselines, locks, contracts and targets that somebody wrote to break us: a line and exit code 2."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from running import CLEAN, one_line, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

DEEP = 100_000

TOML = {
    "deep arrays": ("a = " + "[" * DEEP, "not valid TOML"),
    "deep tables": ("a = " + "{a=" * DEEP, "not valid TOML"),
    "a dotted key": (".".join("a" * DEEP) + " = 1", "a line has more than 250 dots"),
    "a quoted dotted key": (".".join(['"a"'] * DEEP) + " = 1", "a line has more than 250 dots"),
    "a huge integer": ("fail-on = 1" + "0" * DEEP, "Exceeds the limit"),
    "not a number": ("rules.TFL108.max-outputs = nan", "rules.TFL108.max-outputs is a whole number"),
    "keys twice": ('fail-on = "none"\nfail-on = "error"', "not valid TOML"),
    "a byte order mark": ('\ufefffail-on = "none"', "not valid TOML"),
    "controls": ('fail-on = "\x1b[31m\u202e"', "not valid TOML"),
    "escaped controls": ('fail-on = "\\u001b[31m\\n::error::owned"', "fail-on is one of"),
    "long": ("# " + "x" * (4 << 20), "longer than 4,194,304 bytes"),
}
JSON = {
    "deep": "[" * DEEP,
    "deep tables": '{"files":' * DEEP,
    "a huge integer": '{"schema_version": 1' + "0" * DEEP + "}",
    "not a number": '{"schema_version": NaN, "files": {}, "models": {}}',
    "infinite": '{"schema_version": 1e999, "files": {}, "models": {}}',
    "keys twice": '{"schema_version": 1, "schema_version": 9, "files": {}, "models": {}}',
    "a byte order mark": "\ufeff{}",
    "another kind": '{"schema_version": 1, "files": 1, "models": 1}',
}


@pytest.mark.parametrize("case", TOML)
@pytest.mark.parametrize("place", ["tflint.toml", "m.tflite.toml", "contract.toml", "target.toml"])
def test_hostile_toml_is_a_line(place: str, case: str, tmp_path: Path) -> None:
    """Wherever TOML is read, of whatever is wrong with it; in seconds, and with nothing of it in the terminal."""
    if place != "tflint.toml" and case in ("not a number", "escaped controls"):
        pytest.skip("a mistake of a configuration")
    text, words = TOML[case]
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / place).write_text(text, encoding="utf-8")
    more = {"contract.toml": ("--contract", place), "target.toml": ("--target", place)}.get(place, ())
    before = time.monotonic()

    done = tflint(tmp_path, "check", "m.tflite", *more)

    one_line(done, place, *(() if place == "target.toml" and words == "not valid TOML" else (words,)))
    assert done.stderr.isascii()
    assert done.stderr.strip().isprintable()
    assert time.monotonic() - before < 60


@pytest.mark.parametrize("case", JSON)
@pytest.mark.parametrize("name", ["tflint-baseline.json", "tflint.lock"])
def test_hostile_json_is_a_line(name: str, case: str, tmp_path: Path) -> None:
    """A baseline and a lock that are found beside a model."""
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / name).write_text(JSON[case], encoding="utf-8")

    one_line(tflint(tmp_path, "check"), name)


@pytest.mark.parametrize("name", ["tflint.toml", "tflint-baseline.json", "tflint.lock", "m.tflite.toml"])
def test_bytes_that_are_no_text_are_a_line(name: str, tmp_path: Path) -> None:
    """Invalid UTF-8."""
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / name).write_bytes(b'\xff\xfe = "\x80"')

    one_line(tflint(tmp_path, "check"), name)


@pytest.mark.parametrize("name", ["tflint-baseline.json", "tflint.lock", "tflint.toml"])
def test_a_file_that_is_too_long_is_not_read(name: str, tmp_path: Path) -> None:
    """A sparse terabyte: nobody reads it to its end."""
    write_model(tmp_path / "m.tflite", CLEAN)
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 40)

    one_line(tflint(tmp_path, "check"), name, "longer than")


@pytest.mark.parametrize("what", ["/dev/zero", "pipe"])
@pytest.mark.parametrize("key", ["extend", "baseline", "models.'m.tflite'.contract"])
def test_a_configuration_names_no_device(key: str, what: str, tmp_path: Path) -> None:
    """What never ends, and what never begins, is refused before it is read."""
    os.mkfifo(tmp_path / "pipe")
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / "tflint.toml").write_text(f"{key} = {json.dumps(what)}\n")

    one_line(tflint(tmp_path, "check"), what, "a device or a pipe")
