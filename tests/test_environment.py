"""Where a converter runs: what `--converter` may say, and which environment and Python that means."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement as Parsed

from building import MINE, needs_uv, small, visible
from tflint.convert import interpreters
from tflint.convert.environment import cache, environment, installed
from tflint.convert.table import by_target, converters, here, numbers, parse
from tflint.errors import TflintError
from tflint.runtimes.profile import resolve

pytestmark = pytest.mark.usefixtures("kept")


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("tensorflow==2.13.1", "tensorflow", "2.13.1"),
        ("tensorflow==2.16.1", "tensorflow", "2.16.1"),
        ("tensorflow", "tensorflow", ""),
        ("litert-torch==0.10.0", "litert-torch", "0.10.0"),
    ],
)
def test_what_a_user_writes(text: str, name: str, version: str) -> None:
    """A converter is a name, with or without the release."""
    requirement = parse(text, converters())

    assert (requirement.converter.name, requirement.version) == (name, version)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tensorflo==2.13.1", "'tensorflo==2.13.1' (did you mean 'tensorflow'?)"),
        ("litert_torch", "'litert_torch' (did you mean 'litert-torch'?)"),
        ("auto==2.13.1", "'auto==2.13.1' (did you mean 'auto'?)"),
        ("requests==2.31.0", "not 'requests==2.31.0'"),
        ("tensorflow>=2.13", "not 'tensorflow>=2.13'"),
        ("tensorflow==2.13", "not 'tensorflow==2.13'"),
        ("tensorflow==2.13.1rc0", "not 'tensorflow==2.13.1rc0'"),
        (" tensorflow", "not ' tensorflow'"),
        ("tensorflow==2.13.1 --index-url http://x", "not 'tensorflow==2.13.1 --index-url http://x'"),
        ("tensorflow==2.31.1", "tflint knows tensorflow 2.5 to 2.21, the nearest is 2.21.0"),
        ("litert-torch==0.2.0", "tflint knows litert-torch 0.10, the nearest is 0.10.0"),
    ],
)
def test_what_is_no_converter(text: str, said: str) -> None:
    """Another form, name or release is refused in one line, with what is nearest."""
    with pytest.raises(TflintError) as caught:
        environment(text)

    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 2


def test_nothing_said_and_nothing_installed() -> None:
    """Where there is no framework, one line names the extra and the flag that do away with that."""
    converter = converters()[0]
    if installed(converter):
        pytest.skip("TensorFlow is installed here")
    for spec in (None, "tensorflow"):
        with pytest.raises(TflintError, match=r"its extra `convert`.*--converter tensorflow==2.21.0"):
            environment(spec)
    with pytest.raises(TflintError, match=r"its extra `convert-torch`.*--converter litert-torch==0.10.0"):
        environment(None, "litert-torch")


def test_what_is_installed_here_is_taken(kept: Path) -> None:
    """The interpreter that runs is the environment, said or not, where it has the release that is asked for."""
    import pytest_randomly  # noqa: F401, PLC0415 - stands for a framework: installed, and small

    version = installed(*small(module="pytest_randomly", distributions=["no-such", "pytest-randomly"]))
    minor = ".".join(version.split(".")[:2])
    facts = {
        "module": "pytest_randomly",
        "distributions": ["pytest-randomly"],
        "platforms": {here(): [minor, "99.0"]},
        "series": {
            minor: {"newest": f"{minor}.99", "python": [MINE], "beside": ["pytest>=1"], "reads": True},
            "99.0": {"newest": "99.0.0", "python": [MINE], "reads": True},
        },
    }
    table = small(**facts)

    for spec in (None, "six", f"six=={version}", "auto"):
        for generation in (numbers(version), (99, 1), (0, 1)):
            target = replace(resolve("tflite-2.9"), generation=generation)
            found = environment(spec, "six", target, table=table)
            assert (found.python, found.name, found.built) == (Path(sys.executable), f"six {version}", False)
    assert visible(kept) == []
    facts["series"][minor]["beside"] = ["no-such-distribution"]  # type: ignore[index]
    with pytest.raises(TflintError):
        environment(f"six=={version}", table=small(**facts), limit=0)


def test_no_python_and_no_wheels() -> None:
    """Where no interpreter fits, one line says which would; where the platform has no wheels, it says that."""
    series = {"1.16": {"newest": "1.16.0", "python": ["3.1", "3.2"], "reads": True}}
    for spec in ("six==1.16.0", "auto"):
        with pytest.raises(TflintError, match=r"takes CPython 3.1, 3.2, and this is 3[\d.]+; `uv python install 3.2`"):
            environment(spec, "six", resolve("litert"), table=small(series=series, module="no_such_module"))
        with pytest.raises(TflintError, match=f"has no wheels for {here()}"):
            environment(spec, "six", resolve("litert"), table=small(platforms={}, module="no_such_module"))


@pytest.mark.skipif(os.name == "nt", reason="scripts for a shell")
def test_interpreters_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter that runs comes first; a shim on PATH that stands for none is passed over for pyenv's newest."""
    shim = tmp_path / "bin" / "python3.99"
    old, new = (tmp_path / "pyenv" / "versions" / name / "bin" / "python" for name in ("3.99.9", "3.99.10"))
    for path, script in ((shim, "exit 127"), (old, "echo cpython 3.99.9"), (new, "echo cpython 3.99.10")):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))

    assert interpreters.find("3.99") == interpreters.Interpreter(new, "3.99.10")
    assert interpreters.find("3.98") is None
    mine = interpreters.find(MINE)
    assert mine is not None
    assert mine.path == Path(sys.executable)
    interpreters.find.cache_clear()
    shim.write_text("#!/bin/sh\necho cpython 3.99.1\n")
    assert interpreters.find("3.99") == interpreters.Interpreter(shim, "3.99.1")


