"""Diagnoses: of what real converters answered, recorded by tests/failing.py, and of what makes a model and is wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from failing import CASES, RECORDED
from tflint import sketch
from tflint.convert.attempt import Attempt
from tflint.convert.diagnosis import Diagnosis, diagnose
from tflint.convert.failures import failures, library_of
from tflint.convert.ladder import RUNGS, next_rung
from tflint.convert.recipe import Recipe
from tflint.process import Ended
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

FAILING = [
    name for name, case in CASES.items() if case.kinds[0] is not None and case.kinds[0] not in ("float", "weights")
]


def plain(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def recorded(name: str) -> Attempt:
    """What a converter answered, as it was recorded."""
    ended = Ended(**{key: value for key, value in plain(name).items() if key != "marked"})
    failure = (ended.answer or {}).get("failure", {})
    case = CASES[name]
    recipe = Recipe(case.source, "litert-torch" if case.torch else "tensorflow", settings=case.settings)
    return Attempt(recipe, None, ended, failure)


def told(name: str) -> Diagnosis:
    found = diagnose(recorded(name))
    assert found is not None
    return found


@pytest.mark.parametrize("name", FAILING)
def test_an_answer_is_diagnosed(name: str) -> None:
    """Each has the kind that it was provoked for, in one line without the converter's own debris."""
    found = told(name)

    assert found.kind == CASES[name].kinds[0]
    assert found.words
    assert not re.search(
        r"\n|Traceback|loc\(|<unknown>|\{|Could not translate MLIR", found.told.replace("{input: array}", "")
    )
    assert found.advice or found.kind == "error"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.place])
def test_the_line_is_the_users(name: str) -> None:
    """The line that is named is that of the user's module, not one of the converter or of ours."""
    found = re.fullmatch(r"(.+?):(\d+)(?:, in \w+)?", told(name).place)

    assert found is not None
    assert found.groups() == (f"/project/{CASES[name].module}", str(plain(name)["marked"]))


def test_a_saved_model_has_names_of_nodes_only() -> None:
    """Where the converter knows no line, none is made up."""
    found = told("unregistered")

    assert (found.place, found.operators) == ("", ("NormalizeUTF8",))


def test_every_row_was_provoked() -> None:
    """A row of the table is of a kind that some case has, or says why it does not come up; and no kind is made up."""
    kinds = {each.kind for each in failures() if not each.absent}
    provoked = {kind for case in CASES.values() for kind in case.kinds if kind is not None}

    assert kinds - provoked == set()
    assert provoked - {each.kind for each in failures()} == {"error"}


def test_the_table_says_what_the_ladder_does() -> None:
    """A row says that something is tried if something is."""
    assert {each.kind for each in failures() if each.tries} == set(RUNGS)


@pytest.mark.parametrize("row", failures(), ids=lambda row: row.kind)
def test_a_row_is_whole(row: Any) -> None:
    """It has a source, words that can be filled in, and regular expressions only for what is prose."""
    facts = dict.fromkeys(
        ("stage", "died", "returned", "last", "message", "module", "operators", "weights"), "something"
    )

    assert all((row.kind, row.shows, row.advice, row.source))
    assert row.cause.format_map(facts)
    assert row.advice.format_map(facts)
    assert row.when or row.absent


def attempt_of(
    recipe: Recipe, *, inputs: Any = None, file: Path | None = None, said: str = "", about: Any = None
) -> Attempt:
    answer = {"source_inputs": inputs or {}, "about": about or {}}
    return Attempt(recipe, file, Ended(0, timed_out=False, stage="", answer=answer, said=said))


def lines(recipe: Recipe, diagnosis: Diagnosis, *targets: str, inputs: Any = None) -> list[str]:
    """The next rung, as a report says it."""
    changes = next_rung(attempt_of(recipe, inputs=inputs), diagnosis, [resolve(target) for target in targets])
    return [change.line for change in changes]


OPEN = {"x": ([None, None, 4], "float32"), "y": (None, "float32")}
FLEX = Diagnosis("flex", "no builtin", operators=("tf.MatrixInverse",))
LIST = Diagnosis("tensor-list", "no shape")
SINGLE = "_experimental_default_to_single_batch_in_tensor_list_ops"


def test_flex_comes_after_sizes_and_only_where_it_runs() -> None:
    """What is open gets sizes, then a target that links Flex gets Flex; others get nothing more."""
    assert lines(Recipe("m"), FLEX, inputs=OPEN) == ["batch = 1", "length = 128"]
    sized = Recipe("m", batch=1, length=128)
    assert lines(sized, FLEX, inputs=OPEN) == []
    assert lines(sized, FLEX, "litert", inputs=OPEN) == []
    assert lines(sized, FLEX, "tflite-2.21+flex", "litert") == []
    assert lines(Recipe("m"), FLEX, "tflite-2.21+flex") == [
        'settings.supported_ops = ["TFLITE_BUILTINS", "SELECT_TF_OPS"]'
    ]
    asked = Recipe("m", settings={"supported_ops": ["TFLITE_BUILTINS_INT8", "SELECT_TF_OPS"]})
    assert lines(asked, FLEX, "tflite-2.21+flex") == []


