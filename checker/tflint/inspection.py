"""What a person wants to know of a model first, as one JSON-able object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.model.archive import STORED, members
from tflint.model.conversion import conversion_of
from tflint.model.scheme import schemes
from tflint.model.task_metadata import task_metadata_of
from tflint.runtimes.arena import plan_arena
from tflint.runtimes.minimum import minimum_runtimes
from tflint.runtimes.profile import custom_op_facts, minimum_runtime, resolve, target_ids
from tflint.runtimes.verdict import judge

if TYPE_CHECKING:
    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op, Signature, Subgraph

SCHEMA_VERSION = 1
LARGEST = 10
SHOWN = 64  # bytes of a metadata value


def inspect_model(model: Model, path: str, targets: tuple[str, ...] = ()) -> dict[str, Any]:
    """The facts; `targets` limits the runtimes that are asked, all known ones without it."""
    conversion, tasks = conversion_of(model), task_metadata_of(model)
    runtimes: dict[str, list[str]] = {}
    for target in targets or target_ids():
        verdict = judge(model, resolve(target))
        runtimes.setdefault(verdict.value, []).append(verdict.target)
    tensors = list(model.tensors)
    constants = {t.buffer_index: t for t in reversed(tensors) if t.is_constant and t.buffer}
    largest = sorted(constants.values(), key=lambda t: -(t.buffer.size if t.buffer else 0))[:LARGEST]
    return {
        "schema_version": SCHEMA_VERSION,
        "path": path,
        "size": model.file_size,
        "schema": model.version,
        "description": model.description,
        "operators": sum(len(graph.ops) for graph in model.subgraphs),
        "tensors": len(tensors),
        "subgraphs": [{"name": g.name, "operators": len(g.ops), "tensors": len(g.tensors)} for g in model.subgraphs],
        "signatures": [_signature(signature, model) for signature in model.signatures],
        "primary": _primary(model.primary),
        "ops": _ops(model),
        "quantization": schemes(model),
        "constant_bytes": sum(t.buffer.size for t in constants.values() if t.buffer),
        "arena": _arena(model.primary),
        "largest_constants": [
            {"tensor": t.name, "dtype": t.dtype, "shape": list(t.shape), "bytes": t.buffer.size if t.buffer else 0}
            for t in largest
        ],
        "dynamic_tensors": [
            {"tensor": t.name, "path": t.path, "dims": list(t.dims)}
            for graph in model.subgraphs
            for t in dict.fromkeys(t for t in (*graph.inputs, *graph.outputs) if t is not None)
            if t.is_dynamic
        ],
        "metadata": [
            {"name": m.name, "bytes": m.buffer.size if m.buffer else 0, "value": _metadata_text(model, m.name)}
            for m in model.metadata
        ],
        "conversion": _named(conversion),
        "task_metadata": _named(tasks),
        "associated_files": [
            {"name": member.name, "bytes": member.size, "compressed": member.method != STORED}
            for member in (members(model.tail) or {}).values()
        ],
        "minimum_runtimes": list(minimum_runtimes(model)),
        "runtimes": {
            key: runtimes[key] for key in ("supported", "partial", "unsupported", "unknown") if key in runtimes
        },
    }


def _ops(model: Model) -> list[dict[str, Any]]:
    """Histogram of (op, version), most frequent first."""
    groups: dict[tuple[str, int], list[Op]] = {}
    for op in model.ops:
        groups.setdefault((op.kind, op.version), []).append(op)
    rows = []
    for (kind, version), ops in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        custom = ops[0].name == "CUSTOM"
        need = minimum_runtime(kind, version)
        fact = custom_op_facts(kind) if custom else None
        note = (
            ("Flex (Select TF op)" if kind.startswith("Flex") else f"custom, {fact.provider if fact else 'unknown'}")
            if custom
            else ""
        )
        row = {"op": kind, "version": version, "count": len(ops), "custom": custom, "note": note}
        rows.append({**row, "tflite": None if custom else need.tflite, "litert": None if custom else need.litert})
    return rows


def _signature(signature: Signature, model: Model) -> dict[str, Any]:
    graph = model.subgraphs[signature.subgraph_index] if signature.subgraph_index < len(model.subgraphs) else None

    def side(rows: tuple[tuple[str | None, int], ...] | None) -> list[dict[str, Any]]:
        tensors = graph.tensors if graph else ()
        return [_tensor(tensors[i] if i < len(tensors) else None, name or "") for name, i in rows or ()]

    return {
        "key": signature.key,
        "subgraph": signature.subgraph_index,
        "inputs": side(signature.inputs),
        "outputs": side(signature.outputs),
    }


def _primary(graph: Subgraph | None) -> dict[str, Any]:
    inputs, outputs = (graph.inputs, graph.outputs) if graph else ((), ())
    return {
        "inputs": [_tensor(t, t.name if t else "") for t in inputs],
        "outputs": [_tensor(t, t.name if t else "") for t in outputs],
    }


def _arena(graph: Subgraph | None) -> dict[str, Any] | None:
    """Bytes of the primary subgraph's activations."""
    if graph is None:
        return None
    found = plan_arena(graph)
    peak_at = found.at.label if found.at else None
    return {"peak": found.peak, "peak_at": peak_at, "planned": found.planned, "variables": found.variables}


def _tensor(tensor: Tensor | None, name: str) -> dict[str, Any]:
    if tensor is None:
        return {"name": name, "tensor": None, "dtype": "?", "shape": [], "dims": [], "quantization": None}
    pair = tensor.quant.pair if tensor.quant else None
    quantization = f"{pair[0]:.6g}{pair[1]:+d}" if pair else None
    return {
        "name": name,
        "tensor": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "dims": list(tensor.dims),
        "quantization": quantization,
    }


def _metadata_text(model: Model, name: str) -> str | None:
    """A short printable value; None for what is binary or long."""
    raw = (model.metadata_bytes(name, SHOWN + 1) or b"").rstrip(b"\0")
    text = raw.decode("ascii", "replace")
    return text if raw and len(raw) <= SHOWN and raw.isascii() and text.isprintable() else None


def _named(value: Any) -> Any:
    """A record as a dict by its fields, and so those in it."""
    if hasattr(value, "_asdict"):
        return {key: _named(item) for key, item in value._asdict().items()}
    return [_named(item) for item in value] if isinstance(value, tuple) else value
