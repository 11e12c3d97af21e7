"""Write the parameters of `tflint check` as data, from typer's own, so that a check need not import typer.

python scripts/generate_arguments.py [--check]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

import generated
import tflint
from tflint.cli.app import app

TARGET = Path(tflint.__file__).parent / "cli" / "arguments_index.py"
HEAD = '''"""Parameters of `tflint check`: kind, whether it may be given several times, default, spellings.

By scripts/generate_arguments.py. One of kind "" is read by typer alone.
"""

from typing import Any

CHECK: dict[str, tuple[str, bool, Any, tuple[str, ...]]] = {
'''
KINDS = {"STRING": "text", "INT": "number"}
READABLE = {**vars(typer.models.TyperPath()), "type": None}  # what a plain `Path` is held to
SAME: dict[str, Any] = {"is_eager": False, "envvar": None, "callback": None, "prompt": None, "secondary_opts": []}
PLAIN = {**SAME, "count": False, "nargs": 1}
FLAG = {"flag_value": None, "default": False}


def build() -> str:
    """The module's text."""
    command: Any = typer.main.get_command(app)
    return HEAD + "".join(f"    {p.name!r}: {_row(p)!r},\n" for p in command.commands["check"].params) + "}\n"


def _row(parameter: Any) -> tuple[str, bool, Any, tuple[str, ...]]:
    default = parameter.default
    if parameter.required or not isinstance(default, bool | int | float | str | None):
        raise SystemExit(f"{parameter.name}: cli.arguments knows no parameter that is required, nor such a default")
    if parameter.param_type_name == "argument":
        if (parameter.name, parameter.nargs) != ("paths", -1):
            raise SystemExit(f"{parameter.name}: cli.arguments knows one argument, the paths")
        return (_kind(parameter), True, default, ())
    return (_kind(parameter), parameter.multiple, default, tuple(parameter.opts))


def _kind(parameter: Any) -> str:
    plain = {**PLAIN, "nargs": parameter.nargs} if parameter.param_type_name == "argument" else PLAIN
    if any(getattr(parameter, name, value) != value for name, value in plain.items()):
        return ""
    if getattr(parameter, "is_flag", False):
        return "flag" if all(getattr(parameter, name, value) == value for name, value in FLAG.items()) else ""
    if isinstance(parameter.type, typer.models.TyperPath):
        return "path" if {**vars(parameter.type), "type": None} == READABLE else ""
    return KINDS.get(repr(parameter.type), "")


if __name__ == "__main__":
    generated.main(__doc__, lambda: {TARGET: build().encode()})
