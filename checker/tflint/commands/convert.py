"""`tflint fix MODEL --source SOURCE`: convert again with a corrected recipe, prove it, put it in the model's place."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tflint import __version__
from tflint.commands.fix import checker, noted, targets_of
from tflint.commands.recipe import recipe_of
from tflint.convert.corrections import as_before, corrected, signature_keys
from tflint.convert.environment import Environment, environment, installed
from tflint.convert.recipe import TENSORFLOW, TORCH, Recipe
from tflint.convert.table import converters
from tflint.errors import TflintError, one_of
from tflint.open import open_model
from tflint.source import FUNCTION, refuse_code, source_of, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint.commands.recipe import Request
    from tflint.convert.recipe import Change
    from tflint.findings import FileReport
    from tflint.fixer.place import Held
    from tflint.fixer.reconvert import Reconverted
    from tflint.parity.samples import Samples
    from tflint.runtimes.profile import RuntimeProfile

FORMATS = ("text", "json", "markdown")


def convert_command(request: Request, output_format: str, *, plan: bool) -> int:
    """Print what came of it, or what would be done; give the exit code. Raises TflintError."""
    one_of(output_format, "--output-format", FORMATS)
    begin = _begun(request, runs=not plan)
    if plan:
        sys.stdout.write(_planned(request, begin, output_format))
        return 0
    found = _done(request, begin)
    sys.stdout.write(_rendered(request, found, begin.size, output_format))
    if problem := unmet(request, found):
        raise TflintError(problem, 1)
    return 0


def reconverted(request: Request) -> Reconverted:
    """Convert, prove, and put the result in its place, or leave that as it was. Raises TflintError."""
    return _done(request, _begun(request, runs=True))


def unmet(request: Request, found: Reconverted) -> str:
    """What was asked for and is not there, "" where all is."""
    if found.problem:
        return f"{request.model}: {'left as it was' if found.before else 'not made'}: {found.problem}"
    quantized = found.quantized
    if quantized is not None and quantized.wish.several and quantized.missing:
        from tflint.commands.quantize import why_missing  # noqa: PLC0415 - late

        return f"{request.out or request.model}: {why_missing(quantized)}"
    return ""


class _Begun(NamedTuple):
    """What is known before anything is converted."""

    recipe: Recipe
    given: list[Change]
    check: Callable[[Path], FileReport]
    targets: list[RuntimeProfile]
    before: FileReport | None
    size: int  # bytes of the model that is to be replaced
    keys: list[str]  # its signatures, which may not be lost


def _begun(request: Request, *, runs: bool) -> _Begun:
    recipe = recipe_of(request)
    source = source_of(recipe.source)
    if recipe.weights is not None:
        weights_of(recipe.weights, source)
    for samples in filter(None, (recipe.calibration, request.inputs)):
        if not (Path(samples).exists() or FUNCTION.fullmatch(samples)):
            raise TflintError(f"no such file: {samples}")  # now, and not after the conversion
    if runs and not request.trusted:
        refuse_code(source)
    check, targets = checker(request.model, recipe.targets), targets_of(request.model, recipe.targets)
    before = check(request.model) if request.model.exists() else None
    size = request.model.stat().st_size if before else 0
    said = recipe.signatures or recipe.source_signature or request.signature
    given = as_before(recipe, open_model(request.model)) if before and request.recipe is None else []
    for change in given:
        recipe = recipe.changed(change)
    keys = [] if said or before is None else signature_keys(open_model(request.model))
    return _Begun(recipe, given, check, targets, before, size, keys)


def _done(request: Request, begin: _Begun) -> Reconverted:
    from tflint.commands import variants  # noqa: PLC0415 - numpy
    from tflint.fixer.place import held  # noqa: PLC0415 - late
    from tflint.fixer.prove import require_runtime  # noqa: PLC0415 - late
    from tflint.fixer.reconvert import reconvert  # noqa: PLC0415 - late
    from tflint.fixer.weigh import weigh  # noqa: PLC0415 - numpy

    require_runtime()
    places = partial(_places, request, begin.targets)
    with ExitStack() as stack:
        model = stack.enter_context(held(request.model)) if begin.before is not None else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tflint-convert-")))
        wanted = variants.wanted(begin.recipe, request.inputs, request.timeout, request.progress)
        if wanted is not None:
            stack.callback(wanted.children.close)
        found = reconvert(
            begin.recipe,
            begin.before,
            begin.check,
            folder,
            places,
            given=begin.given,
            replay=request.recipe is not None,
            keys=begin.keys,
            targets=begin.targets,
            timeout=request.timeout,
            trusted=request.trusted,
            progress=request.progress,
        )
        several = wanted is not None and wanted.several
        if found.file is not None and several:
            _prove(request, found)
        if found.file is not None and wanted is not None and not found.problem:
            wanted.make(found, begin.check, folder / "quantize", places(found.recipe)[0])
        if found.file is not None and not several:
            _prove(request, found)
        weigh(found, request.model if begin.before else None, request.timeout)
        if found.file is not None and not found.problem:
            if several:
                variants.put_beside(found, request.out or request.model, model, backup=request.backup)
            _put(request, found, model)
    return found


def _places(request: Request, targets: list[RuntimeProfile], recipe: Recipe) -> tuple[Environment, Environment]:
    """Where a recipe's converter is, and where the source's framework.

    Both are where the user says, or here; the release that a recipe names may be one that tflint has installed.
    """
    progress = request.progress
    given = Environment(Path(request.python), request.python, built=False) if request.python else None
    if recipe.converter in (TENSORFLOW, TORCH):
        where = given or environment(recipe.converter, progress=progress)
        return where, where
    oldest = min(targets, key=lambda each: each.generation, default=None)
    where = environment(recipe.converter, target=oldest, progress=progress)
    framework = TORCH if recipe.by_torch else TENSORFLOW
    here = any(installed(each) for each in converters() if each.name == framework)
    return where, given or (environment(framework) if here else where)


def _prove(request: Request, found: Reconverted) -> None:
    """Compare with the source's own framework."""
    from tflint.fixer.against import prove  # noqa: PLC0415 - numpy
    from tflint.fixer.calibration import some  # noqa: PLC0415 - numpy
    from tflint.parity.entry import entries  # noqa: PLC0415 - with numpy
    from tflint.parity.gates import HALF, with_metrics  # noqa: PLC0415 - numpy
    from tflint.parity.recorded import recorded  # noqa: PLC0415 - numpy
    from tflint.parity.texts import Tokenizer  # noqa: PLC0415 - numpy
    from tflint.parity.verify import Options, default_gates  # noqa: PLC0415 - numpy

    python = str(found.home.python) if found.home else sys.executable
    tokenizer = Tokenizer(found.recipe.source, python, request.timeout)

    def tokenized(path: Path) -> Samples:
        assert found.file is not None  # noqa: S101 - the caller's condition
        return tokenizer.samples(path, entries(open_model(found.file)))

    samples = recorded(request.inputs, tokenized) if request.inputs else None
    several = "," in (found.recipe.quantize or "")
    if several and samples is None and found.recipe.calibration is not None:
        samples = some(recorded(found.recipe.calibration, tokenized))
    metrics = found.recipe.metrics
    if several:  # they are for the variants: what float16 has to keep, a float model has as well
        gates = HALF if metrics else default_gates(str(found.file))
    else:
        gates = with_metrics(default_gates(str(found.file)), metrics)
    told = Options(
        python=python, timeout=request.timeout, registerers=found.recipe.registerers, trusted=request.trusted
    )
    prove(found, samples, gates, told)
    if found.parity is not None:
        found.parity = replace(found.parity, candidate=str(request.out or request.model))


