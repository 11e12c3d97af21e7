"""Operator versions of a quantized model, and the runtime that it needs: ai-edge-quantizer leaves both as they were.

A version says from which runtime on a kernel does what the operator asks. Left at 1, an old runtime takes the model
and reads the first scale of many, or refuses it late. As in TFLite's converter, versions are raised and never lowered:
what the float operator needed it still needs.

Source: LiteRT tflite/converter/tools/versioning/op_version.cc and op_signature.cc, commit 119ae633, for the operators
of ai_edge_quantizer/qtyping.py 0.10.0. Where it knows no case for what that library writes (int4 weights under float32
activations, int8 weights under int16 ones) the version is the one that brought the type to the kernel.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.fixer.edits.facts import MIN_RUNTIME, SetMinRuntimeVersion
from tflint.runtimes.profile import minimum_runtime

if TYPE_CHECKING:
    from tflint.fixer.document import Document
    from tflint.model.tensor import Tensor
    from tflint.model.view import Op, OperatorCode


def _all(version: int, names: str) -> dict[str, int]:
    return dict.fromkeys(names.split(), version)


# By the type of the first input.
INT8 = {
    **_all(
        2, "ADD AVERAGE_POOL_2D BATCH_MATMUL CONCATENATION DEQUANTIZE EQUAL GATHER GELU LOGISTIC MAXIMUM MAX_POOL_2D"
    ),
    **_all(2, "MEAN MIRROR_PAD MUL NOT_EQUAL PACK PAD PADV2 REDUCE_MIN RELU RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR"),
    **_all(2, "RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQRT SQUARED_DIFFERENCE STRIDED_SLICE SUB SUM TANH TRANSPOSE"),
    **_all(2, "UNPACK"),
    **_all(3, "BROADCAST_TO CONV_2D DEPTHWISE_CONV_2D"),
    **_all(4, "FULLY_CONNECTED"),
}
INT16 = {
    **_all(2, "SQRT"),
    **_all(3, "AVERAGE_POOL_2D BATCH_MATMUL BROADCAST_TO CONCATENATION DEQUANTIZE GATHER_ND LOGISTIC MAX_POOL_2D MEAN"),
    **_all(3, "MIRROR_PAD PACK PAD PADV2 REDUCE_MIN RELU RSQRT SOFTMAX TANH"),
    **_all(4, "CONV_2D DYNAMIC_UPDATE_SLICE GATHER MAXIMUM MUL NOT_EQUAL RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR"),
    **_all(4, "SLICE SPLIT UNPACK"),
    **_all(5, "DEPTHWISE_CONV_2D EQUAL TRANSPOSE"),
    **_all(7, "FULLY_CONNECTED"),
}
INT4 = {"CONCATENATION": 5, "DEQUANTIZE": 6, "DYNAMIC_UPDATE_SLICE": 5, "GATHER": 7, "SLICE": 7, "TRANSPOSE": 7}
INT4_WEIGHTS = {"CONV_2D": 7, "DEPTHWISE_CONV_2D": 7, "EMBEDDING_LOOKUP": 4, "FULLY_CONNECTED": 10}
HYBRID = {"CONV_2D": (2, 5), "DEPTHWISE_CONV_2D": (4, 6), "FULLY_CONNECTED": (3, 12)}  # one scale, one a channel
ANY_SCALE = {"ADD": 3, "SUB": 5}  # of int16, scales that are no powers of two
BY_TYPE = {"int8": INT8, "int16": INT16, "int4": INT4}
CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "EMBEDDING_LOOKUP": 0, "FULLY_CONNECTED": 0}  # axis of the weights


def raise_versions(document: Document) -> bool:
    """Raise the versions of operator codes to what their operators ask for; whether any was too low."""
    needed: dict[int, int] = {}
    for op in document.model.ops:
        needed[op.opcode_index] = max(needed.get(op.opcode_index, 1), version_of(op))
    changed = False
    for index, table in enumerate(document.root["operator_codes"] or ()):
        if needed.get(index, 1) > table["version"]:
            table["version"] = needed[index]
            changed = True
    return changed


def version_of(op: Op) -> int:
    """The version that a quantized operator asks for; 1 where nothing of it is quantized."""
    first, second = (*op.inputs, None, None)[:2]
    if op.name == "SPLIT":  # its first input is the axis
        first = second
    if first is None:
        return 1
    version = BY_TYPE.get(first.dtype, {}).get(op.name, 1)
    if op.name == "DEQUANTIZE" and first.dtype == "int8" and first.quant is not None and first.quant.per_axis:
        return 5
    if op.name == "QUANTIZE":
        return _quantize(op)
    if op.name in ANY_SCALE and first.dtype == "int16":
        return 1 if op.options.get("pot_scale_int16", True) else ANY_SCALE[op.name]
    if op.name == "MUL" and first.dtype == "int8" and _rescales_up(op):
        return 3
    if op.name == "TRANSPOSE_CONV":  # its second input is the weights, its fourth the bias
        return 1 if second is None or second.dtype != "int8" else 3 if any(op.inputs[3:]) else 2
    return version if second is None else max(version, _of_weights(op, first, second))


def _of_weights(op: Op, activations: Tensor, weights: Tensor) -> int:
    """What the weights of an operator ask for."""
    if op.name not in CHANNELS or weights.dtype not in ("int8", "int4"):
        return 1
    axis = CHANNELS[op.name]
    scales = 0 if weights.quant is None else len(weights.quant.scale)
    whole = axis < len(weights.dims) and scales == weights.dims[axis]
    if op.name == "EMBEDDING_LOOKUP":
        return 4 if weights.dtype == "int4" or (whole and scales > 1) else 1
    found = INT4_WEIGHTS[op.name] if weights.dtype == "int4" else 1
    if op.name == "FULLY_CONNECTED" and len(op.inputs) == 2:
        found = max(found, 6)
    if activations.dtype == "float32":
        return max(found, HYBRID[op.name][whole])
    if activations.dtype == "int16":
        typed = op.options.get("quantized_bias_type", "FLOAT32") != "FLOAT32"
        return max(found, {"FULLY_CONNECTED": 11, "CONV_2D": 8}.get(op.name, 1) if typed else 1,
                   13 if op.name == "FULLY_CONNECTED" and weights.dtype == "int4" else 1)  # fmt: skip
    return found


def _quantize(op: Op) -> int:
    made = op.outputs[0] if op.outputs else None
    if made is None:
        return 1
    if made.dtype == "int4":
        return 4
    return 3 if made.quant is not None and made.quant.per_axis else 2 if made.dtype == "int16" else 1


def _rescales_up(op: Op) -> bool:
    """Whether the scales of the inputs multiply to at least that of the output."""
    quants = [tensor.quant if tensor else None for tensor in (*op.inputs[:2], *op.outputs[:1])]
    scales = [quant.scale[0] for quant in quants if quant is not None and len(quant.scale)]
    return len(scales) == 3 and scales[0] * scales[1] >= scales[2] > 0


def state_runtime(document: Document) -> bool:
    """State the oldest TFLite that has all operators, unless a newer one is stated; whether that changed anything."""
    model = document.view()
    need = max((_release(code) for code in model.operator_codes), default=())
    stated = (model.metadata_bytes(MIN_RUNTIME, 64) or b"").partition(b"\0")[0].decode("utf-8", "replace")
    have = tuple(map(int, stated.split("."))) if re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", stated) else ()
    return need > have and SetMinRuntimeVersion(".".join(map(str, need))).apply(document)


def _release(code: OperatorCode) -> tuple[int, ...]:
    """First TFLite release of an operator code: as measured, or as TFLite claims where nothing older was measured."""
    found = minimum_runtime(code.name, code.version)
    release = found.tflite if found.tflite and not found.tflite.startswith("<") else found.claimed
    return tuple(map(int, release.split("."))) if release else ()
