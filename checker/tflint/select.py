"""Which rules run, why, and with what: the longest selector wins, and ignore wins over select of the same length.

No file can silence the errors of a mandatory rule, neither by `select` and `ignore` nor by a lower severity: a model
that makes runtimes read out of bounds does not become safe because a repository says so. Flags and the environment
can, as they are the word of whoever runs the check. What is less than an error may be silenced by a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.config.options import kinds_of
from tflint.config.place import At
from tflint.errors import TflintError, nearest
from tflint.findings import Severity
from tflint.registry import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.config.place import Origin
    from tflint.config.settings import Settings, Suppression
    from tflint.patterns import Glob
    from tflint.registry import Entry

ALL = "ALL"


class Match(NamedTuple):
    """The selector that decides on a rule, and where it was set."""

    length: int
    selector: str
    origin: Origin
    key: str

    def __str__(self) -> str:
        return f"{self.selector!r} ({self.origin.of(self.key)})"


class Decision(NamedTuple):
    """Whether a rule runs, and because of what. `errors_only`: files leave it out, but it is mandatory."""

    runs: bool
    because: str
    match: Match | None = None
    errors_only: bool = False

    @property
    def why(self) -> str:
        """The reason in words."""
        said = f"{self.because} {self.match}" if self.match else self.because
        return f"{said}, but mandatory: its errors are reported" if self.errors_only else said

    def by_name(self, code: str) -> bool:
        """Whether it is the rule's whole code or its name that decides, and no prefix."""
        return self.match is not None and self.match.length == len(code)


class Selection:
    """Rules against settings. Raises TflintError for a selector that matches no rule."""

    def __init__(self, catalogue: Mapping[str, Entry], settings: Settings) -> None:
        self.catalogue, self.settings = catalogue, settings
        self._select = self._matches("select", "extend-select")
        self._ignore = self._matches("ignore")

    def of(self, entry: Entry) -> Decision:
        """Decide on one rule."""
        select, ignore = self._deciding(entry, self._select), self._deciding(entry, self._ignore)
        if entry.scope == "Notice" and ignore is None:
            return Decision(True, "said by the checker itself, whichever rules run")
        if select is None:
            decided = Decision(False, "nothing selects it")
        elif ignore is not None and ignore.length >= select.length:
            decided = Decision(False, "ignored by", ignore)
        elif entry.status == "preview" and not self.settings.preview and select.length < len(entry.code):
            return Decision(False, "a preview rule, which takes --preview or its whole code; selected by", select)
        else:
            return Decision(True, "selected by", select)
        if entry.mandatory and not self._person_silences(entry):
            return decided._replace(runs=True, errors_only=True)
        return decided

    def _person_silences(self, entry: Entry) -> bool:
        """Whether the command line or the environment leaves a rule out, whatever files say."""
        select = self._deciding(entry, self._select, files=False)
        ignore = self._deciding(entry, self._ignore, files=False)
        unselected = select is None and not self.settings.origin("select").file
        return unselected or (ignore is not None and ignore.length >= (select.length if select else 0))

    def _matches(self, *keys: str) -> dict[str, list[Match]]:
        """Code -> what matches it; a rule's name counts as its whole code."""
        found: dict[str, list[Match]] = {}
        for key in keys:
            for selector in getattr(self.settings, key.replace("-", "_")):
                origin = self.settings.origin(key, selector)
                for code, length in matched(self.catalogue, selector, origin.of(key)).items():
                    found.setdefault(code, []).append(Match(length, selector, origin, key))
        return found

    @staticmethod
    def _deciding(entry: Entry, matches: Mapping[str, list[Match]], *, files: bool = True) -> Match | None:
        mine = [match for match in matches.get(entry.code, ()) if files or not match.origin.file]
        return max(mine, key=lambda match: match.length, default=None)


