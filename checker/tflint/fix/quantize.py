"""Quantize a float model, prove each variant against it, and choose: the scheme that was asked for, or the smallest.

The float model is read once and run once, beside the child that quantizes; every variant is judged by the answers of
that one run.
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tflint.commands.show import open_model
from tflint.errors import TflintError
from tflint.fix import quantizer
from tflint.fix.document import open_document
from tflint.fix.half import halve
from tflint.fix.refusal import STATIC, refuse, unchanged
from tflint.model.scheme import schemes
from tflint.parity.entry import entries
from tflint.parity.gates import gates_for, with_metrics
from tflint.parity.generate import COUNT, SEED, Side, generate
from tflint.parity.judge import judge
from tflint.parity.runners import BUILTIN, DEFAULT, TIMEOUT, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tflint.model.view import Model
    from tflint.parity.entry import Entry
    from tflint.parity.judge import Judgement
    from tflint.parity.results import Results
    from tflint.parity.samples import Samples

AUTO = "auto"
LADDER = ("int4", "int8", "dynamic", "weight-only-int8", "int16x8", "float16")  # about from small to large
SCHEMES = (*LADDER, AUTO)
COUNTS = (1, 3, 8)  # worst layers that stay float
BARE_ROWS = 1  # samples that builtin kernels alone are proved by: they take a multiple of the time
PARITY_ROWS = 16  # samples of calibration data that parity is judged by


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `calibration` and `samples`: of each entry, by its key."""

    scheme: str
    calibration: Mapping[str | None, Samples] = field(default_factory=dict)
    samples: Mapping[str | None, Samples] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    progress: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to quantize the model, and what came of it. `file` is None where there is no model of it."""

    scheme: str
    file: Path | None = None
    kept_float: tuple[str, ...] = ()
    """Layers that stay float: outputs of theirs, or types of operators."""
    problem: str = ""
    """Why there is no model, or why parity does not hold."""
    judgements: tuple[Judgement, ...] = ()
    size: int = 0
    deflated: int = 0

    @property
    def holds(self) -> bool:
        """It is there and answers as the float model does."""
        return self.file is not None and bool(self.judgements) and not self.problem


@dataclass(frozen=True, slots=True)
class Quantized:
    """All variants, smallest first, and the one to keep. `reference`: of each entry, the float model's answers."""

    wish: Wish
    reference: tuple[Results, ...]
    samples: tuple[Samples, ...]
    size: int
    deflated: int
    variants: tuple[Variant, ...]
    chosen: Variant | None
    notes: tuple[str, ...] = ()


def quantize(path: Path, wish: Wish, folder: Path) -> Quantized:
    """Quantize a model; what is made is in `folder`. Raises TflintError for what cannot be done, and why."""
    work = _Work(path, wish, folder)
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(work.first)
        reference = work.reference()
        made = making.result()
    work.accept(reference)
    variants = [work.judged(variant) for variant in made] if wish.scheme == AUTO else work.at_once(made)
    variants += [work.judged(variant) for variant in work.without_operators(variants)]
    if wish.scheme == AUTO:
        variants += work.repaired(variants)
    variants.sort(key=lambda variant: (variant.file is None, variant.size))
    chosen = None
    for place, variant in enumerate(variants):
        if chosen is None and variant.holds:
            variants[place] = work.proved(variant) if wish.scheme == AUTO else variant
            chosen = variants[place] if variants[place].holds else None
    kept = tuple(work.samples.values())
    return Quantized(wish, reference, kept, *sizes(path), tuple(variants), chosen, tuple(work.notes))


def sizes(path: Path) -> tuple[int, int]:
    """Bytes of a file, as it is and as a zip archive holds it."""
    deflate = zlib.compressobj()
    total = packed = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total += len(block)
            packed += len(deflate.compress(block))
    return total, packed + len(deflate.flush())


