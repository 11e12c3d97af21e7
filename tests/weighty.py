"""Models whose weights no sketch can write, and what rules say of them under --deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint import sketch, testing
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tflint.findings import Finding

TWICE = """
x: float32[1,64]
v: float32[64,64] = const
a: float32[1,64] = FULLY_CONNECTED(x, v, -)
w: float32[64,64] = const
y: float32[1,64] = FULLY_CONNECTED(a, w, -)
"""


def tables(text: str, **constants: NDArray[Any]) -> dict[str, Any]:
    """A sketch's tables with the bytes of some constants, by their tensors' names."""
    root = sketch.parse(text)
    for tensor in root["subgraphs"][0]["tensors"]:
        if tensor["name"] in constants:
            root["buffers"][tensor["buffer"]] = {"data": constants[tensor["name"]].tobytes()}
    return root


def with_constants(text: str, **constants: NDArray[Any]) -> bytes:
    """The model of these."""
    return bytes(encode(tables(text, **constants)))


def deep_findings(data: bytes, *wanted: str) -> list[Finding]:
    """What rules say under --deep of a model."""
    known = catalogue()
    plan = Plan(tuple(known[code] for code in wanted), (resolve(testing.NEWEST),), deep=True)
    return list(check_model(decode(data), plan).findings)
