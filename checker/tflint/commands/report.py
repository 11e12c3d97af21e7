"""`tflint report MODEL`: an archive with what a bug report needs, and a draft of its text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import Artifact, redacted, url_of
from tflint.bug_report.bundle import read_log, write_bundle
from tflint.bug_report.environment import anonymous, environment
from tflint.bug_report.issue import issue
from tflint.config.given import flag_layers
from tflint.config.hierarchy import Hierarchy
from tflint.engine import check_model, unreadable
from tflint.errors import TflintError, say
from tflint.findings import Report
from tflint.inspection import inspect_model
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import read_model
from tflint.open import open_model
from tflint.plans import Plans
from tflint.report import Style, render
from tflint.report.json import dumped
from tflint.sketch.show import show

if TYPE_CHECKING:
    from tflint.engine import Plan
    from tflint.findings import FileReport
    from tflint.model.view import Model


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line said."""

    model: Path
    targets: tuple[str, ...]
    log: Path | None
    with_model: bool
    output: Path | None


def report_command(request: Request) -> int:
    """Write it; give the exit code: 1 for what is no model, which is reported as such. Raises TflintError."""
    hierarchy = Hierarchy(flags=flag_layers({"target": list(request.targets) or None}))
    plan = Plans(hierarchy).of(Artifact(str(request.model)))
    log = read_log(request.log) if request.log is not None else None
    name = _shown(request.model)
    out = request.output or Path(f"{request.model.stem}-report.zip")
    if url := url_of(out):
        raise TflintError(f"{redacted(url)}: a URL, and reports are written to files")
    for other in (request.model, request.log):
        if other is not None and out.exists() and other.exists() and out.samefile(other):
            raise TflintError(f"-o {out}: that is {other} itself")
    found = _read(request.model)
    model, facts = None, None
    if isinstance(found, MalformedModelError):
        file = unreadable(name, request.model.stat().st_size, found.reason, plan, found.where)
    else:
        model = found
        file = check_model(model, plan, name)
        facts = inspect_model(model, name, tuple(each.id for each in plan.profiles))
    texts = _texts(file, facts, model, log, plan, request)
    write_bundle(out, texts, request.model if request.with_model else None)
    say(f"wrote {out}, {'with the model itself' if request.with_model else 'without weights'}: fill in issue.md in it")
    if model is None:
        say(f"{request.model}: no model, or a damaged one: findings.json says why, and there is no sketch")
    return int(model is None)


def _read(path: Path) -> Model | MalformedModelError:
    """The model, or why it is none. Raises TflintError for what cannot be opened."""
    try:
        return read_model(path) if path.is_file() else open_model(path)
    except MalformedModelError as problem:
        return problem
    except OSError as problem:
        raise TflintError(f"{path}: cannot be read: {problem.strerror or problem}") from None


def _texts(
    file: FileReport, facts: dict[str, Any] | None, model: Model | None, log: str | None, plan: Plan, request: Request
) -> dict[str, str]:
    """Members by name, none of which is the user's or the model's choice."""
    around = environment()
    targets = tuple(profile.id for profile in plan.profiles)
    texts = {"findings.json": render("json", Report((file,), targets, plan.assumed_target), Style(color="never"))}
    texts["environment.json"] = dumped(around)
    if model is not None and facts is not None:
        texts |= {"model.json": dumped(facts), "sketch.txt": show(model, weights=False)}
    if log is not None:
        log = anonymous(log)
        texts["converter.log"] = log
    names = ["issue.md", *texts, *(["model.tflite"] if request.with_model else [])]
    page = issue(file, facts, around, log, names)
    return {name: anonymous(text) for name, text in {"issue.md": page, **texts}.items()}


def _shown(path: Path) -> str:
    """The path as others may see it: from here where it lies below, else the file's name."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps ".."
    here = Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else path.name
