"""Edits that only a person can fill in: which flag of `tflint fix` takes the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.fixer.edits.edit import ByHand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Subgraph

OPEN = -1


def ask_sizes(model: Model, graph: Subgraph, tensor: Tensor) -> tuple[ByHand, ...]:
    """The sizes of an input of the primary subgraph that may vary; nothing for other subgraphs."""
    places = [place for place, size in enumerate(tensor.dims) if size == OPEN]
    if graph.index or not places:
        return ()
    name = _called(model, graph, tensor)
    flags = " ".join(f"--fix-dim {name}.{place}=SIZE" for place in places)
    return (ByHand(f"say how large it is: {flags}"),)


def ask_outputs(graph: Subgraph) -> tuple[ByHand, ...]:
    """The outputs of the primary subgraph that are wanted."""
    return () if graph.index else (ByHand("name each output that is wanted: --keep-output NAME"),)


def ask_metadata(flags: Iterable[str]) -> tuple[ByHand, ...]:
    """What TFLite Metadata is to say."""
    return (ByHand(f"say it in the metadata: {' '.join(flags)}"),)


def _called(model: Model, graph: Subgraph, tensor: Tensor) -> str:
    """The name of an input, by the first signature of the subgraph, else its tensor's."""
    for signature in model.signatures:
        if signature.subgraph_index == graph.index:
            return next((name or "" for name, index in signature.inputs or () if index == tensor.index), tensor.name)
    return tensor.name
