"""How a model was converted: the metadata buffer CONVERSION_METADATA, a FlatBuffer of its own.

Schema: tensorflow/compiler/mlir/lite/schema/conversion_metadata.fbs (TensorFlow bcd5b31); written since TF 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tflint.model.flatbuf import MalformedModelError, Reader

if TYPE_CHECKING:
    from tflint.model.view import Model

NAME = "CONVERSION_METADATA"
MODEL_TYPES = (
    "none",
    "TF SavedModel",
    "Keras model",
    "TF concrete functions",
    "TF GraphDef",
    "TF session",
    "JAX",
    "PyTorch",
)
MODES = {
    1001: "PTQ_FLOAT16",
    1002: "PTQ_DYNAMIC_RANGE",
    1003: "PTQ_FULL_INTEGER",
    1004: "PTQ_INT16",
    2000: "QUANTIZATION_AWARE_TRAINING",
    3001: "RANDOM_SPARSITY",
    3002: "BLOCK_SPARSITY",
    3003: "STRUCTURED_SPARSITY",
}
LIMIT = 1 << 20  # bytes; a real one has some hundred
MAX_MODES = 64


class Conversion(NamedTuple):
    """What the converter noted. Strings are the file's: not to be trusted."""

    tensorflow_version: str
    api_version: int
    model_type: str
    model_hash: int
    modes: tuple[str, ...]  # by name; "mode 9" where unknown
    allow_custom_ops: bool
    enable_select_tf_ops: bool
    force_select_tf_ops: bool
    sparsity_block_sizes: tuple[tuple[int, ...], ...]


def conversion_of(model: Model) -> Conversion | None:
    """The model's conversion metadata; None when there is none or it is damaged."""
    data = model.metadata_bytes(NAME, LIMIT)
    return None if data is None else decode_conversion(data)


def decode_conversion(data: bytes) -> Conversion | None:
    """The decoded buffer, None when it is damaged."""
    try:
        reader = Reader(data)
        root = reader.root("ConversionMetadata")
        environment, options = root["environment"] or {}, root["options"] or {}
        numbers = reader.ints(options.get("model_optimization_modes"))[:MAX_MODES]
        blocks = tuple(reader.ints(row["values"]) for row in (options.get("sparsity_block_sizes") or ())[:MAX_MODES])
    except MalformedModelError:
        return None
    kind = environment.get("model_type", 0)
    return Conversion(
        tensorflow_version=environment.get("tensorflow_version") or "",
        api_version=environment.get("api_version", 0),
        model_type=MODEL_TYPES[kind] if 0 <= kind < len(MODEL_TYPES) else f"type {kind}",
        model_hash=environment.get("model_hash", 0),
        modes=tuple(MODES.get(number) or f"mode {number}" for number in numbers),
        allow_custom_ops=options.get("allow_custom_ops", False),
        enable_select_tf_ops=options.get("enable_select_tf_ops", False),
        force_select_tf_ops=options.get("force_select_tf_ops", False),
        sparsity_block_sizes=blocks,
    )
