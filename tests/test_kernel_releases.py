"""Facts that hold from a release on, measured on the wheels of that release and of the one before."""

from __future__ import annotations

import pytest

from tflint import sketch
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.rule import named
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import judge

CONV = "x: float32[1,8,8,3]\nw: float32[2,1,1,3] = const\nb: float32[2] = const\ny: float32[1,8,8,2] = CONV_2D(x, w, b)"
HALF = "h: float16[4,8] = const\nw: float32[4,8] = DEQUANTIZE.v3(h)\n"
SINCE = {
    "a stride of 0": (CONV, "litert-1.3.0", "litert-1.4.0"),
    "a dilation of 0": (
        f"{CONV} stride_w=1 stride_h=1 dilation_w_factor=0 dilation_h_factor=0",
        "litert-1.3.0",
        "litert-1.4.0",
    ),
    "indices that are not of idx_out_type": (
        "x: float32[8]\na: float32[8] = UNIQUE(x) idx_out_type=INT64\nb: int32[8] = ^1",
        "litert-2.1.5",
        "litert-2.1.6",
    ),
    "values that are not of the input's dtype": (
        "x: float32[8]\na: int32[8] = UNIQUE(x) idx_out_type=INT32\nb: int32[8] = ^1",
        "litert-2.1.5",
        "litert-2.1.6",
    ),
    "an input that is no multiple of half-precision weights": (
        f"{HALF}x: float32[1,12]\ny: float32[1,4] = FULLY_CONNECTED(x, w, -)",
        "litert-1.3.0",
        "litert-1.4.0",
    ),
    "seven dimensions for XNNPACK": (
        "w: float32[4,8] = const\nx: float32[1,1,1,1,1,2,8]\ny: float32[2,4] = FULLY_CONNECTED(x, w, -)",
        "tflite-runtime-2.14.0",
        "litert-1.0.1",
    ),
    "constant data beside an external buffer": (
        "x: float32[1,4]\nw: float32[1,4] external=1 = const\ny: float32[1,4] = ADD(x, w)",
        "litert-2.1.0",
        "litert-2.1.2",
    ),
}
NEVER = {
    "a negative size": "s: int32[2] = const [-4,8]\ny: float32[4,8] = RANDOM_STANDARD_NORMAL(s)",
    "two sizes to infer, 0 and -1": "x: float32[2,8]\ns: int32[2] = const [0,-1]\ny: float32[2,8] = RESHAPE(x, s)",
    "a 0 without XNNPACK": "x: int32[2,8]\ns: int32[2] = const [0,8]\ny: int32[2,8] = RESHAPE(x, s)",
}
INFERRED = "x: float32[2,8]\ns: int32[2] = const [0,4]\nr: float32[4,4] = RESHAPE(x, s)\n"


def value(text: str, target: str) -> str:
    """The verdict's."""
    return judge(decode(sketch.build(text)), resolve(target)).value


@pytest.mark.parametrize(("text", "last", "first"), SINCE.values(), ids=SINCE)
def test_a_release_refuses_what_the_one_before_took(text: str, last: str, first: str) -> None:
    """On both sides of the release where it was seen to change."""
    assert (value(text, last), value(text, first)) == ("supported", "unsupported")
    assert value(text, "litert-2.3.0") == "unsupported"


@pytest.mark.parametrize("target", ["tflite-runtime-2.14.0", "litert-1.0.1", "litert-2.3.0"])
@pytest.mark.parametrize("text", NEVER.values(), ids=NEVER)
def test_no_release_takes_it(text: str, target: str) -> None:
    """None that was run did."""
    assert value(text, target) == "unsupported"


@pytest.mark.parametrize("target", ["litert-1.0.1", "litert-1.4.0", "litert-2.3.0"])
def test_xnnpack_infers_a_size_of_0(target: str) -> None:
    """[0,4] of 16 values is [4,4] for it, which the next operator finds; the kernel itself refuses a 0."""
    fits = f"{INFERRED}c: float32[4,4]\ny: float32[4,4] = ADD(r, c)"
    assert value(fits, target) == "supported"
    assert value(fits.replace("c: float32[4,4]", "c: float32[2,4]"), target) == "unsupported"
    assert value(INFERRED, f"{target}+no-xnnpack") == "unsupported"
    assert value(INFERRED, "tflite-runtime-2.14.0") == "unsupported"


@pytest.mark.parametrize("target", ["tflite-runtime-2.14.0", "litert-1.0.1", "litert-2.3.0"])
def test_zero_points_without_scales_are_no_quantization(target: str) -> None:
    """The runtime leaves such quantization aside: a filter with a zero point of 5 is like one without."""
    tables = sketch.parse("x: float32[1,8]\nw: int8[4,8] q=1+5 = const\ny: float32[1,4] = FULLY_CONNECTED.v3(x, w, -)")
    [quantized] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "w"]
    quantized["quantization"]["scale"] = []
    bare = value("x: float32[1,8]\nw: int8[4,8] = const\ny: float32[1,4] = FULLY_CONNECTED.v3(x, w, -)", target)
    assert judge(decode(bytes(encode(tables))), resolve(target)).value == bare


