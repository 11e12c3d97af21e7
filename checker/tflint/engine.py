"""One file through the reader, the verdicts and the rules; a rule that crashes is a finding, not the end."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import Artifact
from tflint.dataclass import dataclass, field
from tflint.findings import PLACES_KEPT, FileReport, Finding, Severity, hit
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import Kept, read_artifact, size_of
from tflint.model.path import WHOLE, Place
from tflint.plain import plain_value
from tflint.runtimes.minimum import minimum_runtimes
from tflint.runtimes.refusal import Refusal
from tflint.runtimes.verdict import Verdict, refusals_of
from tflint.subject import ModelFile, Target
from tflint.suppress import Suppressor
from tflint.timing import untold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tflint.config.settings import Suppression
    from tflint.contract.find import Contract
    from tflint.findings import Hit
    from tflint.model.view import Model
    from tflint.model.weights import Weights
    from tflint.patterns import Glob
    from tflint.registry import Entry
    from tflint.rule import Rule
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located
    from tflint.timing import Begin

CRASHED = "TFL000"  # what is said of a rule that raised
UNFINISHED = "TFL001"  # of a file whose check did not come to an end
UNREADABLE = "TFL901"  # of a file that is no model


NOTHING = {"model": None, "contracts": (), "weights": None}  # what there is of a file that is no model


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plan:
    """What to do with every file of a run."""

    entries: tuple[Entry, ...]
    profiles: tuple[RuntimeProfile, ...]
    assumed_target: bool = False
    severities: Mapping[str, Severity] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    verbose: bool = False
    deep: bool = False  # run the rules that read weights
    errors_only: frozenset[str] = frozenset()  # mandatory rules that a file leaves out
    errors_fixed: frozenset[str] = frozenset()  # mandatory rules whose severity a file sets
    per_file_ignores: tuple[tuple[Glob, Mapping[str, str]], ...] = ()  # code -> reason, by models
    suppressions: tuple[tuple[Suppression, frozenset[str]], ...] = ()  # each with its codes
    max_file_size: int | None = None  # bytes; a larger file is not read
    waiting: tuple[str, ...] = ()  # rules that were asked for by name, and read weights, and there is no `deep`

    def rule(self, code: str) -> Rule | None:
        """A rule by its code, None where it does not run: for what the checker itself has to say."""
        return next((entry.load() for entry in self.entries if entry.code == code), None)

    def runs(self, entry: Entry) -> bool:
        """It is not one of those that need `deep` without it."""
        return self.deep or entry.reads != "weights"

    def ran(self, *scopes: str) -> dict[str, str]:
        """Code and name of each rule that looks at a model, or at any of these."""
        return {
            entry.code: entry.name
            for entry in self.entries
            if (entry.scope in scopes if scopes else entry.scope != "Notice") and self.runs(entry)
        }


def check_file(
    file: Artifact | Path,
    plan: Plan,
    name: str = "",
    contracts: tuple[Contract, ...] = (),
    begin: Begin = untold,
    kept: Kept | None = None,
) -> FileReport:
    """Judge and lint one file, and hold it to its contracts; `begin` is told what is begun, and `kept` is for several.

    Raises OSError when it cannot be read.
    """
    artifact = file if isinstance(file, Artifact) else Artifact(str(file))
    name = name or artifact.name
    begin("reading")
    if plan.max_file_size and (size := size_of(artifact, ask=True)) > plan.max_file_size:
        return unfinished(name, f"{size:,} bytes, and max-file-size is {plan.max_file_size:,}: not read", plan)
    try:
        model = read_artifact(artifact, weights=plan.deep, kept=kept)
    except MalformedModelError as problem:
        return unreadable(name, size_of(artifact), problem.reason, plan, problem.where)
    return check_model(model, plan, name, contracts, begin)


def check_model(
    model: Model, plan: Plan, name: str = "-", contracts: tuple[Contract, ...] = (), begin: Begin = untold
) -> FileReport:
    """Judge and lint one decoded model."""
    targets = []
    for profile in plan.profiles:
        begin(f"judging for {profile.id}")
        targets.append(Target(profile, model, refusals_of(model, profile), plan.assumed_target))
    given = {"model": model, "contracts": contracts, "weights": _weights(model) if plan.deep else None}
    subjects = _Subjects(model, ModelFile(name, model.file_size, model), targets, given)
    suppressor = Suppressor(name, plan.suppressions, plan.per_file_ignores)
    findings = _findings(name, _run(plan, subjects, begin), plan, suppressor)
    begin("finding the minimum runtimes")
    verdicts = tuple(Verdict.of(target.id, target.reasons) for target in targets)
    return FileReport(
        name,
        verdicts,
        findings,
        minimum_runtimes(model),
        plan.ran(),
        plan.assumed_target,
        matched=frozenset(suppressor.matched),
    )


def unreadable(name: str, size: int, problem: str, plan: Plan, where: int = 0) -> FileReport:
    """A file that is no model is unsupported everywhere, whatever a runtime makes of reading past its end."""
    file = ModelFile(name, size, None, problem, where)
    reason = Refusal("load", UNREADABLE, file, {})
    verdicts = tuple(Verdict.of(profile.id, [reason]) for profile in plan.profiles)
    entries = (entry for entry in plan.entries if entry.scope == "ModelFile")
    hits = ((rule, found, "") for entry in entries for rule, found in _hits(entry, [file], plan, NOTHING))
    suppressor = Suppressor(name, plan.suppressions, plan.per_file_ignores)
    return FileReport(
        name,
        verdicts,
        _findings(name, hits, plan, suppressor),
        ran=plan.ran("ModelFile"),
        assumed_target=plan.assumed_target,
        matched=frozenset(suppressor.matched),
    )


def unfinished(name: str, problem: str, plan: Plan) -> FileReport:
    """A file whose check did not come to an end: nothing is known of it."""
    verdicts = tuple(Verdict(profile.id, "unknown", (UNFINISHED,), "unknown") for profile in plan.profiles)
    findings = said(UNFINISHED, [hit(Place("/", "the file"), problem=problem)], plan, name)
    return FileReport(name, verdicts, findings, assumed_target=plan.assumed_target)


def said(code: str, hits: Iterable[Hit], plan: Plan, name: str) -> tuple[Finding, ...]:
    """Findings of what the checker itself has to say of a file; none where that rule is left out."""
    rule = plan.rule(code)
    return _findings(name, ((rule, found, "") for found in hits), plan, Suppressor(name)) if rule else ()


class _Subjects:
    """What each scope looks at, gathered once."""

    def __init__(self, model: Model, file: ModelFile, targets: list[Target], given: Mapping[str, Any]) -> None:
        self.model, self.file, self.targets, self.given = model, file, targets, given

    def of(self, entry: Entry) -> Sequence[Any]:
        """Subjects of a rule; empty when it need not even be imported."""
        if entry.scope == "Notice":
            return ()
        if entry.scope == "Op":
            by_name = self.model.by_name
            return [op for name in entry.on or by_name for op in by_name.get(name, ())]
        if entry.scope == "Tensor":
            return list(self.model.tensors)
        if entry.scope == "Subgraph":
            return self.model.subgraphs
        return [self.file] if entry.scope == "ModelFile" else [self.model]


def _run(plan: Plan, subjects: _Subjects, begin: Begin) -> Iterator[tuple[Rule, Hit, str]]:
    """Every hit of every rule, with the target it was found for ("" for all alike)."""
    for entry in plan.entries:
        if not plan.runs(entry):
            continue
        if entry.scope == "Target":
            for target in subjects.targets:
                if entry.on_refusal and next(target.refusals(entry.code), None) is None:
                    continue
                begin(entry.code)
                for rule, found in _hits(entry, [target], plan, subjects.given):
                    yield rule, found, target.id
        elif chosen := subjects.of(entry):
            begin(entry.code)
            for rule, found in _hits(entry, chosen, plan, subjects.given):
                yield rule, found, ""


def _weights(model: Model) -> Weights:
    from tflint.model.weights import Weights  # noqa: PLC0415 - numpy, for --deep only

    return Weights(model)


def _hits(entry: Entry, subjects: Iterable[Any], plan: Plan, given: Mapping[str, Any]) -> Iterator[tuple[Rule, Hit]]:
    """Hits of a rule, and that of TFL000 where it raises."""
    subject: Any = None
    try:
        rule = entry.load()
        arguments = rule.arguments(plan.options.get(entry.code, {}), given)
        for subject in subjects:
            for found in rule.check(subject, **arguments):
                _place(found.at), rule.message.format_map(found.data)  # raises here, inside the barrier, if ever
                yield rule, found
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - the crash barrier: a rule is a plug-in
        if crash := plan.rule(CRASHED):
            yield crash, _crash(entry, subject, problem, verbose=plan.verbose)


def _crash(entry: Entry, subject: Any, problem: BaseException, *, verbose: bool) -> Hit:
    """The hit for a rule that raised at `subject`; with its traceback when verbose."""
    import traceback  # noqa: PLC0415 - rare

    trace = "".join(traceback.format_exception(problem)) if verbose else ""
    at = subject if hasattr(subject, "path") else WHOLE
    words = f"{type(problem).__name__}: {problem}"
    return hit(at, crashed_rule=entry.code, pack=entry.pack, problem=words, trace=trace)


def _findings(
    name: str, hits: Iterable[tuple[Rule, Hit, str]], plan: Plan, suppressor: Suppressor
) -> tuple[Finding, ...]:
    """One finding per rule, op type and reason, worst first, in the order of the model; what is suppressed apart."""
    groups: dict[tuple[Any, ...], list[tuple[Hit, str]]] = {}
    rules: dict[tuple[Any, ...], Rule] = {}
    for rule, found, target in hits:
        severity = _severity(plan, rule.code, found.severity or rule.severity)
        if severity is None:
            continue
        keys = rule.group if rule.group is not None else tuple(sorted(found.data))
        suppressed = suppressor.reason(rule, severity, found.at)
        key = (rule.code, _kind(found.at), severity, suppressed, *(str(found.data.get(k)) for k in keys))
        rules[key] = rule
        groups.setdefault(key, []).append((found, target))
    findings = [_finding(name, rules[key], key[2], key[3], group) for key, group in groups.items()]
    return tuple(sorted(findings, key=lambda f: (f.severity.rank, f.rule.code)))


def _severity(plan: Plan, code: str, own: Severity) -> Severity | None:
    """The severity that settings give a hit, None where they silence it: no file does an error of a mandatory rule."""
    if own is Severity.ERROR and code in plan.errors_fixed:
        return own
    if own is not Severity.ERROR and code in plan.errors_only:
        return None
    return plan.severities.get(code, own)


def _finding(
    name: str, rule: Rule, severity: Severity, suppressed: str | None, group: list[tuple[Hit, str]]
) -> Finding:
    first = group[0][0]
    at: dict[str, Located] = {}
    for found, _ in group:
        at.setdefault(found.at.path, found.at)
    places = tuple(map(_place, islice(at.values(), PLACES_KEPT)))  # the label of each may be long
    return Finding(
        rule=rule,
        file=name,
        place=places[0],
        severity=severity,
        kind=_kind(first.at),
        message=rule.message.format_map(first.data),
        data={key: plain_value(value) for key, value in first.data.items()},
        count=len(at),
        places=places,
        related=tuple(_place(at) for at in first.related),
        targets=tuple(dict.fromkeys(target for _, target in group if target)),
        suppressed=suppressed,
        fix=tuple(dict.fromkeys(edit for found, _ in group for edit in found.fix)),
    )


def _kind(at: Located) -> str:
    return getattr(at, "kind", "") or type(at).__name__


def _place(at: Located) -> Place:
    return Place(at.path, at.label)
