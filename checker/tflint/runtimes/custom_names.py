"""Which rule explains a custom op that a target does not resolve, judged by its name alone.

One rule speaks about one name: TF1 control flow before TensorFlow ops left as custom, those before tensorflow-text's,
then Flex ops and the rest.
"""

from __future__ import annotations

CODES = frozenset({"TFL301", "TFL302", "TFL303", "TFL304", "TFL305"})
UNREGISTERED = "is not registered"
# tensorflow/core/ops/control_flow_ops.cc
_TF1_CONTROL_FLOW = frozenset({"Enter", "Exit", "LoopCond", "Merge", "NextIteration", "Switch"})
_FLEX = "Flex"


def rule_code(name: str) -> str:
    """Code of the rule that explains an unresolved custom op of this name."""
    if name.startswith(_FLEX):
        return "TFL301"
    if name.removeprefix("Ref") in _TF1_CONTROL_FLOW:
        return "TFL305"
    from tflint.runtimes.profile import custom_op_facts, flex_allowlist  # noqa: PLC0415 - names of a few models only

    facts = custom_op_facts(name)
    kind = facts.kind if facts else ""
    registrar = facts is not None and "SELECT_TFTEXT_OPS" in facts.resolve  # RaggedTensorToTensor, a TensorFlow op too
    if name in flex_allowlist() and kind != "core" and not registrar:
        return "TFL302"
    if registrar or kind == "tftext" or name.startswith("TFText>") or name in flex_allowlist("tensorflow_text"):
        return "TFL303"
    return "TFL304"


def remedy(name: str, otherwise: str) -> str:
    """How to have it resolved, `otherwise` where nothing is known of it."""
    from tflint.runtimes.profile import custom_op_facts, custom_op_patterns  # noqa: PLC0415 - same

    facts = custom_op_facts(name)
    if facts is not None:
        return facts.resolve
    return next((p.resolve for p in custom_op_patterns() if p.pattern.search(name)), otherwise)
