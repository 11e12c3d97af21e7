"""The view of a model in which every field is set, and of one in which none is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tflint.model import schema
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.read import decode, viewed
from tflint.model.write import encode

if TYPE_CHECKING:
    from tflint.model.view import Model

CODE = {name: code for code, name in schema.ENUMS["BuiltinOperator"].items()}
DTYPE = {name: code for code, name in schema.ENUMS["TensorType"].items()}
OPTIONS = {name: code for code, name in schema.ENUMS["BuiltinOptions"].items()}
INDEX = {name: code for code, name in schema.ENUMS["SparseIndexVector"].items()}


def read(**fields: Any) -> Model:
    """A model of these fields."""
    return decode(bytes(encode({"version": 3, **fields})))


def graph(**fields: Any) -> Model:
    """A model of one subgraph with these."""
    return read(subgraphs=[fields])


def tensor(**fields: Any) -> Any:
    """One tensor."""
    return graph(tensors=[fields]).subgraphs[0].tensors[0]


def test_what_a_model_says_of_itself() -> None:
    """Every field of the root, each with a value of its own."""
    model = read(
        description="made by hand",
        operator_codes=[
            {"deprecated_builtin_code": 127, "builtin_code": CODE["GELU"], "version": 2},
            {"deprecated_builtin_code": CODE["CUSTOM"], "builtin_code": CODE["CUSTOM"], "custom_code": "Mine"},
            {"deprecated_builtin_code": CODE["CONV_2D"], "builtin_code": 0, "version": 5},
            {"builtin_code": 9999},
        ],
        buffers=[{}, {"data": b"abcd"}],
        metadata=[{"name": "one", "buffer": 1}, {"name": None, "buffer": 2}],
        metadata_buffer=[7, 8],
        external_buffer_groups=[{"name": "weights.bin"}, {"name": None}],
        external_buffers=[{"id": 4, "group": 1, "offset": 64, "length": 16}],
        signature_defs=[
            {
                "signature_key": "serve",
                "tag": "old",
                "subgraph_index": 3,
                "inputs": [{"name": "x", "tensor_index": 5}, {"name": None, "tensor_index": 6}],
            },
            {"outputs": [{"name": "y", "tensor_index": 1}]},
        ],
    )

    assert (model.version, model.description, model.metadata_buffer) == (3, "made by hand", (7, 8))
    fields = ("index", "name", "code", "builtin_code", "deprecated_code", "version", "custom_code")
    assert [tuple(getattr(code, field) for field in fields) for code in model.operator_codes] == [
        (0, "GELU", CODE["GELU"], CODE["GELU"], 127, 2, None),
        (1, "CUSTOM", 32, 32, 32, 1, "Mine"),
        (2, "CONV_2D", 3, 0, 3, 5, None),
        (3, "BUILTIN_9999", 9999, 9999, 0, 1, None),
    ]
    assert [(m.index, m.name, m.buffer_index, m.buffer) for m in model.metadata] == [
        (0, "one", 1, model.buffers[1]),
        (1, "", 2, None),
    ]
    assert model.external_buffer_groups == ("weights.bin", "")
    assert [each["id"] for each in model.external_buffers] == [4]
    assert [(s.index, s.key, s.inputs, s.outputs, s.subgraph_index, s.tag) for s in model.signatures] == [
        (0, "serve", (("x", 5), (None, 6)), None, 3, "old"),
        (1, None, None, (("y", 1),), 0, None),
    ]
    assert model.absent == {"subgraphs"}


def test_what_a_model_may_leave_out() -> None:
    """All of it; what is empty is there."""
    bare, empty = read(), read(subgraphs=[], buffers=[], operator_codes=[], signature_defs=[], metadata=[])

    assert bare.absent == {"subgraphs", "buffers", "operator_codes", "signature_defs", "metadata"}
    assert empty.absent == frozenset()
    assert (bare.description, bare.external_buffers, bare.external_buffer_groups) == ("", (), ())
    assert (bare.metadata_buffer, bare.signatures, bare.metadata, bare.subgraphs) == ((), (), (), ())


def test_what_a_subgraph_says_of_itself() -> None:
    """Indices that lead to no tensor are None, and what it leaves out is told."""
    (one, two) = read(
        subgraphs=[
            {"name": "main", "tensors": [{"name": "a"}, {"name": "b"}], "inputs": [0, -1, 2, 1], "outputs": [1, -2]},
            {},
        ]
    ).subgraphs

    assert (one.index, one.name, one.input_indices, one.output_indices) == (0, "main", (0, -1, 2, 1), (1, -2))
    assert [t and t.name for t in one.inputs] == ["a", None, None, "b"]
    assert [t and t.name for t in one.outputs] == ["b", None]
    assert [(t.subgraph, t.index) for t in one.tensors] == [(0, 0), (0, 1)]
    assert one.absent == {"operators"}
    assert (two.index, two.name, two.tensors, two.inputs, two.outputs, two.ops) == (1, "", (), (), (), ())
    assert two.absent == {"tensors", "inputs", "outputs", "operators"}


def test_what_a_tensor_says_of_itself() -> None:
    """Every field, each with a value of its own; an unknown type is named by its number."""
    found = tensor(
        name="a",
        shape=[2, 3],
        shape_signature=[-1, 3],
        type=DTYPE["INT16"],
        buffer=1,
        is_variable=True,
        has_rank=True,
        external_buffer=9,
        variant_tensors=[{"type": DTYPE["INT8"]}, {"type": 99}],
    )
    bare = tensor(type=99)

    assert (found.name, found.shape, found.shape_signature, found.dtype) == ("a", (2, 3), (-1, 3), "int16")
    assert (found.type_code, found.buffer_index, found.is_variable, found.has_rank) == (DTYPE["INT16"], 1, True, True)
    assert (found.has_shape, found.external_buffer, found.variant_types) == (True, 9, ("int8", "type 99"))
    assert (bare.name, bare.shape, bare.shape_signature, bare.dtype) == ("", (), None, "type 99")
    assert (bare.has_shape, bare.has_rank, bare.is_variable, bare.variant_types) == (False, False, False, ())
    assert (bare.quant, bare.sparsity, bare.buffer) == (None, None, None)
    assert tensor(shape_signature=[]).shape_signature == ()


def test_what_a_quantization_says_of_itself() -> None:
    """Every field; one that says nothing at all is none."""
    every = tensor(
        quantization={
            "scale": [0.5, 0.25],
            "zero_point": [1, -1],
            "min": [0.0],
            "max": [6.0, 7.0],
            "quantized_dimension": 3,
            "details_type": 1,
            "details": {"custom": b"xy"},
        }
    ).quant
    assert [list(part) for part in (every.scale, every.zero_point, every.min, every.max)] == [
        [0.5, 0.25],
        [1, -1],
        [0.0],
        [6.0, 7.0],
    ]
    assert (every.dimension, every.details_type, bytes(every.details["custom"])) == (3, "CustomQuantization", b"xy")
    assert every.absent == frozenset()

    for name in ("scale", "zero_point", "min", "max"):
        one = tensor(quantization={name: [1], "details_type": 0, "details": None}).quant
        assert one.absent == {"scale", "zero_point", "min", "max"} - {name}
        assert (one.dimension, one.details_type, one.details) == (0, "", {})
        assert [len(part) for part in (one.scale, one.zero_point, one.min, one.max)].count(0) == 3
    assert tensor(quantization={"details_type": 0, "details": None, "quantized_dimension": 1}).quant is None
    assert tensor(quantization={"details_type": 1, "details": {}}).quant.details_type == "CustomQuantization"


def test_what_a_sparsity_says_of_itself() -> None:
    """Each level of the traversal, with the vectors of the type that its union has."""
    found = tensor(
        sparsity={
            "traversal_order": [1, 0],
            "block_map": [0],
            "dim_metadata": [
                {"format": 0, "dense_size": 7, **none("array_segments"), **none("array_indices")},
                {
                    "format": 1,
                    "array_segments_type": INDEX["Int32Vector"],
                    "array_segments": {"values": [0, 2]},
                    "array_indices_type": INDEX["Uint8Vector"],
                    "array_indices": {"values": b"\3\4"},
                },
            ],
        }
    ).sparsity

    assert (list(found.traversal_order), list(found.block_map)) == ([1, 0], [0])
    dense, sparse = found.dimensions
    assert (dense.format, dense.dense_size, dense.segments, dense.indices) == (0, 7, None, None)
    assert (sparse.format, sparse.dense_size, list(sparse.segments), list(sparse.indices)) == (1, 0, [0, 2], [3, 4])
    assert tensor(sparsity={"block_map": [1]}).sparsity.dimensions is None


def none(union: str) -> dict[str, Any]:
    """A union without a member."""
    return {f"{union}_type": 0, union: None}


def test_what_an_operator_says_of_itself() -> None:
    """Every field, each with a value of its own; enums of options by their names."""
    codes = [{"builtin_code": CODE["CONV_2D"], "deprecated_builtin_code": CODE["CONV_2D"]}]
    rest = {**none("builtin_options_2"), "large_custom_options_offset": 0, "large_custom_options_size": 0}
    every = {
        "opcode_index": 0,
        "inputs": [0, -1],
        "outputs": [1],
        "intermediates": [2, 9],
        "builtin_options_type": OPTIONS["Conv2DOptions"],
        "builtin_options": {"padding": 1, "stride_w": 2, "fused_activation_function": 3},
        "custom_options": b"mine",
        "mutating_variable_inputs": [False, True],
        **rest,
    }
    bare = {"opcode_index": 1, **none("builtin_options"), **rest}
    tensors = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    one, two = (
        read(operator_codes=codes, subgraphs=[{}, {"tensors": tensors, "operators": [every, bare]}]).subgraphs[1].ops
    )

    assert (one.subgraph, one.index, one.opcode_index, one.name) == (1, 0, 0, "CONV_2D")
    assert [[t and t.name for t in side] for side in (one.inputs, one.outputs, one.intermediates)] == [
        ["a", None],
        ["b"],
        ["c", None],
    ]
    assert (one.input_indices, one.output_indices, one.intermediate_indices) == ((0, -1), (1,), (2, 9))
    assert (one.options_type, one.options["padding"], one.options["stride_w"]) == ("Conv2DOptions", "VALID", 2)
    assert (one.options["fused_activation_function"], one.options["dilation_w_factor"]) == ("RELU6", 1)
    assert (bytes(one.custom_options or b""), one.mutating_variable_inputs) == (b"mine", (False, True))
    assert (one.large_custom_options, one.absent) == ((0, 0), frozenset())
    assert (two.subgraph, two.index, two.opcode_index, two.opcode) == (1, 1, 1, None)
    assert (two.inputs, two.outputs, two.intermediates, two.intermediate_indices) == ((), (), (), ())
    assert (two.options_type, two.options, two.custom_options) == ("", {}, None)
    assert two.absent == {"inputs", "outputs"}


@pytest.mark.parametrize(
    ("sides", "absent"),
    [({"inputs": []}, {"outputs"}), ({"outputs": []}, {"inputs"}), ({"inputs": [], "outputs": []}, set())],
)
def test_a_side_that_is_empty_is_there(sides: dict[str, Any], absent: set[str]) -> None:
    """Of an operator."""
    (op,) = graph(operators=[{**sides, **none("builtin_options")}]).ops

    assert op.absent == absent


def test_enums_of_options_have_names() -> None:
    """Of one table alone too; a vector that is called like one is numbers."""
    pad = {"builtin_options_type": OPTIONS["MirrorPadOptions"], "builtin_options": {"mode": 1}}
    second = {name: code for code, name in schema.ENUMS["BuiltinOptions2"].items()}
    window = {
        "builtin_options_2_type": second["StablehloReduceWindowOptions"],
        "builtin_options_2": {"padding": [1, 2]},
    }
    one, two = graph(operators=[pad, {**none("builtin_options"), **window}]).ops

    assert one.options["mode"] == "SYMMETRIC"
    assert list(two.options["padding"]) == [1, 2]


def test_options_of_either_union() -> None:
    """The first that has a table; an enum value and a table that the schema does not know stay numbers."""
    second = {name: code for code, name in schema.ENUMS["BuiltinOptions2"].items()}
    odd = {"builtin_options_type": OPTIONS["Conv2DOptions"], "builtin_options": {"padding": 77}}
    later = {"builtin_options_2_type": second["ReduceWindowOptions"], "builtin_options_2": {"reduce_function": 1}}
    model = graph(operators=[odd, {**none("builtin_options"), **later}])
    (one, two) = model.ops
    assert (one.options_type, one.options["padding"]) == ("Conv2DOptions", 77)
    assert (two.options_type, two.options["reduce_function"]) == ("ReduceWindowOptions", "ADD")

    reader = Reader(bytes(encode({"version": 3, "subgraphs": [{"operators": [odd]}]})))
    root = reader.root("Model")
    (row,) = root["subgraphs"][0]["operators"]
    for kind, name in ((255, "type 255"), (OPTIONS["AddOptions"], "")):
        row.update(builtin_options_type=kind, builtin_options=None)
        (op,) = viewed(reader, root).ops
        assert (op.options_type, op.options) == (name, {})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("shape", [1] * 64, ""),
        ("shape", [1] * 65, "tensor 0 has 65 dimensions"),
        ("shape_signature", [1] * 65, "tensor 0 has 65 dimensions"),
        ("name", "x" * 65_536, ""),
        ("name", "x" * 65_537, "the name of tensor 0 has 65,537 characters"),
    ],
)
def test_a_tensor_has_its_limits(field: str, value: Any, words: str) -> None:
    """What is longer is no tensor but an attack on whoever reads it."""
    if not words:
        assert len(getattr(tensor(**{field: value}), field)) == len(value)
        return
    with pytest.raises(MalformedModelError, match=words):
        tensor(**{field: value})
