"""The generated field tables hold what the newest runtime's own schema holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tflint.model import schema
from tflint.model.tensor import DTYPES

generated = pytest.importorskip("ai_edge_litert.schema_py_generated")


def test_enums_of_the_newest_runtime_are_known() -> None:
    """Operator codes, tensor types and union members equal those of ai-edge-litert."""
    for name in ("BuiltinOperator", "TensorType", "BuiltinOptions", "BuiltinOptions2", "QuantizationDetails"):
        members = {v: k for k, v in vars(getattr(generated, name)).items() if not k.startswith("_")}

        assert members == schema.ENUMS[name]


def test_fields_of_the_newest_runtime_are_known() -> None:
    """Every accessor of ai-edge-litert's tables has a slot of its own in ours."""
    text = Path(generated.__file__).read_text()
    for name, fields in schema.TABLES.items():
        body = re.search(rf"^class {name}\(object\):.*?(?=^class |^def )", text, re.MULTILINE | re.DOTALL)
        if body is None:
            continue
        slots = {(int(at) - 4) // 2 for at in re.findall(r"_tab\.Offset\((\d+)\)", body[0])}

        assert slots <= {slot for slot, *_ in fields}, name


def test_every_dtype_has_a_size() -> None:
    """The view knows all tensor types of the schema."""
    assert {name.lower() for name in schema.ENUMS["TensorType"].values()} == set(DTYPES)


def test_no_table_leads_to_one_of_its_own_kind() -> None:
    """What the reader takes of its own stack is bounded by that, far below the 64 tables of the official verifier."""

    def depth(table: str, above: tuple[str, ...] = ()) -> int:
        assert table not in above, above
        members: list[str] = []
        for _, _, kind, child in schema.TABLES[table]:
            if kind in {"t", "[t"}:
                members.append(str(child))
            elif kind == "u":
                members += [name for code, name in schema.ENUMS[str(child)].items() if code]
        return 1 + max((depth(member, (*above, table)) for member in members), default=0)

    assert max(map(depth, schema.TABLES)) == 6
