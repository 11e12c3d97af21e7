"""Interfaces of models: what changes them, who breaks, and what a lock or a contract holds of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from models import all_models
from tflint import sketch
from tflint.artifacts.artifact import Artifact
from tflint.contract.compare import compare
from tflint.contract.find import Contracts, contract
from tflint.contract.interface import Affine, Interface, Port, interface_of
from tflint.contract.lock import read_lock
from tflint.contract.plain import locked, tables_of
from tflint.errors import TflintError
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, read_model

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model

ONE = "x: float32[1,4]\ny: float32[1,4] = RELU(x)\n"
NAMED = ONE + "signature serve(x=x) -> (y=y)\n"
TWO = "graph main(a, b) -> (c, d)\na: float32[4]\nb: float32[4]\nc: float32[4] = ADD(a, b)\nd: float32[4] = NEG(a)\n"
TWO_NAMED = TWO + "signature serve(a=a, b=b) -> (c=c, d=d)\n"
INT8 = "x: int8[1,4] q=0.5+0\ny: int8[1,4] q=0.5+0 = RELU(x)\n"

CASES = [
    (NAMED, NAMED.replace("RELU", "RELU6"), []),
    (NAMED, NAMED.replace("serve", "run"), ["! name of signature 'serve': 'serve' -> 'run'"]),
    (NAMED, ONE, ["! signature 'serve': present -> absent"]),
    (ONE, NAMED, ["signature 'serve': absent -> present"]),
    (NAMED, NAMED + "signature more(u=x) -> (v=y)\n", ["signature 'more': absent -> present"]),
    (NAMED, NAMED.replace("x=x", "z=x"), ["! name of input 'x': 'x' -> 'z'"]),
    (
        NAMED,
        NAMED.replace("x:", "in:").replace("(x)", "(in)").replace("x=x", "x=in"),
        ["tensor of input 'x': 'x' -> 'in'"],
    ),
    (ONE, ONE.replace("x:", "in:").replace("(x)", "(in)"), ["! name of input 'x': 'x' -> 'in'"]),
    (NAMED, NAMED.replace("float32[1,4] =", "float32[4] ="), ["! shape of output 'y': [1,4] -> [4]"]),
    (TWO_NAMED, TWO_NAMED.replace("main(a, b)", "main(b, a)"), ["! order of the inputs: a, b -> b, a"]),
    (
        TWO,
        TWO_NAMED.replace("(c, d)", "(d, c)", 1),
        ["! order of the outputs: c, d -> d, c", "signature 'serve': absent -> present"],
    ),
    (TWO_NAMED, TWO_NAMED.replace("b=b", "e=b"), ["! name of input 'b': 'b' -> 'e'"]),
    (TWO, TWO.replace("(c, d)", "(c)", 1), ["! output 'd': float32[4] -> absent"]),
    (TWO.replace("(c, d)", "(c)", 1), TWO, ["output 'd': absent -> float32[4]"]),
    (TWO.replace("(c, d)", "(d)", 1), TWO, ["output 'c': absent -> float32[4]", "! order of the outputs: d -> c, d"]),
    (
        NAMED,
        NAMED.replace("x: f", "z: float32[2]\nx: f").replace("x=x", "x=x, z=z"),
        ["! input 'z': absent -> float32[2]"],
    ),
    (ONE, INT8, ["! dtype of input 'x': float32 -> int8 0.5+0", "! dtype of output 'y': float32 -> int8 0.5+0"]),
    (INT8, INT8.replace("0.5+0", "0.5005+0"), []),
    (INT8, INT8.replace("0.5+0", "0.501+0", 1), ["! quantization of input 'x': 0.5+0 -> 0.501+0"]),
    (INT8, INT8.replace("0.5+0", "0.5+1", 1), ["! quantization of input 'x': 0.5+0 -> 0.5+1"]),
    (INT8, INT8.replace(" q=0.5+0", "", 1), ["! quantization of input 'x': 0.5+0 -> none"]),
]


def model(text: str) -> Model:
    """The model of a sketch."""
    return decode(sketch.build(text))


def changes(old: str, new: str) -> list[str]:
    """`! what: old -> new`, `!` for what breaks."""
    found = compare(interface_of(model(old)), interface_of(model(new)))
    return [f"{'! ' * change.breaking}{change.what}: {change.old} -> {change.new}" for change in found]


@pytest.mark.parametrize(("old", "new", "wanted"), CASES)
def test_changes_are_told_and_classed(old: str, new: str, wanted: list[str]) -> None:
    """Each change by its kind, and whether it breaks a caller."""
    assert changes(old, new) == wanted


@pytest.mark.parametrize(
    ("old", "new", "side", "breaks"),
    [
        ("[1,4]", "[1,4] sig=[-1,4]", "x", False),  # whoever does not resize is served as before
        ("[3,4]", "[1,4] sig=[-1,4]", "x", True),  # three rows no longer fit before a resize
        ("[1,4] sig=[-1,4]", "[1,4]", "x", True),  # other sizes are refused
        ("[1,4]", "[2,4]", "x", True),
        ("[1,4] sig=[-1,4]", "[1,4]", "y", False),  # a promise more
        ("[1,4]", "[1,4] sig=[-1,4]", "y", True),  # of its own accord: no input varies
    ],
)
def test_a_shape_breaks_in_one_direction(old: str, new: str, side: str, breaks: bool) -> None:
    """Fixed or dynamic: what a caller may still feed, and what he may still count on."""
    texts = [ONE.replace(f"{side}: float32[1,4]", f"{side}: float32{shape}") for shape in (old, new)]
    (change,) = compare(*(interface_of(model(text)) for text in texts))

    assert (change.kind, change.name, change.breaking) == ("shape", side, breaks)


def test_an_output_that_varies_with_its_input_breaks_nobody() -> None:
    """A batch that may be resized makes both sides dynamic, and is there for whoever wants it."""
    assert changes(ONE, ONE.replace("[1,4]", "[1,4] sig=[-1,4]")) == [
        "shape of input 'x': [1,4] -> [-1,4]",
        "shape of output 'y': [1,4] -> [-1,4]",
    ]


def test_the_entry_point_is_named_where_there_are_several() -> None:
    """Signatures of one model often have inputs of one name."""
    text = "graph main(x) -> (y)\n" + ONE + "graph other(x) -> (y)\n" + ONE
    both = text + "signature a(x=x) -> (y=y)\nsignature b@1(x=x) -> (y=y)\n"
    head, _, tail = both.partition("graph other")

    assert changes(both, head + "graph other" + tail.replace("x: float32[1,4]", "x: float32[1,5]")) == [
        "! shape of input 'x' of signature 'b': [1,4] -> [1,5]"
    ]


def test_positions_are_those_of_the_primary_subgraph() -> None:
    """A signature's order is one thing, the position by which an interpreter knows a tensor another."""
    text = TWO.replace("main(a, b)", "main(b, a)") + "signature serve(a=a, b=b) -> (c=c, d=d)\n"
    (entry,) = interface_of(model(text)).entries

    assert [(port.name, port.position) for port in entry.inputs or ()] == [("a", 1), ("b", 0)]
    assert interface_of(model(INT8)).entries[0].inputs == (Port("x", "x", 0, "int8", (1, 4), Affine((0.5,), (0,))),)