@pytest.mark.parametrize("target", ["tflite-runtime-2.14.0", "litert-1.0.1", "litert-2.3.0"])
def test_a_variable_may_name_an_external_buffer(target: str) -> None:
    """Without data of its own."""
    text = "x: float32[1,4]\nw: float32[1,4] variable external=1\ny: float32[1,4] = ADD(x, w)"
    assert value(text, target) == "supported"


EMPTY = "x: float32[1,4]\nw: float32[1,4]{}\ny: float32[1,4] = ADD(x, w)"


@pytest.mark.parametrize("facts", ["", " variable", " external=1"])
def test_an_empty_vector_is_data_since_tflite_2_11(facts: str) -> None:
    """A constant of too few bytes, data of a variable, or beside an external buffer; before, as if there was none."""
    tables = sketch.parse(EMPTY.format(facts))
    [tensor] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "w"]
    tensor["buffer"] = len(tables["buffers"])
    tables["buffers"].append({"data": b""})
    model = decode(bytes(encode(tables)))
    assert judge(model, resolve("tflite-runtime-2.10.0")).value == "supported"
    for target in ("tflite-runtime-2.11.0", "litert-2.0.3", "litert-2.3.0"):
        assert judge(model, resolve(target)).value == "unsupported"


@pytest.mark.parametrize("target", ["tflite-runtime-2.7.0", "tflite-runtime-2.14.0", "litert-2.3.0"])
def test_buffer_0_is_no_data_of_a_variable(target: str) -> None:
    """Whatever it holds: run on releases from 2.7.0 to LiteRT 2.3.0."""
    tables = sketch.parse(EMPTY.format(" variable"))
    tables["buffers"][0] = {"data": bytes(16)}
    assert judge(decode(bytes(encode(tables))), resolve(target)).value == "supported"


OUTSIDE = {  # facts of a tensor and bytes behind the FlatBuffer, for 16 -> what the releases below were seen to do
    ("", 16): ("supported", "supported", "supported"),
    ("", 8): ("unsupported", "unsupported", "unsupported"),
    (" variable", 16): ("unsupported", "unsupported", "unsupported"),
    (" external=1", 16): ("supported", "supported", "unsupported"),
    (" external=1", 8): ("unsupported", "unsupported", "unsupported"),
}


@pytest.mark.parametrize(("facts", "size"), OUTSIDE)
def test_data_behind_the_flatbuffer_is_data(facts: str, size: int) -> None:
    """As that inside is, of constants, variables and beside external buffers."""
    tables = sketch.parse(EMPTY.format(facts))
    [tensor] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "w"]
    tensor["buffer"] = len(tables["buffers"])
    tables["buffers"].append({"offset": 4096, "size": size})
    model = decode(bytes(encode(tables)).ljust(4096 + 16, b"\0"))
    targets = ("tflite-runtime-2.14.0", "litert-2.0.3", "litert-2.3.0")
    assert tuple(judge(model, resolve(target)).value for target in targets) == OUTSIDE[facts, size]
    assert judge(model, resolve("tflite-runtime-2.12.0")).value == "supported"  # it knows no such place


@pytest.mark.parametrize(("shape", "values"), [("2", (2, 8)), ("-1", ()), ("3", (2, 8, 4))])
def test_a_constant_has_as_many_values_as_its_shape(shape: str, values: tuple[int, ...]) -> None:
    """A buffer may be longer, for runtimes since LiteRT 1.0, which read no further (run: 2.3.0 reshapes to [2,8])."""
    tables = sketch.parse("x: float32[16]\ns: int32[3] = const [2,8,4]\ny: float32[2,8] = RESHAPE(x, s)")
    [tensor] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "s"]
    tensor["shape"] = [int(shape)]
    model = decode(bytes(encode(tables)))
    assert model.subgraphs[0].tensors[1].values() == values
    taken = judge(model, resolve("litert-2.3.0")).value
    assert taken == ("supported" if len(values) == 2 else "unsupported")


@pytest.mark.parametrize(
    ("kind", "last", "first"), [(2, "litert-1.2.0", "litert-1.3.0"), (3, "litert-2.1.6", "litert-2.2.0")]
)
def test_quantization_without_its_parameters(kind: int, last: str, first: str) -> None:
    """Releases that read blockwise ones (2) die of it, or refuse it; those that check multi-axis ones (3) refuse it."""
    tables = sketch.parse("w: int8[4,8] = const\nx: float32[4,8]\ny: float32[4,8] = ABS(x)")
    [tensor] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "w"]
    tensor["quantization"] = {"details_type": kind}
    model = decode(bytes(encode(tables)))
    assert judge(model, resolve(last)).value == "supported"
    verdict = judge(model, resolve(first))
    assert (verdict.value, verdict.reasons) == ("unsupported", ("TFL509",))
    [found] = named("tflint_rules.quantization.quant_params_malformed", "quant_params_malformed").check(model)
    assert found.data["problem"].endswith(("without its parameters", "without its dimensions"))
