"""The Python API as its users write it: checked by mypy and pyright in their strictest modes, and run by a test."""

# pyright: strict

from __future__ import annotations

import sys
from pathlib import Path

import tflint

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type


def checked(model: Path) -> list[str]:
    """Findings and verdicts of a file, several files, bytes and a loaded model."""
    report = tflint.check(model, target="litert-2.3.0", select=["TFL1", "TFL2"], isolated=True)
    assert_type(report, tflint.CheckReport)
    lines: list[str] = []
    for file in report.files:
        assert_type(file, tflint.FileReport)
        lines += [f"{file.path}: {verdict.target} {verdict.value}" for verdict in file.verdicts]
        for finding in file.findings:
            assert_type(finding.severity, tflint.Severity)
            lines.append(f"{finding.file}: {finding.rule.code} {finding.place.path} {finding.message}")
    assert tflint.check([model, str(model)], isolated=True).count(tflint.Severity.ERROR) >= 0
    assert not tflint.check(model.read_bytes()).fails(None)
    return lines


def loaded(model: Path) -> tuple[str, ...]:
    """Parts of a model."""
    found = tflint.load(model.read_bytes())
    assert_type(found, tflint.Model)
    for op in found.ops:
        assert_type(op, tflint.Op)
        assert_type(op.inputs, tuple[tflint.Tensor | None, ...])
    quantized = [tensor.quant for tensor in found.tensors if tensor.quant is not None]
    assert_type(quantized, list[tflint.Quant])
    return tuple(signature.key or "" for signature in found.signatures)


def proved(reference: Path, candidate: str) -> bool:
    """Parity of two models."""
    parity = tflint.verify(reference, candidate, samples=2, ranges={"x": (0.0, 1.0)}, metrics="exact", timeout=120)
    assert_type(parity, tflint.ParityReport)
    assert_type(parity.reasons, tuple[str, ...])
    return parity.holds


def fixed(model: Path, out: Path) -> tflint.FixReport:
    """What would be done, then done; the overloads of a quantization and of a conversion are for the types only."""
    plan = tflint.fix(model, plan=True, keep_outputs=[], fix_dims={}, unsafe_fixes=False)
    assert_type(plan, tflint.FixReport)
    if not plan.done:
        return plan
    if "never" in sys.argv:
        assert_type(tflint.fix(model, quantize="int8,float16", calibration="samples.npz"), tflint.Quantized)
        assert_type(tflint.fix(model, source="saved_model", converter="auto"), tflint.Reconverted)
        assert_type(tflint.fix(model, recipe=Path("recipe.json")), tflint.Reconverted)
    return tflint.fix(model, out=out)


def refused(path: Path) -> int:
    """The exit code that the command would give."""
    try:
        tflint.load(path)
    except tflint.TflintError as problem:
        return problem.exit_code
    return 0