class _Work:
    """A float model and what it takes to quantize it."""

    def __init__(self, path: Path, wish: Wish, folder: Path) -> None:
        self.path, self.wish, self.folder = path, wish, folder
        self.model: Model = open_model(path)
        self.entries = entries(self.model)
        self.notes: list[str] = []
        ladder = LADDER if wish.scheme == AUTO else (wish.scheme,)
        self.refused = {scheme: why for scheme in ladder if (why := refuse(self.model, scheme, wish.calibration))}
        if len(self.refused) == len(ladder):
            raise TflintError(f"{path}: {next(iter(self.refused.values()))}", 1)
        self.schemes = [scheme for scheme in ladder if scheme not in self.refused]
        self.samples: dict[str | None, Samples] = {}
        self.answers: dict[str | None, Results] = {}

    def _samples(self, entry: Entry) -> Samples:
        """What both models are given: what was said, a part of the calibration data, or random values."""
        if entry.key in self.wish.samples:
            return self.wish.samples[entry.key]
        given = self.wish.calibration.get(entry.key)
        if given is None:
            side = Side(self.model, entry, {port.name: port.name for port in entry.inputs})
            return generate((side,), count=COUNT, seed=SEED)
        step = -(-len(given.rows) // PARITY_ROWS)
        return replace(given.only(range(0, len(given.rows), step)), origin=f"calibration data, {given.origin}")

    def reference(self) -> tuple[Results, ...]:
        """Answers of the float model, and what it was asked."""
        self.samples = {entry.key: self._samples(entry) for entry in self.entries}
        return tuple(self._run(self.path, self.samples[entry.key], entry, DEFAULT) for entry in self.entries)

    def accept(self, reference: tuple[Results, ...]) -> None:
        """Hold on to the answers. Raises TflintError where there are none: nothing could be proved."""
        for entry, results in zip(self.entries, reference, strict=True):
            if not results.ran:
                raise TflintError(
                    f"{self.path}: the float model does not run here, so nothing can be proved: {results.problem}", 1
                )
            self.answers[entry.key] = results

    def first(self) -> list[Variant]:
        """Every scheme once, none of it judged."""
        refused = [Variant(scheme, problem=why) for scheme, why in self.refused.items()]
        halved = [self._halved()] if "float16" in self.schemes else []
        orders = [quantizer.Order(scheme, scheme) for scheme in self.schemes if scheme != "float16"]
        return [*refused, *halved, *self._ordered(orders)]

    def without_operators(self, variants: Iterable[Variant]) -> list[Variant]:
        """Those that do not run, without the type of operator that the runtime names as the reason."""
        orders = []
        for variant in variants:
            operator = variant.judgements and quantizer.culprit(variant.problem)
            if operator:
                orders.append(quantizer.Order(f"{variant.scheme}-{operator}", variant.scheme, operators=(operator,)))
        return self._ordered(orders)

    def repaired(self, variants: list[Variant]) -> list[Variant]:
        """Those that run and are too far off, with their worst layers left float: the smallest that holds."""
        best = min((variant.size for variant in variants if variant.holds), default=self.path.stat().st_size)
        orders = [
            quantizer.Order(f"{each.scheme}-layers", each.scheme, each.kept_float, each.file, COUNTS)
            for each in variants
            if not each.holds and each.size < best and each.scheme != "float16" and _ran(each)
        ]
        made = sorted((each for each in self._ordered(orders) if each.file), key=lambda variant: variant.size)
        tried: dict[str, Variant] = {}
        for variant in made:
            if variant.size < best:
                tried[variant.scheme] = judged = self.judged(variant)
                if judged.holds:
                    break
        return list(tried.values())

    def _halved(self) -> Variant:
        document = open_document(self.path)
        if not halve(document):
            return Variant("float16", problem="it has no float32 constant of any size that float16 can hold")
        file = self.folder / "float16.tflite"
        with file.open("wb") as out:
            for piece in document.pieces():
                out.write(piece)
        return self._variant("float16", file)

    def _ordered(self, orders: Iterable[quantizer.Order]) -> list[Variant]:
        """Let ai-edge-quantizer make variants."""
        orders = list(orders)
        if not orders:
            return []
        self.wish.progress(f"quantizing: {', '.join(dict.fromkeys(order.scheme for order in orders))}")
        samples = self.wish.calibration or self.samples  # of which all but static schemes need none
        made = quantizer.make(self.path, self.model, orders, samples, self.folder, self.wish.timeout)
        self.notes += [note for note in made.notes if note not in self.notes]
        found = []
        for order in orders:
            if order.id in made.failures:
                found.append(Variant(order.scheme, kept_float=order.operators, problem=made.failures[order.id]))
            found += [self._variant(order.scheme, file, kept) for file, kept in made.files.get(order.id, ())]
        return found

    def _variant(self, scheme: str, file: Path, kept: tuple[str, ...] = ()) -> Variant:
        why = unchanged(self.model, open_model(file))
        if why:
            return Variant(scheme, kept_float=kept, problem=why)
        return Variant(scheme, file, kept, "", (), *sizes(file))

    def at_once(self, made: Iterable[Variant]) -> list[Variant]:
        """Variants judged and proved, both at the same time."""
        with ThreadPoolExecutor(1) as pool:
            proofs = [(variant, pool.submit(self.proved, variant)) for variant in made]
            judged = [(self.judged(variant), proof) for variant, proof in proofs]
        return [replace(each, problem=proof.result().problem) if each.holds else each for each, proof in judged]

    def judged(self, variant: Variant, mode: str = DEFAULT) -> Variant:
        """A variant with its judgements."""
        if variant.file is None:
            return variant
        self.wish.progress(f"running {variant.scheme}")
        model = open_model(variant.file)
        theirs = {entry.key: entry for entry in entries(model)}
        gates = gates_for(schemes(model))
        if self.wish.metrics:
            gates = with_metrics(gates, self.wish.metrics)
        found = []
        for entry in self.entries:
            other = theirs.get(entry.key) or next(iter(theirs.values()))
            answer, samples = self.answers[entry.key], self.samples[entry.key]
            if mode == BUILTIN:
                answer, samples = replace(answer, rows=answer.rows[:BARE_ROWS]), samples.only(range(BARE_ROWS))
            found.append(judge(answer, self._run(variant.file, samples, other, mode), gates))
        reasons = [reason for each in found for reason in each.reasons]
        return replace(variant, judgements=tuple(found), problem="; ".join(reasons))

    def proved(self, variant: Variant) -> Variant:
        """The one that is to be kept, run with builtin kernels alone too: not every device has XNNPACK."""
        bare = self.judged(variant, BUILTIN)
        if not bare.problem or any(self._bare(entry).failure for entry in self.entries):
            return variant
        return replace(variant, problem=bare.problem)

    def _bare(self, entry: Entry) -> Results:
        return self._run(self.path, self.samples[entry.key].only(range(BARE_ROWS)), entry, BUILTIN)

    def _run(self, source: Path, samples: Samples, entry: Entry, mode: str) -> Results:
        return run(str(source), samples, entry=entry, mode=mode, timeout=self.wish.timeout)


def _ran(variant: Variant) -> bool:
    return bool(variant.judgements) and all(each.candidate.ran for each in variant.judgements)


def is_static(scheme: str) -> bool:
    """Whether a scheme needs calibration data."""
    return scheme in STATIC
