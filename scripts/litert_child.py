"""LiteRT's interpreter in child processes that may die of what they are given: what becomes of a model there."""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import resource
from typing import TYPE_CHECKING, NamedTuple

from ai_edge_litert.interpreter import Interpreter

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

SECONDS = 20
MEMORY = 4 << 30  # bytes of address space
STRUCTURE = "not a valid Flatbuffer buffer"  # what the structure verifier's refusal says


class Outcome(NamedTuple):
    """Where it stopped: verifier, load, allocate; or "ok". `words` are the runtime's own, or those of its end."""

    stage: str
    words: str = ""
    died: bool = False


class Runtime:
    """The interpreter of the ai-edge-litert that is installed here; a child lives until a model kills it."""

    def __init__(self) -> None:
        self._fork = multiprocessing.get_context("fork")  # with LiteRT imported: a new one costs milliseconds
        self._child: BaseProcess | None = None
        self._pipe: Connection

    def run(self, data: bytes) -> Outcome:
        """Construct an interpreter of the model and allocate its tensors."""
        child = self._child = self._child or self._started()
        self._pipe.send_bytes(data)
        stage = "load"
        try:
            while self._pipe.poll(SECONDS):
                told = Outcome(*self._pipe.recv())
                if told.stage != "loaded":
                    return told
                stage = "allocate"
            ended = "no end within the time"
        except (EOFError, ConnectionResetError):
            child.join()
            ended = f"signal {-(child.exitcode or 0)}"
        self.close()
        return Outcome(stage, ended, died=True)

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.join()
            self._child = None

    def _started(self) -> BaseProcess:
        self._pipe, theirs = self._fork.Pipe()
        child = self._fork.Process(target=_serve, args=(theirs, self._pipe), daemon=True)
        child.start()
        theirs.close()
        return child


def _serve(pipe: Connection, other_end: Connection) -> None:
    other_end.close()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    faulthandler.disable()  # pytest's would tell of a death that is expected, in a stream of its own
    with contextlib.suppress(EOFError):
        while True:
            _run(pipe, pipe.recv_bytes())


def _run(pipe: Connection, data: bytes) -> None:
    try:
        interpreter = Interpreter(model_content=data)
    except Exception as problem:  # noqa: BLE001 - the runtime's own words are the result
        words = f"{type(problem).__name__}: {problem}"
        pipe.send(("verifier" if STRUCTURE in words else "load", words[:600]))
        return
    pipe.send(("loaded",))
    try:
        interpreter.allocate_tensors()
    except Exception as problem:  # noqa: BLE001 - same
        pipe.send(("allocate", f"{type(problem).__name__}: {problem}"[:600]))
    else:
        pipe.send(("ok",))
