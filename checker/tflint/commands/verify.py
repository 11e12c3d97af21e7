"""`tflint verify REFERENCE CANDIDATE`: whether a model answers as another does."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tflint.errors import TflintError, one_of
from tflint.report import write
from tflint.report.escape import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tflint.parity.gates import Gates
    from tflint.parity.samples import Samples
    from tflint.parity.verify import Options, ParityReport

FORMATS = ("text", "json", "markdown")
COLORS = ("auto", "always", "never")
DELEGATES = ("both", "default", "none")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line said."""

    reference: str
    candidate: str
    inputs: str | None
    save_inputs: Path | None
    samples: int | None
    seed: int | None
    ranges: tuple[str, ...]
    metrics: tuple[str, ...]
    signature: str | None
    bind: tuple[str, ...]
    delegates: str
    registerers: tuple[str, ...]
    timeout: float
    output_format: str
    output: Path | None
    color: str


def verify_command(request: Request) -> int:
    """Print the report; give the exit code. Raises TflintError."""
    one_of(request.output_format, "--output-format", FORMATS)
    one_of(request.color, "--color", COLORS)
    one_of(request.delegates, "--delegates", DELEGATES)
    if importlib.util.find_spec("numpy") is None:
        raise TflintError("tflint verify compares with numpy: pip install 'tflint[verify]'")
    from tflint.parity.verify import verify  # noqa: PLC0415 - numpy

    report = verify(request.reference, request.candidate, _samples(request), _gates(request), _options(request))
    if request.save_inputs is not None:
        _save_inputs(report, request.save_inputs)
    text = _rendered(report, request)
    if request.output is not None:
        write(request.output, text)
    else:
        sys.stdout.write(text)
    return int(not report.holds)


def _samples(request: Request) -> Samples | None:
    from tflint.parity.recorded import recorded  # noqa: PLC0415 - numpy

    return None if request.inputs is None else recorded(request.inputs)


def _gates(request: Request) -> Gates | None:
    from tflint.parity.gates import with_metrics  # noqa: PLC0415 - numpy
    from tflint.parity.verify import default_gates  # noqa: PLC0415 - numpy

    return with_metrics(default_gates(request.candidate), request.metrics) if request.metrics else None


def _options(request: Request) -> Options:
    from tflint.parity.generate import COUNT, SEED  # noqa: PLC0415 - numpy
    from tflint.parity.runners import BUILTIN, DEFAULT  # noqa: PLC0415 - numpy
    from tflint.parity.verify import Options  # noqa: PLC0415 - numpy

    modes = {"both": (DEFAULT, BUILTIN), "default": (DEFAULT,), "none": (BUILTIN,)}
    return Options(
        signature=request.signature,
        bind=dict(_pair(text, "--bind", "OURS=THEIRS") for text in request.bind),
        modes=modes[request.delegates],
        count=COUNT if request.samples is None else request.samples,
        seed=SEED if request.seed is None else request.seed,
        ranges=dict(_ranges(request.ranges)),
        registerers=request.registerers,
        timeout=request.timeout,
        progress=_progress() if sys.stderr.isatty() else None,
    )


def _progress() -> Callable[[str], None]:
    def told(text: str) -> None:
        sys.stderr.write(f"tflint: {plain(text)}\n")

    return told


def _pair(text: str, flag: str, form: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (equals and ours and theirs):
        raise TflintError(f"{flag} {text}: write {form}")
    return ours, theirs


def _ranges(texts: Iterable[str]) -> Iterable[tuple[str, tuple[float, float]]]:
    for text in texts:
        name, _, span = text.rpartition("=")
        low, _, high = span.partition(":")
        try:
            found = float(low), float(high)
        except ValueError:
            found = (1.0, 0.0)
        if not (name and found[0] <= found[1] and abs(found[0]) + abs(found[1]) < float("inf")):
            raise TflintError(f"--range {text}: write INPUT=LOW:HIGH, such as ids=0:30521")
        yield name, found


def _save_inputs(report: ParityReport, path: Path) -> None:
    from tflint.parity.samples import save  # noqa: PLC0415 - numpy

    if len(report.parts) != 1:
        raise TflintError("--save-inputs takes the samples of one signature: say which with --signature")
    save(report.parts[0].samples, path)


def _rendered(report: ParityReport, request: Request) -> str:
    if request.output_format == "json":
        from tflint.parity.words import report_object  # noqa: PLC0415 - this form only
        from tflint.report.json import dumped  # noqa: PLC0415 - same

        return dumped(report_object(report))
    if request.output_format == "markdown":
        from tflint.parity import markdown  # noqa: PLC0415 - this form only

        return markdown.render(report)
    from tflint.parity import text  # noqa: PLC0415 - this form only

    auto = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and request.output is None
    return text.render(report, color=request.color == "always" or (request.color == "auto" and auto))
