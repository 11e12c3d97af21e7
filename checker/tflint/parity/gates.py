"""What is close enough: limits for the numbers of an output, by the quantization scheme of the candidate."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tflint.parity.metrics import Numbers

EXACT_METRIC = "exact"
FUNCTION = re.compile(r"(?P<function>[A-Za-z_][\w.]*:[A-Za-z_]\w*)(?P<limit>:[^:]+)?")


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of an output that a limit can be set for."""

    name: str
    words: str
    unit: str
    at_most: bool
    of: Callable[[Numbers], float | None]
    rows: Callable[[Numbers], int] | None = None  # of which it is a percentage: of few, one may always differ


def _share(part: int | None, numbers: Numbers) -> float | None:
    return None if part is None or not numbers.rows else 100.0 * part / numbers.rows


def _rows(numbers: Numbers) -> int:
    return numbers.rows


METRICS = {
    metric.name: metric
    for metric in (
        Metric("atol", "max abs", "", at_most=True, of=lambda n: n.max_abs),
        Metric("close", "max abs / (max|reference| + 0.1)", "", at_most=True, of=lambda n: n.close),
        Metric("logit", "logit difference", " %", at_most=True, of=lambda n: n.logit),
        Metric("cosine", "cosine", "", at_most=False, of=lambda n: n.cosine),
        Metric("sqnr", "SQNR", " dB", at_most=False, of=lambda n: n.sqnr),
        Metric("top1", "top-1 agreement", " %", at_most=False, of=lambda n: n.top1, rows=_rows),
        Metric("top5", "top-5 agreement", " %", at_most=False, of=lambda n: _share(n.top5, n), rows=_rows),
        Metric("flips", "argmax flips", "", at_most=True, of=lambda n: n.flips),
        Metric("accuracy", "accuracy", " %", at_most=False, of=lambda n: n.accuracy.after if n.accuracy else None),
        Metric(
            "drop",
            "accuracy drop",
            " points",
            at_most=True,
            of=lambda n: n.accuracy.drop if n.accuracy else None,
            rows=lambda n: n.accuracy.rows if n.accuracy else 0,
        ),
        Metric("equal", "equal elements", " %", at_most=False, of=lambda n: n.equal),
    )
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A metric and how far it may go."""

    metric: str
    value: float

    def holds(self, numbers: Numbers) -> bool | None:
        """Whether it does; None: the metric has no meaning for this output."""
        metric = METRICS[self.metric]
        found = metric.of(numbers)
        if found is None:
            return None
        if metric.rows:
            rows, (missed, allowed) = (
                metric.rows(numbers),
                ((found, self.value) if metric.at_most else (100 - found, 100 - self.value)),
            )
            return rows * missed / 100 <= ceil(rows * allowed / 100 - 1e-9) + 1e-9
        return found <= self.value if metric.at_most else found >= self.value

    def missed(self, numbers: Numbers) -> str:
        """The number as it is, beside what was asked."""
        metric = METRICS[self.metric]
        return f"{metric.words} is {metric.of(numbers) or 0.0:.4g}{metric.unit} (asked: {self._asked})"

    @property
    def _asked(self) -> str:
        metric = METRICS[self.metric]
        return f"{'<=' if metric.at_most else '>='} {self.value:g}{metric.unit}"

    def __str__(self) -> str:
        return f"{METRICS[self.metric].words} {self._asked}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits of which one has to hold; none at all: bit equality."""

    limits: tuple[Limit, ...] = ()

    def holds(self, numbers: Numbers) -> bool | None:
        """Whether one does; None: none of them has a meaning for this output."""
        if not self.limits:
            return numbers.same_bits
        answers = [answer for limit in self.limits if (answer := limit.holds(numbers)) is not None]
        return any(answers) if answers else None

    def missed(self, numbers: Numbers) -> str:
        """Why it does not hold."""
        if not self.limits:
            return f"not bit-equal: {numbers.differ} of {numbers.elements} elements differ"
        return " and ".join(limit.missed(numbers) for limit in self.limits if limit.holds(numbers) is not None)

    def __str__(self) -> str:
        return " or ".join(map(str, self.limits)) or "bit-equal"


@dataclass(frozen=True, slots=True)
class Function:
    """A user's own metric: `module:function` of (reference, candidate), each {output: [a value a sample]}.

    It gives True or False, or a number that may be at most `limit`.
    """

    spec: str
    limit: float | None = None

    def __str__(self) -> str:
        return self.spec + ("" if self.limit is None else f" <= {self.limit:g}")


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of each output. `every`: of floating-point outputs; `whole`: of integer, boolean and text ones."""

    name: str
    every: tuple[Gate, ...]
    whole: tuple[Gate, ...] = (Gate((Limit("equal", 100),)),)
    of: Mapping[str, tuple[Gate, ...]] = field(default_factory=dict)  # output -> gates, in place of the others
    functions: tuple[Function, ...] = ()
    reason: str = ""

    def for_output(self, name: str, *, floating: bool) -> tuple[Gate, ...]:
        """Gates of an output."""
        return self.of.get(name) or (self.every if floating else self.whole)

    @property
    def exact(self) -> bool:
        """All outputs are to be bit-equal."""
        return self.every == (Gate(),)


def _gate(text: str) -> Gate:
    return Gate(tuple(_limit(part, text) for part in text.split("|")) if text != EXACT_METRIC else ())


def _limit(part: str, text: str) -> Limit:
    name, colon, value = part.strip().partition(":")
    if name not in METRICS:
        raise TflintError(f"--metric {text}: no metric {name!r}{nearest(name, METRICS)}; there are exact, "
                          f"{', '.join(METRICS)} and module:function")  # fmt: skip
    return Limit(name, _number(value, text) if colon else _number("", text))


def _number(value: str, text: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if number != number:  # noqa: PLR0124 - NaN
        raise TflintError(f"--metric {text}: write METRIC:LIMIT, such as cosine:0.999, or OUTPUT=METRIC:LIMIT")
    return number


EXACT = Gates("exact", (Gate(),), (Gate(),))
FLOAT = Gates("float32", (_gate("close:1e-5"),))
DROP = _gate("drop:1")  # where samples have labels
HALF = Gates("float16", (_gate("logit:0.5"), _gate("cosine:0.9999"), DROP))
DYNAMIC = Gates(
    "dynamic-range int8", (_gate("logit:5"), _gate("cosine:0.99"), _gate("top1:98"), DROP), (_gate("equal:98"),)
)
INTEGER = Gates("int8", (_gate("cosine:0.98|sqnr:20"), _gate("top1:95"), DROP), (_gate("equal:95"),))
LADDER = (FLOAT, HALF, DYNAMIC, INTEGER)  # from strict to loose
ALIKE = Gates("quantized alike", (_gate("close:1e-5"),))  # quantization has cost the reference what it costs


def gates_for(schemes: Iterable[str], reference: Iterable[str] | None = None) -> Gates:
    """Gates for a candidate by the schemes of its weights (`tflint.model.scheme`): the loosest that any of them needs.

    `reference`: the schemes of a `.tflite` that it is compared with. Where they are the same nothing is allowed for.

    Sources: allclose of optimum and onnx2tf for float; published differences of fp16 and int8 BERTs (0.05 % and 1.5 %
    measured on MobileBERT) for the others; accuracy by MLPerf Inference, whose quantized models keep 99 % of
    that of float32.
    """
    own = set(schemes)
    loosest = LADDER[max((LADDER.index(_gates_of(scheme)) for scheme in own), default=0)]
    return ALIKE if loosest is not FLOAT and reference is not None and set(reference) == own else loosest


def _gates_of(scheme: str) -> Gates:
    if scheme == "float32":
        return FLOAT
    if scheme in ("float16", "float16 weights"):
        return HALF
    if scheme in ("dynamic-range int8", "weight-only int8", "int16x8"):
        return DYNAMIC
    return INTEGER


def with_metrics(gates: Gates, texts: Iterable[str], reason: str = "") -> Gates:
    """Gates with those of `--metric`. Raises TflintError.

    `METRIC:LIMIT` is for all outputs and `OUTPUT=METRIC:LIMIT` for one; `exact` asks for bit equality, `A:1|B:2` for
    one of two, and `module:function[:LIMIT]` is a metric of the user's.
    """
    every: list[Gate] = []
    of: dict[str, list[Gate]] = {}
    functions: list[Function] = []
    texts = tuple(texts)
    for text in texts:
        output, equals, rule = text.rpartition("=")
        match = FUNCTION.fullmatch(rule)
        if match and match["function"].partition(":")[0] not in METRICS and not equals:
            functions.append(Function(match["function"], _number(match["limit"][1:], text) if match["limit"] else None))
        elif equals:
            of.setdefault(output, []).append(_gate(rule))
        else:
            every.append(_gate(rule))
    if not texts:
        return gates
    return Gates(
        "given" if every else gates.name,
        tuple(every) or gates.every,
        tuple(every) or gates.whole,
        {**gates.of, **{output: tuple(found) for output, found in of.items()}},
        (*gates.functions, *functions),
        reason or gates.reason,
    )
