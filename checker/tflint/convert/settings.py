"""Converter settings that a recipe may have: the names of each converter, and what they take.

Sources: tensorflow/lite/python/lite.py of TensorFlow 2.21.0 (TFLiteConverterBase, TFLiteConverterBaseV2, TargetSpec);
Converter.convert in litert_torch/_convert/interface.py of litert-torch 0.10.0, without what a recipe says elsewhere
(samples, shapes, quantization, where files go). A release that lacks one refuses it by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

DTYPES = ("float32", "float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64")
OPSETS = (
    "TFLITE_BUILTINS",
    "TFLITE_BUILTINS_INT8",
    "SELECT_TF_OPS",
    "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
    "EXPERIMENTAL_STABLEHLO_OPS",
)
OPTIMIZATIONS = ("DEFAULT", "EXPERIMENTAL_SPARSITY")
FLAG, TEXT, TEXTS, TABLE = (True, False), "text", ("text",), "table"
SETTINGS: dict[str, Any] = {
    "optimizations": list(OPTIMIZATIONS),
    "supported_ops": list(OPSETS),
    "supported_types": list(DTYPES),
    "inference_input_type": ("float32", "int8", "uint8", "int16"),
    "inference_output_type": ("float32", "int8", "uint8", "int16"),
    "experimental_select_user_tf_ops": TEXTS,
    "_experimental_supported_accumulation_type": DTYPES,
    "_experimental_full_integer_quantization_bias_type": DTYPES,
    "_experimental_qdq_conversion_mode": TEXT,
    "_experimental_reduce_type_precision": FLAG,
    "allow_custom_ops": FLAG,
    "experimental_new_converter": FLAG,
    "experimental_new_quantizer": FLAG,
    "experimental_enable_resource_variables": FLAG,
    "exclude_conversion_metadata": FLAG,
    "unfold_batchmatmul": FLAG,
    "canonicalizing_inf_as_min_max_float": FLAG,
    "legalize_custom_tensor_list_ops": FLAG,
    "_experimental_lower_tensor_list_ops": FLAG,
    "_experimental_default_to_single_batch_in_tensor_list_ops": FLAG,
    "_experimental_disable_per_channel": FLAG,
    "_experimental_disable_per_channel_quantization_for_dense_layers": FLAG,
    "_experimental_variable_quantization": FLAG,
    "_experimental_low_bit_qat": FLAG,
    "_experimental_strict_qdq": FLAG,
    "_experimental_use_buffer_offset": FLAG,
    "_experimental_guarantee_all_funcs_one_use": FLAG,
}
"""By name: a list of words of which several may stand, a tuple of values of which one does, or TEXT, TEXTS, TABLE."""
TORCH_SETTINGS: dict[str, Any] = {
    "strict_export": (True, False, "auto"),
    "lightweight_conversion": FLAG,
    "enable_x64": FLAG,
    "runtime_constant_folding": FLAG,
    "use_v2": FLAG,
    "fold_fp16_resource_casts": FLAG,
    "delete_in_memory_params": FLAG,
    "_litert_converter_flags": TABLE,
}


def checked(settings: Mapping[str, Any], where: str, *, by_torch: bool = False) -> dict[str, Any]:
    """The settings. Raises TflintError for a name or a value that the converter does not have."""
    known, others = (TORCH_SETTINGS, SETTINGS) if by_torch else (SETTINGS, TORCH_SETTINGS)
    mine, its = ("litert-torch", "TensorFlow's") if by_torch else ("TensorFlow", "litert-torch's")
    for name, value in settings.items():
        if name not in known:
            close = f": it is {its}" if name in others else nearest(name, known)
            raise TflintError(f"{where}: {mine}'s converter has no setting {name!r}{close}")
        good, told = _judged(known[name], value)
        if not good:
            raise TflintError(f"{where}: {name} is {told}, not {value!r}")
    return dict(settings)


def _judged(wanted: Any, value: Any) -> tuple[bool, str]:
    """Whether a value is good, and what it has to be."""
    if wanted == TEXT:
        return isinstance(value, str), "text"
    if wanted == TABLE:
        return isinstance(value, dict), "a table"
    if wanted == TEXTS:
        return _texts(value), "a list of names"
    if isinstance(wanted, list):
        return _texts(value) and set(value) <= set(wanted), f"a list of {', '.join(wanted)}"
    told = (
        "true or false"
        if wanted == FLAG
        else f"one of {', '.join(each if isinstance(each, str) else str(each).lower() for each in wanted)}"
    )
    return any(value is each or (isinstance(each, str) and value == each) for each in wanted), told


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
