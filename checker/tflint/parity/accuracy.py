"""How often a model is right, where samples say what is: a class for each row of an output.

A sample tells it under the name of an output, or as `label`, which belongs to the only output that it fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LABEL = "label"
WANTED = "one integer for each row of its classes, and less than their number"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Rows that have a label, and how many of them each side has right."""

    rows: int
    reference: int
    candidate: int

    @property
    def before(self) -> float:
        """Percent of the rows that the reference has right."""
        return 100.0 * self.reference / self.rows

    @property
    def after(self) -> float:
        """Percent of the rows that the candidate has right."""
        return 100.0 * self.candidate / self.rows

    @property
    def drop(self) -> float:
        """What is lost, in percentage points; less than zero: won."""
        return self.before - self.after


def labels_of(
    labels: Sequence[Mapping[str, Any]], outputs: Mapping[str, Sequence[Any]], used: Sequence[int]
) -> dict[str, list[Any]]:
    """{output: [labels of a sample]} of `used` samples; `outputs`: what they are, by the reference's names.

    Raises TflintError for labels that fit no output, or several, and where some samples have none.
    """
    told = [labels[index] for index in used] if labels else []
    names = [name for name in (*outputs, LABEL) if any(name in row for row in told)]
    for name in names:
        lacking = next((index for index, row in zip(used, told, strict=True) if name not in row), None)
        if lacking is not None:
            raise TflintError(f"sample {lacking + 1} has no {name!r}, and others have: less than zero is not asked")
    found = {name: [row[name] for row in told] for name in names if name in outputs}
    if not found and names:
        given = [row[LABEL] for row in told]
        fit = [name for name, values in outputs.items() if all(map(_fits, given, values))]
        if len(fit) != 1:
            which = f"fits {' and '.join(fit)}: name it as one of them" if fit else f"fits none of {', '.join(outputs)}"
            raise TflintError(f"the label of the samples {which}; it is {WANTED}")
        found = {fit[0]: given}
    for name, given in found.items():
        if not all(map(_fits, given, outputs[name])):
            raise TflintError(f"what the samples have under the name of the output '{name}' is not {WANTED}")
    return found


def _fits(label: Any, value: Any) -> bool:
    """One integer for each row of what has classes along its last axis."""
    label = np.asarray(label)
    if label.dtype.kind not in "iu" or value.ndim < 1 or value.shape[-1] < 2:
        return False
    return bool(label.size == value.size // value.shape[-1] and label.max(initial=0) < value.shape[-1])


def accuracy(reference: Sequence[Any], candidate: Sequence[Any], labels: Sequence[Any]) -> Accuracy | None:
    """Count the rows whose largest element is the label's. Labels below zero say nothing, as where text is padded."""
    rows = ours = theirs = 0
    for one, other, label in zip(reference, candidate, labels, strict=True):
        wanted = np.asarray(label).reshape(-1)
        counts = wanted >= 0
        rows += int(counts.sum())
        ours += int((_chosen(one) == wanted)[counts].sum())
        theirs += int((_chosen(other) == wanted)[counts].sum())
    return Accuracy(rows, ours, theirs) if rows else None


def _chosen(value: Any) -> Any:
    return value.reshape(-1, value.shape[-1]).argmax(axis=1)
