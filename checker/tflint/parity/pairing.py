"""Which entry, inputs and values of one model belong to which of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.parity.entry import Entry, bound, entries, pick
from tflint.parity.recorded import POSITIONS
from tflint.parity.runners import kind_of
from tflint.parity.values import carried, fed, real
from tflint.source import SAVED_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.model.view import Model
    from tflint.parity.gates import Gates
    from tflint.parity.samples import Samples


@dataclass(frozen=True, slots=True)
class Pair:
    """Entries that belong together; None: that side is saved."""

    reference: str
    candidate: str
    models: Mapping[str, Model]
    ours: Entry | None
    theirs: Entry | None


def paired(
    reference: str,
    candidate: str,
    models: Mapping[str, Model],
    problems: list[str],
    signature: str | None,
    keys: Mapping[str, str],
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Entries of both sides that belong together; a signature that the candidate lacks is a problem."""
    if reference not in models or candidate not in models:
        source = candidate if candidate in models else reference
        found = entries(models[source])
        many = signature is None and kind_of(reference) == SAVED_MODEL
        for entry in found if many else (pick(found, signature, source),):
            yield (None, entry) if source == candidate else (entry, None)
        return
    ours, theirs = entries(models[reference]), entries(models[candidate])
    if signature is not None:
        ours = (pick(ours, signature, reference),)
    keyed = {entry.key: entry for entry in theirs}
    for entry in ours:
        other = keyed.get(keys.get(entry.key or "", entry.key))
        if other is None and len(ours) == len(theirs) == 1:
            other = theirs[0]  # one each, whatever they are called
        if other is None and (entry.key is None or None in keyed):
            other = next((each for each in theirs if each.subgraph == entry.subgraph == 0), None)
        if other is None:
            problems.append(f"the candidate has no signature '{entry.key}'")
        else:
            yield entry, other


def inputs(pair: Pair, gates: Gates, bind: Mapping[str, str], notes: list[str]) -> tuple[dict[str, str], list[str]]:
    """Reference input -> candidate input, and what makes it pointless to run: shapes are compared before values."""
    if pair.ours is None or pair.theirs is None:
        base = pair.ours or pair.theirs
        return {port.name: port.name for port in base.inputs} if base else {}, []
    named = pair.ours.key is not None and pair.theirs.key is not None
    names, binding = bound(pair.ours.inputs, pair.theirs.inputs, dict(bind), named=named)
    if not named:
        notes.append("inputs and outputs are bound by position: not both sides have signatures")
    elif binding != "by name":
        notes.append(f"inputs are bound {binding}")
    theirs = {port.name: port for port in pair.theirs.inputs}
    problems = []
    for port in pair.ours.inputs:
        other = theirs.pop(names.get(port.name, ""), None)
        if other is None:
            problems.append(f"the candidate has no input '{port.name}'")
        elif not _meet(port.shape, other.shape):
            problems.append(f"input '{port.name}' is {other}, the reference's {port}")
        elif (port.dtype, port.affine) != (other.dtype, other.affine):
            (problems if gates.exact else notes).append(f"input '{port.name}' is {other}, the reference's {port}")
        elif port.shape != other.shape:
            notes.append(f"input '{port.name}' is {other}, the reference's {port}: compared at sizes that both take")
    problems += [f"the candidate has one more input, '{name}'" for name in theirs]
    return names, problems


def _meet(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> bool:
    """Some shape is both."""
    if one is None or other is None:
        return True
    return len(one) == len(other) and all(a == b or -1 in (a, b) for a, b in zip(one, other, strict=True))


def of_entry(samples: Samples | None, entry: Entry | None) -> Samples | None:
    """Of samples for several signatures those with the inputs of one; None, and so random ones: there are none."""
    names = {port.name for port in entry.inputs} if entry else set()
    rows = tuple(row for row in samples.rows if names <= row.keys()) if samples else ()
    return replace(samples, rows=rows) if samples and rows else None


def conformed(samples: Samples, entry: Entry) -> Samples:
    """Samples as raw tensors of an entry's inputs, by their names, and what else they have as labels.

    Raises TflintError for what does not fit.
    """
    rows: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for index, row in enumerate(samples.rows, 1):
        found: dict[str, Any] = {}
        rest = dict(row)
        for place, port in enumerate(entry.inputs):
            name = next((name for name in (port.name, f"{POSITIONS}{place}") if name in row), None)
            if name is None:
                raise TflintError(f"sample {index} has no input '{port.name}'; it has {', '.join(row) or 'none'}")
            try:
                found[port.name] = fed(rest.pop(name), port)
            except TflintError as problem:
                raise TflintError(f"sample {index}: {problem.message}") from None
        rows.append(found)
        labels.append(rest)
    return replace(samples, rows=tuple(rows), labels=tuple(labels) if any(labels) else ())


def meant(given: Samples, raw: Samples, entry: Entry) -> tuple[Samples, Entry]:
    """What a model without an int8 of its own is given for samples of an entry: real numbers, and inputs of those.

    `given`: the samples before they were raw, whose real numbers no quantization has clipped or rounded yet.
    """
    ports = [port for port in entry.inputs if port.affine is not None and "int" in port.dtype]
    if not ports:
        return raw, entry
    rows: list[dict[str, Any]] = []
    for said, row in zip(given.rows, raw.rows, strict=True):
        found = dict(row)
        for place, port in enumerate(entry.inputs):
            if port in ports:
                value = np.asarray(said.get(port.name, said.get(f"{POSITIONS}{place}")))
                found[port.name] = (value if value.dtype.kind == "f" else real(row[port.name], port)).astype(np.float32)
        rows.append(found)
    inputs = tuple(replace(port, dtype="float32", affine=None) if port in ports else port for port in entry.inputs)
    return replace(raw, rows=tuple(rows)), replace(entry, inputs=inputs)


def handed(samples: Samples, pair: Pair, names: Mapping[str, str]) -> Samples:
    """The samples by the candidate's names and in its terms."""
    if pair.ours is None or pair.theirs is None:
        return samples
    theirs = {port.name: port for port in pair.theirs.inputs}
    ports = [(port, theirs[names[port.name]]) for port in pair.ours.inputs]
    rows: list[dict[str, Any]] = [
        {other.name: carried(row[port.name], port, other) for port, other in ports if port.name in row}
        for row in samples.rows
    ]
    return replace(samples, rows=tuple(rows))