def test_interfaces_of_real_models_survive_the_lock() -> None:
    """What is written is read back equal, and equals itself."""
    for path in all_models():
        try:
            interface = interface_of(read_model(path))
        except MalformedModelError:
            continue
        read = locked(json.loads(json.dumps(tables_of(interface), allow_nan=False)), path.name)

        assert tables_of(read) == tables_of(interface), path.name  # a NaN is no NaN, but it is the same text
        assert compare(read, interface) == [], path.name


def asked(text: str, **tables: Any) -> list[str]:
    """What a contract says of a model."""
    return [f"{c.what}: {c.old} -> {c.new}" for c in contract(tables, "c.toml").changes(model(text))]


@pytest.mark.parametrize(
    ("tables", "wanted"),
    [
        ({"signature": "serve"}, []),
        ({"signature": "run"}, ["signature 'run': present -> absent"]),
        ({"inputs": ["a", "b"]}, []),
        ({"inputs": ["a"]}, ["input 'b': absent -> float32[4]"]),
        ({"outputs": ["d"]}, []),
        ({"inputs": ["b", "a"], "order": True}, ["order of the inputs: b, a -> a, b"]),
        ({"outputs": [{"name": "c", "shape": [-1]}]}, []),
        ({"outputs": [{"name": "c", "shape": [-1, 4]}]}, ["shape of output 'c': [*,4] -> [4]"]),
        ({"inputs": [{"name": "a", "shape": ["dynamic"]}, "b"]}, ["shape of input 'a': [-1] -> [4]"]),
        ({"inputs": [{"name": "a", "dtype": "int8"}, "b"]}, ["dtype of input 'a': int8 -> float32"]),
        ({"inputs": [{"name": "a", "quantization": "none"}, "b"]}, []),
        ({"signatures": {"serve": {"inputs": ["a", "c"]}}}, ["name of input 'c': 'c' -> 'b'"]),
        ({"signature": "serve", "signatures": {"more": {}}}, ["signature 'more': present -> absent"]),
    ],
)
def test_a_contract_asks_for_what_it_names(tables: dict[str, Any], wanted: list[str]) -> None:
    """And for nothing else, but that all inputs are listed where some are: a caller fills them all."""
    assert asked(TWO_NAMED, **tables) == wanted


