"""`tflint verify REFERENCE CANDIDATE`: whether a model answers as another does."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from tflint.config.hierarchy import Hierarchy
from tflint.convert.recipe import registerer
from tflint.errors import TflintError, one_of
from tflint.report import COLORS, colored, write
from tflint.report.apart import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tflint.parity.gates import Gates
    from tflint.parity.report import ParityReport
    from tflint.parity.samples import Samples
    from tflint.parity.verify import Options

FORMATS = ("text", "json", "markdown")
DELEGATES = ("both", "default", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be compared, and how. `ranges`: of random inputs; `bind`: the reference's names -> the candidate's.

    `metrics`: gates as `--metric` has them. `python`: the interpreter that has the reference's framework; `trusted`:
    code that a file holds may run. None: as the configuration has it, or the default.
    """

    reference: str
    candidate: str
    inputs: str | None = None
    samples: int | None = None
    seed: int | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    signature: str | None = None
    bind: Mapping[str, str] = field(default_factory=dict)
    delegates: str = "both"
    registerers: tuple[str, ...] = ()
    python: str | None = None
    trusted: bool = False
    timeout: float = 600.0
    per_layer: bool = False
    progress: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line said."""

    asked: Asked
    save_inputs: Path | None
    save: Path | None
    load: Path | None
    output_format: str
    output: Path | None
    color: str


def verify_command(request: Request) -> int:
    """Print the report; give the exit code. Raises TflintError."""
    one_of(request.output_format, "--output-format", FORMATS)
    one_of(request.color, "--color", COLORS)
    one_of(request.asked.delegates, "--delegates", DELEGATES)
    asked = request.asked
    read = (asked.reference, asked.candidate, asked.inputs, request.load)
    apart((request.output, request.save, request.save_inputs), (each for each in read if each))
    require_numpy()
    report = _loaded(request, request.load) if request.load else _verified(request)
    text = _rendered(report, request)
    if request.output is not None:
        write(request.output, text)
    else:
        sys.stdout.write(text)
    return int(not report.holds)


def require_numpy() -> None:
    """Raise TflintError, which says what to install, where there is none."""
    if importlib.util.find_spec("numpy") is None:
        raise TflintError("tflint verify compares with numpy: install tflint with its extra `verify`")


def proved(asked: Asked) -> ParityReport:
    """Run both and judge. Raises TflintError."""
    from tflint.parity.verify import default_gates, verify  # noqa: PLC0415 - numpy

    told = _configured(asked.candidate)
    options = _options(asked, told)
    gates = _gates(asked.metrics, told, default_gates(asked.candidate, asked.reference))
    return verify(asked.reference, asked.candidate, _samples(asked, told, options), gates, options)


def _verified(request: Request) -> ParityReport:
    """Run both, and write what is to be kept of it."""
    from tflint.parity.archive import save  # noqa: PLC0415 - numpy

    if not (request.asked.reference and request.asked.candidate):
        raise TflintError("write tflint verify REFERENCE CANDIDATE, or tflint verify --load FILE")
    report = proved(request.asked)
    if request.save_inputs is not None:
        _save_inputs(report, request.save_inputs)
    if request.save is not None:
        save(report, request.asked.bind, request.save)
    return report


def _loaded(request: Request, path: Path) -> ParityReport:
    """Judge saved results again."""
    from tflint.parity.archive import judged  # noqa: PLC0415 - numpy

    if request.asked.reference:
        raise TflintError("--load judges what was saved: it takes no models")
    return judged(path, lambda scheme: _gates(request.asked.metrics, {}, scheme))


def _configured(candidate: str) -> Mapping[str, Any]:
    """What the configuration says of this model's parity."""
    settings = Hierarchy().of(candidate)
    path = os.path.abspath(candidate)  # noqa: PTH100 - globs match paths as they are written, links and all
    tables = [table["parity"] for glob, table in settings.models.items() if "parity" in table and glob.matches(path)]
    return {key: value for table in tables for key, value in table.items()}


