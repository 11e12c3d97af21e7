"""`tflint.check` and `tflint.load`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tflint.config.given import flag_layers, table_layer
from tflint.config.hierarchy import Hierarchy
from tflint.engine import check_model, unreadable
from tflint.errors import TflintError
from tflint.findings import Severity
from tflint.library.given import text, words
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.model.view import Model
from tflint.open import open_model
from tflint.plans import Plans
from tflint.running.run import Run, baseline_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.engine import Plan
    from tflint.findings import FileReport, Finding
    from tflint.library.given import Content, Name, Names

Level: TypeAlias = Severity | Literal["error", "warning", "info"]
UNNAMED = "<bytes>"  # what a model is called that no file holds


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found, file by file. `targets`: runtimes that the models were judged against, of all files."""

    files: tuple[FileReport, ...]
    targets: tuple[str, ...]

    @property
    def findings(self) -> list[Finding]:
        """Of all files, in order, the suppressed among them."""
        return [finding for file in self.files for finding in file.findings]

    def count(self, severity: Level) -> int:
        """How many unsuppressed findings are of this severity. Raises ValueError for what is none."""
        wanted = Severity(severity)
        return sum(each.severity is wanted and each.suppressed is None for each in self.findings)

    def fails(self, threshold: Level | Literal["none"] | None) -> bool:
        """Whether an unsuppressed finding is of this severity or worse; None: no. A word is one of `--fail-on`.

        Raises ValueError for what is none.
        """
        level = None if threshold is None or threshold == "none" else Severity(threshold)
        return any(finding.fails(level) for finding in self.findings)


def check(
    models: Name | Content | Model | Iterable[Name],
    *,
    target: Names = (),
    select: Names | None = None,
    ignore: Names | None = None,
    extend_select: Names | None = None,
    preview: bool | None = None,
    deep: bool | None = None,
    config: Name | Mapping[str, Any] | None = None,
    contract: Name | None = None,
    isolated: bool = False,
    jobs: int = 1,
) -> CheckReport:
    """Judge and lint files, folders, bytes or a model that was loaded.

    Arguments go before configuration, and None leaves it as it is; `config` is a file in place of those found, or keys
    as TOML has them. Of bytes and a loaded model nothing is known but what is in them: no configuration governs them.
    `jobs`: processes. What is wrong with a model, to be none at all included, is a finding. Raises TflintError for a
    path that does not exist, a mistake in a configuration, and what else is the user's to mend; TypeError for what is
    no path, such as bytes among several.
    """
    flags = {"target": target or None, "select": select, "ignore": ignore, "extend-select": extend_select}
    given = {key: list(words(value)) for key, value in flags.items() if value is not None}
    keys = config if isinstance(config, Mapping) else None
    layers = (
        *([table_layer(keys, "config")] if keys else ()),
        *flag_layers({**given, "preview": preview, "deep": deep}),
    )
    if isinstance(models, (bytes, bytearray, memoryview, Model)):
        plan = Plans(Hierarchy(flags=layers, isolated=True)).run
        return CheckReport((_judged(models, plan),), tuple(profile.id for profile in plan.profiles))
    if hasattr(models, "read") or not (isinstance(models, os.PathLike) or hasattr(models, "__iter__")):
        raise TypeError(f"models are paths, or the bytes or Model of one, not {type(models).__name__}")
    if jobs < 1:
        raise TflintError(f"jobs is at least 1, not {jobs}")
    named = () if config is None or isinstance(config, Mapping) else (text(config),)
    paths = [text(each) for each in ([models] if isinstance(models, (str, os.PathLike)) else models)]
    hierarchy = Hierarchy(named, layers, isolated=isolated)
    if not paths:
        return CheckReport((), hierarchy.run.target)
    baseline = baseline_of(hierarchy.run, isolated=isolated)
    run = Run(hierarchy, paths, contract=None if contract is None else Path(contract), baseline=baseline)
    return CheckReport((*run.check(jobs), *run.outdated(baseline)), run.targets)


def _judged(model: Content | Model, plan: Plan) -> FileReport:
    """The report of what no file holds."""
    if isinstance(model, Model):
        return check_model(model, plan, UNNAMED)
    try:
        return check_model(decode(model), plan, UNNAMED)
    except MalformedModelError as problem:
        return unreadable(UNNAMED, len(model), problem.reason, plan, problem.where)


def load(model: Name | Content) -> Model:
    """The model of a file, or of bytes, such as a converter returns.

    Weights are not read until they are asked for. Raises TflintError: exit code 1 for what is no model, 2 for a file
    that cannot be read.
    """
    if not isinstance(model, (bytes, bytearray, memoryview)):
        return open_model(text(model))
    try:
        return decode(model)
    except MalformedModelError as problem:
        raise TflintError(f"no model: {problem.reason}", 1) from None
