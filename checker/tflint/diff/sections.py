"""A difference in words: a headline, and tables that text and Markdown lay out each in its way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.runtimes.profile import target_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHOWN = 24  # kinds of operators: more are counted only
SIZES = {
    "size": "file, bytes",
    "constant_bytes": "constants, bytes",
    "arena": "activations, bytes",
    "operators": "operators",
    "tensors": "tensors",
    "subgraphs": "subgraphs",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A table. Cells hold names of the models: not to be trusted."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def headline(report: Mapping[str, Any]) -> str:
    """Say the most important thing: what breaks, or that nothing changed."""
    status, old, new = report["status"], report["old"], report["new"]
    if status == "not compared":
        return "not compared: " + " and ".join(
            f"the {word} file is no model: {side['problem']}"
            for word, side in (("old", old), ("new", new))
            if side["problem"]
        )
    if status in ("added", "removed"):
        return f"{status}: {_alone(report)}"
    if status == "identical":
        return "identical models"
    broken = sum(change["breaking"] for change in report["interface"])
    lost = sum(row["lost"] for row in report["runtimes"])
    parts = [f"{broken} interface change{'s' * (broken != 1)}"] * bool(broken)
    parts += [f"{lost} runtime{'s' * (lost != 1)} lost"] * bool(lost)
    return f"breaks callers: {' and '.join(parts)}" if parts else "no caller breaks, no runtime is lost"


def _alone(report: Mapping[str, Any]) -> str:
    sizes = {key: old if new is None else new for key, (old, new) in report["sizes"].items()}
    entries = [
        f"{'no signature' if e['key'] is None else e['key']}({', '.join(e['inputs'])}) -> ({', '.join(e['outputs'])})"
        for e in report.get("signatures", ())
    ]
    needs = " or ".join(report.get("minimum_runtimes", ()))
    parts = [f"{sizes['size']:,} bytes", f"{sizes['operators']:,} operators", *entries]
    return "; ".join([*parts, f"needs {needs}"] if needs else parts)


def sections(report: Mapping[str, Any]) -> list[Section]:
    """The tables that have rows, what matters to callers first."""
    if report["status"] != "changed":
        return []
    all_of_them = (
        Section("Interface", ("", "what", "old", "new"), list(_interface(report))),
        Section("Operators", ("operator", "old", "new", ""), list(_operators(report))),
        Section("Runtimes", ("", "runtimes", "old", "new", "why"), list(_runtimes(report))),
        Section("Size", ("", "old", "new", "change"), list(_sizes(report))),
        Section("Model", ("", "old", "new"), list(_facts(report))),
        Section("Graph", ("", "operator", ""), list(_graph(report))),
        Section("Findings", ("", "severity", "rule", "message"), list(_findings(report))),
    )
    return [section for section in all_of_them if section.rows]


def _interface(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for change in sorted(report["interface"], key=lambda change: not change["breaking"]):
        yield "breaks" if change["breaking"] else "", change["what"], change["old"], change["new"]


def _operators(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in report["operators"]:
        news = "new" if not row["old"] else "gone" if not row["new"] else ""
        yield row["op"], _counts(row["old"]), _counts(row["new"]), ", ".join(filter(None, (news, row["note"])))


def _counts(versions: Mapping[str, int]) -> str:
    """`3 (v1), 1 (v2)`."""
    return ", ".join(f"{count:,} (v{version})" for version, count in versions.items()) or "-"


def _runtimes(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in report["runtimes"]:
        news = "lost" if row["lost"] else "gained" if row["gained"] else "changed"
        groups.setdefault((news, row["old"], row["new"], ", ".join(row["reasons"])), []).append(row["target"])
    order = ("lost", "changed", "gained")
    for (news, *verdicts, why), targets in sorted(groups.items(), key=lambda item: order.index(item[0][0])):
        yield news, spans(targets), *verdicts, why
    if needs := report["minimum_runtimes"]:
        old, new = (" or ".join(needs[side]) or "-" for side in ("old", "new"))
        yield "", "oldest that has all operators", old, new, ""


def spans(targets: list[str]) -> str:
    """`tflite-2.3 to 2.12, litert-1.0.0`: neighbours in the list of known targets, put together."""
    known = {target: place for place, target in enumerate(target_ids())}
    runs: list[list[str]] = []
    for target in targets:
        last = runs[-1][-1] if runs else ""
        family = target.rpartition("-")[0]
        if last.rpartition("-")[0] == family and known.get(target, -9) == known.get(last, -9) + 1:
            runs[-1].append(target)
        else:
            runs.append([target])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1].rpartition('-')[2]}" for run in runs)


def _sizes(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, (old, new) in report["sizes"].items():
        if old != new:
            yield SIZES[key], *("unknown" if n is None else f"{n:,}" for n in (old, new)), _growth(old, new)
    counts = report["constants"]
    if counts["removed"] or counts["added"]:
        said = f"{counts['removed']:,} gone, {counts['added']:,} new, {counts['same']:,} the same"
        yield "constants, by content", "", "", said


def _growth(old: int | None, new: int | None) -> str:
    if old is None or new is None:
        return ""
    return f"{new - old:+,}" + (f" ({100 * (new - old) / old:+.1f} %)" if old else "")


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if schemes := report["quantization"]:
        old, new = (_shares(schemes[side]) for side in ("old", "new"))
        if old != new:
            yield "quantization of weights", old, new
    for row in report["metadata"]:
        yield f"metadata {row['name']}" if row["name"] not in ("description", "schema") else row["name"], *_values(row)
    for row in report["conversion"]:
        yield row["name"].replace("_", " "), *_values(row)


def _shares(schemes: Mapping[str, int]) -> str:
    total = sum(schemes.values()) or 1
    return ", ".join(f"{name} ({100 * count / total:.0f} %)" for name, count in schemes.items()) or "no weights"


def _values(row: Mapping[str, Any]) -> tuple[str, str]:
    def text(value: Any) -> str:
        if value is None or value in ("", (), []):
            return "-"
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

    return text(row["old"]), text(row["new"])


def _graph(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    graph = report["graph"]
    old, new = Counter(graph["old"]), Counter(graph["new"])
    if len(old) + len(new) > SHOWN or graph["removed"] + graph["added"] > old.total() + new.total():
        yield "", f"{graph['removed']:,} are gone, {graph['added']:,} are new", ""
        return
    for mark, ops in (("-", old), ("+", new)):
        yield from ((mark, op, f"{count:,} times" if count > 1 else "") for op, count in ops.items())
    if not (old or new or graph["same_text"]):
        yield "", "the same operators; names, quantization or places of tensors differ", ""


def _findings(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for news in ("gained", "lost"):
        for row in report["findings"][news]:
            yield news, row["severity"], f"{row['code']} {row['name']}", row["message"]
