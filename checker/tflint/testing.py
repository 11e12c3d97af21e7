"""Contracts that every rule of every pack keeps, for our own tests and for a pack author's.

`contracts(pack, pages)` gives them all, to be called by a parametrised test.

A rule has a page `tests/rules/<CODE>.md`: prose and ```tflint blocks, each a sketch. Lines that the rule must flag end
in `# <CODE>`, and nothing else may be flagged; a finding on the whole model is expected by a line that holds nothing
but that comment. `# target: tflite-2.9` names the targets of a block, `# options: key=value` the rule's options;
`# locked: LINE` is a line of the sketch whose interface is locked, `# contract: LINE` one of a contract's TOML. Where
a ```said block follows, it holds all that is said: severity, message, place, related places and fixes.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from functools import partial
from string import Formatter
from typing import TYPE_CHECKING, Any

from tflint import docs, sketch
from tflint.config.given import option_value
from tflint.contract import LOCK
from tflint.contract.find import Contract, contract
from tflint.contract.interface import interface_of
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.registry import Entry, index_of, notices, rules_of
from tflint.report.sarif import descriptor
from tflint.runtimes.profile import resolve
from tflint.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from tflint.findings import Finding
    from tflint.fixer.edits.edit import Edit
    from tflint.model.view import Model
    from tflint.rule import Rule

__all__ = ["Case", "RuleContract", "cases", "contracts", "findings", "index_of", "names_a_remedy", "resolve"]

NEWEST = "litert"
BLOCK = re.compile(r"^```tflint\n(.*?)^```\n(?:\n```said\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_DENIED = re.compile(r"^(no|dont|do-not|must|should|avoid|disallow|use|prefer|check)-")
_ALLOWED = {"no-signature", "no-evidence"}  # what is missing is the flaw


@dataclass(frozen=True, slots=True)
class RuleContract:
    """One thing that one rule is held to. Called, it raises AssertionError where it is not kept."""

    code: str
    what: str
    check: Callable[[], None]

    def __call__(self) -> None:
        """Hold the rule to it."""
        self.check()

    def __str__(self) -> str:
        return f"{self.code}-{self.what}"


def contracts(pack: ModuleType, pages: Path) -> list[RuleContract]:
    """All contracts of all rules of a pack; `pages` is the folder of its test pages."""
    return sorted((contract for rule in rules_of(pack) for contract in contracts_of(rule, pages)), key=str)


def contracts_of(rule: Rule, pages: Path) -> Iterator[RuleContract]:
    """All contracts of one rule."""
    checks: dict[str, Callable[[], None]] = {
        "documented": partial(check_documented, rule),
        "placed": partial(check_placed, rule),
        "derived": partial(check_derived, rule),
        "page": partial(check_page, rule, pages),
    }
    if rule.fix:
        checks["fix"] = partial(check_fix, rule, pages)
    for number, each in enumerate(rule.examples):
        checks[f"example-{number}"] = partial(check_example, rule, each.bad, each.good, each.target)
    yield from (RuleContract(rule.code, what, check) for what, check in checks.items())


@dataclass(frozen=True, slots=True)
class Case:
    """One block of a page."""

    text: str
    targets: tuple[str, ...] = (NEWEST,)
    options: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""

    @classmethod
    def of(cls, block: re.Match[str]) -> Case:
        """What a match of BLOCK holds."""
        text, said = block.groups("")
        targets = re.findall(r"^# target: (.+)$", text, re.MULTILINE)
        options = dict(pair.split("=", 1) for pair in re.findall(r"^# options: (.+)$", text, re.MULTILINE))
        given = {key: option_value(value) for key, value in options.items()}
        return cls(text, tuple(targets) or (NEWEST,), given, said)


def cases(page: str) -> Iterator[Case]:
    """The blocks of a page."""
    return map(Case.of, BLOCK.finditer(page))


def said(found: Iterable[Finding]) -> str:
    """What findings say, as a ```said block of a page has it."""
    lines = []
    for finding in found:
        lines.append(f"{finding.severity.value}: {finding.message} ({finding.place.label})")
        lines += [f"  related: {place.label}" for place in finding.related]
        lines += [f"  {edit.applicability} fix: {edit.title}" for edit in finding.fix]
    return "".join(f"{line}\n" for line in lines)


def findings(rule: Rule, text: str, targets: tuple[str, ...] = (NEWEST,), **options: Any) -> tuple[Finding, ...]:
    """What one rule says of one sketch."""
    return _findings(rule, decode(sketch.build(text)), tuple(_contracts(text)), targets, options)


def _findings(
    rule: Rule, model: Model, asked: tuple[Contract, ...], targets: tuple[str, ...], options: Mapping[str, Any]
) -> tuple[Finding, ...]:
    entry = Entry.of(rule, "test")
    entries = (*notices().values(), _Loaded(entry, rule))
    plan = Plan(entries, tuple(map(resolve, targets)), options={rule.code: options}, deep=True)  # type: ignore[arg-type] # an Entry but for load()
    return check_model(model, plan, contracts=asked).findings


def _contracts(text: str) -> Iterator[Contract]:
    """What a block's comments ask of its model."""
    locked, asked = (re.findall(rf"^# {word}: (.+)$", text, re.MULTILINE) for word in ("locked", "contract"))
    if locked:
        yield Contract(LOCK, interface_of(decode(sketch.build("\n".join(locked)))), True)
    if asked:
        yield contract(parse_toml("\n".join(asked), "the block's contract"), "the contract")


class _Loaded:
    """An Entry whose rule is at hand."""

    def __init__(self, entry: Entry, rule: Rule) -> None:
        self._entry, self._rule = entry, rule

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def load(self) -> Rule:
        """The rule."""
        return self._rule


def check_documented(rule: Rule) -> None:
    """Its page starts with a sentence and says why it is bad and what to do; its name states the flaw."""
    assert rule.summary.endswith("."), f"{rule.code}: the first paragraph is a sentence"
    assert {"Why is this bad?", "What to do"} <= set(rule.sections), f"{rule.code}: sections {list(rule.sections)}"
    assert not names_a_remedy(rule.name), f"{rule.code}: {rule.name} names a remedy, not a flaw"
    assert rule.message[0] == "{" or rule.message[0].islower(), f"{rule.code}: a message is a lower-case fragment"
    assert not rule.message.endswith("."), f"{rule.code}: a message is a fragment"
    assert rule.examples, f"{rule.code}: no example"
    for key in rule.options:
        assert f"`{key.replace('_', '-')}`" in rule.doc, f"{rule.code}: its page does not say what option {key} is"


def names_a_remedy(name: str) -> bool:
    """A rule's name says what is wrong ("allow ___"), not what to do."""
    return bool(_DENIED.match(name)) and name not in _ALLOWED


def check_placed(rule: Rule) -> None:
    """One rule a file; file and function are called as the rule, and an index of the pack, if any, has its row."""
    function, module = rule.check.__name__, sys.modules[rule.check.__module__]
    assert function == rule.name.replace("-", "_"), f"{rule.code}: the function is called as the rule"
    assert module.__name__.rpartition(".")[2] == function, f"{rule.code}: the file is called as the rule"
    index = getattr(sys.modules[module.__name__.partition(".")[0]], "INDEX", None)
    assert index is None or index.get(rule.code) == Entry.of(rule, "").row, f"{rule.code}: the pack's INDEX is stale"


def check_derived(rule: Rule) -> None:
    """Index, page, JSON and SARIF are made of it and mention it."""
    assert f"[{rule.code}](" in docs.index({rule: "test"})
    assert docs.page(rule, "test").startswith(f"# {rule.name} ({rule.code})")
    assert json.loads(json.dumps(docs.rule_object(rule, "test")))["code"] == rule.code
    assert descriptor(rule)["id"] == rule.code


def check_example(rule: Rule, bad: str, good: str, target: str | None) -> None:
    """The bad sketch is flagged, the good one is not, and the message's placeholders are the data's keys."""
    targets = (target or NEWEST,)
    found = findings(rule, bad, targets)
    assert {f.rule.code for f in found} == {rule.code}, f"{rule.code} misses: {bad}"
    good_found = findings(rule, good, targets)
    assert not good_found, f"{rule.code} flags the good example: {[f.message for f in good_found]}"
    wanted = {name for _, name, _, _ in Formatter().parse(rule.message) if name}
    for finding in found:
        assert wanted <= set(finding.data), f"{rule.code}: {wanted} and {set(finding.data)}"


def check_page(rule: Rule, folder: Path) -> None:
    """The page exists, its blocks are flagged where they say, and every op of the rule occurs among them."""
    path = folder / f"{rule.code}.md"
    assert path.exists(), f"{rule.code} has no page {path}"
    page = path.read_text(encoding="utf-8")
    assert rule.name in page.partition("\n")[0], f"{path.name}: the title is the rule's name"
    blocks = list(cases(page))
    assert blocks, f"{path.name} has no ```tflint block"
    for case in blocks:
        check_case(rule, case)
    if rule.on and len(rule.on) <= 16:
        flagged = {
            op
            for op in rule.on
            for line in page.splitlines()
            if f"# {rule.code}" in line and re.search(rf"\b{op}\b", line)
        }
        assert flagged == rule.on, f"{path.name}: never flagged: {sorted(rule.on - flagged)}"