def _samples(asked: Asked, told: Mapping[str, Any], options: Options) -> Samples | None:
    from tflint.parity.entry import entries  # noqa: PLC0415 - with numpy
    from tflint.parity.recorded import recorded  # noqa: PLC0415 - numpy
    from tflint.parity.runners import open_source  # noqa: PLC0415 - numpy
    from tflint.parity.texts import Tokenizer  # noqa: PLC0415 - numpy

    def tokenized(path: Path) -> Samples:
        found = entries(open_source(asked.candidate))
        wanted = tuple(entry for entry in found if options.signature in (None, entry.key))
        return Tokenizer(asked.reference, options.python, options.timeout).samples(path, wanted)

    spec = asked.inputs or told.get("inputs") or told.get("inputs_from")
    return None if spec is None else recorded(spec, tokenized)


def _gates(metrics: Iterable[str], told: Mapping[str, Any], scheme: Gates) -> Gates:
    """Gates that were asked for, over those of the configuration, over those of the scheme."""
    from tflint.parity.gates import with_metrics  # noqa: PLC0415 - numpy

    rows = told.get("metrics", ())
    texts = [row["metric"] if "output" not in row else f"{row['output']}={row['metric']}" for row in rows]
    reasons = "; ".join(dict.fromkeys(row["reason"] for row in rows))
    return with_metrics(with_metrics(scheme, texts, reasons), metrics)


def _options(asked: Asked, told: Mapping[str, Any]) -> Options:
    from tflint.parity.generate import COUNT, SEED  # noqa: PLC0415 - numpy
    from tflint.parity.runners import BUILTIN, DEFAULT  # noqa: PLC0415 - numpy
    from tflint.parity.verify import Options  # noqa: PLC0415 - numpy

    modes = {"both": (DEFAULT, BUILTIN), "default": (DEFAULT,), "none": (BUILTIN,)}
    ranges = dict(_span(f"parity.ranges.{name}", name, span) for name, span in told.get("ranges", {}).items())
    count = told.get("samples", COUNT) if asked.samples is None else asked.samples
    seed = told.get("seed", SEED) if asked.seed is None else asked.seed
    if count < 1 or seed < 0:
        raise TflintError("parity.samples is at least 1, and parity.seed at least 0")
    return Options(
        signature=asked.signature,
        bind=asked.bind,
        modes=modes[asked.delegates],
        count=count,
        seed=seed,
        ranges={**ranges, **asked.ranges},
        registerers=tuple(registerer(text, "--registerer") for text in asked.registerers),
        python=asked.python or sys.executable,
        trusted=asked.trusted,
        timeout=asked.timeout,
        per_layer=asked.per_layer,
        progress=asked.progress,
    )


def pairs(texts: Iterable[str], flag: str) -> dict[str, str]:
    """`OURS=THEIRS`. Raises TflintError for what is of another form."""
    found = {}
    for text in texts:
        ours, equals, theirs = text.partition("=")
        if not (equals and ours and theirs):
            raise TflintError(f"{flag} {text}: write OURS=THEIRS")
        found[ours] = theirs
    return found


def spans(texts: Iterable[str], flag: str) -> dict[str, tuple[float, float]]:
    """`INPUT=LOW:HIGH`. Raises TflintError for what is of another form."""
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, _, span = text.rpartition("=")
        try:
            ends = [float(end) for end in span.split(":")]
        except ValueError:
            raise TflintError(f"{flag} {text}: write INPUT=LOW:HIGH, such as ids=0:30521") from None
        found.update([_span(f"{flag} {text}", name, ends)])
    return found


def _span(where: str, name: str, span: Sequence[float]) -> tuple[str, tuple[float, float]]:
    if not name or len(span) != 2 or not -inf < span[0] <= span[1] < inf:
        raise TflintError(f"{where}: the least and the largest value of an input, such as 0 and 30521")
    return name, (span[0], span[1])


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

    wanted = request.color == "always" or request.output is None  # a file has colours where they are asked for only
    return text.render(report, color=wanted and colored(request.color))
