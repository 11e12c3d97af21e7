"""Names, numbers and vectors of the text form, in both directions."""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORD = re.compile(r"[A-Za-z_][\w./]*")
LONG = 16  # a vector longer than this is cut to its first values and its length


def name_text(name: str) -> str:
    """A name, quoted unless it is a plain word."""
    return name if WORD.fullmatch(name) else json.dumps(name)


def float_text(value: float) -> str:
    """The shortest decimal that gives the same float32."""
    for digits in (6, 7, 8, 9):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            return text
    return repr(value)


def value_text(value: Any) -> str:
    """A scalar or vector option."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return name_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{value_text(v)}" for k, v in value.items() if not k.endswith("_start")) + "}"
    if isinstance(value, memoryview) and value.format == "B":
        return "0x" + bytes(value).hex()
    return vector_text(value)


def vector_text(values: Iterable[Any], *, cut: bool = False) -> str:
    """`[1,2,3]`; with `cut`, `[1,2,...*64]` where the last value shown stands for the rest."""
    items: Sequence[Any] = values if isinstance(values, (list, tuple, memoryview)) else list(values)
    if cut and len(items) > LONG:
        shown = [value_text(item) for item in items[:4]]
        return f"[{','.join(shown)},...*{len(items)}]"
    return "[" + ",".join(value_text(item) for item in items) + "]"


TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<hex>0x[0-9a-f]*)
  | (?P<more>\.\.\.\*\d+)
  | (?P<arrow>->)
  | (?P<number>[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf|nan)(?![\w.]))
  | (?P<word>[A-Za-z_][\w./]*)
  | (?P<mark>[][(){}:,=@~^?+-])
    )""",
    re.VERBOSE,
)


Handle = tuple[str, int]


class SketchError(ValueError):
    """A line that is no sketch line."""


class Tokens:
    """The tokens of one line, read from the left."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.items: list[tuple[str, str]] = []
        position = 0
        stripped = line.rstrip()
        while position < len(stripped):
            match = TOKEN.match(stripped, position)
            if match is None:
                if stripped[position:].lstrip().startswith("#"):
                    break
                raise SketchError(f"cannot read {stripped[position:].strip()[:40]!r}")
            self.items.append((str(match.lastgroup), match[str(match.lastgroup)]))
            position = match.end()
        self.at = 0

    @property
    def done(self) -> bool:
        """Nothing left."""
        return self.at >= len(self.items)

    def peek(self, *texts: str) -> bool:
        """The next token is one of `texts`."""
        return not self.done and self.items[self.at][1] in texts

    def peek_kind(self, kind: str) -> bool:
        """The next token is of this kind."""
        return not self.done and self.items[self.at][0] == kind

    def take(self, *texts: str) -> bool:
        """Read the next token if it is one of `texts`."""
        if self.peek(*texts):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read exactly this token."""
        if not self.take(text):
            found = self.items[self.at][1] if not self.done else "the end of the line"
            raise SketchError(f"expected {text!r}, found {found}")

    def next(self, *kinds: str) -> str:
        """Read a token of one of these kinds."""
        if self.done or self.items[self.at][0] not in kinds:
            found = self.items[self.at][1] if not self.done else "the end of the line"
            raise SketchError(f"expected {' or '.join(kinds)}, found {found}")
        self.at += 1
        return self.items[self.at - 1][1]

    def name(self) -> str:
        """A name."""
        text = self.next("word", "string")
        return json.loads(text) if text.startswith('"') else text

    def handle(self) -> Handle:
        """A tensor's name, and its number where several bear it: `x~2`."""
        name = self.name()
        return name, int(self.next("number")) if self.take("~") else 1

    def value(self) -> Any:
        """A scalar, a vector, a table or bytes."""
        if self.peek("["):
            return self.vector()
        if self.take("{"):
            table = {}
            while not self.take("}"):
                key = self.next("word")
                self.expect(":")
                table[key] = self.value()
                self.take(",")
            return table
        if self.peek_kind("hex"):
            return bytes.fromhex(self.next("hex")[2:])
        if self.peek_kind("number"):
            return number(self.next("number"))
        text = self.next("word", "string")
        if text.startswith('"'):
            return json.loads(text)
        return {"true": True, "false": False, "inf": float("inf"), "nan": float("nan")}.get(text, text)

    def vector(self) -> list[Any]:
        """`[...]`."""
        self.expect("[")
        items: list[Any] = []
        while not self.take("]"):
            if self.peek_kind("more"):
                count = int(self.next("more")[4:])
                items += items[-1:] * (count - len(items))
            else:
                items.append(self.value())
            self.take(",")
        return items


def number(text: str) -> int | float:
    """An int where the text is one."""
    try:
        return int(text)
    except ValueError:
        return float(text)
