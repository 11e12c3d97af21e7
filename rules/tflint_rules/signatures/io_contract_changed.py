"""TFL107: interfaces that are no longer what callers rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Contract, Hit

BAD = """
# locked: x: float32[1,4]
# locked: y: float32[1,4] = RELU(x)
# locked: signature serving_default(features=x) -> (scores=y)
x: float32[1,4]
y: float32[1,4] = RELU(x)
signature serving_default(inputs=x) -> (output_0=y)
"""
GOOD = """
# locked: x: float32[1,4]
# locked: y: float32[1,4] = RELU(x)
# locked: signature serving_default(features=x) -> (scores=y)
x: float32[1,4]
y: float32[1,4] = RELU6(x)
signature serving_default(features=x) -> (scores=y)
"""


@rule(
    "TFL107",
    "io-contract-changed",
    Severity.ERROR,
    since="0.1.0",
    message="{what} is {now}; {was} in {source}",
    examples=[(BAD, GOOD)],
)
def io_contract_changed(model: Model, contracts: tuple[Contract, ...]) -> Iterator[Hit]:
    """The model's interface is not the one that `tflint.lock` or a contract states.

    ## Why is this bad?
    Callers bind to keys, names, positions, dtypes, shapes and quantization, and a new export may change each of them
    without a word (tensorflow#33303, tensorflow#56985). A changed name fails at run time; swapped outputs of one shape,
    or another scale, do not fail at all and give wrong results.

    ## What to do
    Restore the interface: name inputs and outputs in the exported function, and keep its order. Where the change is
    meant, change the callers, then record it with `tflint lock`, or edit the contract.

    ## Exceptions
    Files that no lock and no contract speaks of are not looked at. What breaks no caller is info: a new output or
    signature, an input that takes more sizes than before, tensor names behind a signature. Scales may differ by less
    than half a step over the range of their dtype. Of a hand-written contract only what it asks for counts.

    ## References
    Keras 3 exports `serve` beside `serving_default`, optimum exports `model`: a change of exporter changes the key.
    """
    for contract in contracts:
        for change in contract.changes(model):
            severity = None if change.breaking else Severity.INFO
            yield hit(
                change.at or model,
                severity=severity,
                what=change.what,
                now=change.new,
                was=change.old,
                source=contract.name,
                kind=change.kind,
                signature=change.signature,
            )
