"""TFL304: custom ops that the target does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, Target, hit, remedy, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit

BAD = """
x: float32[1,4]
y: float32[1,4] = CUSTOM:MyOp(x)
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""


@rule(
    "TFL304",
    "unknown-custom-op",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    options={"custom_ops": ()},
    group=("op", "problem"),
    message="custom op '{op}' {problem}: {remedy}",
    examples=[(BAD, GOOD)],
)
def unknown_custom_op(target: Target, options: Mapping[str, Any]) -> Iterator[Hit]:
    """The target has no kernel for a custom op of the model.

    ## Why is this bad?
    The model loads, and allocation ends with `Encountered unresolved custom op: MyOp` (tensorflow#41758,
    tensorflow#52281). Without a name it does not load: `Operator with CUSTOM builtin_code has no custom_code`.

    ## What to do
    Register the kernel where the model is loaded: `custom_op_registerers` in Python, `AddCustom` on the resolver in
    C++. Put its name into the `custom_ops` of a TOML target profile, so that verdicts count on it.

    The message says where known names come from: MediaPipe, LiteRT's optional libraries, NPU compilers.

    ## Exceptions
    None for ops that the default resolver registers (`Mfcc`, `AudioSpectrogram`, `TFLite_Detection_PostProcess`) or
    the default XNNPACK delegate takes. The option `custom-ops` lists names that the app registers.

    ## References
    LiteRT tflite/core/subgraph.cc, tflite/core/api/op_resolver.cc; what wheels register was measured, see
    docs/verdicts.md.
    """
    known = frozenset(options["custom_ops"])
    for refusal in target.refusals("TFL304"):
        op, problem, at = str(refusal.data["op"]), str(refusal.data["problem"]), refusal.at
        if isinstance(at, Op) and at.opcode and at.opcode.custom_code is None:
            continue  # said of its operator code
        if op not in known:
            yield hit(at, op=op, problem=problem, remedy=remedy(op, "register its kernel, or convert without it"))
