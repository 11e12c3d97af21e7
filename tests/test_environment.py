"""Where a converter runs: what `--converter` may say, and environments that uv really builds."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement as Parsed

from tflint.convert import interpreters
from tflint.convert.build import why
from tflint.convert.environment import cache, environment, installed
from tflint.convert.lock import held
from tflint.convert.table import by_target, converters, here, numbers, parse, read_table
from tflint.errors import TflintError
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

MINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
SMALL: dict[str, Any] = {  # a converter of 12 kB
    "module": "six",
    "distributions": ["six"],
    "extra": "convert",
    "platforms": {here(): ["1.10", "1.17"]},
    "series": {
        "1.15": {"newest": "1.15.0", "python": [MINE], "reads": True},
        "1.16": {"newest": "1.16.0", "python": [MINE], "reads": True},
        "1.17": {"newest": "1.17.0", "python": [MINE], "reads": True},
    },
}

# A process of its own that builds, says each word of progress on a line, and can be told to stop at one.
BUILD = """
import sys, time
from pathlib import Path
from tflint.convert.environment import environment
from tflint.convert.table import read_table
from tflint.errors import TflintError

table, stop = Path(sys.argv[1]).read_bytes(), sys.argv[2]

def progress(words):
    print(words, flush=True)
    if stop and words.startswith(stop):
        time.sleep(600)

try:
    print(environment("six==1.16.0", progress=progress, table=read_table(table)).python)
except TflintError as error:
    sys.exit(error.message)
"""

needs_uv = pytest.mark.skipif(interpreters.find_uv() is None, reason="no uv")


def table_of(**changed: Any) -> bytes:
    """A table that has the small converter alone."""
    return json.dumps({"converters": {"six": {**SMALL, **changed}}}).encode()


def small(**changed: Any) -> Any:
    """The same, read."""
    return read_table(table_of(**changed))


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for environments; interpreters are looked for anew."""
    monkeypatch.setenv("TFLITE_LINT_CONVERTERS", str(tmp_path / "kept"))
    interpreters.find.cache_clear()
    yield tmp_path / "kept"
    interpreters.find.cache_clear()


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uv reach no network and have no cache."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")


def visible(folder: Path) -> list[str]:
    """What lies there, without locks."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


def child(tmp_path: Path, stop: str = "", **options: Any) -> subprocess.Popen[str]:
    """Start a process that builds."""
    (tmp_path / "table.json").write_bytes(table_of())
    return subprocess.Popen(
        [*options.pop("before", ()), sys.executable, "-c", BUILD, tmp_path / "table.json", stop],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for it; give what it said on both streams."""
    with process:
        return process.communicate(timeout=120)


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
        with pytest.raises(TflintError, match=r"pip install 'tflint\[convert\]'.*--converter tensorflow==2.21.0"):
            environment(spec)
    with pytest.raises(TflintError, match=r"pip install 'tflint\[convert-torch\]'.*--converter litert-torch==0.10.0"):
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


