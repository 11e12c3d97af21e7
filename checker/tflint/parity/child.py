"""Run a .tflite model on samples. Run as a script, in a process of its own: a model may crash, hang or eat all memory.

    python child.py FOLDER [MODULE ...]

It imports the modules while there is nothing to do, and answers FOLDER/request.json at the end of its input. FOLDER
gets `stage` (where it is, should it die), `rows.npz` (`3/0`: first output of the fourth sample) and
`answer.json`. Needs numpy and a TFLite runtime: nothing of tflint, so that any environment can run it.
"""
# ruff: noqa: PLC0415 - what is imported depends on the request

from __future__ import annotations

import json
import os
import re
import sys
import time
import warnings
import zipfile
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

WHEELS = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter", "tensorflow.lite.python.interpreter")
Row = list[Any]  # the outputs of one sample


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

    def __call__(self, sample: dict[str, Any]) -> Row:
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


def line(problem: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(problem).split()) or f"{type(problem).__name__} without a message, as when memory runs out"


def _given(value: Any, port: dict[str, Any]) -> Any:
    """Strings as the runtime has them: an array of bytes objects."""
    if port["dtype"] != "string":
        return value
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in value.reshape(-1).tolist()]
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array.reshape(value.shape)


def storable(value: Any) -> Any:
    """A value as .npz holds it without pickles: strings in hexadecimal."""
    if value.dtype.kind != "O":
        return value
    texts = [item.hex() if isinstance(item, bytes) else str(item).encode().hex() for item in value.reshape(-1)]
    return np.array(texts, dtype="U").reshape(value.shape)


def same(one: Row, other: Row) -> bool:
    """Bit for bit."""
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, other))  # noqa: B905 - 3.9 too


class Session:
    """Runs of all samples, and what was seen on the way."""

    def __init__(self, model: Any, samples: list[dict[str, Any]], folder: Path) -> None:
        self.model, self.samples, self.folder = model, samples, folder
        self.rows: list[Row | str] = []
        self.seconds: list[float] = []

    def stage(self, text: str) -> None:
        """Leave word where it is."""
        (self.folder / "stage").write_text(text)

    def attempt(self, index: int) -> Row | str:
        """Outputs of a sample, or why there are none; after that nothing is left of the interpreter."""
        self.stage(f"sample {index + 1}")
        start = time.perf_counter()
        try:
            row = [storable(value) for value in self.model(self.samples[index])]
        except Exception as error:  # noqa: BLE001 - whatever stands behind it is a result
            self.model.fresh()
            return line(error)
        self.seconds.append(time.perf_counter() - start)
        return row

    def all(self) -> tuple[bool, bool]:
        """Run them; tell whether state leaks from run to run, and whether answers vary even without that.

        A sample that is run again has to give the same answer. Where it does not, each sample gets a new interpreter.
        """
        self.rows = [self.attempt(index) for index in range(len(self.samples))]
        first = next((i for i, row in enumerate(self.rows) if not isinstance(row, str)), None)
        if first is None or self._again(first):
            return False, False
        self.rows = []
        for index in range(len(self.samples)):
            self.model.fresh()
            self.rows.append(self.attempt(index))
        self.model.fresh()
        return True, not self._again(first)

    def _again(self, index: int) -> bool:
        before, after = self.rows[index], self.attempt(index)
        return not isinstance(before, str) and not isinstance(after, str) and same(before, after)


def samples_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The samples of a request, by the names of the inputs."""
    with np.load(request["samples"], allow_pickle=False) as archive:
        return [
            {port["name"]: archive[f"{index}/{place}"] for place, port in enumerate(request["inputs"])}
            for index in range(request["count"])
        ]


def answered(session: Session, folder: Path) -> dict[str, Any]:
    """Run all samples, write what came out, and give the rest of the answer."""
    leaks, varies = session.all()
    arrays = {
        f"{index}/{place}": value
        for index, row in enumerate(session.rows)
        if not isinstance(row, str)
        for place, value in enumerate(row)
    }
    np.savez(folder / "rows.npz", **arrays)
    reasons = [row if isinstance(row, str) else None for row in session.rows]
    seconds = session.seconds
    return {"leaks": leaks, "varies": varies, "rows": reasons, "seconds": seconds, "memory": peak()}


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


def peak() -> int | None:
    """Peak memory of this process in bytes, where the system tells.

    Linux starts `ru_maxrss` of a new program at the peak of the process that started it; `VmHWM` is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        own = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.MULTILINE)
        return int(own[1]) * 1024 if own else None
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def awaited(folder: Path, modules: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request, when it is there; modules are imported meanwhile."""
    warnings.simplefilter("ignore")
    for module in modules:
        with suppress(ImportError):  # who needs it says so
            __import__(module)
    sys.stdin.read()
    try:
        request: dict[str, Any] = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit("nobody asked") from None  # whoever started it is gone
    return request


def main(name: str, *modules: str) -> None:
    """Answer a request."""
    folder = Path(name)
    request = awaited(folder, modules)
    if request["registerers"]:
        sys.path.append(request["here"])  # they may be modules of the user's
    samples = samples_of(request)
    session = Session(None, samples, folder)
    session.stage("load")
    answer: dict[str, Any] = {}
    try:
        session.model = Tflite(request)
    except MissingError as problem:
        answer["refused"] = str(problem)
    except (ValueError, RuntimeError) as problem:
        answer["failure"] = line(problem)
    if session.model is not None and "keep" in request:
        answer["failure"] = keep(session, folder)
    elif session.model is not None:
        answer = answered(session, folder)
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # all is written; taking down the interpreter with its libraries takes longer than a small model
