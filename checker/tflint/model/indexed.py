"""Inputs that index into a table, so that only some integers are legal: traced back from the ops that look up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op

LOOKUPS = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}  # op -> inputs: table, indices
_PASS = frozenset({"CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STRIDED_SLICE", "TRANSPOSE", "PACK"})
_WRAP = frozenset({"SELECT", "SELECT_V2"})  # Keras 3 adds the row count to negative ids
_STEPS = 12


class Indexed(NamedTuple):
    """An input that indexes a table of so many rows. Any other value ends the call: `gather index out of bounds`."""

    input: Tensor
    table: Tensor
    rows: int
    wraps: bool  # negative ids count from the end

    @property
    def low(self) -> int:
        """The least legal value."""
        return -self.rows if self.wraps else 0

    @property
    def high(self) -> int:
        """The largest legal value."""
        return self.rows - 1


def indexed(op: Op, model: Model) -> Indexed | None:
    """What a lookup says of the input of the model that it reads; None where it reads none, or rows are not known."""
    roles = LOOKUPS.get(op.name)
    if roles is None or len(op.inputs) < 2:
        return None
    table, indices = op.inputs[roles[0]], op.inputs[roles[1]]
    axis = op.options.get("axis", 0) if op.name == "GATHER" else 0
    if table is None or indices is None or axis not in range(len(table.shape)):
        return None
    source, wraps = _source(model, indices)
    if source is None or not source.dtype.startswith(("int", "uint")):
        return None
    if (source.subgraph, source.index) not in model.given:
        return None
    if model.subgraphs[source.subgraph] not in model.entry_graphs:
        return None
    return Indexed(source, table, table.shape[axis], wraps)


def _source(model: Model, tensor: Tensor) -> tuple[Tensor | None, bool]:
    """Where the values come from through ops that do not change them, and whether negative ones are wrapped."""
    wraps = False
    for _ in range(_STEPS):
        maker = model.producers.get((tensor.subgraph, tensor.index))
        if maker is None:
            return (None if tensor.is_constant or tensor.is_variable else tensor), wraps
        if maker.name in _PASS:
            candidates = maker.inputs[:1]
        elif maker.name in _WRAP and len(maker.inputs) == 3:
            candidates, wraps = maker.inputs[2:], True
        else:
            return None, wraps
        following = candidates[0] if candidates else None
        if following is None:
            return None, wraps
        tensor = following
    return None, wraps
