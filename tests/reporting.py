"""What tests of reports share: findings, by rules of this file so that they do not change with the built-in pack."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import EXAMPLES, all_models
from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.findings import Report, Severity, hit
from tflint.model.path import Place
from tflint.model.read import decode
from tflint.registry import Entry, catalogue
from tflint.report import Style, render
from tflint.rule import Rule, rule
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor
    from tflint.findings import FileReport

PLAIN = Style(color="never")
COLORED = Style(color="always")
TWO_OPS = """
x: float32[1,4]
mid: float32[1,4] = RELU(x)
y: float32[1,4] = SOFTMAX(mid) beta=1
"""

HOSTILE = {
    "escape": "\x1b[35;7mowned\x1b[0m\x07\x00\x7f\x9b31m",
    "link": "\x1b]8;;https://evil.example/\x1b\\here\x1b]8;;\x1b\\",
    "markup": "[bold red]x[/] [link=https://evil.example]y[/link] [/] [@click=app.quit]",
    "lines": "a\nb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h",
    "command": "::error::owned",
    "command-line": "a\n::error file=x::owned\n  ::stop-commands::pw",
    "old-command": "##[error]owned ##[add-mask]e ##vso[task.complete]x ##teamcity[message] ####[group]",
    "bidi": "\u202egnp.exe\u2066a\u2069\u200f\u061c",
    "invisible": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041f\ufff9",
    "markdown": "`` `x`` | **b** _i_ ~~s~~ [a](https://evil.example) ![i](x) <b>h</b> </details><!-- -- $x$ &lt; \\| `",
    "linked": "@owner #1 GH-1 https://evil.example www.evil.example a@evil.example <https://evil.example>",
    "xml": "]]> <failure message='\"'/> &amp; &#0; <![CDATA[ --> \ufffe\uffff",
    "percent": "%0A::error::owned%25 100%",
    "long": "x" * 60_000,
    "long-lines": "\x1b\n" * 30_000,
    "long-words": "::error::owned " * 4_000,
}


@rule("TST101", "tensor-named", Severity.WARNING, since="0.1.0", message="{name} is a name", examples=[])
def tensor_named(tensor: Tensor) -> Iterator[Hit]:
    """Flag each tensor, by a message that starts with its name.

    ## Why is this bad?
    A test needs a message that a model's author chose.

    ## What to do
    Nothing.
    """
    yield hit(tensor, name=tensor.name, related=(tensor,))


@rule("TST102", "op-seen", Severity.ERROR, since="0.1.0", message="{op} is an operator", examples=[], group=("op",))
def op_seen(op: Op) -> Iterator[Hit]:
    """Flag each operator."""
    yield hit(op, op=op.kind)


@rule("TST103", "twice", Severity.ERROR, since="0.1.0", message="said twice", examples=[], group=())
def twice(op: Op) -> Iterator[Hit]:
    """Say the same of an operator as an error and as a note."""
    yield hit(op)
    yield hit(op, severity=Severity.INFO)


@rule("TST104", "odd-data", Severity.INFO, since="0.1.0", message="odd", examples=[], group=())
def odd_data(op: Op) -> Iterator[Hit]:
    """Put into data what JSON has no form for."""
    yield hit(
        op,
        nan=float("nan"),
        infinite=[float("inf"), -float("inf")],
        raw=b"\x00\xff",
        view=memoryview(b"\x01\x00\x02\x00").cast("H"),
        nested={1: (1, 2), "set": {"b", "a"}},
        lone="\ud800",
        big=1 << 70,
        thing=Severity.INFO,
        place=Path("a"),
    )


@rule("TST105", "levels", Severity.INFO, since="0.1.0", message="{name} is {level}", examples=[])
def levels(tensor: Tensor) -> Iterator[Hit]:
    """Take a tensor for as bad as the first word of its name says."""
    level = tensor.name.partition("_")[0]
    if level in {severity.value for severity in Severity}:
        yield hit(tensor, name=tensor.name, level=level, severity=Severity(level))


@rule("TST106", "raises", Severity.INFO, since="0.1.0", message="never said", examples=[], group=())
def raises(op: Op) -> Iterator[Hit]:
    """Raise at the first operator."""
    yield hit(op, name=op.no_such_attribute)  # type: ignore[attr-defined] # the point of it


def linted(
    text: str, *rules: Rule, name: str = "models/m.tflite", targets: tuple[str, ...] = ("litert",)
) -> FileReport:
    """Lint a sketch by these rules."""
    entries = tuple(Entry.of(r, "test") for r in rules)
    return check_model(decode(sketch.build(text)), Plan(entries, tuple(map(resolve, targets))), name)


def report(*files: FileReport, rules: tuple[Rule, ...] = (), targets: tuple[str, ...] = ("litert-2.3.0",)) -> Report:
    """Make a run of these files."""
    return Report(files, targets, rules=rules)


def examples() -> Report:
    """Lint the example models by all built-in rules."""
    entries = tuple(catalogue().values())
    plan = Plan(entries, (resolve("litert"), resolve("tflite-2.9")))
    files = tuple(check_file(path, plan) for path in sorted(EXAMPLES.glob("*.tflite")))
    return Report(files, tuple(p.id for p in plan.profiles), rules=tuple(entry.load() for entry in entries))


@cache
def corpus() -> Report:
    """Lint every model at hand by all built-in rules, for targets of which each refuses some."""
    entries = tuple(catalogue().values())
    profiles = tuple(map(resolve, ("litert", "litert+compiled", "tflite-2.12", "tflite-2.4", "tflm")))
    files = tuple(check_file(path, Plan(entries, profiles)) for path in all_models() if path.is_file())
    return Report(files, tuple(p.id for p in profiles), rules=tuple(entry.load() for entry in entries))


def surrogates() -> FileReport:
    """Give a finding that names what is no text: half of a character that takes two."""
    file = linted(TWO_OPS, tensor_named, name=os.fsdecode(b"\xff.tflite"))
    place = Place("/", "\ud800")
    return replace(
        file, findings=tuple(replace(f, message="\udfff", place=place, places=(place,)) for f in file.findings)
    )


def hostile(name: str) -> str:
    """Write a sketch that holds the name wherever a model has one."""
    text = json.dumps(name)
    return f"""
description {text}
graph {text}({text}) -> ({text}~2)
{text}: float32[1,4]
{text}~2: float32[1,4] = CUSTOM:{text}({text})
signature {text}({text}={text}) -> ({text}={text}~2)
metadata {text} = "x"
"""


def strict(text: str) -> Any:
    """JSON as a strict parser takes it: no NaN, no infinities, nothing but printable ASCII and line ends."""

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    assert re.fullmatch(r"[ -~\n]*", text)
    return json.loads(text, parse_constant=refuse)


def sarif_run(made: Report) -> dict[str, Any]:
    """Give the one run of the SARIF report."""
    run: dict[str, Any] = strict(render("sarif", made, PLAIN))["runs"][0]
    return run


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """(command, properties, message) of each line that a GitHub runner obeys, as ActionCommand.cs parses it."""
    found = []
    for line in map(str.lstrip, text.split("\n")):
        if line.startswith("::") and (end := line.find("::", 2)) > 0:
            word, _, rest = line[2:end].partition(" ")
            pairs = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
            found.append((word, {k: unescaped(v) for k, v in pairs.items()}, unescaped(line[end + 2 :])))
    return found


def unescaped(text: str) -> str:
    """Read a property or message as the runner does."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text
