"""The whole check of one model's bytes, and what counts as a failure of it: for every engine that fuzzes.

A failure: an exception that is no `MalformedModelError` of the reader, a rule that raised (TFL000), more than SECONDS.
"""

from __future__ import annotations

import contextlib
import signal
import time
import warnings
from typing import TYPE_CHECKING

from tflint.engine import Plan, check_model, unreadable
from tflint.findings import Report
from tflint.inspection import inspect_model
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.report import FORMATS, Style, render
from tflint.runtimes.profile import resolve
from tflint.sketch import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import FileReport
    from tflint.model.view import Model

SECONDS = 5.0  # of the processor
ROUNDS = (  # targets of one check; taken in turns
    ("litert", "tflite-2.3", "gpu"),
    ("litert-1.0.1", "tflm", "litert+compiled"),
    ("tflite-2.12+flex", "mediapipe-1.2.3", "ethos-u55", "tflite-runtime-2.7.0"),
    ("litert-2.3.0", "nnapi", "coreml", "edgetpu"),
)
EVERY = 100  # checks of which one is also shown, inspected, and reported in every format
RULES_EVERY = 2_000  # of which one names all rules in its report: they are the same in each


class RuleCrashedError(Exception):
    """A rule raised, and the engine said so."""


class WholeCheck:
    """All rules, preview and deep, for several targets; `seen` is what was found: rule, and its message's form."""

    def __init__(self) -> None:
        entries = tuple(catalogue().values())
        self.plans = [Plan(entries, tuple(map(resolve, targets)), deep=True, verbose=True) for targets in ROUNDS]
        self.rules = tuple(entry.load() for entry in entries)
        self.count = self.malformed = 0
        warnings.simplefilter("error")  # of numpy: a user would see them on the terminal
        self.seen: set[tuple[str, str, str]] = set()

    def check(self, data: bytes) -> FileReport:
        """Raise for what is a failure; else the report. What is found for the first time is rendered as well."""
        plan = self.plans[self.count % len(self.plans)]
        self.count += 1
        with limited(SECONDS):
            file, model = self._judged(data, plan)
            for finding in file.findings:
                if finding.rule.code in ("TFL000", "TFL001"):
                    raise RuleCrashedError(finding.message)
            found = {(f.rule.code, f.kind, str(f.severity)) for f in file.findings}
            if self.count % EVERY == 0 or not found <= self.seen:
                self.seen |= found
                self._told(file, model, plan)
        return file

    def _judged(self, data: bytes, plan: Plan) -> tuple[FileReport, Model | None]:
        try:
            model = decode(data)
        except MalformedModelError as problem:
            self.malformed += 1
            return unreadable("fuzz", len(data), problem.reason, plan, problem.where), None
        return check_model(model, plan, "fuzz"), model

    def _told(self, file: FileReport, model: Model | None, plan: Plan) -> None:
        """Everything that tells of a model."""
        rules = self.rules if self.count % RULES_EVERY == 0 else ()
        report = Report((file,), tuple(profile.id for profile in plan.profiles), rules=rules)
        for kind in FORMATS:
            render(kind, report, Style(color="never", verbose=True))
        if model is not None:
            show(model)
            inspect_model(model, "fuzz", tuple(profile.id for profile in plan.profiles))


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes more of the processor."""

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def spent() -> float:
    """Seconds of the processor that this process has had."""
    return time.process_time()
