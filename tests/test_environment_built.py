"""Environments of converters that uv really builds: once, kept, found again, by one process at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from building import MINE, child, finish, needs_uv, small, visible
from tflint.convert import interpreters
from tflint.convert.environment import environment
from tflint.convert.lock import held
from tflint.errors import TflintError
from tflint.runtimes.profile import resolve

pytestmark = pytest.mark.usefixtures("kept")


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
