"""Everything a rule file imports; the stable surface for rule packs.

The names behind `_LATER` are imported when a rule asks for them: a check pays for what its rules use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tflint.findings import Hit, Severity, hit
from tflint.model.tensor import Quant, Tensor
from tflint.model.view import Model, Op, OperatorCode, Signature, Subgraph
from tflint.rule import Rule, rule
from tflint.runtimes.refusal import Located, Refusal
from tflint.subject import ModelFile, Target

if TYPE_CHECKING:
    from tflint.contract.find import Contract
    from tflint.fixer.edits.advice import ask_metadata, ask_outputs, ask_sizes
    from tflint.fixer.edits.edit import ByHand, Edit
    from tflint.fixer.edits.facts import MendOperatorCodes, SetMinRuntimeVersion
    from tflint.fixer.edits.interface import AddSignature, Permute
    from tflint.fixer.edits.numbers import ClampConstant, DropRoundTrip, NarrowInput, SetQuant, StripBorder
    from tflint.fixer.edits.upkeep import DedupeBuffers, DropDeadCode
    from tflint.model import archive, schema
    from tflint.model.conversion import conversion_of
    from tflint.model.indexed import LOOKUPS, indexed
    from tflint.model.match import VIEWS, Match, const, made, match, matches, readers
    from tflint.model.reachable import Reached
    from tflint.model.task_metadata import TaskMetadata, TensorMetadata, task_metadata_of
    from tflint.model.weights import Facts, Weights
    from tflint.runtimes.arena import plan_arena
    from tflint.runtimes.construct import CUSTOM, LAST_KNOWN_CODE, PLACEHOLDER, graph_indices
    from tflint.runtimes.control import callees
    from tflint.runtimes.custom_names import remedy
    from tflint.runtimes.profile import known_ops, minimum_runtime
    from tflint.runtimes.shapes import computed, data_dependent

_LATER = {
    "Facts": "model.weights",
    "Reached": "model.reachable",
    "MendOperatorCodes": "fixer.edits.facts",
    "SetMinRuntimeVersion": "fixer.edits.facts",
    "DropDeadCode": "fixer.edits.upkeep",
    "DedupeBuffers": "fixer.edits.upkeep",
    "StripBorder": "fixer.edits.numbers",
    "SetQuant": "fixer.edits.numbers",
    "NarrowInput": "fixer.edits.numbers",
    "DropRoundTrip": "fixer.edits.numbers",
    "ClampConstant": "fixer.edits.numbers",
    "AddSignature": "fixer.edits.interface",
    "ByHand": "fixer.edits.edit",
    "CUSTOM": "runtimes.construct",
    "LAST_KNOWN_CODE": "runtimes.construct",
    "LOOKUPS": "model.indexed",
    "Contract": "contract.find",
    "Edit": "fixer.edits.edit",
    "PLACEHOLDER": "runtimes.construct",
    "Permute": "fixer.edits.interface",
    "VIEWS": "model.match",
    "Match": "model.match",
    "Weights": "model.weights",
    "TaskMetadata": "model.task_metadata",
    "TensorMetadata": "model.task_metadata",
    "archive": "model.archive",
    "ask_metadata": "fixer.edits.advice",
    "ask_outputs": "fixer.edits.advice",
    "ask_sizes": "fixer.edits.advice",
    "callees": "runtimes.control",
    "computed": "runtimes.shapes",
    "const": "model.match",
    "conversion_of": "model.conversion",
    "data_dependent": "runtimes.shapes",
    "graph_indices": "runtimes.construct",
    "indexed": "model.indexed",
    "known_ops": "runtimes.profile",
    "made": "model.match",
    "match": "model.match",
    "matches": "model.match",
    "minimum_runtime": "runtimes.profile",
    "plan_arena": "runtimes.arena",
    "readers": "model.match",
    "remedy": "runtimes.custom_names",
    "schema": "model.schema",
    "task_metadata_of": "model.task_metadata",
}

__all__ = [
    "CUSTOM",
    "LAST_KNOWN_CODE",
    "LOOKUPS",
    "PLACEHOLDER",
    "VIEWS",
    "AddSignature",
    "ByHand",
    "ClampConstant",
    "Contract",
    "DedupeBuffers",
    "DropDeadCode",
    "DropRoundTrip",
    "Edit",
    "Facts",
    "Hit",
    "Located",
    "Match",
    "MendOperatorCodes",
    "Model",
    "ModelFile",
    "NarrowInput",
    "Op",
    "OperatorCode",
    "Permute",
    "Quant",
    "Reached",
    "Refusal",
    "Rule",
    "SetMinRuntimeVersion",
    "SetQuant",
    "Severity",
    "Signature",
    "StripBorder",
    "Subgraph",
    "Target",
    "TaskMetadata",
    "Tensor",
    "TensorMetadata",
    "Weights",
    "archive",
    "ask_metadata",
    "ask_outputs",
    "ask_sizes",
    "callees",
    "computed",
    "const",
    "conversion_of",
    "data_dependent",
    "graph_indices",
    "hit",
    "indexed",
    "known_ops",
    "made",
    "match",
    "matches",
    "minimum_runtime",
    "plan_arena",
    "readers",
    "remedy",
    "rule",
    "schema",
    "task_metadata_of",
]


def __getattr__(name: str) -> Any:
    """A name of `_LATER`."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"tflint.{_LATER[name]}")
    return getattr(module, name, module)  # `schema` is the module itself
