"""What is suppressed in a model: findings are marked with the reason and stay in the report.

Suppressions stand in the configuration and in `<model>.tflite.toml` beside a model. One is matched with each place of a
finding, so that a finding of ten places is two when three of them are suppressed. No suppression silences an error of a
mandatory rule.
"""

from __future__ import annotations

import glob
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import absolute
from tflint.findings import Severity
from tflint.model.tensor import Tensor
from tflint.model.view import Op
from tflint.patterns import Glob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflint.config.settings import Suppression
    from tflint.registry import Entry
    from tflint.rule import Rule
    from tflint.runtimes.refusal import Located

Coded = tuple["Suppression", frozenset[str]]  # a suppression and the codes of the rules that it is about

ENDING = ".toml"


class Suppressor:
    """What is suppressed in one file; `matched` are the suppressions, by number, that some place was matched by."""

    def __init__(
        self,
        file: str,
        suppressions: Sequence[Coded] = (),
        ignores: Sequence[tuple[Glob, Mapping[str, str]]] = (),
    ) -> None:
        path = absolute(file) if suppressions or ignores else ""
        self._suppressions = [
            (number, each, codes) for number, (each, codes) in enumerate(suppressions) if each.path.matches(path)
        ]
        self._reasons: dict[str, str] = {}
        for pattern, reasons in ignores:
            if pattern.matches(path):
                self._reasons = {**reasons, **self._reasons}
        self.matched: set[int] = set()

    def reason(self, rule: Rule, severity: Severity, at: Located) -> str | None:
        """Why a hit of a rule is suppressed; None: it is not."""
        if rule.mandatory and severity is Severity.ERROR:
            return None
        found = None
        for number, each, codes in self._suppressions:
            if rule.code in codes and (each.where is None or _is_at(at, each.where)):
                self.matched.add(number)
                if found is None and not expired(each):
                    found = each.reason
        return found or self._reasons.get(rule.code)


def expired(suppression: Suppression) -> bool:
    """Whether its last day is over."""
    if suppression.expires is None:
        return False
    from datetime import date  # noqa: PLC0415 - who suppresses nothing for a time has no dates

    return date.today() > suppression.expires  # noqa: DTZ011 - the day where the user is


def _is_at(at: Located, where: str) -> bool:
    """Whether a place is what `where` says.

    `op:` and a glob for an op type or the name of an op's output, by which ops are known, having no names: the op, and
    such a tensor itself. `tensor:` and a glob for a name. Anything else is a glob for the words that reports show.
    """
    kind, _, pattern = where.partition(":")
    if kind == "op" and isinstance(at, Op):
        return any(fnmatchcase(name, pattern) for name in (at.kind, *(each.name for each in at.outputs if each)))
    if kind in {"op", "tensor"}:
        return isinstance(at, Tensor) and fnmatchcase(at.name, pattern)
    return fnmatchcase(at.label, where)


def sidecar(model: str | os.PathLike[str], catalogue: Mapping[str, Entry]) -> tuple[Coded, ...]:
    """Suppressions of the file beside a model, where there is one.

    Raises TflintError for a file that is not as documented, and for an unknown rule in it.
    """
    path = os.path.abspath(model) + ENDING
    if not os.path.isfile(path):
        return ()
    from functools import partial  # noqa: PLC0415 - few models have one

    from tflint.config.kinds import List, Record  # noqa: PLC0415 - same
    from tflint.config.load import shown  # noqa: PLC0415 - same
    from tflint.config.place import At, Origin  # noqa: PLC0415 - same
    from tflint.config.settings import SUPPRESSION, Suppression  # noqa: PLC0415 - same
    from tflint.select import matched  # noqa: PLC0415 - same
    from tflint.toml import read_toml  # noqa: PLC0415 - same

    folder = os.path.dirname(path)
    about = Glob(glob.escape(path.removesuffix(ENDING)), folder)
    keys = {key: kind for key, kind in SUPPRESSION.keys.items() if key != "path"}
    one = Record(keys, ("rule", "reason"), partial(Suppression, path=about))
    table = Record({"suppress": List(one, "an array of tables")})
    given = table.parse(read_toml(path), At(Origin(shown(path), file=True), folder)).get("suppress", ())
    return tuple((each, frozenset(matched(catalogue, each.rule, each.origin.of("suppress.rule")))) for each in given)
