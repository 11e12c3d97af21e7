"""`tflint fix MODEL --quantize SCHEME`: make variants, prove them, put the one to keep in the model's place.

Of several schemes, with commas between, each that holds is put beside the model, which stays.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.errors import TflintError, one_of, say
from tflint.parity.process import QUANTIZER, RUNNER, Children
from tflint.process import short_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint.findings import FileReport
    from tflint.fixer.place import Held
    from tflint.fixer.variant import Quantized, Variant, Wish
    from tflint.parity.samples import Samples
    from tflint.parity.texts import Tokenizer

EXTRA = "tflint fix --quantize quantizes with ai-edge-quantizer: install tflint with its extra `quantize`"
MODULES = ("numpy", "ai_edge_litert", "ai_edge_quantizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How to quantize: texts are as the command line has them."""

    scheme: str
    calibration: str | None = None
    inputs: str | None = None
    metrics: tuple[str, ...] = ()
    timeout: float = 600.0
    progress: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Asked):
    """What to quantize, and where to put it."""

    model: Path
    out: Path | None = None
    backup: bool = False
    targets: tuple[str, ...] = ()


def quantize_command(request: Request, output_format: str) -> int:
    """Print what came of it; give the exit code. Raises TflintError."""
    from tflint.commands.fix import FORMATS  # noqa: PLC0415 - start-up

    one_of(output_format, "--output-format", FORMATS)
    found = quantized(request)
    for backup in found.backups:
        say(f"the {'old' if found.wish.several else 'float'} model is {backup}")
    sys.stdout.write(_rendered(request, found, output_format))
    if found.missing:
        raise TflintError(f"{request.model}: {'' if found.kept else 'left as it was: '}{why_missing(found)}", 1)
    return 0


def quantized(request: Request) -> Quantized:
    """Make variants, prove them, and put those to keep in their places. Raises TflintError."""
    require_quantizer()
    if not request.model.is_file():
        raise TflintError(f"no such file: {request.model}")
    try:
        with closing(Children()) as children:
            children.start(name=QUANTIZER)  # it imports for a second, we for half of one
            children.start(name=RUNNER, modules=("ai_edge_litert.interpreter",))
            return _quantized(request, children)
    except MemoryError:
        why = "out of memory"
    except (OSError, RuntimeError, ImportError) as problem:
        if short_of_memory(str(problem)):
            why = "out of memory"
        elif isinstance(problem, OSError):
            why = f"{problem.strerror or problem} (temporary files are in {tempfile.gettempdir()})"
        else:
            raise
    raise TflintError(f"{request.model}: left as it was: {why}", 1)


def require_quantizer() -> None:
    """Raise TflintError, which says what to install, where there is none."""
    if any(importlib.util.find_spec(name) is None for name in MODULES):
        raise TflintError(EXTRA)


def _quantized(request: Request, children: Children) -> Quantized:
    from tflint.fixer.place import held  # noqa: PLC0415 - while the children import
    from tflint.fixer.quantize import quantize  # noqa: PLC0415 - same

    wish = _wish(request)
    with ExitStack() as stack:
        model = stack.enter_context(held(request.model))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tflint-quantize-")))
        found = quantize(request.model, wish, folder, children)
        backups = [_install(request, found, variant, model) for variant in found.kept]
    return replace(found, backups=tuple(filter(None, backups)))


def why_missing(found: Quantized) -> str:
    """Why nothing is kept of schemes that were asked for."""
    from tflint.fixer.quantize import RANDOM  # noqa: PLC0415 - numpy

    chance = "; random samples decided: give real ones (--inputs or --calibration)" if RANDOM in found.notes else ""
    if found.wish.auto:
        return f"no scheme holds{chance}"
    whys = [_why_not(scheme, found) for scheme in found.missing]
    return "; ".join(whys) + (chance if any("does not hold" in why for why in whys) else "")


def _why_not(scheme: str, found: Quantized) -> str:
    variants = [variant for variant in found.variants if variant.scheme == scheme]
    if not any(variant.ran for variant in variants):
        [problem, *_] = [variant.problem for variant in variants if variant.problem] or ["nothing was made"]
        return f"{scheme}: {problem}" if found.wish.several else problem
    return f"{scheme} does not hold{'' if scheme == 'float16' else ' (auto leaves the worst layers float)'}"


