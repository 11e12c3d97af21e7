"""What the command line asks for, as edits. Raises TflintError for a flag of another form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer.edits.interface import SIDES, AddSignature, Permute, Rename, RenameSignature
from tflint.fixer.edits.metadata import AddMetadata
from tflint.fixer.edits.shapes import VARIES, Dim, SetDims
from tflint.fixer.plan import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tflint.fixer.edits.edit import Edit
    from tflint.model.view import Model

SIGNATURE = "signature"


def signature_edit(text: str, model: Model) -> Edit:
    """`KEY` or `OLD=NEW`: add a signature of this key, or rename one."""
    old, equals, new = text.partition("=")
    if not old or (equals and not new):
        raise TflintError(f"--signature {text}: write KEY for a new one, OLD=NEW to rename one")
    keys = [signature.key for signature in model.signatures]
    if equals:
        return RenameSignature(old, new)
    if keys and old not in keys:
        raise TflintError(f"--signature {text}: the model has a signature; to rename it, write '{keys[0]}={text}'")
    return AddSignature(old)


def rename_edit(text: str) -> Edit:
    """`OLD=NEW`."""
    old, equals, new = text.rpartition("=")
    if not (equals and old and new):
        raise TflintError(f"--rename {text}: write OLD=NEW, such as --rename args_0=input_ids")
    return Rename(old, new)


def order_edits(text: str) -> Iterator[Edit]:
    """`inputs=A,B`, `outputs=A,B`, or `signature` for both as the signature has them."""
    side, equals, names = text.partition("=")
    if text == SIGNATURE:
        yield from (Permute(side) for side in SIDES)
    elif side in SIDES and equals and names:
        yield Permute(side, tuple(name.strip() for name in names.split(",")))
    else:
        raise TflintError(f"--order {text}: write inputs=A,B or outputs=A,B or {SIGNATURE}")


def dims_edit(texts: Iterable[str]) -> Edit:
    """All that `--fix-dim` says."""
    return SetDims(tuple(map(_dim, texts)))


def _dim(text: str) -> Dim:
    """`INPUT.DIM=SIZE`, `?` in place of a size that may vary."""
    port, equals, size = text.rpartition("=")
    name, dot, dim = port.rpartition(".")
    good = equals and dot and name and dim.isdecimal() and (size == "?" or (size.isdecimal() and 0 < int(size) < 2**31))
    if not good or len(dim) > 2:
        raise TflintError(f"--fix-dim {text}: write INPUT.DIM=SIZE, such as input_ids.1=128, or =? to open it")
    return Dim(name, int(dim), VARIES if size == "?" else int(size))


def metadata_edit(mean: str | None, std: str | None, labels: Path | None, vocabulary: Path | None) -> Edit | None:
    """TFLite Metadata of `--mean`, `--std`, `--labels` and `--vocabulary`; None without any."""
    if (mean is None) != (std is None):
        raise TflintError("--mean and --std: both or neither")
    if mean is None and labels is None and vocabulary is None:
        return None
    return AddMetadata(_numbers("--mean", mean), _numbers("--std", std), _file(labels), _file(vocabulary))


def _numbers(flag: str, text: str | None) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)) or (flag == "--std" and 0 in numbers):
        raise TflintError(f"{flag} {text}: write a number, or one a channel with commas, such as 127.5")
    return numbers


def _file(path: Path | None) -> tuple[str, bytes] | None:
    try:
        return None if path is None else (path.name, path.read_bytes())
    except OSError as problem:
        raise TflintError(f"{path}: cannot be read: {problem.strerror or problem}") from None


def step(edit: Edit, flag: str) -> Step:
    """The step of a flag."""
    return Step(edit, f"asked for by {flag}")