def check_case(rule: Rule, case: Case) -> None:
    """One block: flagged lines and no others, and what is said of them."""
    lines = case.text.splitlines()
    mark = re.compile(rf"#.*\b{rule.code}\b")
    whole = {n for n, line in enumerate(lines, 1) if line.lstrip().startswith("#") and mark.search(line)}
    wanted = {n for n, line in enumerate(lines, 1) if mark.search(line)} - whole | ({0} if whole else set())
    places = sketch.locate(case.text)
    found: dict[int, str] = {}
    all_found = findings(rule, case.text, case.targets, **case.options)
    for finding in all_found:
        for place in finding.places:
            found[places.get(place.path, 0)] = finding.message
    assert set(found) == wanted, f"{rule.code}: flagged lines {found}, wanted {sorted(wanted)} in:\n{case.text}"
    have = said(all_found)
    assert case.said in {"", have}, f"{rule.code} says\n{have}and its page has\n{case.said}for:\n{case.text}"


def check_fix(rule: Rule, folder: Path) -> None:
    """Its fix leaves nothing to mend, is no more than it says, and where it is safe constants keep their bytes."""
    page = folder / f"{rule.code}.md"
    blocks = [Case(e.bad, (e.target or NEWEST,)) for e in rule.examples]
    blocks += cases(page.read_text(encoding="utf-8")) if page.exists() else ()
    mended = [case for case in blocks if _mends(rule, case)]
    assert mended, f"{rule.code}: no example or block is flagged with a fix"


