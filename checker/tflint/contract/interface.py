"""A model's interface as one value: what its callers bind to, by name and by position."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Signature, Subgraph

VARIES = -1  # a dimension that may vary


@dataclass(frozen=True, slots=True)
class Affine:
    """Quantization of a tensor, one pair or one for each slice; no scale: it is not quantized."""

    scale: tuple[float, ...] = ()
    zero_point: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output. What is None is not stated, as a hand-written contract may leave it."""

    name: str
    """What a caller calls it: the signature's name; the tensor's where no signature names the primary subgraph."""
    tensor: str | None = None
    position: int | None = None
    """Index among the inputs or outputs of the primary subgraph; None in other subgraphs, where nobody sees it."""
    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None
    """-1 where a dimension may vary, None where any will do."""
    quantization: Affine | None = None
    at: Tensor | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A signature, or with the key None the primary subgraph of a model whose signatures do not name all of it."""

    key: str | None
    inputs: tuple[Port, ...] | None = None
    outputs: tuple[Port, ...] | None = None
    at: Signature | Subgraph | None = field(default=None, compare=False, repr=False)

    @property
    def is_primary(self) -> bool:
        """Callers may bind to it by position."""
        return self.key is None or any(p.position is not None for p in (*(self.inputs or ()), *(self.outputs or ())))


@dataclass(frozen=True, slots=True)
class Interface:
    """All entry points, that without a key first, the others by key."""

    entries: tuple[EntryPoint, ...]

    @property
    def keys(self) -> list[str]:
        """Keys of its signatures."""
        return [entry.key for entry in self.entries if entry.key is not None]

    def entry(self, key: str | None) -> EntryPoint | None:
        """The entry point of this key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    @property
    def primary(self) -> EntryPoint | None:
        """The entry point that callers bind to by position."""
        return next((entry for entry in self.entries if entry.is_primary), None)


def interface_of(model: Model) -> Interface:
    """The interface of a model. Signatures that nobody can call (no key, no such subgraph) are left out."""
    entries: dict[str | None, EntryPoint] = {}
    for signature in model.signatures:
        if signature.key is None or not 0 <= signature.subgraph_index < len(model.subgraphs):
            continue
        graph = model.subgraphs[signature.subgraph_index]
        inputs = _ports(signature.inputs or (), graph, graph.input_indices)
        outputs = _ports(signature.outputs or (), graph, graph.output_indices)
        entries.setdefault(signature.key, EntryPoint(signature.key, inputs, outputs, signature))
    graph0 = model.primary
    if graph0 is not None and not any(_names_all_of(graph0, signature) for signature in model.signatures):
        inputs = _ports(_unnamed(graph0, graph0.input_indices), graph0, graph0.input_indices)
        outputs = _ports(_unnamed(graph0, graph0.output_indices), graph0, graph0.output_indices)
        entries[None] = EntryPoint(None, inputs, outputs, graph0)
    return Interface(tuple(entries[key] for key in sorted(entries, key=lambda key: (key is not None, key or ""))))


def _names_all_of(graph: Subgraph, signature: Signature) -> bool:
    if signature.key is None or signature.subgraph_index != graph.index:
        return False
    named = [{index for _, index in rows or ()} for rows in (signature.inputs, signature.outputs)]
    return set(graph.input_indices) <= named[0] and set(graph.output_indices) <= named[1]


def _unnamed(graph: Subgraph, indices: Sequence[int]) -> list[tuple[str | None, int]]:
    tensors = graph.tensors
    return [(tensors[i].name if 0 <= i < len(tensors) else None, i) for i in indices]


def _ports(rows: Sequence[tuple[str | None, int]], graph: Subgraph, indices: tuple[int, ...]) -> tuple[Port, ...]:
    places = {tensor: place for place, tensor in reversed(list(enumerate(indices)))} if graph.index == 0 else {}
    return tuple(
        _port(name or "", places.get(index), graph.tensors[index] if 0 <= index < len(graph.tensors) else None)
        for name, index in rows
    )


def _port(name: str, position: int | None, tensor: Tensor | None) -> Port:
    if tensor is None:
        return Port(name, "", position)
    quant = tensor.quant
    affine = Affine(tuple(map(_decimal, quant.scale)), tuple(quant.zero_point)) if quant else Affine()
    return Port(name, tensor.name, position, tensor.dtype, tensor.dims, affine, tensor)


def _decimal(value: float) -> float:
    """The float32 of the file as the shortest decimal that gives it: 0.1, not 0.10000000149011612."""
    return next((short for digits in (6, 7, 8) if _same(short := float(f"{value:.{digits}g}"), value)), value)


def _same(short: float, value: float) -> bool:
    from struct import pack  # noqa: PLC0415 - quantized models only

    try:
        return pack("<f", short) == pack("<f", value)
    except OverflowError:  # the short form of the largest float32 is larger than it
        return False
