"""The reader against two others: the `tflite` package's accessors, and the corpus's own reading."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import tflite

from models import all_models, shared_models, shared_rows
from tflint.model import schema
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, read_model

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model

MODELS = all_models()
NO_MODELS = {
    *("truncated", "lfs_pointer", "02_ident", "35_trunc", "37_empty", "38_short"),
    *("36fd465be70c__ad_large_int8", "d03703f2c6f3__whisper-base", "ada215d23651__conv_fc_mnist.litertlm"),
}


def decoded(path: Path) -> Model:
    try:
        return read_model(path)
    except MalformedModelError as problem:
        pytest.skip(f"refused: {problem.reason}")


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_accessors_of_the_tflite_package_agree(path: Path) -> None:
    """What the generated accessors read, the reader reads."""
    model = decoded(path)
    oracle = tflite.Model.GetRootAs(bytearray(path.read_bytes()), 0)

    assert oracle.Version() == model.version
    assert oracle.SubgraphsLength() == len(model.subgraphs)
    assert oracle.BuffersLength() == len(model.buffers)
    assert oracle.OperatorCodesLength() == len(model.operator_codes)
    for code in model.operator_codes:
        theirs = oracle.OperatorCodes(code.index)
        assert theirs.Version() == code.version
        assert theirs.DeprecatedBuiltinCode() == code.deprecated_code
        assert (theirs.CustomCode() or b"").decode("utf-8", "backslashreplace") == (code.custom_code or "")
    for graph in model.subgraphs:
        compare_graph(oracle.Subgraphs(graph.index), graph)
    for index in range(oracle.SignatureDefsLength()):
        theirs, ours = oracle.SignatureDefs(index), model.signatures[index]
        assert (theirs.SignatureKey() or b"").decode() == (ours.key or "")
        assert theirs.SubgraphIndex() == ours.subgraph_index
        rows = [theirs.Inputs(i) for i in range(theirs.InputsLength())]
        assert [((r.Name() or b"").decode(), r.TensorIndex()) for r in rows] == [
            (n or "", i) for n, i in ours.inputs or ()
        ]
    for index in range(oracle.MetadataLength()):
        assert oracle.Metadata(index).Name().decode() == model.metadata[index].name
        assert oracle.Metadata(index).Buffer() == model.metadata[index].buffer_index


def compare_graph(theirs: Any, ours: Any) -> None:
    assert theirs.TensorsLength() == len(ours.tensors)
    assert theirs.OperatorsLength() == len(ours.ops)
    assert tuple(theirs.Inputs(i) for i in range(theirs.InputsLength())) == ours.input_indices
    assert tuple(theirs.Outputs(i) for i in range(theirs.OutputsLength())) == ours.output_indices
    for tensor in ours.tensors:
        compare_tensor(theirs.Tensors(tensor.index), tensor)
    for op in ours.ops:
        compare_op(theirs.Operators(op.index), op)


def compare_tensor(theirs: Any, ours: Any) -> None:
    assert tuple(theirs.Shape(i) for i in range(theirs.ShapeLength())) == ours.shape
    signature = tuple(theirs.ShapeSignature(i) for i in range(theirs.ShapeSignatureLength()))
    assert signature == (ours.shape_signature or ())
    assert (theirs.Name() or b"").decode("utf-8", "backslashreplace") == ours.name
    assert (theirs.Type(), theirs.Buffer(), theirs.IsVariable()) == (
        ours.type_code,
        ours.buffer_index,
        ours.is_variable,
    )
    quant = theirs.Quantization()
    if ours.quant is None:
        assert quant is None or quant.ScaleLength() == quant.ZeroPointLength() == 0
    else:
        assert repr([quant.Scale(i) for i in range(quant.ScaleLength())]) == repr(list(ours.quant.scale))  # NaN too
        assert [quant.ZeroPoint(i) for i in range(quant.ZeroPointLength())] == list(ours.quant.zero_point)
        assert quant.QuantizedDimension() == ours.quant.dimension
    sparsity = theirs.Sparsity()
    assert (sparsity is None) == (ours.sparsity is None)
    if sparsity is not None:
        assert [sparsity.TraversalOrder(i) for i in range(sparsity.TraversalOrderLength())] == list(
            ours.sparsity.traversal_order
        )
        assert sparsity.DimMetadataLength() == len(ours.sparsity.dimensions)


def compare_op(theirs: Any, ours: Any) -> None:
    assert theirs.OpcodeIndex() == ours.opcode_index
    assert tuple(theirs.Inputs(i) for i in range(theirs.InputsLength())) == ours.input_indices
    assert tuple(theirs.Outputs(i) for i in range(theirs.OutputsLength())) == ours.output_indices
    assert tuple(theirs.Intermediates(i) for i in range(theirs.IntermediatesLength())) == ours.intermediate_indices
    custom = bytes(theirs.CustomOptions(i) for i in range(theirs.CustomOptionsLength()))
    assert custom == bytes(ours.custom_options or b"")
    if (union := theirs.BuiltinOptions()) is None:  # a type without a table too, as of PAD in old files
        assert theirs.BuiltinOptionsType() == 0 or (ours.options_type, ours.options) == ("", {})
    else:
        table = schema.ENUMS["BuiltinOptions"][theirs.BuiltinOptionsType()]
        assert ours.options_type == table
        compare_options(union, table, ours.options)


def compare_options(union: Any, table: str, ours: Any) -> None:
    """Every scalar option by its accessor; the package names them in camel case."""
    options = getattr(tflite, table)()
    options.Init(union.Bytes, union.Pos)
    for _, field, kind, _ in schema.TABLES[table]:
        accessor = getattr(options, "".join(part.capitalize() for part in field.split("_")), None)
        if accessor is None or kind not in "?bBhHiIqQfd":
            continue
        enum = schema.FIELD_ENUMS.get(f"{table}.{field}") or schema.FIELD_ENUMS.get(field)
        value = accessor()
        assert (schema.ENUMS[enum].get(value, value) if enum else value) == ours[field], (table, field)


@pytest.mark.parametrize("path", shared_models(), ids=lambda p: p.stem)
def test_independent_reading_agrees(path: Path) -> None:
    """The facts of the corpus are what the view says."""
    facts = shared_rows("facts.jsonl").get(path.name)
    if facts is None:
        pytest.skip("no facts of this file")
    if not facts["magic_ok"]:
        with pytest.raises(MalformedModelError):
            read_model(path)
        return
    model = read_model(path)

    assert facts["schema_version"] == model.version
    assert facts["n_ops"] == sum(len(g.ops) for g in model.subgraphs)
    assert facts["n_tensors"] == sum(len(g.tensors) for g in model.subgraphs)
    assert facts["n_buffers"] == len(model.buffers)
    assert facts["custom_ops"] == dict(Counter(op.kind for op in model.ops if op.name == "CUSTOM"))
    builtin = Counter(op.name for op in model.ops if op.name != "CUSTOM")
    assert {name: row["count"] for name, row in facts["builtin_ops"].items()} == dict(builtin)
    for name, row in facts["builtin_ops"].items():
        assert set(row["versions"]) == {op.version for op in model.ops if op.name == name}
    assert facts["tensor_types"] == dict(Counter(t.dtype.upper() for t in model.tensors))
    assert facts["n_variable_tensors"] == sum(t.is_variable for t in model.tensors)
    assert facts["n_sparse_tensors"] == sum(t.sparsity is not None for t in model.tensors)
    assert facts["unused_operator_codes"] == len(model.operator_codes) - len(model.used_opcodes)
    assert [row["name"] for row in facts["metadata"]] == [entry.name for entry in model.metadata]


def test_every_file_that_is_no_model_is_refused() -> None:
    """The files at hand that are none, and no others, are refused."""
    refused = set()
    for path in MODELS:
        with contextlib.suppress(MalformedModelError):
            assert decode(path.read_bytes()).file_size == path.stat().st_size
            continue
        refused.add(path.stem)

    assert refused <= NO_MODELS
    assert {"truncated", "lfs_pointer"} <= refused
