"""Write docs/cli.md, the reference of the command line, from the commands themselves.

python scripts/generate_cli.py [--check]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import generated
from tflint.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
_KINDS = {"str": "TEXT", "int": "NUMBER"}
HEAD = """# Command line

Made from the commands by `scripts/generate_cli.py`. `tflint COMMAND --help` prints the same; `tflint --version`
prints the version.

`tflite-lint` is the same program, for those who also have Terraform's linter of the other name.

| exit code | meaning |
|---|---|
| 0 | nothing at or above `--fail-on` |
| 1 | findings; a file that is no model is one |
| 2 | usage, configuration, a path that does not exist, an internal error |
| 130 | interrupted |
| 143 | terminated |
"""


def build() -> str:
    """The page."""
    return HEAD + "".join(f"\n{part}\n" for part in _commands(typer.main.get_command(app), "tflint"))


def _commands(command: Any, path: str) -> Iterator[str]:
    """A section for each command, groups opened."""
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from _commands(each, f"{path} {name}")
        return
    usage = " ".join((path, "[OPTIONS]", *(_usage(p) for p in command.params if p.param_type_name == "argument")))
    rows = [_row(p) for p in command.params if not getattr(p, "hidden", False)]
    yield "\n".join((f"## {path}", "", _text(command.help), "", f"```text\n{usage}\n```"))
    if rows:
        yield "\n".join(("| argument or option | meaning |", "|---|---|", *rows))


def _usage(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"| `{_usage(parameter)}` | {_text(parameter.help)} |"
    words = ", ".join(f"`{name}`" for name in parameter.opts)
    value = "" if parameter.is_flag else f" `{parameter.metavar or _kind(parameter)}`"
    notes = [_text(parameter.help)]
    notes += ["Required."] if parameter.required else []
    notes += ["Repeatable."] if parameter.multiple and "epeatable" not in notes[0] else []
    if isinstance(parameter.default, (str, int)) and not isinstance(parameter.default, bool):
        notes.append(f"Default: `{getattr(parameter.default, 'value', parameter.default)}`.")
    return f"| {words}{value} | {' '.join(notes)} |"


def _kind(parameter: Any) -> str:
    choices = getattr(parameter.type, "choices", None)
    return (
        r"\|".join(getattr(c, "value", str(c)) for c in choices)
        if choices
        else _KINDS.get(str(parameter.type.name), str(parameter.type.name).upper())
    )


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", r"\|")


if __name__ == "__main__":
    generated.main(__doc__, lambda: {TARGET: build().encode()})
