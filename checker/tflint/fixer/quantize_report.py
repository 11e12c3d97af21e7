"""The table that people draw by hand when they quantize: scheme, error, agreement, sizes, latency, memory."""

from __future__ import annotations

import io
import shutil
import sys
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tflint.parity.metrics import LOGIT
from tflint.report.escape import LONGEST_MESSAGE, no_commands, plain, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tflint.fixer.variant import Quantized, Variant
    from tflint.parity.accuracy import Accuracy
    from tflint.parity.judge import Judgement, Verdict
    from tflint.parity.metrics import Numbers
    from tflint.parity.results import Results

FILE, WIDE, MORE = 140, 102, 10  # columns of what is no terminal, of the table with bytes, and of accuracy beside it
LEAST = 0.001  # percent: less is not spelled out
UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
HEADS = ("", "scheme", "parity", "logit diff", "top-1", "size", "deflated", "latency", "memory")
DEFINITIONS = (
    f"logit diff = {LOGIT}, in percent; top-1: rows whose largest element is the same; both of the output that is "
    "worst. Size and deflated: bytes of the file, and of it in a zip. Latency: median of the samples, one thread, "
    "default delegates. Memory: peak of the process, Python and numpy included."
)
RIGHT = " Accuracy: rows whose largest element is that of the label, of the output that loses most."


def lines(path: str, found: Quantized, model: Path) -> Iterator[str]:
    """The report as text. `model`: what is kept is in its place, or beside it."""
    yield plain(path)
    yield from body(found)
    yield from (f"written: {plain(str(found.place(variant, model)))}" for variant in found.kept)
    if not found.kept:
        yield "nothing was written"


def body(found: Quantized) -> Iterator[str]:
    """What was asked, the table, and what is to be said of its rows."""
    for samples in found.samples:
        yield f"  samples   {short(samples.origin, LONGEST_MESSAGE)}"
        yield from (f"            {short(note, LONGEST_MESSAGE)}" for note in samples.notes)
    yield from (f"  note      {short(note, LONGEST_MESSAGE)}" for note in found.notes)
    yield ""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else FILE
    labelled = any(_right(variant) for variant in found.variants)
    yield from _table(found, narrow=width < WIDE + MORE * labelled)
    yield from wrap(DEFINITIONS + RIGHT * labelled, min(width, 110))
    yield ""
    for variant in found.variants:
        if variant.problem:
            yield f"{_label(variant)}: {short(variant.problem, LONGEST_MESSAGE)}"
        if variant.kept_float:
            names = ", ".join(short(name) for name in variant.kept_float)
            yield f"{_label(variant)} leaves float: {names}"
    for variant in found.kept:
        gates = dict.fromkeys(gate for verdict in _verdicts(variant) for gate in verdict.gates)
        yield f"kept: {_label(variant)}, {found.size:,} -> {variant.size:,} bytes; parity holds: {'; '.join(gates)}"
        yield from (f"  {line}" for line in _changed_ports(variant))
        for verdict in (verdict for judgement in variant.source for verdict in judgement.verdicts):
            if verdict.numbers is not None:
                yield f"  against the source: {short(verdict.output)} {_percent(verdict.numbers.logit)} logit diff"


def render(path: str, found: Quantized, model: Path) -> str:
    """The report as text."""
    return no_commands("".join(f"{line.rstrip()}\n" for line in lines(path, found, model)))


def _changed_ports(variant: Variant) -> Iterator[str]:
    """Outputs whose type is another than the float model's, a line each."""
    for judgement in variant.judgements:
        for ours, theirs in zip(judgement.reference.outputs, judgement.candidate.outputs, strict=False):
            if ours.dtype != theirs.dtype:
                yield f"output '{short(theirs.name)}' is {theirs} now, it was {ours}"


def plain_report(path: str, found: Quantized, model: Path | None) -> dict[str, Any]:
    """The report as JSON. `model`: what is kept is in its place, or beside it; None: nothing is written."""
    return {
        "schema_version": 1,
        "path": path,
        "asked": ",".join(found.wish.schemes),
        "kept": found.chosen.scheme if found.chosen else None,
        "written": str(model) if model and found.chosen else None,
        "samples": [{"origin": samples.origin, "count": len(samples.rows)} for samples in found.samples],
        "notes": list(found.notes),
        "float": {
            "size": found.size,
            "deflated": found.deflated,
            "accuracy": _accuracy_before(found),
            **_cost(found.reference),
        },
        "variants": [_plain(variant, found, model) for variant in found.variants],
    }


def proof(variant: Variant) -> list[dict[str, Any]]:
    """The numbers of each output, and the gates that they passed, where the float model is the reference."""
    return _outputs(variant.judgements)


def _outputs(judgements: Iterable[Judgement]) -> list[dict[str, Any]]:
    return [
        {
            "signature": judgement.reference.key,
            "output": verdict.output,
            "holds": verdict.holds,
            "gates": list(verdict.gates),
            **_numbers(verdict.numbers),
        }
        for judgement in judgements
        for verdict in judgement.verdicts
    ]


