"""Run a program of ours in a process of its own, with limits: a crash, a hang or no memory is a result, not the end.

It works in a folder of its own, for models can write files. It leaves word of where it is in the file `stage`, and its
answer in `answer.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CHILDREN = Path(__file__).with_name("children")
SIGNALS = {-number: number.name for number in signal.Signals}
MAX_SAID = 1 << 20  # bytes of stderr that are kept: the last
SHORT_OF_MEMORY = (
    "MemoryError",
    "Cannot allocate memory",  # ENOMEM: fork, mmap
    "failed to map segment from shared object",  # ld.so
    "can't start new thread",  # pthread_create
)
"""What Python, libraries and the system say where there is no memory."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. `answer`: what it answered, or None; `said`: the end of what it wrote to stderr."""

    code: int
    timed_out: bool
    stage: str
    answer: dict[str, Any] | None
    said: str

    @property
    def died_of(self) -> str:
        """The signal that ended it, or ""."""
        return SIGNALS.get(self.code, "")


def program(name: str) -> tuple[str, str]:
    """One of the programs of `children`, as an interpreter takes it."""
    return str(CHILDREN), name


def run_program(
    command: Iterable[str],
    request: Mapping[str, Any],
    folder: Path,
    python: str,
    *,
    timeout: float,
    memory: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program on a folder, where its request is and its answer goes.

    `environment`: its variables, in place of ours. `timeout`: seconds. `memory`: bytes of data that it may have, where
    the system can tell it so. Raises TflintError where there is no such interpreter.
    """
    (folder / "request.json").write_text(json.dumps({**request, "here": str(Path.cwd())}), encoding="utf-8")
    child = launched(command, folder, python, environment=environment)
    timed_out = False
    try:
        _limit(child.pid, memory)
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        end(child)
    return Ended(child.returncode, timed_out, _read(folder / "stage"), _answer(folder), _tail(folder / "stderr"))


def launched(
    command: Iterable[str],
    folder: Path,
    python: str,
    modules: Iterable[str] = (),
    *,
    stdin: int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program on a folder, where its `stderr` goes as well. `modules`: what it may import meanwhile.

    Raises TflintError where there is no such interpreter, OSError where there is no room.
    """
    for name in ("work", "temporary"):
        (folder / name).mkdir()
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "temporary"))  # what is killed clears nothing away
    with (folder / "stderr").open("wb") as said:
        try:
            return subprocess.Popen(  # noqa: S603 - this interpreter, or the one that the user names
                [str(Path(shutil.which(python) or python).absolute()), *command, str(folder), *modules],
                cwd=folder / "work",
                env={**(os.environ if environment is None else environment), **places},
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        except OSError as problem:
            raise TflintError(f"{python}: {problem.strerror or problem}") from None


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child that leads its session, with all that it started; also when we are interrupted."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        elif child.poll() is None:
            child.kill()
    child.wait()


def died(code: int) -> str:
    """What a process died of, in words; "" where no signal ended it."""
    if code not in SIGNALS:
        return ""
    return f"died of {SIGNALS[code]}{': out of memory, or killed by hand' if SIGNALS[code] == 'SIGKILL' else ''}"


def short_of_memory(said: str) -> bool:
    """Whether that is what one says who has no memory."""
    return any(words in said for words in SHORT_OF_MEMORY)


def machine_memory() -> int | None:
    """Bytes of the machine's memory; None where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _limit(pid: int, memory: int | None) -> None:
    """Let allocations beyond so many bytes fail, where the system can."""
    if memory is None:
        return
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))  # private memory: TensorFlow maps far more


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _answer(folder: Path) -> dict[str, Any] | None:
    try:
        answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MAX_SAID))
        return file.read().decode("utf-8", errors="replace")
