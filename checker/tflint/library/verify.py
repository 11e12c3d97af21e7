"""`tflint.verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tflint.library.given import TIMEOUT, text, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tflint.library.given import Name, Names
    from tflint.parity.report import ParityReport


def verify(
    reference: Name,
    candidate: Name,
    *,
    inputs: Name | None = None,
    samples: int | None = None,
    seed: int | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    metrics: Names = (),
    signature: str | None = None,
    bind: Mapping[str, str] | None = None,
    delegates: Literal["both", "default", "none"] = "both",
    registerers: Names = (),
    python: Name | None = None,
    trust_source: bool = False,
    timeout: float = TIMEOUT,
    per_layer: bool = False,
    progress: Callable[[str], None] | None = None,
) -> ParityReport:
    """Run both on the same samples and judge each output; `holds` of the report tells whether parity is proved.

    `reference`: what is right, a .tflite model, a source that `tflint fix --source` takes, or saved outputs (.npz);
    `candidate`: a .tflite model or saved outputs. `inputs`: recorded samples (.npz, a folder of them, .jsonl, .txt,
    `module:function`), without which `samples` random ones are made from `seed`, each input within its `ranges`.
    `metrics`: gates such as `cosine:0.999` or `out0=atol:1e-4`. `bind`: names of the reference -> of the candidate.
    `python`: the interpreter that has the reference's framework. `timeout`: seconds for all samples of one model.
    `progress` is told what is done.

    Raises TflintError for what is the user's to mend. What a model does, to crash included, is in the report.
    """
    from tflint.commands.verify import DELEGATES, Asked, proved, require_numpy  # noqa: PLC0415 - parity is large
    from tflint.errors import one_of  # noqa: PLC0415 - with it

    one_of(delegates, "delegates", DELEGATES)
    require_numpy()
    asked = Asked(
        reference=text(reference),
        candidate=text(candidate),
        inputs=None if inputs is None else text(inputs),
        samples=samples,
        seed=seed,
        ranges=ranges or {},
        metrics=words(metrics),
        signature=signature,
        bind=bind or {},
        delegates=delegates,
        registerers=words(registerers),
        python=None if python is None else text(python),
        trusted=trust_source,
        timeout=timeout,
        per_layer=per_layer,
        progress=progress,
    )
    return proved(asked)
