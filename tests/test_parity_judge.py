"""What fails a comparison whatever its numbers are, and what is only said of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tflint.errors import TflintError
from tflint.parity.entry import Entry, Port, bound, pick
from tflint.parity.gates import EXACT, FLOAT, Function, Gates, with_metrics
from tflint.parity.judge import Judgement, judge
from tflint.parity.results import Results

ONE = np.array([[1, 2]], np.float32)


def answers(*rows: Any, dtype: str = "float32", names: tuple[str, ...] = ("y",)) -> Results:
    """Results of an interpreter: of each sample an array an output, or why there is none."""
    ports = tuple(Port(name, dtype, (1, 2)) for name in names)
    told = tuple(row if isinstance(row, str) else (row,) * len(names) for row in rows)
    return Results("m.tflite", "builtin kernels", "serve", ports, told)


def judged(reference: Results, candidate: Results, gates: Gates = FLOAT) -> Judgement:
    """Their judgement."""
    return judge(reference, candidate, gates)


def test_samples_that_one_side_does_not_take() -> None:
    """What the reference refuses is left out and told; what the candidate alone refuses fails it."""
    found = judged(answers("no", ONE, "no"), answers("why", ONE, ONE))
    assert found.holds
    assert found.compared == 1
    assert found.notes == ("sample 1: neither takes it: no", "sample 3: the reference does not take it: no")

    found = judged(answers(ONE, ONE), answers(ONE, "crashed"))
    assert found.problems == ("sample 2: the candidate does not run: crashed",)
    assert judged(answers(ONE, ONE), answers(ONE)).problems == ("2 samples of the reference, 1 of the candidate",)


def test_nothing_compared_is_not_parity() -> None:
    """Where no sample is answered by both, that is a failure, whoever it is that does not run."""
    found = judged(answers("no", ONE), answers(ONE, "crashed"))
    assert (found.compared, found.holds, found.problems) == (
        0,
        False,
        ("sample 2: the candidate does not run: crashed",),
    )
    assert judged(answers(ONE), answers("crashed")).problems == ("the candidate does not run: crashed",)
    assert judged(answers("no"), answers(ONE)).problems == ("the reference does not run: no",)
    assert judged(answers("no"), answers("crashed")).problems == ("neither runs: no",)


def test_answers_that_vary() -> None:
    """Randomness that the reference does not have fails the candidate; on both sides it is a note."""
    steady, random = answers(ONE), replace(answers(ONE), varies=True)

    assert judged(steady, random).problems == ("the candidate's answers vary from run to run, the reference's do not",)
    assert judged(random, random).notes == ("answers vary from run to run on both sides",)
    assert judged(random, random).holds
    assert judged(random, steady).holds


def test_an_output_of_another_shape_or_type() -> None:
    """Another shape is never close; another type is only asked for where bits are."""
    found = judged(answers(ONE), answers(np.zeros((2, 1), np.float32)))
    assert found.reasons == ("with builtin kernels: output 'y': its shape is [2,1], the reference's [1,2]",)

    wide = answers(ONE.astype(np.float64), dtype="float64")
    assert judged(answers(ONE), wide).holds
    found = judged(answers(ONE), wide, EXACT)
    assert found.reasons == ("with builtin kernels: output 'y': it is float64[1,2], the reference's float32[1,2]",)


def test_bits_that_differ_are_counted() -> None:
    """`exact` is bit equality and says how many elements are not."""
    found = judged(answers(ONE), answers(ONE + np.array([0, 1], np.float32)), EXACT)
    assert found.reasons == ("with builtin kernels: output 'y': not bit-equal: 1 of 2 elements differ",)
    assert judged(answers(ONE), answers(ONE.copy()), EXACT).holds


def test_a_gate_for_an_output_that_is_not_there() -> None:
    """A name that was mistyped does not pass in silence."""
    found = judged(answers(ONE), answers(ONE), with_metrics(FLOAT, ["yy=atol:1"]))
    assert found.problems == ("a gate is set for the output 'yy', which the reference has not",)


def test_outputs_with_other_names() -> None:
    """The only ones left on either side belong together, and that is said; of several, each is missed by its name."""
    port, other = Port("y", "float32"), Port("z", "float32")
    assert bound((port,), (other,), {}, named=True) == ({"y": "z"}, "by name, 'y' to 'z' as the only ones left")
    found = judged(answers(ONE, names=("a", "b")), answers(ONE, names=("a", "c", "d")))
    assert found.reasons == ("with builtin kernels: output 'b': the candidate has no such output",)
    assert found.notes == ("outputs of the candidate alone: c, d",)


@pytest.mark.parametrize(
    ("body", "limit", "holds", "words"),
    [
        ("True", None, True, "mine_judge:f is True"),
        ("False", None, False, "mine_judge:f is False"),
        ("0.5", 0.5, True, "mine_judge:f is 0.5 (at most 0.5)"),
        ("float(len(reference['y']))", 0.5, False, "mine_judge:f is 1.0 (at most 0.5)"),
    ],
)
def test_a_function_gives_a_verdict(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, body: str, limit: float | None, *, holds: bool, words: str
) -> None:
    """True or False as it is, a number by the limit; what it gave is told."""
    mine(tmp_path, monkeypatch, body)
    found = judged(answers(ONE), answers(ONE), replace(FLOAT, functions=(Function("mine_judge:f", limit),)))

    assert (found.holds, found.notes if holds else found.problems) == (holds, (words,))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("0.5", "mine_judge:f: gave a number: say how large it may be, as mine_judge:f:LIMIT"),
        ("None", "mine_judge:f: gave NoneType, and not a number or True or False"),
        ("reference['gone']", "mine_judge:f: KeyError: 'gone'"),
    ],
)
def test_a_function_that_gives_no_verdict(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    """One line names the function and what it did."""
    mine(tmp_path, monkeypatch, body)
    with pytest.raises(TflintError) as caught:
        judged(answers(ONE), answers(ONE), replace(FLOAT, functions=(Function("mine_judge:f"),)))
    assert caught.value.message == words


def mine(folder: Any, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A module of a user's, in this folder."""
    (folder / "mine_judge.py").write_text(f"def f(reference, candidate):\n    return {body}\n")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "mine_judge", raising=False)


def test_of_several_signatures_one_is_named() -> None:
    """The only one is taken, of several the right key is, and nothing else is guessed."""
    several = tuple(Entry(key, index, (), ()) for index, key in enumerate(("encode", "decode")))

    assert pick(several, "decode", "m").subgraph == 1
    assert pick(several[:1], None, "m").key == "encode"
    for key, words in (
        (None, "m has 2 signatures (encode, decode): say which with --signature"),
        ("encod", "'encode'"),
    ):
        with pytest.raises(TflintError, match=words.replace("(", r"\(").replace(")", r"\)")):
            pick(several, key, "m")
