"""Why an attempt gave no model: from the converter's structured errors, the way its process ended, and its warnings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.convert.attempt import Attempt

LIBRARIES = re.compile(
    r"[/\\](site-packages|dist-packages|lib[/\\]python3\.\d+)[/\\]|[/\\](tf_child|tf_sources|torch_child)\.py$"
)
OPERATORS = re.compile(r"'(tf\.\w+)' op is neither a custom op nor a flex op")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`kind`: a word for the ladder; `words`: what went wrong, for people; `place`: the user's own line, or ""."""

    kind: str
    words: str
    place: str = ""
    operators: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.words} ({self.place})" if self.place else self.words


def diagnose(attempt: Attempt) -> Diagnosis:
    """What went wrong in an attempt that made no model."""
    ended, failure = attempt.ended, attempt.failure
    if ended.timed_out:
        return Diagnosis("timeout", f"no end within the time limit, while at {ended.stage or 'start'}")
    if ended.died_of:
        memory = ": out of memory, or killed by hand" if ended.died_of == "SIGKILL" else ""
        return Diagnosis("crash", f"the converter died of {ended.died_of}{memory}, while at {ended.stage or 'start'}")
    if not failure:
        last = ended.said.strip().split("\n")[-1]
        return Diagnosis("crash", f"the process ended with {ended.code}: {last or 'it said nothing'}")
    if missing := attempt.answer.get("missing"):
        return Diagnosis("missing", f"{missing} is not installed there")
    errors = failure.get("errors", ())
    operators = tuple(dict.fromkeys(error["operator"] for error in errors if error["operator"]))
    place = next(_places(failure), "")
    codes = {error["code"] for error in errors}
    for code, kind in CODES.items():
        if code in codes:
            return Diagnosis(kind, f"{', '.join(operators) or 'an operator'}: {KINDS[kind]}", place, operators)
    kind = failure.get("kind") or "error"
    return Diagnosis(kind, _first(failure), place, operators)


CODES = {
    "ERROR_NEEDS_FLEX_OPS": "flex",
    "ERROR_NEEDS_CUSTOM_OPS": "custom",
    "ERROR_UNSUPPORTED_CONTROL_FLOW_V1": "control-flow-v1",
    "ERROR_STATEFUL_PARTITIONED_CALL_IN_FINAL_IR": "functions",
}
KINDS = {
    "flex": "no builtin operator does this; TensorFlow's own kernel does (Flex)",
    "custom": "no builtin operator does this, nor does Flex: a custom operator has to",
    "control-flow-v1": "control flow of TensorFlow 1 cannot be made functional",
    "functions": "a function that is used more than once was not inlined",
}


def _first(failure: Any) -> str:
    """Type and first line of the message that says something."""
    lines = [line.strip() for line in str(failure.get("message", "")).split("\n") if line.strip()]
    good = next((line for line in lines if not line.startswith("Could not translate MLIR")), lines[0] if lines else "")
    return f"{failure.get('type', 'error')}: {good}"


def _places(failure: Any) -> Iterator[str]:
    """Lines of the user's own code, the innermost first: of the operator, else of where it was raised."""
    for error in failure.get("errors", ()):
        yield from _own(error["calls"])
    yield from _own(reversed(failure.get("frames", ())))


def _own(frames: Iterable[Any]) -> Iterator[str]:
    for file, line, name in frames:
        if file and not LIBRARIES.search(file) and not file.startswith("<"):
            yield f"{file}:{line}, in {name}" if name else f"{file}:{line}"
