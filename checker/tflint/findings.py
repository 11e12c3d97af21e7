"""What a rule yields (Hit), what a user gets (Finding), and what a run gives (Report)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Literal, TypeAlias

    from tflint.fixer.edits.edit import Edit
    from tflint.model.path import Place
    from tflint.rule import Rule
    from tflint.runtimes.refusal import Located
    from tflint.runtimes.verdict import Verdict

    Threshold: TypeAlias = "Severity | Literal['mandatory'] | None"
    """What fails a run: findings of a severity or worse, errors of mandatory rules alone, nothing."""

PLACES_KEPT = 10  # of one finding; the count tells how many there are


class Severity(str, Enum):
    """How bad it is. `error`: it will not run, or not as meant; `warning`: it will hurt; `info`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return ("error", "warning", "info").index(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One place where a rule fires. Rules know nothing of severities, files, suppression or colours."""

    at: Located
    data: Mapping[str, Any]
    related: tuple[Located, ...] = ()
    severity: Severity | None = None  # where the place makes it better or worse than the rule's own
    fix: tuple[Edit, ...] = ()  # what mends it


def hit(
    at: Located,
    *,
    related: tuple[Located, ...] = (),
    severity: Severity | None = None,
    fix: tuple[Edit, ...] = (),
    **data: Any,
) -> Hit:
    """A hit at `at`; `data` fills the placeholders of the rule's message, `fix` are the edits that mend it."""
    return Hit(at, data, related, severity, fix)


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Hits of one rule, op type and reason, attributed: the only thing reporters and baselines read."""

    rule: Rule
    file: str
    place: Place
    severity: Severity
    message: str
    data: Mapping[str, Any]  # plain values, as JSON has them
    kind: str  # op type, or kind of part, that it is about
    count: int
    places: tuple[Place, ...]  # the first PLACES_KEPT
    related: tuple[Place, ...]
    targets: tuple[str, ...]  # those that it concerns; none: all alike
    suppressed: str | None  # the reason
    fix: tuple[Edit, ...]  # what mends all of its hits

    def fails(self, threshold: Threshold) -> bool:
        """It is unsuppressed and at or above the threshold; None: nothing is. Raises ValueError for what is none."""
        if threshold is None or self.suppressed is not None:
            return False
        return self.is_mandatory if threshold == "mandatory" else self.severity.rank <= Severity(threshold).rank

    @property
    def is_mandatory(self) -> bool:
        """It is an error of a mandatory rule."""
        return self.rule.mandatory and self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FileReport:
    """All that is said of one file: a model, or one without verdicts that suppressions or a baseline stand in."""

    path: str
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    minimum: tuple[str, ...] = ()  # oldest runtime of each family whose tables hold every operator
    ran: Mapping[str, str] = field(default_factory=dict)  # code and name of each rule that looked at it
    assumed_target: bool = False  # nobody named one for it: judged against the newest LiteRT
    matched: frozenset[int] = frozenset()  # the plan's suppressions that some place was matched by
    seconds: Mapping[str, float] = field(default_factory=dict)  # by what they were spent on, where that was asked
    resume: Mapping[str, Any] = field(default_factory=dict)  # what a later run needs of it, where that was asked

    def __repr__(self) -> str:
        """Short: a failing assertion shows it."""
        verdicts = "".join(f", {verdict.target} {verdict.value}" for verdict in self.verdicts)
        return f"<FileReport {self.path!r}{verdicts}, {len(self.findings)} finding{'s' * (len(self.findings) != 1)}>"


class Summary:
    """What a run comes to, counted file by file."""

    __slots__ = ("counts", "excluded", "interrupted", "judged", "mandatory", "models", "suppressed", "wanted")

    def __init__(self, files: Iterable[FileReport] = (), wanted: int = 0, excluded: int = 0) -> None:
        """Count the files; `wanted`: how many models the run is to check; `excluded`: how many files it leaves out."""
        self.models = 0
        self.counts = dict.fromkeys(Severity, 0)  # of unsuppressed findings
        self.mandatory = 0  # of these, errors of mandatory rules
        self.suppressed = 0
        self.judged: dict[str, None] = {}  # targets that nobody named
        self.wanted, self.excluded = wanted, excluded
        self.interrupted = False  # the run ended before all models were checked
        for file in files:
            self.add(file)

    def add(self, file: FileReport) -> None:
        """Count a file more."""
        self.models += bool(file.verdicts)
        for finding in file.findings:
            if finding.suppressed is None:
                self.counts[finding.severity] += 1
                self.mandatory += finding.is_mandatory
            else:
                self.suppressed += 1
        if file.assumed_target:
            self.judged.update((verdict.target, None) for verdict in file.verdicts)

    def fails(self, threshold: Threshold) -> bool:
        """Some finding fails; see `Finding.fails`."""
        if isinstance(threshold, Severity):
            return any(self.counts[each] for each in Severity if each.rank <= threshold.rank)
        return threshold is not None and self.mandatory > 0


class Report:
    """A run."""

    __slots__ = ("assumed_target", "files", "rules", "summary", "targets")

    def __init__(
        self,
        files: Iterable[FileReport],
        targets: Iterable[str],
        assumed_target: bool = False,
        rules: Iterable[Rule] = (),
        summary: Summary | None = None,
    ) -> None:
        """`targets`: of all files, for configurations may name others for each; `assumed_target`: of some file.

        `files` may be a stream, to go through once; then it counts itself in `summary` as it does.
        """
        self.files, self.targets, self.assumed_target = files, tuple(targets), assumed_target
        self.rules = tuple(rules)
        self.summary = Summary(files) if summary is None else summary

    @property
    def findings(self) -> Iterator[Finding]:
        """Of all files, in order."""
        return (finding for file in self.files for finding in file.findings)
