"""Why an attempt gave no model that can be kept: its structured errors, how its process ended, what it said.

What a converter does wrong without an error is a failure too: weights that are random, and a quantization that did not
happen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.convert.failures import failures
from tflint.convert.silent import silently

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint.convert.attempt import Attempt

LIBRARIES = re.compile(
    r"[/\\](site-packages|dist-packages|lib[/\\]python3\.\d+)[/\\]"
    r"|__autograph_generated_file|[/\\]tflint[/\\]children[/\\]\w+\.py$"
)
PREFIX = re.compile(
    r"^(Could not translate MLIR to FlatBuffer\.|Failed to run converter passes: )?"
    r"\s*(\S+:\d+(:\d+)?: )?error: (loc\(.*?\): (?='|failed))?"
)
WRITTEN = re.compile(  # in a message of torch, and of MLIR
    r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)|(?P<at>[^\s:]+\.py):(?P<here>\d+):\d+: error:'
)
NOTE = re.compile(r"[IWE]\d{4} |\d{4}-\d\d-\d\d |(WARNING|INFO|DEBUG)\b")  # as libraries log
LONGEST = 300  # characters of a message that a diagnosis repeats


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`kind`: a word for the ladder; `words`: what went wrong, for people; `place`: the user's own line, or "".

    `advice`: what to do about it where the ladder has nothing left.
    """

    kind: str
    words: str
    place: str = ""
    operators: tuple[str, ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.words} ({self.place})" if self.place else self.words

    @property
    def told(self) -> str:
        """All of it."""
        return f"{self}; {self.advice}" if self.advice else str(self)


def diagnose(attempt: Attempt) -> Diagnosis | None:
    """What went wrong in an attempt; None: it made a model, and nothing speaks against that."""
    facts = facts_of(attempt)
    if attempt.file is not None and not facts["silent"]:
        return None
    failure = attempt.failure
    operators = tuple(dict.fromkeys(each["operator"] for each in failure.get("errors", ()) if each["operator"]))
    place = next(_places(failure), "")
    told = {**facts, "message": _first(failure)}
    for row in failures():
        if row.fits(facts):
            named = row.operators(facts) or operators
            told["operators"] = ", ".join(named) or "an operator"
            return Diagnosis(row.kind, row.cause.format_map(told), place, named, row.advice.format_map(told))
    words = f"{facts['type'] or 'error'}: {told['message'] or 'no message'}, while at {facts['stage']}"
    return Diagnosis("error", words, place, operators)


def facts_of(attempt: Attempt) -> dict[str, Any]:
    """What is known of an attempt, by the words of failures.json."""
    ended, failure, answer = attempt.ended, attempt.failure, attempt.answer
    errors = failure.get("errors", ())
    silent = silently(attempt) if attempt.file is not None else {}
    return {
        "end": _end(attempt),
        "died": ended.died_of,
        "returned": ended.code,
        "stage": failure.get("stage") or ended.stage or "start",
        "code": {each["code"] for each in errors},
        "type": failure.get("type", ""),
        "raised": failure.get("kind", ""),
        "message": "\n".join([str(failure.get("message", "")), *(each["message"] for each in errors)]),
        "said": ended.said,
        "last": _last(ended.said),
        "missing": "missing" in answer,
        "module": answer.get("missing", ""),
        "silent": set(silent),
        "weights": next(iter(silent.values()), ""),
    }


def _end(attempt: Attempt) -> set[str]:
    """How it ended, in all words for it."""
    ended = attempt.ended
    if ended.timed_out:
        return {"timeout"}
    if ended.died_of:
        return {"signal", ended.died_of}
    return {"silence"} if ended.answer is None else set()


def _last(said: str) -> str:
    """The last line that is no note of a library's log."""
    lines = [line.strip() for line in said.split("\n") if not NOTE.match(line)]
    return next(filter(None, reversed(lines)), "it said nothing")[:LONGEST]


def _first(failure: Mapping[str, Any]) -> str:
    """First line of the message that says something; all of it, if it is ours."""
    lines = [PREFIX.sub("", line).strip() for line in str(failure.get("message", "")).split("\n")]
    return next(filter(None, lines), "")[: None if failure.get("kind") else LONGEST]


def _places(failure: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the user's own code, the innermost first: of the operator, else of where it was raised."""
    for error in failure.get("errors", ()):
        yield from _own(_innermost_first(error["calls"]))
    yield from _own(reversed(failure.get("frames", ())))
    written = WRITTEN.finditer(str(failure.get("message", "")))
    yield from _own(reversed([(each["file"] or each["at"], each["line"] or each["here"], "") for each in written]))


def _innermost_first(calls: Iterable[Any]) -> list[Any]:
    """Frames of an operator: a stack for each function that it is in, the innermost function first.

    Of a stack the outermost frame comes first, and it alone has a name: that of the node.
    """
    stacks: list[list[Any]] = []
    for call in calls:
        if call[2] or not stacks:
            stacks.append([])
        stacks[-1].insert(0, call)
    return [call for stack in stacks for call in stack]


def _own(frames: Iterable[Any]) -> Iterator[str]:
    for file, line, name in frames:
        if file and not LIBRARIES.search(file) and not file.startswith("<"):
            yield f"{file}:{line}, in {name}" if name and "@" not in name else f"{file}:{line}"