def _install(request: Request, found: Quantized, variant: Variant, model: Held) -> Path | None:
    """Put a variant in its place; give where what was there is kept."""
    from tflint.commands.fix import noted  # noqa: PLC0415 - late
    from tflint.fixer.loop import digest  # noqa: PLC0415 - late
    from tflint.fixer.place import put, scratch  # noqa: PLC0415 - late

    assert variant.file is not None  # noqa: S101 - what holds has a file
    place = found.place(variant, request.out or request.model) if found.wish.several else request.out
    with scratch(place or model.path) as candidate:
        try:
            shutil.copyfile(variant.file, candidate)
        except OSError as problem:
            raise TflintError(f"cannot write {candidate}: {problem.strerror or problem}", 1) from None
        digests = digest(model.path), digest(candidate)
        if digests[1] != digest(variant.file):
            raise TflintError(f"cannot write {candidate}: what was written reads otherwise", 1)
        out, backup = put(candidate, model, place, backup=request.backup)
    noted(out, entry(found, variant, digests))
    return backup


def entry(found: Quantized, variant: Variant, digests: tuple[str, str]) -> dict[str, Any]:
    """What the lock keeps: with what, how, from what, and the numbers."""
    from importlib.metadata import version  # noqa: PLC0415 - late

    from tflint.fixer.quantize_report import proof  # noqa: PLC0415 - numpy

    return {
        "tool": f"tflint {__version__}",
        "libraries": {name: version(name) for name in ("ai-edge-quantizer", "ai-edge-litert", "numpy")},
        "recipe": {"scheme": variant.scheme, "float_layers": list(variant.kept_float)},
        "samples": [samples.origin for samples in found.samples],
        "input": digests[0],
        "output": digests[1],
        "parity": proof(variant),
    }


def _wish(request: Request) -> Wish:
    from tflint.commands.fix import checker  # noqa: PLC0415 - late

    return wish_of(request.model, request, checker(request.model, request.targets))


def wish_of(
    model: Path, request: Asked, check: Callable[[Path], FileReport], tokenizer: Tokenizer | None = None
) -> Wish:
    """What is asked for of a float model. `tokenizer`: of what it came from. Raises TflintError."""
    from tflint.fixer.calibration import by_entry  # noqa: PLC0415 - numpy
    from tflint.fixer.variant import Wish, schemes_of  # noqa: PLC0415 - numpy
    from tflint.open import open_model  # noqa: PLC0415 - late
    from tflint.parity.entry import entries  # noqa: PLC0415 - with numpy
    from tflint.parity.gates import EXACT, with_metrics  # noqa: PLC0415 - with numpy
    from tflint.parity.pairing import conformed, of_entry  # noqa: PLC0415 - numpy
    from tflint.parity.recorded import recorded  # noqa: PLC0415 - numpy

    schemes = schemes_of(request.scheme)
    with_metrics(EXACT, request.metrics)  # says at once what is wrong with them
    found = entries(open_model(model))
    tokenized = None if tokenizer is None else partial(tokenizer.samples, entries=found)
    calibration = {} if request.calibration is None else by_entry(recorded(request.calibration, tokenized), found)
    samples: dict[str | None, Samples] = {}
    if request.inputs is not None:
        given = recorded(request.inputs, tokenized)
        own = {entry.key: given if len(found) == 1 else of_entry(given, entry) for entry in found}
        samples = {entry.key: conformed(rows, entry) for entry in found if (rows := own[entry.key])}
    return Wish(schemes, check, calibration, samples, request.metrics, request.timeout, request.progress)


def _rendered(request: Request, found: Quantized, output_format: str) -> str:
    from tflint.fixer import quantize_report  # noqa: PLC0415 - numpy

    written = request.out or request.model
    if output_format == "json":
        from tflint.report.json import dumped  # noqa: PLC0415 - this form only

        return dumped(quantize_report.plain_report(str(request.model), found, written))
    return quantize_report.render(str(request.model), found, written)