def _mends(rule: Rule, case: Case) -> bool:
    """Hold the fixes of one block to it; False where there are none."""
    from tflint.fixer.document import Document  # noqa: PLC0415 - for rules with a fix

    data, asked = sketch.build(case.text), tuple(_contracts(case.text))

    def edits(model: Model) -> list[Edit]:
        found = _findings(rule, model, asked, case.targets, case.options)
        return list(dict.fromkeys(edit for finding in found for edit in finding.fix))

    document = Document(data)
    found = sorted(edits(document.model), key=lambda edit: edit.stage)
    assert {edit.applicability for edit in found} <= {"manual", rule.fix}, f"{rule.code}: it fixes more than it says"
    done = [edit for edit in found if edit.applicability != "manual"]
    if not done:
        return bool(found)
    assert [edit.apply(document) for edit in done].count(True), f"{rule.code}: its fix changes nothing: {case.text}"
    fixed = bytes(document)
    assert not edits(decode(fixed)), f"{rule.code}: there is as much to mend as before: {case.text}"
    if rule.fix == "safe":
        assert _constants(decode(fixed)) <= _constants(decode(data)), f"{rule.code}: it changes constants: {case.text}"
    return True


def _constants(model: Model) -> set[tuple[str, bytes]]:
    """Names and bytes of all constants."""
    return {(t.name, t.buffer.read(t.buffer.size)) for t in model.tensors if t.is_constant and t.buffer is not None}
