"""Let tests run the installed command in a fork of their own process: with the modules that it has, and no start-up."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

_run = subprocess.run


def install() -> None:
    """Do so from now on, wherever a test calls `subprocess.run` on it."""
    subprocess.run = _instead  # type: ignore[assignment] # for what tests ask of it, not all of its overloads


def _instead(command: Sequence[Any], **options: Any) -> Any:
    known = {"cwd", "env", "capture_output", "text", "check", "timeout"}
    if Path(command[0]).name != "tflint" or not set(options) <= known or not options.get("capture_output"):
        return _run(command, **options)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        pid = os.fork()
        if not pid:
            _command([str(part) for part in command], options, out, said)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told: list[Any] = []
        for file in (out, said):
            file.seek(0)
            told.append(file.read().decode() if options.get("text") else file.read())
    if code and options.get("check"):
        raise subprocess.CalledProcessError(code, command, *told)
    return subprocess.CompletedProcess(command, code, *told)


def _command(command: list[str], options: dict[str, Any], out: IO[bytes], said: IO[bytes]) -> NoReturn:
    """Be the command."""
    code = 70
    try:
        os.chdir(options.get("cwd") or ".")
        environment = options.get("env")
        if environment is not None:
            os.environ.clear()
            os.environ.update(environment)
            sys.path[:0] = [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place]
        for number, file in ((0, open(os.devnull, "rb")), (1, out), (2, said)):  # noqa: SIM115, PTH123 - till it ends
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - same
        sys.argv = command
        for module in [module for name, module in sys.modules.items() if name.startswith("tflint")]:
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", int)()  # a new process has none
        from tflint.__main__ import main  # noqa: PLC0415 - the mutant's

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - as the interpreter ends
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