@needs_uv
def test_built_once_and_kept(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call builds with uv and says so; the next one finds it, without uv, at once and in silence."""
    said: list[str] = []
    kept.mkdir()
    (kept / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"')  # a project's, and none of ours
    found = environment("six==1.16.0", progress=said.append, table=small())
    (kept / "uv.toml").unlink()

    assert (found.name, found.built) == ("six 1.16.0", True)
    assert found.python.is_relative_to(kept)
    assert visible(kept) == [found.python.relative_to(kept).parts[0]]
    assert visible(kept)[0].startswith(f"six-1.16.0-py{MINE}-")
    assert said[0] == f"installing six 1.16.0 for Python {MINE}, 0 s"
    assert said[-1].startswith(f"trying six 1.16.0 for Python {MINE}, ")
    code = "import six, sys; print(six.__version__, sys.prefix)"
    told = subprocess.run([found.python, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["1.16.0", str(found.python.parents[1])]

    monkeypatch.setenv("PATH", str(tmp_path))
    said.clear()
    assert environment("six==1.16.0", progress=said.append, table=small()) == found
    assert said == []
    other = small(series={"1.16": {"newest": "1.16.0", "python": [MINE], "beside": ["packaging"], "reads": True}})
    if shutil.which("uv", path=str(Path(sys.executable).parent)) is None:
        with pytest.raises(TflintError, match="uv, which is not on PATH: pip install uv"):
            environment("six==1.16.0", table=other)  # what is to be in it has changed, and so has its name


@needs_uv
@pytest.mark.parametrize("broken", ["package", "interpreter"])
def test_broken_entry_is_built_anew(kept: Path, broken: str) -> None:
    """An environment that has lost its converter, or whose Python was uninstalled, is replaced."""
    python = environment("six==1.16.0", table=small()).python
    if broken == "package":
        (module,) = python.parents[1].glob("**/site-packages/six.py")
        module.unlink()
    else:
        python.unlink()
        python.symlink_to("/no/such/python")
    (kept / ".other.part").mkdir()

    assert environment("six==1.16.0", table=small()).python == python
    subprocess.run([python, "-I", "-c", "import six"], check=True, timeout=60)
    assert len(visible(kept)) == 1, "what another killed build left is taken away as well"


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
@pytest.mark.parametrize("at", ["installing", "trying"])
def test_killed_build_leaves_nothing_that_looks_ready(kept: Path, tmp_path: Path, at: str) -> None:
    """A build that is killed is not there; the next one waits for the uv that outlived it, and takes its place."""
    with child(tmp_path, stop=at) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(at):
            assert process.poll() is None
        process.kill()
    assert [name for name in visible(kept) if not name.startswith(".")] == []

    out, error = finish(child(tmp_path))

    assert error == ""
    assert visible(kept) == [Path(out.splitlines()[-1]).relative_to(kept).parts[0]]


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
@pytest.mark.parametrize("at", ["installing", "trying"])
def test_interrupted_build_leaves_nothing(kept: Path, tmp_path: Path, at: str) -> None:
    """Who is interrupted takes away what was built so far, and ends uv."""
    with child(tmp_path, stop=at) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(at):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert error.splitlines()[-1] == "KeyboardInterrupt"
    assert visible(kept) == []


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_two_processes_at_once(kept: Path, tmp_path: Path) -> None:
    """Of two processes that want the same one builds and the other waits, and both have it."""
    python = environment("six==1.16.0", table=small()).python
    folder = kept / python.relative_to(kept).parts[0]
    shutil.rmtree(folder)
    processes = []
    with held(kept / f".{folder.name}.lock", 10, lambda _: None):
        for _ in range(2):
            processes.append(child(tmp_path))
            stream = processes[-1].stdout
            assert stream is not None
            assert stream.readline() == "waiting for another process that installs six 1.16.0, 0 s\n"

    said = [finish(process) for process in processes]

    assert [error for _, error in said] == ["", ""]
    assert [out.splitlines()[-1] for out, _ in said] == [str(python)] * 2
    assert sorted("installing" in out for out, _ in said) == [False, True]
    assert visible(kept) == [folder.name]


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_waiting_has_an_end(kept: Path) -> None:
    """Who waits for longer than the limit is told what for."""
    python = environment("six==1.16.0", table=small()).python
    folder = kept / python.relative_to(kept).parts[0]
    shutil.rmtree(folder)
    lock = kept / f".{folder.name}.lock"

    with (
        held(lock, 10, lambda _: None),
        pytest.raises(TflintError, match=r"another process has held this lock for 0.5"),
    ):
        environment("six==1.16.0", table=small(), limit=0.5)


@needs_uv
def test_slow_build_is_ended(kept: Path) -> None:
    """A build that takes longer than it may is ended, in one line, and leaves nothing."""
    with pytest.raises(TflintError, match=f"^six 1.16.0 cannot be installed for Python {MINE}: not done within 0 sec"):
        environment("six==1.16.0", table=small(), limit=0)
    assert visible(kept) == []


@needs_uv
@pytest.mark.usefixtures("offline")
def test_no_network(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without network, or with an index that nobody serves, one line says what uv says, and nothing is left."""
    with pytest.raises(TflintError, match=r"six was not found in the cache.*network was disabled") as caught:
        environment("six==1.16.0", table=small())
    assert "\n" not in caught.value.message
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(TflintError, match=r"127.0.0.1:9/simple/six/.*[Cc]onnection refused") as caught:
        environment("six==1.16.0", table=small())
    assert "\n" not in caught.value.message
    assert visible(kept) == []


@needs_uv
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no way to have a small disk")
def test_disk_full(tmp_path: Path) -> None:
    """A disk that is full is named in one line, and has nothing of the build afterwards."""
    mounted = tmp_path / "kept"
    mounted.mkdir()
    mount = f"mount -t tmpfs -o size=100k none {mounted}"
    space = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*space, "sh", "-c", mount], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("no way to have a small disk")
    before = [*space, "sh", "-c", f'{mount} && ("$@"; code=$?; ls -A {mounted}; exit $code)', "sh"]

    out, error = finish(child(tmp_path, before=before))

    assert "No space left on device" in error
    assert error.startswith("six 1.16.0 cannot be installed")
    assert error.count("\n") == 1
    assert out.splitlines()[-1].endswith(".lock")
    assert not out.splitlines()[-2].startswith("six-1.16.0")


