"""TFL854: a model that its target refuses, and a converter newer than the target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, conversion_of, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

CODES = frozenset({"TFL201", "TFL212", "TFL301", "TFL516"})  # what an older converter may do without

NOTE = (  # TensorFlow 2.21.0, API version 2, a Keras model, PTQ_DYNAMIC_RANGE
    "0c00000008000e00080004000800000010000000280000000000060008000400060000000400000001000000ea030000"
    "00000a00100004000c0008000a0000000c000000020000000200000006000000322e32312e300000"
)
GRAPH = """
x: float32[1,8]
w: int8[4,8] q=0.1+0 = const
"""
BAD = f"""
{GRAPH}
y: float32[1,4] = FULLY_CONNECTED.v12(x, w, -)
metadata CONVERSION_METADATA = 0x{NOTE}
"""
GOOD = f"""
{GRAPH}
y: float32[1,4] = FULLY_CONNECTED.v4(x, w, -)
metadata CONVERSION_METADATA = 0x{NOTE}
"""


@rule(
    "TFL854",
    "provenance",
    Severity.INFO,
    since="0.1.0",
    message="converted by TensorFlow {version} from {source} ({settings}), newer than {target}",
    examples=[(BAD, GOOD, "tflite-2.12")],
)
def provenance(target: Target) -> Iterator[Hit]:
    """The target refuses the model, and a newer converter than the target made it.

    ## Why is this bad?
    Converters write the newest form of an op that they know. Where a runtime refuses an op, its version or its types,
    and the model was converted by a later TensorFlow than the runtime comes from, the pair was never tested together.

    ## What to do
    Convert again with the TensorFlow of the runtime's release, from the same source and with the settings that the
    message names, or move to a newer runtime.

    ## Exceptions
    Nothing is said of a model that its target takes, however old, nor without a target: who made a model, from what
    and with which settings stands in `tflint inspect` for every model. Only what the converter notes is known
    (`CONVERSION_METADATA`, written since TensorFlow 2.5); other converters leave it out.

    ## References
    tensorflow/compiler/mlir/lite/schema/conversion_metadata.fbs.
    """
    if target.assumed or all(reason.code not in CODES for reason in target.reasons):
        return
    found = conversion_of(target.model)
    release = re.match(r"(\d{1,3})\.(\d{1,3})", found.tensorflow_version) if found else None
    if found is None or release is None or (int(release[1]), int(release[2])) <= target.profile.generation[:2]:
        return
    flags = {
        "custom ops allowed": found.allow_custom_ops,
        "Select TF ops enabled": found.enable_select_tf_ops,
        "Select TF ops forced": found.force_select_tf_ops,
    }
    settings = [*found.modes, *(text for text, is_set in flags.items() if is_set)]
    yield hit(
        target.model,
        version=found.tensorflow_version,
        source=f"a {found.model_type}" if found.model_type != "none" else "an unnamed source",
        settings=", ".join(settings) or "no optimization",
        target=target.id,
    )
