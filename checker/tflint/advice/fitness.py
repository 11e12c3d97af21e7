"""What stands in the way of a scheme: the target's own limits, and, with a model, the model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tflint.advice.imagined import without_kernel
from tflint.fixer.refusal import refuse, refuse_static
from tflint.model.scheme import WEIGHTED, schemes, weighted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.advice.tree import Scheme
    from tflint.model.view import Model, Op
    from tflint.runtimes.profile import RuntimeProfile

FLOAT = "float32"
GIVEN = ("samples",)  # of calibration: whether there are any is asked elsewhere
GAIN = 0.9  # of the file's size, above which a smaller file is not worth another model
KINDS = 6  # of operators, and reasons, that are named
HALF_BYTE = "int4"
BITS = {"float32": 32, "float16": 16, "int8": 8, HALF_BYTE: 4}
# what `tflint.model.scheme` calls a scheme, where that is another name
CALLED = {
    "float16 weights": "float16",
    "dynamic-range int8": "dynamic",
    "dynamic-range int4": "int4",
    "weight-only int8": "weight-only-int8",
}


class Obstacle(NamedTuple):
    """One reason. `verdict`: unsupported, or partial where the rest of the model is served."""

    verdict: str
    why: str


def of_target(scheme: Scheme, profile: RuntimeProfile, model: Model | None) -> Iterator[Obstacle]:
    """What the target lacks: dtypes, and versions of the kernels that the scheme cannot do without."""
    dtypes = {scheme.weights, scheme.activations}
    for dtype in sorted(dtypes):
        held = dtype in profile.tensor_types and (dtype != HALF_BYTE or profile.int4 == "packed")
        if not held or (profile.dtypes is not None and dtype not in profile.dtypes):
            yield Obstacle("unsupported", f"the target has no {dtype} tensors")
    if profile.io_dtypes is not None and scheme.activations not in profile.io_dtypes:
        yield Obstacle("unsupported", f"the target has no {scheme.activations} inputs and outputs")
    used = {op.name for op in model.ops} if model else set(scheme.needs)
    for op, version in scheme.needs.items():
        low, high = profile.kernels.get(op, (0, 0))
        if high < version and (op in used or op == "DEQUANTIZE"):
            has = f"has version {low} to {high}" if high else "has none"
            yield Obstacle("unsupported", f"it needs {op} version {version}; the target {has}")


def of_model(
    scheme: Scheme, profile: RuntimeProfile, model: Model, size: int | None, *, dense_one_scale: bool
) -> Iterator[Obstacle]:
    """What the model's control flow, weights, size and operators say against it.

    Of a model that is quantized already, the float32 model that it was made of is meant: it has the same control flow.
    """
    if current(model) != FLOAT:
        refused = refuse_static(model, scheme.name, GIVEN) if scheme.calibration else ""
        yield from [Obstacle("unsupported", refused)] if refused else []
        return
    refused = _refused(scheme, model)
    if refused:
        yield Obstacle("unsupported", refused)
        return
    most = profile.budgets.get("max_size")
    if size is not None and most is not None and size > most:
        yield Obstacle("unsupported", f"about {size:,} bytes are more than the target's {most:,}")
    if scheme.name == FLOAT and not profile.accelerator:
        return
    lost = without_kernel(model, profile, scheme, dense_one_scale=dense_one_scale)
    if not lost:
        return
    floats = [op for op in model.ops if any(t and t.dtype == FLOAT for t in (*op.inputs, *op.outputs))]
    heavy = [op for op in floats if op.name in WEIGHTED]
    whole = all(op in lost for op in heavy or floats)
    stay = "stay on the CPU" if profile.accelerator else f"have no {scheme.name} kernel"
    which = f"all {len(heavy)} operators with weights" if whole and heavy else f"{len(lost)} of {len(floats)} operators"
    yield Obstacle("unsupported" if whole else "partial", f"{which} {stay} ({_reasons(lost)})")


def _reasons(lost: dict[Op, str]) -> str:
    """`14 CONV_2D, 2 RELU: one reason; 3 ADD: another`, the most frequent first."""
    groups: dict[str, Counter[str]] = {}
    for op, why in lost.items():
        groups.setdefault(why, Counter())[op.kind] += 1
    first = sorted(groups, key=lambda why: (-groups[why].total(), why))
    parts = []
    for why in first[:KINDS]:
        kinds = sorted(groups[why], key=lambda kind: (-groups[why][kind], kind))
        more = f" and {len(kinds) - KINDS} kinds more" if len(kinds) > KINDS else ""
        parts.append(f"{', '.join(f'{groups[why][kind]} {kind}' for kind in kinds[:KINDS])}{more}: {why}")
    return "; ".join([*parts, *([f"{len(first) - KINDS} more reasons"] if len(first) > KINDS else [])])


def _refused(scheme: Scheme, model: Model) -> str:
    """Why the scheme cannot be made of this model."""
    found = schemes(model)
    if scheme.name == FLOAT:
        return ""
    smaller = size_under(scheme, model) or 0
    if not found and (scheme.name != "float16" or smaller > GAIN * model.file_size):
        return "it has no layers with constant weights: nothing to quantize"
    return refuse(model, scheme.name, GIVEN)


def current(model: Model) -> str:
    """The scheme that most of the model's weights have: one of the tree's names, or what else it is."""
    found = schemes(model)
    name = next(iter(found), FLOAT)
    return CALLED.get(name, name)


def size_under(scheme: Scheme, model: Model) -> int | None:
    """Bytes that the file would have, about; None where its weights are not float32."""
    if current(model) != FLOAT:
        return None
    everything = scheme.name == "float16"
    held = {w[1].buffer_index: w[1] for op in model.ops if (w := weighted(op, model))}
    if everything:
        held = {t.buffer_index: t for t in model.tensors if t.is_constant}
    floats = sum(t.byte_size for t in held.values() if t.dtype == FLOAT)
    return model.file_size - floats + floats * BITS[scheme.weights] // 32
