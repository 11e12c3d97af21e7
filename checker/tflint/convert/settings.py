"""Converter settings that a recipe may have: the names of TensorFlow 2.21's converter, and what they take.

Source: tensorflow/lite/python/lite.py of TensorFlow 2.21.0 (TFLiteConverterBase, TFLiteConverterBaseV2, TargetSpec). A
release that lacks one refuses it by name: a converter takes any attribute, and does nothing with it.
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
FLAG, TEXT, TEXTS = (True, False), "text", ("text",)
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
"""By name: a list of words of which several may stand, a tuple of values of which one does, or TEXT, TEXTS."""


def checked(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The settings. Raises TflintError for a name or a value that no converter has."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise TflintError(f"{where}: no converter setting {name!r}{nearest(name, SETTINGS)}")
        wanted = SETTINGS[name]
        if wanted in (TEXT, TEXTS):
            good = isinstance(value, str) if wanted == TEXT else _texts(value)
            told = "text" if wanted == TEXT else "a list of names"
        elif isinstance(wanted, list):
            good = _texts(value) and set(value) <= set(wanted)
            told = f"a list of {', '.join(wanted)}"
        else:
            good = any(value is each or (isinstance(each, str) and value == each) for each in wanted)
            told = "true or false" if wanted == FLAG else f"one of {', '.join(wanted)}"
        if not good:
            raise TflintError(f"{where}: {name} is {told}, not {value!r}")
    return dict(settings)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
