"""Quantize a float model, prove each variant against it, and choose: the schemes that were asked for, or the smallest.

The float model is read once, and run and checked once, beside the child that quantizes; every variant is judged by the
answers of that one run.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer import quantizer
from tflint.fixer.calibration import some
from tflint.fixer.document import open_document
from tflint.fixer.half import halve
from tflint.fixer.refusal import refuse, unchanged
from tflint.fixer.requantize import SETTINGS
from tflint.fixer.variant import LADDER, Quantized, Variant, Wish, new_error, sizes
from tflint.fixer.versions import state_runtime
from tflint.model.scheme import schemes
from tflint.open import open_model
from tflint.parity.entry import entries
from tflint.parity.gates import gates_for, with_metrics
from tflint.parity.generate import COUNT, SEED, Side, generate
from tflint.parity.judge import judge
from tflint.parity.runners import BUILTIN, DEFAULT, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tflint.findings import FileReport
    from tflint.model.view import Model
    from tflint.parity.entry import Entry
    from tflint.parity.process import Children
    from tflint.parity.results import Results
    from tflint.parity.samples import Samples

FLOAT16, INT8 = "float16", "int8"
LSTMS = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "LSTM")
COUNTS = (1, 3, 8)  # worst layers that stay float
BARE_ROWS = 1  # samples that builtin kernels alone are proved by: they take a multiple of the time
THREADS = 4
RANDOM = "random samples decide: what the model meets in use may well decide otherwise (--inputs or --calibration)"
LITERT = ("ai_edge_litert.interpreter",)  # what a child imports before it is asked


def quantize(path: Path, wish: Wish, folder: Path, children: Children) -> Quantized:
    """Quantize a model; what is made is in `folder`. Raises TflintError for what cannot be done, and why.

    `children` is closed at the end.
    """
    with ThreadPoolExecutor(THREADS) as pool, closing(children):  # which ends what the pool may be waiting for
        work = _Work(path, wish, folder, children, pool)
        making = pool.submit(work.first)
        size = pool.submit(sizes, path)
        reference = work.reference()
        variants = work.chosen_from(making.result())
        best: dict[str, Variant] = {}  # of each scheme, the smallest
        for variant in variants:
            if variant.holds:
                best.setdefault(variant.scheme, variant)
        kept = tuple(best.values()) if wish.several else tuple(best.values())[:1]
        samples = tuple(work.samples.values())
        return Quantized(wish, reference, samples, *size.result(), tuple(variants), kept, tuple(work.notes))


class _Work:
    """A float model and what it takes to quantize it."""

    def __init__(self, path: Path, wish: Wish, folder: Path, children: Children, pool: ThreadPoolExecutor) -> None:
        self.path, self.wish, self.folder, self.children, self.pool = path, wish, folder, children, pool
        self.model: Model = open_model(path)
        self.entries = entries(self.model)
        self.notes: list[str] = [] if (wish.samples and not wish.random) or wish.calibration else [RANDOM]
        ladder = LADDER if wish.auto else wish.schemes
        self.refused = {scheme: why for scheme in ladder if (why := refuse(self.model, scheme, wish.calibration))}
        able = wish.converted and not refuse(self.model, FLOAT16, ())
        self.converts = {each for each in SETTINGS if able and each in ladder and (wish.calibration or each != INT8)}
        if len(self.refused) == len(ladder) and not self.converts:
            raise TflintError(f"{path}: {next(iter(self.refused.values()))}", 1)
        self.schemes = [scheme for scheme in ladder if scheme not in self.refused]
        self.samples = {entry.key: self._samples(entry) for entry in self.entries}
        self.answers: dict[str | None, Results] = {}
        self.before: Future[FileReport]
        self.rescued = {FLOAT16}  # schemes whose worst layers stayed float already, or that know no such thing

    def chosen_from(self, made: list[Variant]) -> list[Variant]:
        """Variants with what they are worth, smallest first; the first one that holds is proved."""
        if not self.wish.auto:
            variants = self.at_once(made)
            variants += self.at_once(self.without_operators(variants))
        else:
            variants = [self.judged(variant) for variant in made]
            variants += [self.judged(variant) for variant in self.without_operators(variants)]
            while True:
                variants += self.repaired(variants)
                best = min((each for each in variants if each.holds), key=lambda each: each.size, default=None)
                if best is None:
                    break
                place = variants.index(best)
                variants[place] = _proved(best, self.proofs(best))
                if variants[place].holds:
                    break
        return sorted(variants, key=lambda each: (each.file is None, each.size))

    def _samples(self, entry: Entry) -> Samples:
        """What both models are given: what was said, a part of the calibration data, or random values."""
        if entry.key in self.wish.samples:
            return self.wish.samples[entry.key]
        given = self.wish.calibration.get(entry.key)
        if given is None:
            side = Side(self.model, entry, {port.name: port.name for port in entry.inputs})
            return generate((side,), count=COUNT, seed=SEED)
        return some(given)

    def reference(self) -> tuple[Results, ...]:
        """Answers of the float model. Raises TflintError where there are none: nothing could be proved."""
        self.before = self.pool.submit(self.wish.check, self.path)
        for entry in self.entries:
            results = self._run(self.path, self.samples[entry.key], entry, DEFAULT)
            if not results.ran:
                raise TflintError(
                    f"{self.path}: the float model does not run here, so nothing can be proved: {results.problem}", 1
                )
            self.answers[entry.key] = results
        self.children.start(1 if self.wish.auto else 2, modules=LITERT)
        return tuple(self.answers.values())

    def first(self) -> list[Variant]:
        """Every scheme once, none of it judged."""
        refused = [Variant(scheme, problem=why) for scheme, why in self.refused.items()]
        halved = [self._halved()] if FLOAT16 in self.schemes else []
        orders = [quantizer.Order(scheme, scheme) for scheme in self.schemes if scheme != FLOAT16]
        made = [*refused, *halved, *self._ordered(orders)]
        return [self._converted(each) if each.scheme in self.converts else each for each in made]

    def _converted(self, variant: Variant) -> Variant:
        """What the converter makes of the source, where ai-edge-quantizer makes nothing of the model or of an LSTM."""
        assert self.wish.converted is not None  # noqa: S101 - the caller's condition
        fused = next((op.name for op in self.model.ops if op.name in LSTMS), "")
        if variant.file is not None and not fused:
            return variant
        self.wish.progress(f"converting: {variant.scheme}")
        why = f"ai-edge-quantizer takes no {fused}" if fused else variant.problem
        self.rescued.add(variant.scheme)
        try:
            made = self._variant(variant.scheme, self.wish.converted(variant.scheme))
        except TflintError as problem:
            return replace(variant, file=None, problem=f"{why}; by the converter: {problem.message}")
        self.notes.append(f"{variant.scheme} is the converter's own: {why}")
        return made

    def without_operators(self, variants: Iterable[Variant]) -> list[Variant]:
        """Those that do not run, without the type of operator that the runtime names as the reason."""
        orders = []
        for variant in variants:
            operator = variant.judgements and quantizer.culprit(variant.problem)
            if operator:
                orders.append(quantizer.Order(f"{variant.scheme}-{operator}", variant.scheme, operators=(operator,)))
        return self._ordered(orders)

    def repaired(self, variants: list[Variant]) -> list[Variant]:
        """Those that run and are too far off, with their worst layers left float, down to the smallest that holds."""
        best = min((variant.size for variant in variants if variant.holds), default=self.path.stat().st_size)
        orders = [
            quantizer.Order(f"{each.scheme}-layers", each.scheme, each.kept_float, each.file, COUNTS)
            for each in variants
            if not each.holds and each.size < best and each.scheme not in self.rescued and each.ran
        ]
        self.rescued |= {order.scheme for order in orders}
        made: dict[str, list[Variant]] = {}
        for variant in sorted(self._ordered(orders), key=lambda each: -each.size):
            if variant.file is not None:
                made.setdefault(variant.scheme, []).append(variant)
        tried = []
        for scheme in LADDER:
            for variant in made.get(scheme, ()):  # with the most layers float first: if that is too far off, all are
                if variant.size < best:
                    tried.append(self.judged(variant))
                    if not tried[-1].holds:
                        break
                    best = variant.size
        return tried

    def _halved(self) -> Variant:
        document = open_document(self.path)
        if not halve(document):
            return Variant(FLOAT16, problem="it has no float32 constant of any size that float16 can hold")
        state_runtime(document)
        file = self.folder / "float16.tflite"
        with file.open("wb") as out:
            for piece in document.pieces():
                out.write(piece)
        return self._variant(FLOAT16, file)

    def _ordered(self, orders: Iterable[quantizer.Order]) -> list[Variant]:
        """Let ai-edge-quantizer make variants."""
        orders = list(orders)
        if not orders:
            return []
        self.wish.progress(f"quantizing: {', '.join(dict.fromkeys(order.scheme for order in orders))}")
        samples = self.wish.calibration or self.samples  # of which all but static schemes need none
        made = quantizer.make(self.path, self.model, orders, samples, self.folder, self.wish.timeout, self.children)
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
        proofs = [(variant, self.proofs(variant)) for variant in made]
        return [_proved(self.judged(variant), proof) for variant, proof in proofs]

    def proofs(self, variant: Variant) -> list[Future[str]]:
        """What speaks against keeping one: builtin kernels alone, for not every device has XNNPACK, and the rules."""
        return [self.pool.submit(proof, variant) for proof in (self._worse, self._bare) if variant.file]

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
            found.append(judge(answer, self._run(variant.file, samples, other, mode), gates, labels=samples.labels))
        reasons = [reason for each in found for reason in each.reasons]
        once = [*reasons[:1], *(reason.partition(": ")[2] for reason in reasons[1:])]  # with the same runner
        return replace(variant, judgements=tuple(found), problem="; ".join(once))

    def _bare(self, variant: Variant) -> str:
        found = self.judged(variant, BUILTIN)
        if not found.problem or any(self._run(self.path, *self._one(entry), BUILTIN).failure for entry in self.entries):
            return ""
        return found.problem

    def _one(self, entry: Entry) -> tuple[Samples, Entry]:
        return self.samples[entry.key].only(range(BARE_ROWS)), entry

    def _worse(self, variant: Variant) -> str:
        assert variant.file is not None  # noqa: S101 - asked before
        return new_error(self.before.result(), self.wish.check(variant.file))

    def _run(self, source: Path, samples: Samples, entry: Entry, mode: str) -> Results:
        return run(str(source), samples, entry=entry, mode=mode, timeout=self.wish.timeout, children=self.children)


def _proved(variant: Variant, proofs: Iterable[Future[str]]) -> Variant:
    """A variant that holds, unless something speaks against it."""
    problem = next((problem for proof in proofs if (problem := proof.result())), "")
    return replace(variant, problem=problem) if variant.holds else variant
