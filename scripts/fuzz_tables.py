"""Damage above the bytes: a model's tables with fields changed, dropped and taken from another model, written anew.

What comes out is a FlatBuffer without a fault, so that every one of these reaches the verdicts and the rules.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.model import schema
from tflint.model.flatbuf import Reader
from tflint.model.write import encode

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tflint.model.flatbuf import Table

WORDS = ("", "a", "serving_default", "x" * 300, "\x1b[31m", "::error::", "ünïcode \u202e", "\udcff", "a/b\n<b>&amp;")
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-38, 3.4e38, float("inf"), float("nan"), 0.1)
RANGES = {c: (-(1 << 8 * struct.calcsize(c) - 1), (1 << 8 * struct.calcsize(c) - 1) - 1) for c in "bhiq"} | {
    c: (0, (1 << 8 * struct.calcsize(c)) - 1) for c in "BHIQ"
}
NEAR = (0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 127, 128, 255, -1, -2)
OPS = max(schema.ENUMS["BuiltinOperator"])


class Node(NamedTuple):
    """A table in a model, and what kind it is."""

    name: str
    table: Table


def nodes(name: str, table: Table) -> Iterator[Node]:
    """The table and every one below it."""
    waiting = [Node(name, table)]
    while waiting:
        node = waiting.pop()
        yield node
        for _, key, kind, child in schema.TABLES[node.name]:
            value = node.table.get(key)
            if not value or kind not in ("t", "u", "[t"):
                continue
            member = schema.ENUMS[str(child)][node.table[f"{key}_type"]] if kind == "u" else str(child)
            waiting += [Node(member, one) for one in (value if kind == "[t" else [value])]


def tables_of(data: bytes) -> Table:
    """The tables of a model, for changing. Raises MalformedModelError."""
    return Reader(data, errors="surrogateescape").root("Model")


def rewritten(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The model with a few fields that are not what they were; some from the other one. Raises MalformedModelError."""
    root, foreign = tables_of(data), None
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        parts = list(nodes("Model", root))
        if rng.randrange(4):
            _change(*rng.choice(parts), rng)
        else:
            foreign = foreign or list(nodes("Model", tables_of(other)))
            _graft(parts, foreign, rng)
    return bytes(encode(root))


def _graft(parts: list[Node], foreign: list[Node], rng: random.Random) -> None:
    """Another model's table in the place of one of its kind."""
    name, table = rng.choice(parts)
    donors = [node.table for node in foreign if node.name == name and node.table is not table]
    if donors and name != "Model":
        donor = dict(rng.choice(donors))
        table.clear()
        table.update(donor)


def _change(name: str, table: Table, rng: random.Random) -> None:
    fields = schema.TABLES[name]
    if not fields:
        return
    _, key, kind, child = rng.choice(fields)
    if kind == "u":
        known = schema.ENUMS[str(child)]
        number = rng.choice([n for n in known if n])
        table[f"{key}_type"], table[key] = number, {}
        for _ in range(2):
            _change(known[number], table[key], rng)
    elif kind == "t":
        table[key] = None if rng.randrange(2) else {}
    elif kind == "s":
        table[key] = rng.choice((None, *WORDS))
    elif kind[0] == "[":
        items = _vector(table.get(key), kind[1], str(child), rng)
        table[key] = bytes(items) if kind == "[B" and items is not None else items
    elif not key.endswith("_type"):  # of a union: it would not fit what stands there
        table[key] = _scalar(kind, rng, OPS if key.endswith("builtin_code") else 0)


def _vector(value: Any, element: str, child: str, rng: random.Random) -> Any:
    items = list(value) if value is not None and len(value) <= 10_000 else []
    way = rng.randrange(6)
    if way == 0:
        return None
    if way == 1 or not items:
        return [_element(element, child, rng) for _ in range(rng.choice((0, 1, 2, 9)))]
    at = rng.randrange(len(items))
    if way == 2:
        del items[at]
    elif way == 3:
        items.insert(at, items[rng.randrange(len(items))])
    elif way == 4:
        items[at] = items[rng.randrange(len(items))]
    else:
        items[at] = _element(element, child, rng)
    return items


def _element(element: str, child: str, rng: random.Random) -> Any:
    if element == "t":
        made: Table = {}
        _change(child, made, rng)
        return made
    return rng.choice(WORDS) if element == "s" else _scalar(element, rng, 0)


def _scalar(kind: str, rng: random.Random, most: int) -> Any:
    if kind in "fd":
        return rng.choice(FLOATS)
    if kind == "?":
        return bool(rng.randrange(2))
    low, high = RANGES[kind]
    ways = (rng.choice(NEAR), rng.choice((low, high)), rng.randint(low, high))
    value = rng.randint(0, most) if most and rng.randrange(4) else ways[rng.choice((0, 0, 0, 1, 2))]
    return min(max(value, low), high)
