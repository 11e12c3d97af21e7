"""Everything a rule file imports; the stable surface for rule packs."""

from tflint.findings import Hit, Severity, hit
from tflint.model.view import Model, Op, Quant, Signature, Subgraph, Tensor
from tflint.rule import Rule, rule
from tflint.runtimes.refusal import Refusal
from tflint.subject import ModelFile, Target

__all__ = [
    "Hit",
    "Model",
    "ModelFile",
    "Op",
    "Quant",
    "Refusal",
    "Rule",
    "Severity",
    "Signature",
    "Subgraph",
    "Target",
    "Tensor",
    "hit",
    "rule",
]
