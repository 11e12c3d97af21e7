"""Pages of the documentation site about what may be imported, by rules and by programs: names, fields, docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import TYPE_CHECKING, Any

import tflint
from tflint import api, sketch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

RULES = """# What rules may import

Names of `tflint.api`, and of no other module of tflint. Whatever comes from a model may be missing, odd or hostile: an
input that is left out is `None`, and so are the values of what is no small constant.
"""
PYTHON = """# Names of the Python API

What `import tflint` gives; [From Python](python.md) shows it in use. In signatures, `Name` is a path or URL
(`str | os.PathLike[str]`), `Names` one string or several, `Content` bytes, a bytearray or a memoryview.
"""


def rules_page() -> str:
    """What rules may import."""
    return _page(api, [RULES, "## Sketches", inspect.cleandoc(sketch.__doc__ or "")])


def python_page() -> str:
    """What programs may import."""
    return _page(tflint, [PYTHON])


def _page(module: ModuleType, parts: list[str]) -> str:
    named = [(name, getattr(module, name)) for name in module.__all__ if name[0] != "_"]
    for name, value in sorted(named, key=lambda pair: (_order(pair[1]), pair[0])):
        if inspect.isclass(value):
            parts += [f"## {name}", _doc(value), *_members(value)]
        elif inspect.isroutine(value):
            parts += [f"## {name}", *_signatures(name, value), _doc(value)]
        elif inspect.ismodule(value):
            parts += [f"## {name}", _doc(value)]
        else:
            shown = ", ".join(sorted(value)) if isinstance(value, frozenset) else repr(value)
            parts += [f"## {name}", f"`{shown}`"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _signatures(name: str, function: Callable[..., Any]) -> Iterator[str]:
    """Of a function, or of each of its overloads."""
    for each in typing.get_overloads(function) or [function]:
        text = _signature(each)
        if len(text) > 80:
            text = "(\n" + "".join(f"    {part},\n" for part in _arguments(each)) + ")" + text.rpartition(")")[2]
        yield f"```python\n{name}{text}\n```"


def _arguments(function: Callable[..., Any]) -> Iterator[str]:
    keywords = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords:
            keywords = True
            yield "*"
        default = {inspect.Parameter.empty: "", ...: " = ..."}.get(parameter.default, f" = {parameter.default!r}")
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        yield f"{stars}{parameter.name}: {parameter.annotation}{default}"


def _order(value: object) -> int:
    """Classes, functions, modules, constants."""
    if inspect.isclass(value):
        return 0
    if inspect.isroutine(value):
        return 1
    return 2 if inspect.ismodule(value) else 3


def _doc(value: object) -> str:
    return inspect.cleandoc(value.__doc__ or "")


def _signature(value: Any) -> str:
    """As written: annotations are text."""
    return str(inspect.signature(value)).replace("'", "")


def _members(kind: type) -> Iterator[str]:
    """Fields with their types, then properties and methods with the first sentence of their docs."""
    rows = []
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        types = {name: getattr(value, "__forward_arg__", value) for name, value in kind.__annotations__.items()}
        rows += [(name, str(value), "") for name, value in types.items() if name[0] != "_"]
    for name, value in vars(kind).items():
        if name.startswith("_") or name in {row[0] for row in rows}:
            continue
        getter = getattr(value, "fget", None) or getattr(value, "func", None)
        if getter:
            rows.append((name, str(getter.__annotations__.get("return", "")), _summary(getter)))
        elif inspect.isfunction(value):
            rows.append(
                (f"{name}{_signature(value)}".replace("(self, ", "(").replace("(self)", "()"), "", _summary(value))
            )
    if rows:
        lines = (f"| `{name}` | {_code(kind)} | {words} |" for name, kind, words in rows)
        yield "| name | type | what |\n|---|---|---|\n" + "\n".join(line for line in lines)


def _summary(value: object) -> str:
    return " ".join(_doc(value).partition("\n\n")[0].split()).replace("|", r"\|")


def _code(kind: str) -> str:
    return f"`{kind}`".replace("|", r"\|") if kind else ""
