"""Run an old and a new model on the same inputs and compare bit for bit. Run as a script: a model may crash or hang."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: PLC0415 - a script of its own

    def load(path: str) -> Any:
        model = Interpreter(
            model_path=path,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        model.allocate_tensors()
        return model

    try:
        old = load(request["reference"])
    except (ValueError, RuntimeError) as problem:
        return {"unrunnable": str(problem)}
    answer: dict[str, Any] = {"problems": [], "samples": 0, "compared": 0, "runtime": _version()}
    try:
        new = load(request["candidate"])
    except (ValueError, RuntimeError) as problem:
        answer["problems"].append(f"the edited model does not run: {problem}")
        return answer
    failure = ""
    for seed in range(request["samples"]):
        values = [_value(detail, seed) for detail in old.get_input_details()]
        try:
            expected = _run(old, values, range(len(values)))
        except (ValueError, RuntimeError) as problem:
            failure = str(problem)
            old.allocate_tensors()
            continue
        got = _run(new, values, request["inputs"])
        pairs = [(place, new_place) for place, new_place in enumerate(request["outputs"]) if new_place is not None]
        for place, new_place in pairs:
            if not _same(expected[place], got[new_place]):
                answer["problems"].append(f"output {place} differs")
        by_name = _by_name(new, values, request["inputs"])
        for place, new_place in pairs:
            named = by_name.get(new.get_output_details()[new_place]["index"])
            if named is not None and not _same(expected[place], named):
                answer["problems"].append(f"the signature gives another value for output {place}")
        answer["samples"] += 1
        answer["compared"] += len(pairs)
    if not answer["samples"]:
        return {"unrunnable": failure or "it has no inputs that it takes"}
    return answer


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - a script of its own

    return f"ai-edge-litert {version('ai-edge-litert')}"


def _value(detail: dict[str, Any], seed: int) -> Any:
    """An input: zeros first, then random values that are legal for most models."""
    shape, dtype = tuple(detail["shape"]), np.dtype(detail["dtype"])
    random = np.random.default_rng(seed)
    if dtype.kind in "SO":
        return np.full(shape, b"hello world", dtype=object)
    if seed == 0:
        return np.zeros(shape, dtype)
    if dtype.kind == "f":
        return random.standard_normal(shape).astype(dtype)
    if dtype.itemsize == 1 and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, shape, dtype)
    return random.integers(0, 2, shape).astype(dtype)


def _run(model: Any, values: list[Any], places: Any) -> list[Any]:
    model.reset_all_variables()
    details = model.get_input_details()
    for value, place in zip(values, places, strict=True):
        if place is not None:
            model.set_tensor(details[place]["index"], value)
    model.invoke()
    return [np.array(model.get_tensor(detail["index"])) for detail in model.get_output_details()]


def _by_name(model: Any, values: list[Any], places: list[int | None]) -> dict[int, Any]:
    """Tensor -> value, as the signature that names all inputs of the model gives it."""
    details = model.get_input_details()
    given = {details[place]["index"]: value for value, place in zip(values, places, strict=True) if place is not None}
    for key in model.get_signature_list():
        runner = model.get_signature_runner(key)
        inputs = {name: detail["index"] for name, detail in runner.get_input_details().items()}
        if runner._subgraph_index == 0 and set(inputs.values()) == set(given):  # noqa: SLF001 - told nowhere else
            model.reset_all_variables()
            found = runner(**{name: given[index] for name, index in inputs.items()})
            outputs = {name: detail["index"] for name, detail in runner.get_output_details().items()}
            return {outputs[name]: np.array(value) for name, value in found.items()}
    return {}


def _same(one: Any, other: Any) -> bool:
    if one.dtype.kind in "SO":
        return bool(one.shape == other.shape and one.tolist() == other.tolist())
    return bool(one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