def test_a_contract_without_a_key_fits_models_without_a_signature() -> None:
    """Its names are then those of tensors."""
    assert asked(TWO, inputs=["a", "b"], outputs=["c"], order=True) == []
    assert asked(TWO, inputs=["a", "z"]) == ["name of input 'z': 'z' -> 'b'"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({}, "asks for nothing"),
        ({"input": ["x"]}, "unknown key 'input' (did you mean 'inputs'?)"),
        ({"signature": 3}, "signature is a string"),
        ({"inputs": "x"}, "inputs is a list"),
        ({"inputs": [{"dtype": "int8"}]}, "no name"),
        ({"inputs": [{"name": "x", "dtype": "flot32"}]}, "no dtype 'flot32' (did you mean 'float32'?)"),
        ({"inputs": [{"name": "x", "shape": [1, "any"]}]}, "shape is a list of sizes"),
        ({"inputs": [{"name": "x", "quantization": {"scale": 1}}]}, "quantization is"),
        ({"inputs": [{"name": "x", "quantization": {"scale": "a", "zero_point": 0}}]}, "quantization is"),
        ({"inputs": ["x"], "order": 1}, "order is true or false"),
        ({"signatures": {"a": 1}}, "signature 'a': not a table"),
        ({"signature": "a", "signatures": {"a": {}}}, "described twice"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(tables: dict[str, Any], words: str) -> None:
    """With the file, the key and what it may be."""
    with pytest.raises(TflintError) as refused:
        contract(tables, "c.toml")

    assert refused.value.message.startswith("c.toml")
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ('{"models": {}}\n<<<<<<< ours\n', "unresolved merge conflict"),
        ("[]", "no schema_version"),
        ('{"schema_version": 2, "models": {}}', "newer tflint"),
        ('{"schema_version": 1, "models": []}', "table of tables"),
        ('{"schema_version": 1, "models": {"m.tflite": {"interface": {"signatures": []}}}}', "not a table"),
    ],
)
def test_a_broken_lock_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Before anything is checked against half of it."""
    (tmp_path / "tflint.lock").write_text(text)

    with pytest.raises(TflintError, match=r"tflint\.lock") as refused:
        Contracts().of(Artifact(str(tmp_path / "m.tflite")))
    assert words in refused.value.message


def test_a_lock_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    """Keys of other commands, in an entry and beside the models, survive an update."""
    path = tmp_path / "tflint.lock"
    path.write_text('{"schema_version": 1, "tool": "x", "models": {"m.tflite": {"fix": {"recipe": "abc"}}}}')
    interface = interface_of(model(NAMED))
    path.write_text(read_lock(path).with_interfaces({"m.tflite": interface}, set()).text)
    again = read_lock(path)

    assert again.entries["m.tflite"]["fix"] == {"recipe": "abc"}
    assert again.document["tool"] == "x"
    assert again.interface("m.tflite") == interface
    assert again.text == path.read_text()


def test_names_are_written_so_that_any_editor_shows_them(tmp_path: Path) -> None:
    """The file is ASCII, whatever a model calls its tensors."""
    text = '"caf\\u00e9\\u202e": float32[4]\ny: float32[4] = RELU("caf\\u00e9\\u202e")\n'
    lock = read_lock(tmp_path / "tflint.lock").with_interfaces({"m.tflite": interface_of(model(text))}, set())

    assert lock.text.isascii()
    assert Interface(lock.interface("m.tflite").entries) == interface_of(model(text))  # type: ignore[union-attr] # it was just put in