def test_a_tensor_list_climbs_three_rungs() -> None:
    """Sizes, then a batch of one inside, then Flex without lowering, each once."""
    assert lines(Recipe("m"), LIST, inputs=OPEN) == ["batch = 1", "length = 128"]
    fixed = {"x": ([1, 4], "float32")}
    assert lines(Recipe("m"), LIST, inputs=fixed) == [f"settings.{SINGLE} = true"]
    single = Recipe("m", settings={SINGLE: True})
    assert lines(single, LIST, "litert", inputs=fixed) == []
    assert lines(single, LIST, "tflite-2.21+flex", inputs=fixed) == [
        'settings.supported_ops = ["TFLITE_BUILTINS", "SELECT_TF_OPS"]',
        "settings._experimental_lower_tensor_list_ops = false",
    ]


def test_custom_operators_are_allowed_where_they_are_known() -> None:
    """Every target has to have each of them, and somebody has to name a target."""
    known = Diagnosis("custom", "custom", operators=("tf.RaggedTensorToTensor",))
    other = Diagnosis("custom", "custom", operators=("tf.RaggedTensorToTensor", "tf.Digamma"))

    assert lines(Recipe("m"), known, "mediapipe") == ["settings.allow_custom_ops = true"]
    assert lines(Recipe("m"), other, "mediapipe") == []
    assert lines(Recipe("m"), known, "mediapipe", "litert") == []
    assert lines(Recipe("m"), known) == []


def test_an_operator_names_its_library() -> None:
    """tensorflow-text is imported for its operators, and nothing for one that nobody knows."""
    known = Diagnosis("unregistered", "not there", operators=("NormalizeUTF8",))
    again = Recipe("m", steps=("eager", "import:tensorflow_text"))

    assert lines(Recipe("m", steps=("eager",)), known) == ['steps = ["eager", "import:tensorflow_text"]']
    assert lines(again, known) == []
    assert lines(Recipe("m"), Diagnosis("unregistered", "not there", operators=("Own",))) == []
    assert library_of("TFText>Utf8Binarize") == "tensorflow_text"


def test_torch_that_is_missing_is_the_other_converters() -> None:
    """A function of PyTorch's is litert-torch's to convert; where that lacks torch as well, nothing is left."""
    lacks = Diagnosis("missing", "torch is not installed there")
    for name, converter, wanted in (
        ("torch.nn", "tensorflow", ['converter = "litert-torch"']),
        ("torch", "litert-torch", []),
        ("torchvision", "tensorflow", []),
    ):
        ended = Ended(0, timed_out=False, stage="", answer={"missing": name}, said="")
        changes = next_rung(Attempt(Recipe("m:f", converter), None, ended), lacks, [])
        assert [change.line for change in changes] == wanted


def test_what_has_no_rung_ends() -> None:
    """A crash has nothing to try, and a change that would change nothing is none."""
    assert lines(Recipe("m"), Diagnosis("crash", "died")) == []
    assert lines(Recipe("m", steps=("eager",)), Diagnosis("eager", "off")) == []


DENSE = """
x: float32[1,4]
w: float32[3,4] = const
y: float32[1,3] = FULLY_CONNECTED(x, w)
"""
NEW = (
    "Some layers of TFBert were not initialized from the model checkpoint at encoder and are newly initialized: "
    "['classifier', 'pooler']\nYou should probably TRAIN this model.\n"
)
QUANTIZE = Recipe("m", settings={"optimizations": ["DEFAULT"]})


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A float model."""
    file = tmp_path / "m.tflite"
    file.write_bytes(sketch.build(DENSE))
    return file


def test_a_good_model_has_no_diagnosis(model: Path) -> None:
    """Float weights are right where nobody asked for others."""
    assert diagnose(attempt_of(Recipe("m"), file=model, said="a warning\n", about={"missing": []})) is None


@pytest.mark.parametrize(
    ("made", "kind", "named"),
    [
        ({"recipe": QUANTIZE}, "float", "nothing was quantized"),
        ({"about": {"missing": [f"layer/{place}" for place in range(7)]}}, "weights", "layer/4 and 2 more"),
        ({"said": NEW}, "weights", "classifier, pooler"),
    ],
)
def test_a_wrong_model_is_a_failure(model: Path, made: dict[str, Any], kind: str, named: str) -> None:
    """A quantization that did not happen, and random weights, which nothing but a warning tells of."""
    found = diagnose(attempt_of(**{"recipe": Recipe("m"), "file": model, **made}))

    assert found is not None
    assert (found.kind, named in found.words) == (kind, True)


def test_what_nobody_knows_is_told_as_it_is() -> None:
    """An error without a row keeps its type, the first line of its message and the stage."""
    failure = {"type": "OddError", "message": "\nfirst\nsecond", "stage": "trace", "errors": [], "frames": []}
    ended = Ended(0, timed_out=False, stage="", answer={"failure": failure}, said="")
    found = diagnose(Attempt(Recipe("m"), None, ended, failure))

    assert found is not None
    assert (found.kind, found.told) == ("error", "OddError: first, while at trace")
