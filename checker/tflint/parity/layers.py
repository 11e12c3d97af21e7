"""Where two models part ways: their intermediate tensors are compared in graph order, on one sample.

Both run on builtin kernels with all tensors kept. Tensors belong together by name, or where the operators are the same
ones by place. The error of a tensor is the root mean square of the difference over that of the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.parity.values import real

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.model.tensor import Tensor
    from tflint.model.view import Op, Subgraph
    from tflint.parity.gates import Gates

GROWTH = 3.0  # an error that grows by more in one operator is a jump
FLOORS = {"float32": 1e-5, "float16": 2e-3, "dynamic-range int8": 0.05, "int8": 0.1}  # and is above this, by gates
BETWEEN = frozenset({"QUANTIZE", "DEQUANTIZE", "CAST"})  # what quantization puts between the operators of a model
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Layer:
    """An operator of the reference, by its first output that both have."""

    op: str
    tensor: str
    index: int
    error: float
    incoming: float

    @property
    def added(self) -> float:
        """What the operator itself adds."""
        return inf if self.error == inf and self.incoming < inf else max(0.0, self.error - self.incoming)


@dataclass(frozen=True, slots=True)
class Layers:
    """All that could be compared, in graph order, and the first operator whose error jumps."""

    sample: int
    layers: tuple[Layer, ...]
    operators: int
    jump: Layer | None
    problem: str = ""

    @property
    def worst(self) -> tuple[Layer, ...]:
        """Those that add most."""
        return tuple(sorted((each for each in self.layers if each.added > 0), key=lambda each: -each.added)[:SHOWN])


def pairs(ours: Subgraph, theirs: Subgraph) -> dict[int, int]:
    """Tensor of the reference -> tensor of the candidate, of those that operators make."""
    mine, other = _by_name(ours), _by_name(theirs)
    found = {tensor.index: other[name].index for name, tensor in mine.items() if name in other}
    first, second = _sequence(ours), _sequence(theirs)
    if [op.kind for op in first] == [op.kind for op in second]:
        for op, twin in zip(first, second, strict=True):
            for tensor, image in zip(op.outputs, twin.outputs, strict=False):
                if tensor is not None and image is not None:
                    found.setdefault(tensor.index, image.index)
    return found


def _by_name(graph: Subgraph) -> dict[str, Tensor]:
    """Tensors that operators make, by names that are theirs alone."""
    made = [tensor for op in graph.ops for tensor in op.outputs if tensor is not None]
    counts: dict[str, int] = {}
    for tensor in made:
        counts[tensor.name] = counts.get(tensor.name, 0) + 1
    return {tensor.name: tensor for tensor in made if tensor.name and counts[tensor.name] == 1}


def _sequence(graph: Subgraph) -> list[Op]:
    return [op for op in graph.ops if op.kind not in BETWEEN]


def compared(
    graph: Subgraph,
    twin: Subgraph,
    found: Mapping[int, int],
    ours: Mapping[int, Any],
    theirs: Mapping[int, Any],
    gates: Gates,
    sample: int,
) -> Layers:
    """The errors of tensors that both runs gave, `found` as `pairs` has it."""
    errors: dict[int, float] = {}
    for index, other in found.items():
        if index in ours and other in theirs:
            one, two = graph.tensors[index], twin.tensors[other]
            error = _error(_real(ours[index], one), _real(theirs[other], two))
            if error is not None:
                errors[index] = error
    layers = tuple(_layers(graph, errors))
    floor = FLOORS.get(gates.name, FLOORS["float32"])
    jump = next((each for each in layers if each.error > max(GROWTH * each.incoming, floor)), None)
    return Layers(sample, layers, len(graph.ops), jump)


def _layers(graph: Subgraph, errors: Mapping[int, float]) -> Iterator[Layer]:
    known = dict(errors)  # and of what could not be compared: as large as what went into it
    for op in graph.ops:
        incoming = max((known.get(index, 0.0) for index in op.input_indices), default=0.0)
        first = next((tensor for tensor in op.outputs if tensor is not None and tensor.index in errors), None)
        if first is not None:
            error = max(errors[t.index] for t in op.outputs if t is not None and t.index in errors)
            yield Layer(op.kind, first.name, op.index, error, incoming)
        for index in op.output_indices:
            known.setdefault(index, incoming)


def _real(value: Any, tensor: Tensor) -> Any:
    from tflint.parity.entry import Port  # noqa: PLC0415 - one use

    return real(value, Port(tensor.name, tensor.dtype, affine=tensor.quant.pair if tensor.quant else None))


def _error(one: Any, two: Any) -> float | None:
    """Relative error; None where the two cannot be compared."""
    if one.shape != two.shape or not one.size or one.dtype.kind not in "biuf" or two.dtype.kind not in "biuf":
        return None
    r, c = one.astype(np.float64), two.astype(np.float64)
    finite = np.isfinite(r) & np.isfinite(c)
    if (~finite & ~((r == c) | (np.isnan(r) & np.isnan(c)))).any():
        return inf
    r, c = r[finite], c[finite]
    size = float(np.sqrt(np.mean(r**2))) if r.size else 0.0
    gap = float(np.sqrt(np.mean((c - r) ** 2))) if r.size else 0.0
    return gap / size if size else (inf if gap else 0.0)
