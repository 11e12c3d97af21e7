"""Which builtin ops have a kernel in some runtime."""

from __future__ import annotations

from tflint.api import known_ops, minimum_runtime

FIRST = (1, 2, 3)  # versions; BROADCAST_TO has none of version 1


def has_kernel(op: str) -> bool:
    """Some measured release runs it. TFLite's own table knows STABLEHLO_CBRT as well, which none does."""
    found = (minimum_runtime(op, version) for version in FIRST) if op in known_ops() else ()
    return any(first.tflite or first.litert for first in found)
