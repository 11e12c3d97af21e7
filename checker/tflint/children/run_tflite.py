"""Run a .tflite model on samples, which may crash, hang or eat all memory: `run_tflite FOLDER [MODULE ...]`.

It imports the modules while there is nothing to do. FOLDER gets `rows.npz` as well (`3/0`: first output of the fourth
sample). Needs numpy and a TFLite runtime.
"""

from __future__ import annotations

import os
import sys
import warnings
import zipfile
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from .exchange import answer, awaited, line, stage
from .session import Session, answered, samples_of

WHEELS = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter", "tensorflow.lite.python.interpreter")


class MissingError(Exception):
    """What the request asks for is not in this environment."""


class Tflite:
    """A .tflite model as one interpreter runs it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.module = _runtime(WHEELS[::-1] if request["linked"] else WHEELS)  # libraries of ops are TensorFlow's
        self.registerers = _registerers(request)
        self.fresh()

    def fresh(self) -> None:
        """Start again with nothing of earlier runs."""
        resolver = self.module.OpResolverType
        bare = self.request["mode"] == "builtin"
        options: dict[str, Any] = {"num_threads": 1}
        if bare:
            options["experimental_op_resolver_type"] = resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        if "keep" in self.request:
            options["experimental_preserve_all_tensors"] = True
        if self.registerers:
            self.interpreter = self.module.InterpreterWithCustomOps(
                model_path=self.request["source"], custom_op_registerers=self.registerers, **options
            )
        else:
            self.interpreter = self.module.Interpreter(model_path=self.request["source"], **options)
        key = self.request["signature"]
        self.runner = None if key is None else self.interpreter.get_signature_runner(key)
        self.ran = False

    def __call__(self, sample: dict[str, Any]) -> list[Any]:
        """Outputs of a sample, variables reset before it."""
        if self.ran:
            self.interpreter.reset_all_variables()
        self.ran = True
        values = {port["name"]: _given(sample[port["name"]], port) for port in self.request["inputs"]}
        if self.runner is not None:
            found = self.runner(**values)
            return [np.array(found[port["name"]]) for port in self.request["outputs"]]
        for port in self.request["inputs"]:
            self.interpreter.resize_tensor_input(port["tensor"], values[port["name"]].shape)
        self.interpreter.allocate_tensors()
        for port in self.request["inputs"]:
            self.interpreter.set_tensor(port["tensor"], values[port["name"]])
        self.interpreter.invoke()
        return [np.array(self.interpreter.get_tensor(port["tensor"])) for port in self.request["outputs"]]

    def kept(self, index: int) -> Any:
        """The value of an intermediate tensor after a run; None where there is none."""
        try:
            return np.array(self.interpreter.get_tensor(index, self.request["subgraph"]))
        except (ValueError, RuntimeError):
            return None


def _runtime(wheels: tuple[str, ...]) -> Any:
    """The first interpreter module that there is."""
    problems = []
    for path in wheels:
        try:
            return __import__(path, fromlist=["Interpreter"])
        except ImportError as error:  # noqa: PERF203 - three at most
            problems.append(f"{path.partition('.')[0]}: {error}")
    raise MissingError("no TFLite runtime: " + "; ".join(problems))


def _registerers(request: dict[str, Any]) -> list[Any]:
    """Functions `module:name` that register custom ops, or the lists of them that a module has."""
    found: list[Any] = []
    for spec in request["registerers"]:
        module, _, name = spec.partition(":")
        try:
            value: Any = reduce(getattr, name.split("."), __import__(module, fromlist=["*"]))
        except (ImportError, AttributeError) as problem:
            raise MissingError(f"--registerer {spec}: {line(problem)}") from None
        found += list(value) if isinstance(value, (list, tuple)) else [value]
    return found


def _given(value: Any, port: dict[str, Any]) -> Any:
    """Strings as the runtime has them: an array of bytes objects."""
    if port["dtype"] != "string":
        return value
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in value.reshape(-1).tolist()]
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array.reshape(value.shape)


def keep(session: Session, folder: Path) -> str:
    """Run the only sample and write the tensors that are asked for, one at a time; why not, or "".

    `tensors.npz`: `7` is tensor 7 of the entry's subgraph.
    """
    row = session.attempt(0)
    if isinstance(row, str):
        return row
    with zipfile.ZipFile(folder / "tensors.npz", "w") as archive:
        for index in session.model.request["keep"]:
            value = session.model.kept(index)
            if value is not None and value.dtype.kind in "biuf":
                with archive.open(f"{index}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, value, allow_pickle=False)
    return ""


def main(name: str, *modules: str) -> None:
    """Answer a request."""
    warnings.simplefilter("ignore")
    folder = Path(name)
    request = awaited(folder, modules)
    if request["registerers"]:
        sys.path.append(request["here"])  # they may be modules of the user's
    samples = samples_of(request)
    session = Session(None, samples, folder)
    stage(folder, "load")
    found: dict[str, Any] = {}
    try:
        session.model = Tflite(request)
    except MissingError as problem:
        found["refused"] = str(problem)
    except (ValueError, RuntimeError) as problem:
        found["failure"] = line(problem)
    if session.model is not None and "keep" in request:
        found["failure"] = keep(session, folder)
    elif session.model is not None:
        found = answered(session, folder)
    answer(folder, found)
    os._exit(0)  # all is written; taking down the interpreter with its libraries takes longer than a small model
