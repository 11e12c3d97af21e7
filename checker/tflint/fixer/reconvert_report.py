"""What was tried to convert a model again, and what each attempt changed: for people, as JSON, as markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.convert.corrections import ANYWAY
from tflint.findings import Severity
from tflint.report.escape import LONGEST_MESSAGE, no_commands, plain, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.convert.recipe import Change
    from tflint.findings import FileReport, Finding
    from tflint.fixer.reconvert import Reconverted, Try, Weight

SCHEMA_VERSION = 1


def render(name: str, found: Reconverted, size: int, written: str | None, *, color: bool) -> str:
    """The report as text. `size`: bytes of the model as it was, 0 where there was none."""
    text = "".join(f"{line.rstrip()}\n" for line in _lines(name, found))
    if found.quantized is not None:
        from tflint.fixer import quantize_report  # noqa: PLC0415 - numpy

        text += "".join(f"{line.rstrip()}\n" for line in ("", *quantize_report.body(found.quantized)))
    if found.parity is not None:
        from tflint.parity import text as parity  # noqa: PLC0415 - numpy

        text += "\n" + parity.render(found.parity, color=color)
    return no_commands(text + _last(found, size, written))


def planned(name: str, source: str, changes: Iterable[Change], before: FileReport | None) -> str:
    """What a recipe has and why, and what every conversion mends."""
    lines = [f"{plain(name)} from {plain(source)}"]
    lines += [f"  {_why(change)}" for change in changes]
    for finding in before.findings if before else ():
        if finding.rule.code in ANYWAY:
            lines.append(f"  {ANYWAY[finding.rule.code]}, as every conversion gives: {_finding(finding)}")
    if len(lines) == 1:
        lines.append("  nothing that a recipe would mend; what the first attempt shows is mended by the next")
    return no_commands("".join(f"{line}\n" for line in (*lines, "would convert; nothing was written, nothing was run")))


def markdown(name: str, found: Reconverted, size: int, written: str | None) -> str:
    """The report for a pull request: a row an attempt, and the numbers of parity."""
    heads = ("attempt", "changed", "result", "size", "operators", "latency", "logit diff", "seconds")
    rows = [f"| {' | '.join(heads)} |", "|--:|---|---|--:|--:|--:|--:|--:|"]
    if found.before is not None:
        rows.append(f"| was | | {', '.join(sorted(_codes(found.before)))} | {size:,} | | {_time(found.was)} | | |")
    for place, each in enumerate(found.tries, 1):
        changed = "<br>".join(f"`{_cell(change.line)}`" for change in each.changes) or "as planned"
        result = _cell(str(each.diagnosis)) if each.diagnosis else ", ".join(sorted(_codes(each.report))) or "clean"
        weight = found.weights.get(place - 1)
        cost = f"{each.size or '':,}" if each.size else ""
        numbers = (cost, str(each.operators or ""), _time(weight), _off(weight), f"{each.attempt.seconds:.1f}")
        rows.append(f"| {place} | {changed} | {result} | {' | '.join(numbers)} |")
    text = f"## {_cell(name)}\n\nConverted from `{_cell(found.recipe.source)}`.\n\n" + "\n".join(rows) + "\n\n"
    if found.quantized is not None:
        from tflint.fixer import quantize_report  # noqa: PLC0415 - numpy

        text += "\n".join(quantize_report.markdown(found.quantized)) + "\n\n"
    if found.parity is not None:
        from tflint.parity import markdown as parity  # noqa: PLC0415 - numpy

        text += parity.render(found.parity) + "\n"
    return no_commands(text + _last(found, size, written))


def plain_report(name: str, found: Reconverted, size: int, written: str | None) -> dict[str, Any]:
    """The report as JSON."""
    quantized = parity = None
    if found.quantized is not None:
        from tflint.fixer import quantize_report  # noqa: PLC0415 - numpy

        quantized = quantize_report.plain_report(name, found.quantized, Path(written) if written else None)
    if found.parity is not None:
        from tflint.parity.words import report_object  # noqa: PLC0415 - numpy

        parity = report_object(found.parity)
    return {
        "schema_version": SCHEMA_VERSION,
        "path": name,
        "written": written,
        "problem": found.problem or None,
        "recipe": found.recipe.plain,
        "size": size or None,
        "latency": found.was.latency if found.was else None,
        "attempts": [_try(each, found.weights.get(place)) for place, each in enumerate(found.tries)],
        "quantized": quantized,
        "parity": parity,
        "note": found.note or None,
    }


def _try(each: Try, weight: Weight | None) -> dict[str, Any]:
    from tflint.report.json import finding_object  # noqa: PLC0415 - this form only

    answer = each.attempt.answer
    return {
        "changes": [{"line": change.line, "why": change.why, "code": change.code or None} for change in each.changes],
        "recipe": each.attempt.recipe.plain,
        "versions": answer.get("versions", {}),
        "weights": answer.get("about", {}).get("mapped", []),
        "seconds": answer.get("seconds", {}),
        "failure": str(each.diagnosis) if each.diagnosis else None,
        "kind": each.diagnosis.kind if each.diagnosis else None,
        "size": each.size or None,
        "operators": each.operators or None,
        "latency": weight.latency if weight else None,
        "logit_difference": weight.logit if weight else None,
        "loops": each.loops,
        "findings": [finding_object(finding) for finding in each.report.findings] if each.report else [],
    }


def _lines(name: str, found: Reconverted) -> Iterator[str]:
    yield f"{plain(name)} from {plain(found.recipe.source)}"
    if found.was is not None and found.was.latency is not None:
        yield f"  it takes {_time(found.was)}"
    known = _codes(found.before)
    for place, each in enumerate(found.tries, 1):
        with_what = " ".join(f"{key} {value}" for key, value in _versions(each))
        yield f"  attempt {place}, {each.attempt.seconds:.1f} s{', ' if with_what else ''}{with_what}"
        yield from (f"    {_why(change)}" for change in each.changes)
        if each.diagnosis is not None:
            what = "no model" if each.attempt.file is None else "not kept"
            yield f"    {what}: {short(str(each.diagnosis), LONGEST_MESSAGE)}"
        if each.report is None:
            continue
        now = _codes(each.report)
        weight = found.weights.get(place - 1)
        operators = f"{each.operators:,} operator{'' if each.operators == 1 else 's'}"
        told = (f"{each.size:,} bytes", operators, _time(weight), _off(weight, " logit diff"))
        yield f"    {', '.join(filter(None, told))}"
        yield from (f"    {line}" for line in _weights(each))
        for what, codes in (("mended", known - now), ("new", now - known if known else set()), ("left", now & known)):
            if codes:
                yield f"    {what}: {', '.join(sorted(codes))}"
        for finding in each.report.findings:
            if finding.severity is not Severity.INFO and finding.suppressed is None:
                yield f"    {_finding(finding)}"
        for layer, why in each.loops.items():
            yield f"    {short(layer, LONGEST_MESSAGE)} runs in a loop: {short(why, LONGEST_MESSAGE)}"
        known = now


def _time(weight: Weight | None) -> str:
    return "" if weight is None or weight.latency is None else f"{weight.latency * 1000:.3g} ms"


def _off(weight: Weight | None, what: str = "") -> str:
    return "" if weight is None or weight.logit is None else f"{weight.logit:.3g} %{what}"


def _versions(each: Try) -> Iterator[tuple[str, str]]:
    """Releases of the converter and of what the model was loaded with."""
    for key in ("tensorflow", "litert-torch", "transformers"):
        if key in each.attempt.answer.get("versions", {}):
            yield key, each.attempt.answer["versions"][key]


def _weights(each: Try) -> Iterator[str]:
    """What was carried from a checkpoint into variables that are not called so."""
    told = each.attempt.answer.get("about", {})
    if "named" in told:
        yield f"weights: {told['named']} by name, {len(told['mapped'])} otherwise"
        yield from (f"  {plain(old)} -> {plain(new)}, {how}" for old, new, how in told["mapped"])


def _codes(report: FileReport | None) -> set[str]:
    return {each.rule.code for each in report.findings if each.suppressed is None} if report else set()


def _why(change: Change) -> str:
    rule = f"{change.code} " if change.code else ""
    return f"{short(change.line, LONGEST_MESSAGE)}: {rule}{short(change.why, LONGEST_MESSAGE)}"


def _finding(finding: Finding) -> str:
    return f"{finding.rule.code} {finding.rule.name}: {short(finding.message, LONGEST_MESSAGE)}"


def _last(found: Reconverted, size: int, written: str | None) -> str:
    note = f"{plain(found.note)}\n" if found.note else ""
    if written is None:
        return note + "nothing was written\n"
    was = f"{size:,} -> " if size else ""
    quantized = found.quantized
    chosen = quantized.chosen if quantized else None
    text = f"written: {plain(written)}, {was}{(chosen or found.tries[-1]).size:,} bytes\n"
    if quantized and quantized.wish.several:
        for variant in quantized.kept:
            text += f"written: {plain(str(quantized.place(variant, Path(written))))}, {variant.size:,} bytes\n"
    return note + text


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|").replace("`", "'").replace("\n", " ")