@needs_uv
def test_what_cannot_be_imported_is_not_put_in_place(kept: Path) -> None:
    """An environment whose converter does not import is told of by Python's own words, and not kept."""
    with pytest.raises(TflintError, match="cannot be imported: ModuleNotFoundError: No module named 'sixth'"):
        environment("six==1.16.0", table=small(module="sixth"))
    assert visible(kept) == []


@needs_uv
@pytest.mark.usefixtures("offline")
def test_wheels_that_are_not_on_pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A converter may name a page of wheels for uv to look at as well; who says where they are himself is heeded."""
    said = "{0}-{1}.dist-info/METADATA", "Metadata-Version: 2.1\nName: {0}\nVersion: {1}\n"
    about = "{0}-{1}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    for folder, version in (("page", "1.16.0"), ("mine", "1.17.0")):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / f"six-{version}-py3-none-any.whl", "w") as wheel:
            for name, text in (said, about, ("six.py", ""), ("{0}-{1}.dist-info/RECORD", "")):
                wheel.writestr(name.format("six", version), text.format("six", version))
    table = small(wheels=str(tmp_path / "page"))

    assert environment("six==1.16.0", table=table).name == "six 1.16.0"
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "mine"))
    assert environment("six==1.17.0", table=table).name == "six 1.17.0"


@needs_uv
def test_no_such_release(kept: Path) -> None:
    """A release that was never made is uv's to refuse."""
    with pytest.raises(TflintError, match=r"no version of six==1.16.99"):
        environment("six==1.16.99", table=small())
    assert visible(kept) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_written(kept: Path) -> None:
    """A cache that is not ours is named in one line, with the variable that names another."""
    kept.mkdir(mode=0o500)
    with pytest.raises(TflintError, match="Permission denied; TFLITE_LINT_CONVERTERS names another folder"):
        environment("six==1.16.0", table=small())


def test_folder_that_is_a_file(kept: Path) -> None:
    """A cache that is no folder is named in one line."""
    kept.write_text("")
    with pytest.raises(TflintError, match=r"kept: (File exists|Not a directory)"):
        environment("six==1.16.0", table=small())


def test_no_python_and_no_wheels() -> None:
    """Where no interpreter fits, one line says which would; where the platform has no wheels, it says that."""
    series = {"1.16": {"newest": "1.16.0", "python": ["3.1", "3.2"], "reads": True}}
    for spec in ("six==1.16.0", "auto"):
        with pytest.raises(TflintError, match=r"takes CPython 3.1, 3.2, and this is 3[\d.]+; `uv python install 3.2`"):
            environment(spec, "six", resolve("litert"), table=small(series=series))
        with pytest.raises(TflintError, match=f"has no wheels for {here()}"):
            environment(spec, "six", resolve("litert"), table=small(platforms={}))


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


def test_what_uv_says_on_one_line() -> None:
    """Words of uv of today and of before, which wrapped them, come as one line."""
    today = (
        "error: Request failed after 3 retries in 6.8s\n  cause: Failed to fetch: http://x/six/\n"
        "  cause: client error (Connect)\n  cause: Connection refused (os error 111)\n"
    )
    before = (
        "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:\n  ╰─▶ Because there is no version\n"
        "      of six==99 and you require six==99, we can conclude that it is so.\n\n      hint: Look elsewhere\n"
    )
    assert why(today) == (
        "Request failed after 3 retries in 6.8s: Failed to fetch: http://x/six/: Connection refused (os error 111)"
    )
    assert why(before) == (
        "No solution found when resolving dependencies: Because there is no version of six==99 and you "
        "require six==99, we can conclude that it is so: Look elsewhere"
    )
    assert why("Traceback (most recent call last):\n  x\nImportError: no\n\nMore information: http://x\n") == (
        "ImportError: no"
    )
    assert why("") == ""


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


@pytest.mark.slow
@needs_uv
def test_tensorflow_for_old_targets(tmp_path: Path) -> None:
    """TensorFlow 2.13.1 is installed for a Python that it has wheels for, is imported, and converts."""
    said: list[str] = []
    found = environment("tensorflow==2.13.1", progress=said.append)
    code = """if True:
        import sys, tensorflow as tf
        class Model(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32)])
            def __call__(self, x):
                return {"y": tf.nn.relu(x)}
        model = Model()
        function = model.__call__.get_concrete_function()
        data = tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()
        open(sys.argv[1], "wb").write(data)
        print(tf.__version__)
    """
    done = subprocess.run(
        [found.python, "-I", "-c", code, tmp_path / "model.tflite"],
        env=interpreters.surroundings(),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    assert done.stdout == "2.13.1\n"
    assert (tmp_path / "model.tflite").read_bytes()[4:8] == b"TFL3"
    assert [words for words in said if words.startswith("installing tensorflow 2.13.1 for Python 3.")]
    assert environment("auto", target=resolve("tflite-2.13")) == found
