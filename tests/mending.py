"""Models that `tflint fix` mends in tests, and what is left of them afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tflint import sketch
from tflint.model.read import read_model

if TYPE_CHECKING:
    from pathlib import Path

UNSIGNED = """
graph main("serving_default_ids:0", mask) -> ("StatefulPartitionedCall:1", "StatefulPartitionedCall:0")
"serving_default_ids:0": float32[1,4]
mask: float32[1,4]
"StatefulPartitionedCall:0": float32[1,4] = ADD("serving_default_ids:0", mask)
"StatefulPartitionedCall:1": float32[1,4] = MUL("serving_default_ids:0", mask)
"""
SIGNED = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
signature serve(args_0=x) -> (output_0=y)
"""


def model(folder: Path, text: str, name: str = "model.tflite") -> Path:
    """A model of a sketch."""
    path = folder / name
    path.write_bytes(sketch.build(text))
    return path


def signatures(path: Path) -> dict[str | None, tuple[dict[Any, str], dict[Any, str]]]:
    """Key -> name -> tensor's name, of inputs and outputs."""
    found = read_model(path)
    return {
        s.key: tuple(  # type: ignore[misc] # two sides
            {name: found.subgraphs[s.subgraph_index].tensors[index].name for name, index in rows or ()}
            for rows in (s.inputs, s.outputs)
        )
        for s in found.signatures
    }


def hidden(folder: Path) -> list[str]:
    """What is left of candidates."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def by_index(path: Path, values: list[Any]) -> list[Any]:
    """Outputs by position."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [np.array(interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details()]