def matched(catalogue: Mapping[str, Entry], selector: str, where: str) -> dict[str, int]:
    """Codes that a selector stands for -> how closely it fits: the length of a prefix, 0 for ALL, the whole for a name.

    Raises TflintError when there is none; `where` is said first.
    """
    if selector == ALL:
        return dict.fromkeys(catalogue, 0)
    found = {code: len(selector) for code in catalogue if selector and code.startswith(selector)}
    found |= {code: len(code) for code, entry in catalogue.items() if entry.name == selector}
    if not found:
        known = [*catalogue, *(entry.name for entry in catalogue.values())]
        raise TflintError(f"{where}: no rule {selector!r}{nearest(selector, known)}")
    return found


def codes_of(catalogue: Mapping[str, Entry], selector: str, where: str) -> list[str]:
    """Codes that a selector (a code, a prefix, a rule's name or ALL) stands for. Raises TflintError when none."""
    return list(matched(catalogue, selector, where))


def severities(catalogue: Mapping[str, Entry], settings: Settings) -> tuple[dict[str, Severity], frozenset[str]]:
    """Severities by code, and the mandatory rules whose were set by a file: their errors stay errors."""
    best: dict[str, tuple[int, str, bool]] = {}
    for selector, level in settings.severity.items():
        origin = settings.origin("severity", selector)
        for code, length in matched(catalogue, selector, origin.of("severity")).items():
            if length >= best.get(code, (-1,))[0]:
                best[code] = (length, level, origin.file)
    fixed = frozenset(code for code, (_, _, file) in best.items() if file and catalogue[code].mandatory)
    return {code: Severity(level) for code, (_, level, _) in best.items()}, fixed


def options(catalogue: Mapping[str, Entry], settings: Settings) -> dict[str, dict[str, Any]]:
    """Options by code, as rules name them. Raises TflintError for an unknown rule or option, a value of no use."""
    found: dict[str, dict[str, Any]] = {}
    for name, given in settings.rules.items():
        at = At(settings.origin("rules", name), "").down("rules").down(name)
        entry = catalogue.get(name) or next((e for e in catalogue.values() if e.name == name), None)
        if entry is None:
            known = [*catalogue, *(e.name for e in catalogue.values())]
            raise TflintError(f"{at.origin.of('rules')}: no rule {name!r}{nearest(name, known)}")
        rule = next(loaded([entry]), None)
        if rule is None:
            continue  # its pack is broken, which has been said
        declared = kinds_of(rule.options)
        for key, value in given.items():
            here = At(settings.origin(f"rules.{name}", key), "", key=at.key).down(key)
            if key not in declared:
                has = f"{entry.code} has the options {', '.join(declared)}" if declared else f"{entry.code} has none"
                raise TflintError(
                    f"{here.origin.of(here.key)}: unknown option {key!r}{nearest(key, declared) or f': {has}'}"
                )
            found.setdefault(entry.code, {})[key.replace("-", "_")] = declared[key].parse(value, here)
    return found


def per_file_ignores(catalogue: Mapping[str, Entry], settings: Settings) -> tuple[tuple[Glob, dict[str, str]], ...]:
    """Globs and the codes that they silence, each with the reason to print. Raises TflintError for an unknown rule."""
    found = []
    for glob, selectors in settings.per_file_ignores.items():
        origin = settings.origin("per-file-ignores", glob)
        where, reason = origin.of(f'per-file-ignores."{glob}"'), f"per-file-ignores {str(glob)!r} ({origin.name})"
        codes = [code for selector in selectors for code in matched(catalogue, selector, where)]
        found.append((glob, dict.fromkeys(codes, reason)))
    return tuple(found)


def suppressions(catalogue: Mapping[str, Entry], settings: Settings) -> tuple[tuple[Suppression, frozenset[str]], ...]:
    """Suppressions and the codes that each silences. Raises TflintError for an unknown rule."""
    return tuple(
        (each, frozenset(matched(catalogue, each.rule, each.origin.of("suppress.rule")))) for each in settings.suppress
    )