def _put(request: Request, found: Reconverted, model: Held | None) -> None:
    """The candidate in the model's place, and an entry in the lock."""
    from tflint.fixer.loop import digest  # noqa: PLC0415 - late
    from tflint.fixer.place import put, put_new, scratch  # noqa: PLC0415 - late
    from tflint.fixer.prove import metrics_of  # noqa: PLC0415 - late

    assert found.file is not None  # noqa: S101 - the caller's condition
    target = request.out or request.model
    with scratch(target) as candidate:
        try:
            shutil.copyfile(found.file, candidate)
        except OSError as problem:
            raise TflintError(f"cannot write {candidate}: {problem.strerror or problem}", 1) from None
        entry = {
            "tool": f"tflint {__version__}",
            "versions": found.tries[-1].attempt.answer["versions"],
            "recipe": found.recipe.plain,
            "input": digest(model.path) if model else None,
            "output": digest(candidate),
            "parity": metrics_of(found.parity) if found.parity else {},
        }
        if model is None:
            put_new(candidate, target, over=request.out is not None)
        else:
            put(candidate, model, request.out, backup=request.backup)
    noted(target, entry)


def _rendered(request: Request, found: Reconverted, size: int, output_format: str) -> str:
    from tflint.fixer import reconvert_report as report  # noqa: PLC0415 - late

    name, written = str(request.model), None if found.problem else str(request.out or request.model)
    if output_format == "json":
        from tflint.report.json import dumped  # noqa: PLC0415 - this form only

        return dumped(report.plain_report(name, found, size, written))
    if output_format == "markdown":
        return report.markdown(name, found, size, written)
    from tflint.report import colored  # noqa: PLC0415 - this form only

    return report.render(name, found, size, written, color=colored("auto"))


def _planned(request: Request, begin: _Begun, output_format: str) -> str:
    recipe, before = begin.recipe, begin.before
    better, changes = (recipe, []) if request.recipe else corrected(recipe, before.findings if before else ())
    if output_format == "json":
        return json.dumps(better.plain, indent=2) + "\n"
    from tflint.fixer.reconvert_report import planned  # noqa: PLC0415 - late

    return planned(str(request.model), better.source, [*begin.given, *changes], before)
