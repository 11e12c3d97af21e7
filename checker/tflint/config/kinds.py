"""Kinds of configuration values: each is read, written as JSON Schema and put in words by one class.

`parse` takes a value as TOML has it, `text` one from the command line or the environment.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from tflint.config.place import At
    from tflint.patterns import Glob

FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"


class Kind:
    """A kind of value; `words` say what it is."""

    words = ""

    def parse(self, value: Any, at: At) -> Any:
        """The value as Settings has it. Raises TflintError for one of another kind."""
        raise NotImplementedError

    def text(self, text: str, at: At) -> Any:
        """The value as written on the command line or in the environment."""
        return self.parse(text, at)

    def schema(self) -> dict[str, Any]:
        """The kind as JSON Schema."""
        raise NotImplementedError


class Flag(Kind):
    """Yes or no."""

    words = "true or false"

    def parse(self, value: Any, at: At) -> bool:
        """A boolean."""
        return value if isinstance(value, bool) else at.refuse(f"is {self.words}")

    def text(self, text: str, at: At) -> bool:
        """`true`, `1`, `false` or `0`."""
        return self.parse({"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text), at)

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


class Number(Kind):
    """A number, or a whole one."""

    def __init__(self, *, whole: bool) -> None:
        self.whole, self.words = whole, "a whole number" if whole else "a number"

    def parse(self, value: Any, at: At) -> int | float:
        """An int, or a float where one may stand."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            at.refuse(f"is {self.words}")
        return value

    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"type": "integer" if self.whole else "number"}


class Text(Kind):
    """Text that is not empty, and matches a pattern."""

    def __init__(self, words: str = "text", pattern: str = "") -> None:
        self.words, self.pattern = words, pattern

    def parse(self, value: Any, at: At) -> Any:
        """A string."""
        if not isinstance(value, str) or not value:
            at.refuse(f"is {self.words}")
        if self.pattern and not re.search(self.pattern, value):
            at.refuse(f"is {self.words}, not {value!r}")
        return value

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {"minLength": 1})}


class Selector(Text):
    """A rule's code, a prefix of codes, a rule's name, or ALL; which rules there are is for `tflint.select` to know."""

    def __init__(self) -> None:
        super().__init__("a rule's code or name, a prefix of codes, or ALL")

    def schema(self) -> dict[str, Any]:
        """One of the selectors, listed once."""
        return {"$ref": "#/definitions/selector"}


class File(Text):
    """A path, relative to the folder of the file that names it. `only`: what text has in it that is one."""

    def __init__(self, words: str = "a path", only: str = "") -> None:
        super().__init__(words)
        self.only = only

    def parse(self, value: Any, at: At) -> str:
        """The absolute path; other text as it is."""
        text = str(super().parse(value, at))
        return os.path.normpath(os.path.join(at.folder, text)) if re.search(self.only, text) else text


class Pattern(Text):
    """A glob for models, relative to the folder of the file that has it."""

    def __init__(self) -> None:
        super().__init__("a glob for paths of models")

    def parse(self, value: Any, at: At) -> Glob:
        """A glob with its folder."""
        from tflint.patterns import Glob  # noqa: PLC0415 - 3 ms, for who has globs

        return Glob(super().parse(value, at), at.anchor)


class TableOrFile(File):
    """A table as it is, or the path of a TOML file that holds it."""

    def __init__(self) -> None:
        super().__init__("a table, or the path of a TOML file")

    def parse(self, value: Any, at: At) -> Any:
        """The table, or the absolute path."""
        return value if isinstance(value, dict) else super().parse(value, at)

    def schema(self) -> dict[str, Any]:
        """An object or a string."""
        return {"anyOf": [{"type": "object"}, super().schema()]}


class OpenTable(Kind):
    """A table whose keys are for its reader to check."""

    words = "a table"

    def parse(self, value: Any, at: At) -> dict[str, Any]:
        """A dict."""
        return value if isinstance(value, dict) else at.refuse(f"is {self.words}")

    def schema(self) -> dict[str, Any]:
        """An object."""
        return {"type": "object"}