def test_children_are_not_misled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What names another environment is kept from uv and from the converter, and uv fetches no Python."""
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "automatic")
    given = interpreters.surroundings()

    assert "elsewhere" not in given.values()
    assert given["UV_PYTHON_DOWNLOADS"] == "never"


def test_auto_asks_for_a_target() -> None:
    """`auto` goes by a target, and says so where there is none."""
    with pytest.raises(TflintError, match=r"--converter auto goes by the runtime .*--target"):
        environment("auto")


@needs_uv
def test_auto_builds_what_the_target_knows() -> None:
    """The newest release that is not newer than the target is built, or else the oldest that there is."""
    for generation, name in (((1, 16, 2), "six 1.16.0"), ((2, 23), "six 1.17.0"), ((1, 2), "six 1.15.0")):
        target = replace(resolve("tflite-2.9"), generation=generation)
        assert environment("auto", "six", target, table=small()).name == name


@pytest.mark.parametrize(
    ("target", "place", "first"),
    [
        ("tflite-2.9", "linux x86_64", ["2.10", "2.11", "2.12"]),
        ("tflite-2.9", "darwin arm64", ["2.13", "2.14", "2.15"]),
        ("tflite-2.13", "linux x86_64", ["2.13", "2.12", "2.11"]),
        ("tflite-2.10", "linux aarch64", ["2.10", "2.11", "2.12"]),
        ("litert-1.0.0", "darwin arm64", ["2.17", "2.16", "2.15"]),
        ("litert", "linux x86_64", ["2.21", "2.20", "2.19"]),
        ("litert", "darwin x86_64", ["2.16", "2.15", "2.14"]),
        ("edgetpu", "win32 x86_64", ["2.14", "2.13", "2.12"]),
    ],
)
def test_release_by_target(target: str, place: str, first: list[str]) -> None:
    """From the newest that is not newer than the target down, then up: of those that read today's SavedModel."""
    found = by_target(converters()[0], resolve(target).generation, place)

    assert [series.minor for series in found][:3] == first


def test_place_of_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept in the user's cache, wherever that is, or where our variable says."""
    assert cache() == tmp_path / "kept"
    monkeypatch.delenv("TFLITE_LINT_CONVERTERS")
    if os.name != "nt":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        assert cache() == tmp_path / "cache" / "tflint" / "converters"
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert cache() == Path.home() / ".cache" / "tflint" / "converters"


@pytest.mark.parametrize("converter", converters(), ids=lambda converter: converter.name)
def test_table_is_sound(converter: Any) -> None:
    """Each series names a release of its own, Pythons in order, and requirements that can be read."""
    minors = [numbers(series.minor) for series in converter.series]
    assert minors == sorted(minors)
    for series in converter.series:
        assert numbers(series.newest)[:2] == numbers(series.minor)
        pythons = [numbers(python) for python in series.pythons]
        assert pythons == sorted(pythons)
        assert all(Parsed(each).specifier for each in series.beside)
    for ends in converter.platforms.values():
        assert set(map(numbers, ends)) <= set(minors)


@pytest.mark.slow
def test_table_agrees_with_pypi() -> None:
    """Pythons and platforms of each series are those of the wheels that PyPI has of its newest release."""
    with urllib.request.urlopen("https://pypi.org/pypi/tensorflow/json", timeout=60) as answer:
        releases = json.load(answer)["releases"]
    ends = {
        "linux x86_64": "manylinux.*_x86_64",
        "linux aarch64": "manylinux.*_aarch64",
        "darwin x86_64": "macosx.*_x86_64",
        "darwin arm64": "macosx.*_arm64",
        "win32 x86_64": "win_amd64",
    }
    for series in converters()[0].series:
        names = [file["filename"] for file in releases[series.newest]]
        pythons = {f"3.{tag}" for name in names for tag in re.findall(r"-cp3(\d+)-", name)}
        assert pythons - {"3.6"} == set(series.pythons), series.newest
        for place, end in ends.items():
            there = any(re.search(end, name) for name in names)
            assert there == (series in converters()[0].here(place)), (series.newest, place)
