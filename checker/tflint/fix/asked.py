"""What the command line asks for, as edits. Raises TflintError for a flag of another form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fix.edits.interface import SIDES, AddSignature, Permute, Rename, RenameSignature
from tflint.fix.plan import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.fix.edits.edit import Edit
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


def step(edit: Edit, flag: str) -> Step:
    """The step of a flag."""
    return Step(edit, f"asked for by {flag}")
