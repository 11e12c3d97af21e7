"""Models that fuzzing starts from, and damaged copies of them."""

from __future__ import annotations

import functools
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz_structure import ODD, damaged, layout_of
from fuzz_tables import rewritten
from tflint import sketch
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.registry import catalogue

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from fuzz_structure import Layout

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SMALL = 16 * 1024
LEAST = 64  # bytes; below it is nothing to damage


def of_rules() -> list[bytes]:
    """What every rule's examples build, the bad ones and the good ones."""
    texts = (
        text
        for entry in catalogue().values()
        for example in entry.load().examples
        for text in (example.bad, example.good)
        if text
    )
    return [sketch.build(text) for text in texts]


def of_folders(folders: Sequence[Path], most: int = 1 << 30) -> list[bytes]:
    """The models of folders that have at most so many bytes."""
    paths = (path for folder in folders for path in sorted(folder.glob("*.tflite")))
    return [path.read_bytes() for path in paths if LEAST <= path.stat().st_size <= most]


def truncations(data: bytes, count: int, rng: random.Random) -> Iterator[bytes]:
    """Cuts of a file: at each byte of a small one, at so many of another."""
    ends = range(len(data)) if len(data) < SMALL else sorted(rng.randrange(len(data)) for _ in range(count))
    for end in ends:
        yield data[:end]


class Mutator:
    """Damaged copies of seeds: bytes, parts of the FlatBuffer, tables, pieces of another seed, cuts."""

    def __init__(self, seeds: Sequence[bytes], rng: random.Random) -> None:
        self.seeds, self.rng = seeds, rng
        self._whole = functools.lru_cache(maxsize=None)(_whole)

    def mutant(self) -> bytes:
        """One more."""
        rng = self.rng
        seed, other, kind = rng.choice(self.seeds), rng.choice(self.seeds), rng.randrange(20)
        layout = self._whole(seed)
        if layout is not None and kind < 8:
            return damaged(seed, layout, rng)
        if layout is not None and kind < 15 and self._whole(other) is not None:
            return rewritten(seed, other, rng)
        return spliced(seed, other, rng) if kind == 15 else scratched(seed, rng)


def _whole(data: bytes) -> Layout | None:
    """The parts of a seed, None where it is not whole."""
    try:
        decode(data)
    except MalformedModelError:
        return None
    return layout_of(data)


def spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The start of one and the end of another; or a piece of the other over the one; or a cut."""
    at, back = rng.randrange(8, len(data)) & ~3, rng.randrange(len(other)) & ~3
    way = rng.randrange(3)
    if way == 0:
        return data[:at] + other[back:]
    if way == 1:
        piece = other[back : back + rng.choice((16, 64, 256))]
        return data[:at] + piece + data[at + len(piece) :]
    return data[:at]


def scratched(data: bytes, rng: random.Random) -> bytes:
    """Bytes, bits, words and slices that are not what they were, wherever they stand."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(8, max(9, len(out) - 4))
        kind = rng.randrange(6)
        if kind == 0:
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            struct.pack_into("<I", out, at & ~3, rng.choice(ODD))
        elif kind == 3:
            struct.pack_into("<H", out, at & ~1, rng.choice(ODD) & 0xFFFF)
        elif kind == 4:
            word = struct.unpack_from("<I", out, at & ~3)[0]
            struct.pack_into("<I", out, at & ~3, (word + rng.choice((-8, -4, -1, 1, 4, 8))) & 0xFFFFFFFF)
        else:
            source, length = rng.randrange(len(out) - 4), rng.choice((4, 8, 16, 64))
            out[at : at + length] = out[source : source + length][: len(out) - at]
    return bytes(out)
