"""tflint: a linter and compatibility checker for .tflite (TensorFlow Lite / LiteRT) models.

    import tflint

    report = tflint.check("model.tflite", target="litert-2.3.0")
    for finding in report.findings:
        print(finding.severity.value, finding.rule.code, finding.message)

`check`, `load`, `verify` and `fix` are what the commands do, with results in place of printed reports. Names are
imported when they are asked for: a command pays for what it uses.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.errors import TflintError
    from tflint.findings import FileReport, Finding, Severity
    from tflint.fixer.loop import FixReport
    from tflint.fixer.reconvert import Reconverted
    from tflint.fixer.variant import Quantized
    from tflint.library.check import CheckReport, check, load
    from tflint.library.fix import fix
    from tflint.library.verify import verify
    from tflint.model.path import Place
    from tflint.model.tensor import Quant, Tensor
    from tflint.model.view import Model, Op, OperatorCode, Signature, Subgraph
    from tflint.parity.report import ParityReport
    from tflint.rule import Rule
    from tflint.runtimes.verdict import Verdict

__version__ = "0.1.0"

_HOMES = {
    "CheckReport": "library.check",
    "FileReport": "findings",
    "Finding": "findings",
    "FixReport": "fixer.loop",
    "Model": "model.view",
    "Op": "model.view",
    "OperatorCode": "model.view",
    "ParityReport": "parity.report",
    "Place": "model.path",
    "Quant": "model.tensor",
    "Quantized": "fixer.variant",
    "Reconverted": "fixer.reconvert",
    "Rule": "rule",
    "Severity": "findings",
    "Signature": "model.view",
    "Subgraph": "model.view",
    "Tensor": "model.tensor",
    "TflintError": "errors",
    "Verdict": "runtimes.verdict",
    "check": "library.check",
    "fix": "library.fix",
    "load": "library.check",
    "verify": "library.verify",
}

__all__ = [
    "CheckReport",
    "FileReport",
    "Finding",
    "FixReport",
    "Model",
    "Op",
    "OperatorCode",
    "ParityReport",
    "Place",
    "Quant",
    "Quantized",
    "Reconverted",
    "Rule",
    "Severity",
    "Signature",
    "Subgraph",
    "Tensor",
    "TflintError",
    "Verdict",
    "__version__",
    "check",
    "fix",
    "load",
    "verify",
]


if not TYPE_CHECKING:  # a type checker would take any name for granted

    def __getattr__(name: str) -> object:
        """A name of `__all__`."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"tflint.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
