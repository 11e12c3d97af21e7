"""A child process that answers one request: it may crash, hang or eat all memory, and that is a result.

A child that is started before there is anything to ask imports its libraries meanwhile: on a small model that takes
longer than the work.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.process import died, end, launched, program, short_of_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNER, SOURCES, QUANTIZER, TEXTS = "run_tflite", "run_source", "quantize", "texts"  # programs of `children`
LAG = 0.004  # seconds between looks at a child: Popen.wait with a time limit looks every 50 ms
FULL = 1 << 16  # bytes that are left where nothing could be written


class Process:
    """A child that waits for its request. `folder`: where request and answer are; gone when it is closed.

    It works in a folder of its own, for models can write files. Raises TflintError where the interpreter does not
    start, OSError where there is no room.
    """

    def __init__(self, name: str = RUNNER, python: str = sys.executable, modules: tuple[str, ...] = ()) -> None:
        self._root = tempfile.TemporaryDirectory(prefix="tflint-verify-")
        self.folder = Path(self._root.name)
        try:
            self._child = launched(program(name), self.folder, python, modules, stdin=subprocess.PIPE)
        except TflintError:
            self._root.cleanup()
            raise

    def ask(self, request: Mapping[str, Any], timeout: float) -> str:
        """Let it answer; why it did not within so many seconds, or ""."""
        file = self.folder / "request.json"
        file.write_text(json.dumps({**request, "here": str(Path.cwd())}), encoding="utf-8")
        assert self._child.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):  # it is dead already
            self._child.stdin.close()
        end = time.monotonic() + timeout
        while (code := self._child.poll()) is None:
            if time.monotonic() > end:
                self.end()
                return f"no answer within {timeout:g} seconds ({self._stage()})"
            time.sleep(LAG)
        if code == 0 and (self.folder / "answer.json").exists():
            return ""
        if died(code):
            return f"the process {died(code)} ({self._stage()})"
        said = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
        if shutil.disk_usage(self.folder).free < FULL:
            said = f"no space left in {self.folder.parent}"
        elif short_of_memory(said):
            said = "out of memory" if said == "MemoryError" else f"out of memory: {said}"
        return f"{said or f'the process ended with {code}'} ({self._stage()})"

    def answer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What it answered: its JSON and its arrays."""
        import numpy as np  # noqa: PLC0415 - a child is started before it is imported

        answer: dict[str, Any] = json.loads((self.folder / "answer.json").read_text(encoding="utf-8"))
        if not (self.folder / "rows.npz").exists():
            return answer, {}
        with np.load(self.folder / "rows.npz", allow_pickle=False) as archive:
            return answer, {key: archive[key] for key in archive.files}

    def end(self) -> None:
        """End it with all that it started, whatever became of it."""
        if self._child.poll() is None:
            end(self._child)

    def _stage(self) -> str:
        try:
            return "at " + (self.folder / "stage").read_text(encoding="utf-8")
        except OSError:
            return "at start"

    def close(self) -> None:
        """End it and drop its folder."""
        self.end()
        if self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()
        self._root.cleanup()


class Children:
    """Children that were started before they are needed. All of them are ended when it is closed."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Process]] = {}
        self._all: list[Process] = []
        self._closed = False

    def start(self, count: int = 1, name: str = RUNNER, modules: tuple[str, ...] = ()) -> None:
        """Start some more of a program, and let them import modules."""
        for _ in range(count):
            self._idle.setdefault(name, []).append(self._started(name, modules))

    def take(self, name: str = RUNNER) -> Process:
        """One that waits, or a new one. Who takes it closes it. Raises TflintError where no more are wanted."""
        try:
            return self._idle.get(name, []).pop(0)
        except IndexError:
            return self._started(name, ())

    def _started(self, name: str, modules: tuple[str, ...]) -> Process:
        if self._closed:
            raise TflintError("interrupted")
        process = Process(name, modules=modules)
        self._all.append(process)
        return process

    def close(self) -> None:
        """End them, those that are being asked too: who asks is told that they died."""
        self._closed = True
        for process in self._all:
            process.end()
        for waiting in self._idle.values():
            for process in waiting:
                process.close()
