"""Findings that were there before: recorded in a file, so that a run fails on new ones only.

A recorded finding is marked as suppressed, as long as it does not occur more often than recorded. Paths are POSIX and
relative to the file's folder; a finding is known by its fingerprint, and its message is for people to read.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import is_url, parted
from tflint.checkout import own_name
from tflint.errors import TflintError
from tflint.findings import Severity
from tflint.fingerprint import fingerprint
from tflint.report import write
from tflint.report.escape import short
from tflint.toml import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tflint.findings import FileReport, Finding

SCHEMA_VERSION = 1
LONGEST = 64 << 20  # bytes: a quarter of a million findings
REASON = "baseline"

Key = tuple[str, str]  # code and fingerprint


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding of one file, as often as it may occur."""

    code: str
    fingerprint: str
    count: int
    message: str
    targets: tuple[str, ...] = ()  # all that it was found for; none: it does not depend on the target


Files = dict[str, dict[Key, Entry]]  # by path


@dataclass(frozen=True, slots=True)
class Excess:
    """What a baseline records beyond what there is."""

    path: str
    entry: Entry
    found: int


class Baseline:
    """A baseline file, or one that is to be written."""

    def __init__(self, path: Path, files: Files) -> None:
        self.path, self.files = path, files
        self._folder = os.path.realpath(path.parent)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read one. Raises TflintError for a file that is not there, broken or of another version."""
        try:
            document = json.loads(contents(str(path), LONGEST).decode("utf-8"))
        except FileNotFoundError:
            raise TflintError(f"no such baseline: {path}; --write-baseline makes it") from None
        except OSError as problem:
            raise TflintError(f"{path}: {problem.strerror or problem}") from None
        except (ValueError, RecursionError):
            raise TflintError(f"{path}: not a baseline: not valid JSON") from None
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version is not None and version != SCHEMA_VERSION:
            raise TflintError(f"{path}: a baseline of version {version!r}, and this tflint reads {SCHEMA_VERSION}")
        try:
            files = {name: _by_key(map(_entry, rows)) for name, rows in document["files"].items()}
        except (TypeError, KeyError, AttributeError, ValueError):
            raise TflintError(f"{path}: not a baseline: its form is not that of --write-baseline") from None
        return cls(path, files)

    @property
    def size(self) -> int:
        """How many findings it records."""
        return sum(map(len, self.files.values()))

    def name(self, file: str) -> str:
        """A file's path from the folder of the baseline; what it is called counts, not what a link points at."""
        if is_url(file):
            return file
        where, inside, member = parted(file)
        path = own_name(where)
        with suppress(ValueError):  # on another drive
            path = os.path.relpath(path, self._folder)
        return f"{Path(path).as_posix()}{inside}{member}"

    def absolute(self, name: str) -> str:
        """The path of a file by its name here: of the archive, of a member."""
        return name if is_url(name) else os.path.normpath(parted(os.path.join(self._folder, name))[0])

    def found(self, report: FileReport) -> dict[Key, Entry]:
        """What may be recorded of a file; findings of one fingerprint are one entry."""
        alike: dict[Key, list[Finding]] = {}
        for finding in filter(_open, report.findings):
            alike.setdefault(self._key(finding), []).append(finding)
        return {key: _recorded(key, findings) for key, findings in alike.items()}

    def marked(self, report: FileReport, recorded: Mapping[Key, Entry]) -> FileReport:
        """The report with those findings suppressed that are recorded and have not grown."""
        found = self.found(report)
        known = {key for key, entry in found.items() if key in recorded and entry.count <= recorded[key].count}
        return replace(
            report,
            findings=tuple(
                replace(f, suppressed=REASON) if _open(f) and self._key(f) in known else f for f in report.findings
            ),
        )

    def excess(self, found: Files, judged: Callable[[str, Entry], bool]) -> list[Excess]:
        """What is recorded beyond what was found; `judged`: whether the run could have found it."""
        return [
            Excess(path, entry, have)
            for path, entries in sorted(self.files.items())
            for key, entry in sorted(entries.items())
            if (have := found[path][key].count if key in found.get(path, {}) else 0) < entry.count
            and judged(path, entry)
        ]

    def without(self, excess: Iterable[Excess]) -> Baseline:
        """The baseline without what it records in excess."""
        files = {path: dict(entries) for path, entries in self.files.items()}
        for each in excess:
            key = (each.entry.code, each.entry.fingerprint)
            if each.found:
                files[each.path][key] = replace(each.entry, count=each.found)
            else:
                del files[each.path][key]
        return Baseline(self.path, files)

    def renewed(self, found: Files, judged: Callable[[str, Entry], bool]) -> Baseline:
        """The baseline of what was found, and of what this run cannot judge as it was, or as often as it was found."""
        files = {
            path: {key: entry for key, entry in entries.items() if not judged(path, entry)}
            for path, entries in self.files.items()
        }
        for path, entries in found.items():
            kept = files.setdefault(path, {})
            for key, entry in entries.items():
                kept[key] = max(entry, kept.get(key, entry), key=lambda each: each.count)
        return Baseline(self.path, files)

    def write(self) -> None:
        """Write it whole or not at all, an entry a line, always in the same order. Raises TflintError."""
        rows = [
            f"    {json.dumps(path)}: [\n"
            + ",\n".join(f"      {json.dumps(_row(e))}" for e in _ordered(entries))
            + "\n    ]"
            for path, entries in sorted(self.files.items())
            if entries
        ]
        files = "{\n" + ",\n".join(rows) + "\n  }" if rows else "{}"
        write(self.path, f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "files": {files}\n}}\n')

    def _key(self, finding: Finding) -> Key:
        return finding.rule.code, fingerprint(finding, self.name(finding.file))


def _open(finding: Finding) -> bool:
    """Whether a baseline may have it: it is not suppressed otherwise, and may be."""
    mandatory = finding.rule.mandatory and finding.severity is Severity.ERROR
    return finding.suppressed in (None, REASON) and not mandatory


def _recorded(key: Key, findings: Sequence[Finding]) -> Entry:
    targets = sorted({target for each in findings for target in each.targets})
    return Entry(*key, sum(each.count for each in findings), short(findings[0].message), tuple(targets))


def _by_key(entries: Iterable[Entry]) -> dict[Key, Entry]:
    return {(entry.code, entry.fingerprint): entry for entry in entries}


def _entry(row: Mapping[str, Any]) -> Entry:
    kinds = {"code": str, "fingerprint": str, "count": int, "message": str, "targets": list}
    entry = Entry(**{**row, "targets": row.get("targets", [])})
    if not all(type(getattr(entry, key)) is kind for key, kind in kinds.items()) or entry.count < 1:
        raise ValueError("a value of another kind")
    return replace(entry, targets=tuple(map(str, entry.targets)))


def _row(entry: Entry) -> dict[str, Any]:
    row = {"code": entry.code, "fingerprint": entry.fingerprint, "count": entry.count, "message": entry.message}
    return {**row, "targets": list(entry.targets)} if entry.targets else row


def _ordered(entries: Mapping[Key, Entry]) -> list[Entry]:
    return sorted(entries.values(), key=lambda entry: (entry.code, entry.message, entry.fingerprint))
