"""Options that runtimes do not parse, so that no interpreter is constructed: measured, a model a value and release."""

from __future__ import annotations

import pytest

from litert_child import Runtime
from tflint import sketch
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import refusals_of

RELEASES = ("tflite-runtime-2.7.0", "tflite-runtime-2.14.0", "litert-1.0.1", "litert-2.3.0")
CONV = "x: float32[1,8,8,3]\nw: float32[2,1,1,3] = const\nb: float32[2] = const\ny: float32[1,8,8,2] = CONV_2D(x, w, b)"
DENSE = "x: float32[1,8]\nw: float32[4,8] = const\ny: float32[1,4] = FULLY_CONNECTED(x, w, -)"
REPEATED = """
s: int32[4] = const [1,8,8,3]
w: float32[3,2,2,4] = const
x: float32[1,4,4,4]
y: float32[1,8,8,3] = TRANSPOSE_CONV(s, w, x)"""
WINDOWS = """
x: float32[4,6]
i: float32[] = const [0]
w: int64[2] = const [2,2]
s: int64[2] = const [1,2]
d: int64[2] = const [1,1]
y: float32[3,3] = REDUCE_WINDOW(x, i, w, s, d)"""
MEMORY = "x: float32[2,4]\ni: float32[2,5] variable\ny: float32[2,5] = LSTM"
SINCE_2_7 = {
    "CAST in_data_type": "x: int32[1,8]\ny: float32[1,8] = CAST(x) in_data_type=124 out_data_type=FLOAT32",
    "CAST out_data_type": "x: int32[1,8]\ny: float32[1,8] = CAST(x) in_data_type=INT32 out_data_type=-1",
    "ARG_MAX": "x: float32[1,8]\na: int32[] = const [1]\ny: int64[1] = ARG_MAX(x, a) output_type=99",
    "ARG_MIN": "x: float32[1,8]\na: int32[] = const [1]\ny: int64[1] = ARG_MIN(x, a) output_type=99",
    "SHAPE": "x: float32[1,8]\ny: int32[2] = SHAPE(x) out_type=99",
    "HASHTABLE key_dtype": "h: resource[1] = HASHTABLE() table_id=1 key_dtype=99 value_dtype=INT64",
    "HASHTABLE value_dtype": "h: resource[1] = HASHTABLE() table_id=1 key_dtype=STRING value_dtype=99",
    "FULLY_CONNECTED weights_format": f"{DENSE} weights_format=2",
    "LSTM kernel_type": f"{MEMORY}(x, i, i, i, i) kernel_type=2",
    "LSTM without options": f"{MEMORY}(x, i, i, i, i) no_options",
    "RESHAPE": "x: float32[1,8]\ny: float32[8] = RESHAPE(x) new_shape=[1,1,1,1,1,1,1,1,8]",
    "SQUEEZE": "x: float32[1,8]\ny: float32[8] = SQUEEZE(x) squeeze_dims=[0,0,0,0,0,0,0,0,0]",
}
SINCE_LITERT = {
    "CONV_2D": f"{CONV} stride_w=1 stride_h=1 quantized_bias_type=99",
    "FULLY_CONNECTED": f"{DENSE} quantized_bias_type=99",
    "TRANSPOSE_CONV": f"{REPEATED} stride_w=2 stride_h=2 quantized_bias_type=99",
    "REDUCE_WINDOW, no function": f"{WINDOWS} reduce_function=0",
    "REDUCE_WINDOW": f"{WINDOWS} reduce_function=9",
}


def unparsed(text: str, target: str) -> list[str]:
    """What the verdict says of the options that this release does not parse."""
    refusals = refusals_of(decode(sketch.build(text)), resolve(target))
    return [refusal.data["problem"] for refusal in refusals if (refusal.stage, refusal.code) == ("load", "TFL910")]


@pytest.mark.parametrize("text", [*SINCE_2_7.values(), *SINCE_LITERT.values()], ids=[*SINCE_2_7, *SINCE_LITERT])
def test_litert_here_does_not_load_it(text: str) -> None:
    """The runtime that is installed refuses it while it is constructed, and tflint says so."""
    runtime = Runtime()
    assert runtime.run(sketch.build(text)).stage == "load"
    runtime.close()
    assert unparsed(text, "litert-2.3.0")


@pytest.mark.parametrize("text", SINCE_2_7.values(), ids=SINCE_2_7)
@pytest.mark.parametrize("target", RELEASES)
def test_every_release_refuses_it(text: str, target: str) -> None:
    """As tflite-runtime 2.7.0 to 2.14.0 and LiteRT 1.0.1 to 2.3.0 did."""
    assert unparsed(text, target)


@pytest.mark.parametrize("name", ["CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"])
def test_a_bias_type_is_not_read_before_litert(name: str) -> None:
    """tflite-runtime 2.14.0 allocates it; LiteRT 1.0.1 does not load it."""
    assert [bool(unparsed(SINCE_LITERT[name], target)) for target in RELEASES] == [False, False, True, True]


@pytest.mark.parametrize(
    ("dtype", "target", "known"),
    [
        ("UINT16", "tflite-runtime-2.8.0", False),
        ("UINT16", "tflite-runtime-2.9.1", True),
        ("INT4", "tflite-runtime-2.10.0", False),
        ("INT4", "tflite-runtime-2.11.0", True),
        ("BFLOAT16", "tflite-runtime-2.14.0", False),
        ("BFLOAT16", "litert-1.0.1", True),
        ("INT2", "litert-2.0.3", False),
        ("INT2", "litert-2.1.0", True),
        ("FLOAT8_E5M2", "litert-2.1.3", False),
        ("FLOAT8_E5M2", "litert-2.1.6", True),
    ],
)
def test_each_release_knows_data_types_of_its_own(dtype: str, target: str, known: bool) -> None:
    """CAST names them in its options, whatever the tensors have; each release was seen to refuse the newer ones."""
    text = f"x: int32[1,8]\ny: float32[1,8] = CAST(x) in_data_type={dtype} out_data_type=FLOAT32"
    assert bool(unparsed(text, target)) is not known


@pytest.mark.parametrize(
    "text",
    [
        "x: int32[1,8]\ny: float32[1,8] = CAST(x) no_options",
        "x: int32[1,8]\ny: float32[1,8] = CAST(x) options=ArgMaxOptions output_type=99",
        f"{WINDOWS} no_options",
        "x: float32[1,8]\ny: float32[8] = SQUEEZE(x) squeeze_dims=[0,0,0,0,0,0,0,0]",
    ],
)
def test_what_litert_reads_nothing_from_is_fine(text: str) -> None:
    """No options, those of another op, and as many dimensions as there may be."""
    runtime = Runtime()
    assert runtime.run(sketch.build(text)).stage == "ok"
    runtime.close()
    assert not unparsed(text, "litert-2.3.0")


@pytest.mark.parametrize(("op", "stage"), [("RELU", "ok"), ("CUSTOM:AudioSpectrogram", "load")])
def test_custom_options_behind_the_file_matter_to_custom_ops(op: str, stage: str) -> None:
    """A builtin's are nobody's business, wherever they are said to be."""
    tables = sketch.parse(f"x: float32[16,1]\ny: float32[16,1] = {op}(x)")
    tables["subgraphs"][0]["operators"][0].update(large_custom_options_offset=1 << 20, large_custom_options_size=8)
    data = bytes(encode(tables))
    runtime = Runtime()
    assert runtime.run(data).stage == stage
    runtime.close()
    outside = [refusal for refusal in refusals_of(decode(data), resolve("litert-2.3.0")) if refusal.stage == "load"]
    assert bool(outside) is (stage == "load")
