"""TFL212: checks of the target's kernels that the model fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import PLACEHOLDER, Op, Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Edit, Hit

BAD = """
x: float32[1,4]
b: float32[3] = const
y: float32[1,4] = ADD(x, b)
"""
GOOD = BAD.replace("float32[3]", "float32[4]")

KERNELS = {"tflite": "its kernel", "tflm": "its TFLite Micro kernel", "xnnpack": "the default XNNPACK delegate"}
COUNT = re.compile(r"(n|m) == (\d+)")
COUNTS = re.compile(r"(n|m) in \((\d+(?:, \d+)*),?\)")
SHOWN = 4  # operands


@rule(
    "TFL212",
    "kernel-precondition",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("op", "by", "requires"),
    message="{op} has {have}; {by} requires {requires}",
    examples=[(BAD, GOOD)],
)
def kernel_precondition(target: Target) -> Iterator[Hit]:
    """An operator's types, shapes or quantization fail the checks that its kernel makes when tensors are allocated.

    ## Why is this bad?
    The model loads, and `allocate_tensors()` fails: `Node number N (OP) failed to prepare.`, with the kernel's own
    words before it, such as `Given shapes, [1,4] and [3], are not broadcastable.` Where the default XNNPACK delegate
    takes the node, its checks hold instead, with `failed to delegate OP node` or `XNNPack delegate failed to reshape
    runtime` (tensorflow#77293).

    ## What to do
    Change the layer so that its operands are as required, or choose a runtime whose kernel takes them.

    Kernels' checks change between releases without a change of the op's version, so a newer runtime may help where
    no version says so. For an XNNPACK check, `num_threads` and flags make no difference; creating the interpreter
    with `experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES` does.

    ## Exceptions
    A node behind the first dynamic output, or in a subgraph that only another signature enters, is a warning: the
    model allocates, and fails when the node is reached.

    ## References
    runtimes/kernels/*.json, each with its source: LiteRT tflite/kernels/*.cc (f674577) and 1,673 probe models.
    """
    for refusal in target.refusals("TFL212"):
        late = refusal.stage == "invoke"
        yield hit(
            refusal.at,
            severity=Severity.WARNING if late else None,
            fix=_fix(refusal.at),
            op=refusal.data["op"],
            have=_operands(refusal.at),
            by=KERNELS.get(refusal.data["by"], refusal.data["by"]),
            requires=_words(refusal.data["requires"]),
        )


def _fix(at: object) -> tuple[Edit, ...]:
    """TFLite before 2.4 takes an operator for another one whose old code field a writer left alone."""
    code = at.opcode if isinstance(at, Op) else None
    if code is None or code.deprecated_code == min(code.code, PLACEHOLDER):
        return ()
    from tflint.api import MendOperatorCodes  # noqa: PLC0415 - only where there is something to mend

    return (MendOperatorCodes(),)


def _operands(at: object) -> str:
    if not isinstance(at, Op):
        return "its operands"
    shown = [f"{t.dtype}{list(t.dims)}".replace(" ", "") if t is not None else "none" for t in at.inputs[:SHOWN]]
    more = f" and {len(at.inputs) - SHOWN} more" if len(at.inputs) > SHOWN else ""
    return (", ".join(shown) + more) or "no inputs"


def _words(requires: str) -> str:
    """Expressions over operand counts in words; the others carry words already, or say it best themselves."""
    match = COUNT.fullmatch(requires) or COUNTS.fullmatch(requires)
    if match is None:
        return requires
    counts = " or ".join(match[2].split(", "))
    return f"{counts} {'input' if match[1] == 'n' else 'output'}{'' if counts == '1' else 's'}"
