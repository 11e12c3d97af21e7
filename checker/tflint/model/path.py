"""Symbolic places in a model: what a finding points at. Byte spans come second, and only the reader knows them."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A path such as `/subgraphs/0/operators/3` and the words a reader knows it by."""

    path: str
    label: str


WHOLE = Place("/", "the model")
