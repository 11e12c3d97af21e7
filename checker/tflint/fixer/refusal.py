"""Why a model is not quantized, said before anything is run, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.model.scheme import WEIGHTED, schemes

if TYPE_CHECKING:
    from collections.abc import Collection

    from tflint.model.view import Model

NEEDED = (
    "give samples that the model meets in use: --calibration FILE.npz, a folder of them, FILE.jsonl or MODULE:FUNCTION"
)
STATIC = ("int8", "int16x8")
FLOAT = "float32"
# ai_edge_quantizer/default_policy.py 0.10.0, of dynamic_wi8_afp32
TAKEN = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "EMBEDDING_LOOKUP", "FULLY_CONNECTED", "TRANSPOSE_CONV")
CALLS = ("WHILE", "IF", "CALL", "STABLEHLO_WHILE")


def refuse(model: Model, scheme: str, calibration: Collection[object]) -> str:
    """Why a scheme cannot be had of this model; "" where it can."""
    found = schemes(model)
    if found and 2 * found.get(FLOAT, 0) < sum(found.values()):
        return f"its weights are {next(iter(found))} already: quantize the float32 model that it was made of"
    flex = sorted({op.kind for op in model.ops if op.kind.startswith("Flex")})
    if flex:
        return (
            f"it has Flex operators ({', '.join(flex)}), which LiteRT's interpreter does not run: nothing could be "
            "proved. Quantize as you convert, or convert without SELECT_TF_OPS"
        )
    if scheme in STATIC:
        return refuse_static(model, scheme, calibration)
    return ""


def refuse_static(model: Model, scheme: str, calibration: Collection[object]) -> str:
    """Why a model, whatever its weights are, is not calibrated; "" where it can be."""
    calls = [op for op in model.ops if op.name in CALLS]
    if calls:
        return (
            f"{scheme} is not possible through {calls[0].label}: ai-edge-quantizer calibrates no subgraph that control "
            "flow enters (it ends with 'Tensor data is null'). dynamic and weight-only-int8 need no calibration; an "
            "unrolled or fused loop can be calibrated"
        )
    if not calibration:
        return f"{scheme} needs calibration data: {NEEDED}"
    return ""


def unchanged(model: Model, candidate: Model) -> str:
    """Why a candidate is no quantized model, where the library has left every weight as it was."""
    before, after = schemes(model), schemes(candidate)
    if before != after or candidate.file_size < 0.9 * model.file_size:
        return ""
    here = sorted({op.name for op in model.ops if op.name in WEIGHTED})
    return (
        f"nothing was quantized: ai-edge-quantizer takes constant float32 weights of {', '.join(TAKEN)}, and this "
        f"model has weights in {', '.join(here) or 'none of the operators that have any'}"
    )


def explained(failure: str) -> str:
    """A failure of ai-edge-quantizer, with what is behind it."""
    if "MemoryError" in failure:
        return failure.replace("MemoryError", "out of memory")
    if "Tensor data is null" in failure:
        return (
            f"{failure}: calibration reads every tensor after a run, and some have no memory of their own (behind "
            "control flow, or left by quantization-aware training). dynamic and weight-only-int8 need no calibration"
        )
    if "Missing QSVs" in failure:
        return f"{failure}: calibration data has to reach every signature"
    return failure