def _plain(variant: Variant, found: Quantized, model: Path | None) -> dict[str, Any]:
    logit, top1 = _worst(variant)
    kept = variant in found.kept
    return {
        "scheme": variant.scheme,
        "kept": kept,
        "written": str(found.place(variant, model)) if model and kept else None,
        "holds": variant.holds,
        "problem": variant.problem or None,
        "float_layers": list(variant.kept_float),
        "logit_difference": logit,
        "top1": top1,
        "accuracy": _after(variant),
        "size": variant.size or None,
        "deflated": variant.deflated or None,
        **_cost(judgement.candidate for judgement in variant.judgements),
        "outputs": proof(variant),
        "source_outputs": _outputs(variant.source),
    }


def _numbers(numbers: Numbers | None) -> dict[str, Any]:
    if numbers is None:
        return {}
    found = {
        "logit_difference": numbers.logit,
        "cosine": numbers.cosine,
        "sqnr": numbers.sqnr,
        "top1": numbers.top1,
        "max_abs": numbers.max_abs,
        "accuracy": numbers.accuracy.after if numbers.accuracy else None,
    }
    return {name: value if value is None or isfinite(value) else None for name, value in found.items()}


def _cost(results: Iterable[Results]) -> dict[str, Any]:
    """Seconds of a run of each signature, added up, and the largest memory in bytes."""
    results = list(results)
    times = [each.latency for each in results if each.latency is not None]
    peaks = [each.memory for each in results if each.memory is not None]
    return {"latency": sum(times) if times else None, "memory": max(peaks, default=None)}


def _worst(variant: Variant) -> tuple[float | None, float | None]:
    """Logit difference and top-1 agreement of the output that is worst in it, in percent."""
    numbers = [verdict.numbers for verdict in _verdicts(variant) if verdict.numbers]
    logits = [each.logit for each in numbers if each.logit is not None and isfinite(each.logit)]
    tops = [each.top1 for each in numbers if each.top1 is not None]
    return max(logits, default=None), min(tops, default=None)


def _right(variant: Variant) -> Accuracy | None:
    """Accuracy of the output that loses most of it; None without labels."""
    found = [each.numbers.accuracy for each in _verdicts(variant) if each.numbers and each.numbers.accuracy]
    return max(found, key=lambda each: each.drop, default=None)


def _after(variant: Variant) -> float | None:
    """Percent that it has right."""
    right = _right(variant)
    return right.after if right else None


def _accuracy_before(found: Quantized) -> float | None:
    """Percent that the float model has right."""
    return next((right.before for variant in found.variants if (right := _right(variant))), None)


def _verdicts(variant: Variant) -> Iterator[Verdict]:
    return (verdict for judgement in variant.judgements for verdict in judgement.verdicts)


def _label(variant: Variant) -> str:
    count = len(variant.kept_float)
    return variant.scheme + (f" (-{count})" if count else "")


def markdown(found: Quantized) -> list[str]:
    """The table for a pull request."""
    head, *rows = _rows(found, narrow=False)
    rule = [("---" if place < 3 else "--:") for place in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def _rows(found: Quantized, *, narrow: bool) -> Iterator[tuple[str, ...]]:
    """Heads, the float model, and each variant. With an accuracy where samples have labels."""
    labelled = any(_right(variant) for variant in found.variants)
    yield (*HEADS[:5], *["accuracy"] * labelled, *HEADS[5:])
    sizes = _sizes(found.size, found.deflated, narrow=narrow)
    before = [_percent(_accuracy_before(found))] * labelled
    yield ("", "float32", "", "", "", *before, *sizes, *_costs(_cost(found.reference)))
    for variant in found.variants:
        logit, top1 = _worst(variant)
        after = [_percent(_after(variant))] * labelled
        verdict = "holds" if variant.holds else "FAILS" if variant.judgements else "none"
        cost = _cost(judgement.candidate for judgement in variant.judgements)
        yield ("*" if variant in found.kept else "", _label(variant), verdict, _percent(logit), _percent(top1),
               *after, *_sizes(variant.size, variant.deflated, narrow=narrow), *_costs(cost))  # fmt: skip


def _table(found: Quantized, *, narrow: bool) -> list[str]:
    """The table; a narrow one, of 80 columns, has sizes in kB and less air."""
    from rich.console import Console  # noqa: PLC0415 - 20 ms, for people only
    from rich.table import Table  # noqa: PLC0415 - same

    table = Table(box=None, pad_edge=False, padding=(0, 1 if narrow else 2, 0, 0))
    heads, *rows = _rows(found, narrow=narrow)
    for head in heads:
        name = head.replace(" ", "\n") if narrow else head
        table.add_column(name, justify="left" if head in HEADS[:3] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out = io.StringIO()
    Console(file=out, width=FILE, color_system=None, highlight=False, markup=False, emoji=False).print(table)
    return out.getvalue().rstrip("\n").split("\n")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.4g} %" if value >= LEAST or value == 0 else f"<{LEAST} %"


def _sizes(*values: int, narrow: bool) -> tuple[str, ...]:
    return tuple("" if not value else _short_size(value) if narrow else f"{value:,}" for value in values)


def _short_size(value: int) -> str:
    unit, name = next(((unit, name) for unit, name in UNITS if value >= unit), (1, "B"))
    return f"{value / unit:.3g} {name}" if value / unit < 1000 else f"{value / unit:.0f} {name}"


def _costs(cost: dict[str, Any]) -> tuple[str, str]:
    latency, memory = cost["latency"], cost["memory"]
    return "" if latency is None else f"{latency * 1000:.3g} ms", "" if memory is None else f"{memory / 1e6:.0f} MB"