class Day(Kind):
    """A date without a time."""

    words = "a date (YYYY-MM-DD)"

    def parse(self, value: Any, at: At) -> date:
        """A date, as TOML writes it or as text."""
        from datetime import date, datetime  # noqa: PLC0415 - who suppresses nothing has no dates

        if isinstance(value, str) and len(value) == len("YYYY-MM-DD"):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                at.refuse(f"is {self.words}, not {value!r}")
        return value if isinstance(value, date) and not isinstance(value, datetime) else at.refuse(f"is {self.words}")

    def schema(self) -> dict[str, Any]:
        """Text: JSON has no dates, and editors of TOML read them so."""
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class Choice(Kind):
    """One word of a few."""

    def __init__(self, options: tuple[str, ...]) -> None:
        self.options = options
        self.words = f"one of {', '.join(options)}"

    def parse(self, value: Any, at: At) -> str:
        """The word."""
        if not isinstance(value, str) or value not in self.options:
            at.refuse(f"is {self.words}, not {value!r}{nearest(str(value), self.options)}")
        return value

    def schema(self) -> dict[str, Any]:
        """The words."""
        return {"enum": list(self.options)}


class List(Kind):
    """Several of a kind; one alone may stand without brackets unless they are tables."""

    def __init__(self, item: Kind, words: str) -> None:
        self.item, self.words = item, words
        self.bare = not isinstance(item, Record)

    def parse(self, value: Any, at: At) -> tuple[Any, ...]:
        """A tuple."""
        if self.bare and not isinstance(value, (list, dict)):
            value = [value]
        if not isinstance(value, list):
            at.refuse(f"is {self.words}")
        return tuple(self._item(item, at) for item in value)

    def _item(self, value: Any, at: At) -> Any:
        if self.bare and isinstance(value, str) != isinstance(self.item, (Text, Choice)):
            at.refuse(f"is {self.words}")
        return self.item.parse(value, at)

    def text(self, text: str, at: At) -> tuple[Any, ...]:
        """Items between commas."""
        return tuple(self.item.text(part.strip(), at) for part in text.split(",") if part.strip())

    def schema(self) -> dict[str, Any]:
        """An array."""
        item = self.item.schema()
        array = {"type": "array", "items": item}
        return {"anyOf": [item, array]} if self.bare else array


class Table(Kind):
    """A table whose keys are of a kind, and its values of another. `ref`: where the schema knows which keys."""

    def __init__(self, keys: Kind, values: Kind, words: str, ref: str = "") -> None:
        self.keys, self.values, self.words, self.ref = keys, values, words, ref

    def parse(self, value: Any, at: At) -> dict[Any, Any]:
        """A dict."""
        if not isinstance(value, dict):
            at.refuse(f"is {self.words}")
        return {self.keys.parse(key, at): self.values.parse(item, at.down(key)) for key, item in value.items()}

    def schema(self) -> dict[str, Any]:
        """An object with any keys of the kind."""
        if self.ref:
            return {"$ref": f"#/definitions/{self.ref}"}
        return {
            "type": "object",
            "propertyNames": self.keys.schema(),
            "additionalProperties": self.values.schema(),
        }


class Record(Kind):
    """A table whose keys are known. `make` builds its value of the keys (with underscores) and the origin."""

    def __init__(
        self,
        keys: Mapping[str, Kind],
        required: Iterable[str] = (),
        make: Callable[..., Any] | None = None,
        docs: Mapping[str, str] | None = None,
    ) -> None:
        self.keys, self.required, self.make, self.docs = keys, tuple(required), make, docs or {}
        self.words = f"a table with the keys {', '.join(keys)}"

    def parse(self, value: Any, at: At) -> Any:
        """What `make` makes, or a dict."""
        if not isinstance(value, dict):
            at.refuse(f"is {self.words}")
        found = {}
        for key, item in value.items():
            if key not in self.keys:
                raise TflintError(f"{at.origin.of(at.down(key).key)}: unknown key {key!r}{nearest(key, self.keys)}")
            found[key.replace("-", "_")] = self.keys[key].parse(item, at.down(key))
        for key in self.required:
            if key not in value:
                at.refuse(f"lacks the key {key!r}")
        return self.make(**found, origin=at.origin) if self.make else found

    def schema(self) -> dict[str, Any]:
        """An object with these keys and no others."""
        properties = {key: described(kind.schema(), self.docs.get(key, "")) for key, kind in self.keys.items()}
        required = {"required": list(self.required)} if self.required else {}
        return {"type": "object", "additionalProperties": False, "properties": properties, **required}


def described(schema: dict[str, Any], doc: str, **more: Any) -> dict[str, Any]:
    """A schema with its description; draft-07 does not look beside a `$ref`."""
    inner = {"allOf": [schema]} if "$ref" in schema else schema
    return {**({"description": doc} if doc else {}), **more, **inner}
