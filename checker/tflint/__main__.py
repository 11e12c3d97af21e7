"""The program: run the command, turn errors that are the user's into a line and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer import Typer

UNREAD, INTERRUPTED, TERMINATED = 1, 130, 143
OUTSIDE = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENAMETOOLONG, errno.ELOOP), "")
"""What goes wrong with files and is no fault of ours, in other words than the system's where these are better."""
OUTSIDE[errno.EBADF] = "stdout is closed"
TERRAFORM = ("--init", "--chdir", "--var", "--var-file", "--recursive", "--langserver")


def main() -> None:
    """Entry point of `tflint` and `tflite-lint`."""
    signal.signal(signal.SIGTERM, _terminated)
    _open_streams()
    gc.set_threshold(200_000)  # a run makes many small objects and hardly a cycle: the default costs a tenth of it
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal's encoding lacks is escaped, not fatal
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(run(sys.argv[1:]))
    finally:
        gc.freeze()  # what is left goes with the process: the interpreter would look through all of it once more


def run(arguments: list[str]) -> int:
    """Run the program; give the exit code. Usage errors leave by SystemExit(2), as typer has it."""
    from tflint.errors import USAGE, TflintError, say  # noqa: PLC0415 - inside the barrier for interrupts

    if any(argument.partition("=")[0] in TERRAFORM for argument in arguments):
        say("error: this is tflint, the linter for .tflite models (alias: tflite-lint), not Terraform's linter")
        return USAGE
    try:
        return _run(arguments)
    except TflintError as problem:
        say(f"error: {problem.message}")
        return problem.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: `tflint check | head`
        _drop_output()
        return UNREAD
    except Exception as problem:
        if os.environ.get("TFLITE_LINT_DEBUG"):
            raise
        if isinstance(problem, OSError) and problem.errno in OUTSIDE:
            if not problem.filename:
                _drop_output()
            say(f"error: {problem.filename or 'cannot write'}: {OUTSIDE[problem.errno] or problem.strerror}")
            return USAGE
        say(f"internal error: {type(problem).__name__}: {problem}; TFLITE_LINT_DEBUG=1 shows where, please report it")
        return USAGE


def _run(arguments: list[str]) -> int:
    """Run it; what is printed is out of our hands when this returns, or leaves by SystemExit."""
    from tflint.cli.arguments import check_arguments  # noqa: PLC0415 - inside the barrier for interrupts

    try:
        if (given := check_arguments(arguments)) is not None:
            return _check(given)
        from tflint.cli.app import app  # noqa: PLC0415 - typer takes 40 ms to import

        _only(arguments[:1], app)(arguments)
        return 0
    finally:
        sys.stdout.flush()


def _open_streams() -> None:
    """Open what the program was started without: what is said is lost then, and what is printed cannot be written.

    Otherwise the next file that is opened would be stdout.
    """
    if sys.stderr is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    if sys.stdout is None:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 1)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")


def _drop_output() -> None:
    """Have what is still to be printed go nowhere, lest the interpreter try to as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _check(given: Mapping[str, Any]) -> int:
    """Run `check` as typer does, which ends an interrupted command without a word."""
    try:
        from tflint.commands.check import Request, check_command  # noqa: PLC0415 - inside the barrier

        return check_command(Request.of(given))
    except KeyboardInterrupt:
        return INTERRUPTED


def _terminated(*_: object) -> NoReturn:
    """End as after an interrupt, for the default leaves child processes and temporary files behind."""
    sys.exit(TERMINATED)


def _only(asked: list[str], app: Typer) -> Typer:
    """The program without the commands that are not asked for: typer works out the options of each, a fifth of a check.

    All of it where none is asked for, as for help, completion, or a name that is no command's.
    """
    import copy  # noqa: PLC0415 - for typer alone

    commands = [each for each in app.registered_commands if each.callback and [each.callback.__name__] == asked]
    if not commands:
        return app
    narrow = copy.copy(app)
    narrow.registered_commands, narrow.registered_groups = commands, []
    return narrow


if __name__ == "__main__":
    main()
