"""Quantize a model with ai-edge-quantizer, which may crash or eat all memory: `quantize FOLDER`.

The request names a float model, variants of it to make, calibration samples and where the models are put. The answer
is written anew after each variant. Needs ai-edge-quantizer.
"""

from __future__ import annotations

import io
import os
import re
import time
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import interpreter as litert
from ai_edge_quantizer import calibrator, quantizer, recipe, recipe_manager
from ai_edge_quantizer.utils import qsv_utils
from ai_edge_quantizer.utils import tfl_flatbuffer_utils as flatbuffers

from .exchange import answer, awaited, stage

RECIPES = {
    "dynamic": (("dynamic", 8),),
    "int4": (("dynamic", 8), ("dynamic", 4)),  # where an operator takes no 4 bits it keeps 8
    "weight-only-int8": (("weight_only", 8),),
    "int8": (("static", 8),),
    "int16x8": (("static", 16),),
}
EVERYTHING = (".*", "", "()")  # regular expressions for all names, one for each step of a recipe: steps share none


def recipe_of(scheme: str, excluded: list[dict[str, str]]) -> list[dict[str, Any]]:
    """A recipe as ai-edge-quantizer reads it. `excluded`: {"name": of a layer} or {"operator": a type}."""
    makers = {
        ("dynamic", 8): recipe.dynamic_wi8_afp32,
        ("dynamic", 4): recipe.dynamic_wi4_afp32,
        ("weight_only", 8): recipe.weight_only_wi8_afp32,
        ("static", 8): recipe.static_wi8_ai8,
        ("static", 16): recipe.static_wi8_ai16,
    }
    steps = [
        {**rule, "regex": everything}
        for step, everything in zip(RECIPES[scheme], EVERYTHING)  # noqa: B905 - 3.9 too
        for rule in makers[step]()
    ]
    for layer in excluded:
        names = f"^{re.escape(layer['name'])}$" if "name" in layer else f"(?#{layer['operator']})"
        steps.append({"regex": names, "operation": layer.get("operator", "*"), "algorithm_key": "no_quantize"})
    return steps


class Work:
    """One float model, read once, and what is made of it."""

    def __init__(self, request: dict[str, Any], folder: Path) -> None:
        self.request, self.folder = request, folder
        self.answer: dict[str, Any] = {}
        self.content = Path(request["source"]).read_bytes()
        self.samples = _samples(request)
        self.ranges: dict[str, Any] = {}  # of a scheme: what calibration found
        self.float: dict[tuple[str, int], dict[str, Any]] = {}  # of the float model, by signature and sample

    def stage(self, text: str) -> None:
        """Leave word where it is."""
        stage(self.folder, text)

    def make(self, variant: dict[str, Any]) -> None:
        """Quantize, and note how that went."""
        start = time.perf_counter()
        try:
            if "candidate" in variant:
                self.stage(f"the layers of {variant['scheme']}")
                ranked = self.worst(variant)
                told: dict[str, Any] = {"layers": ranked}
                for count in variant["counts"]:
                    names = [{"name": name} for name, _ in ranked[:count]]
                    if len(names) == count:
                        self.quantize(variant, [*variant["excluded"], *names], f"{variant['id']}-{count}")
            else:
                self.quantize(variant, variant["excluded"], variant["id"])
                told = {}
        except MemoryError:
            told = {"failure": "out of memory"}
        except OSError as error:
            told = {"failure": f"cannot write {error.filename or 'the model'}: {error.strerror}"}
        except Exception as error:  # noqa: BLE001 - the library raises whatever comes
            told = {"failure": f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0]}
        self.answer[variant["id"]] = {**told, "seconds": time.perf_counter() - start}
        answer(self.folder, self.answer)

    def quantize(self, variant: dict[str, Any], excluded: list[dict[str, str]], name: str) -> None:
        """Write one model."""
        self.stage(variant["scheme"])
        work = quantizer.Quantizer(self.content, recipe_of(variant["scheme"], excluded))
        ranges = self.calibrated(variant["scheme"]) if work.need_calibration else None
        made = work.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
        Path(self.request["models"], f"{name}.tflite").write_bytes(made.quantized_model)

    def calibrated(self, scheme: str) -> Any:
        """Ranges of the tensors, found once: layers that stay float need fewer of them.

        They span all samples, as the converter's do. By default the library averages them, in favour of the first.
        """
        if scheme not in self.ranges:
            self.stage(f"the calibration of {scheme}")
            found = calibrator.Calibrator(self.content, num_threads=1, qsv_update_func=qsv_utils.min_max_update)
            found.calibrate(self.samples, self.manager(scheme, []))
            self.ranges[scheme] = found.get_model_qsvs()
            self.stage(scheme)
        return self.ranges[scheme]

    @staticmethod
    def manager(scheme: str, excluded: list[dict[str, str]]) -> Any:
        """Tells what a recipe does with an operator."""
        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(recipe_of(scheme, excluded))
        return manager

    def worst(self, variant: dict[str, Any]) -> list[tuple[str, float]]:
        """Layers that the recipe quantizes, (name, error that it adds), largest first.

        The error of a tensor is rms(candidate - float) / rms(float); what a layer adds is its output's less the largest
        of its inputs'.
        """
        manager = self.manager(variant["scheme"], variant["excluded"])
        model = flatbuffers.read_model(self.content)
        found: dict[str, float] = {}
        for key, rows in self.samples.items():
            graph = _graph(self.content, key)
            tensors = model.subgraphs[graph].tensors
            layers = []
            for op in model.subgraphs[graph].operators:
                kind = flatbuffers.TFL_OP_CODE_TO_NAME.get(_code(model, op))
                name = flatbuffers.get_op_scope(op, tensors)
                if kind is not None and manager.get_quantization_configs(kind, name)[0] != "no_quantize":
                    sides = [[_name(tensors[i]) for i in side if i >= 0] for side in (op.inputs, op.outputs)]
                    layers.append((name, *sides))
            wanted = {name for _, inputs, outputs in layers for name in (*inputs, *outputs)}
            errors = self.errors(Path(variant["candidate"]).read_bytes(), key, rows[: variant["rows"]], wanted)
            for name, inputs, outputs in layers:
                before = max((errors.get(each, 0.0) for each in inputs), default=0.0)
                after = max((errors.get(each, 0.0) for each in outputs), default=0.0)
                found[name] = max(found.get(name, 0.0), after - before)
        return sorted(((name, error) for name, error in found.items() if error > 0), key=lambda item: -item[1])

    def errors(self, candidate: bytes, key: str, rows: list[dict[str, Any]], wanted: set[str]) -> dict[str, float]:
        """Tensor name -> error, of those tensors that both models have."""
        noise: dict[str, float] = {}
        signal: dict[str, float] = {}
        for place, row in enumerate(rows):
            ours = self.float.setdefault((key, place), {})
            missing = wanted - ours.keys()
            if missing:
                ours.update(dict.fromkeys(missing) | _tensors(self.content, key, row, missing))
            for name, other in _tensors(candidate, key, row, wanted).items():
                one = ours[name]
                if one is not None and one.shape == other.shape and one.size:
                    noise[name] = noise.get(name, 0.0) + float(np.square(other - one, dtype=np.float64).sum())
                    signal[name] = signal.get(name, 0.0) + float(np.square(one, dtype=np.float64).sum())
        return {name: (noise[name] / signal[name]) ** 0.5 for name in noise if signal[name]}


def _graph(content: bytes, key: str) -> int:
    """Subgraph of a signature."""
    runner = litert.Interpreter(model_content=content).get_signature_runner(key)
    return int(runner._subgraph_index)  # noqa: SLF001 - as ai-edge-quantizer finds it


def _tensors(content: bytes, key: str, row: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """The real values of a signature's tensors after a run, by name."""
    kinds = litert.OpResolverType
    model = litert.Interpreter(
        model_content=content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runner = model.get_signature_runner(key)
    details = runner.get_input_details()
    runner(**{name: _stored(value, details[name]) for name, value in row.items()})
    index = runner._subgraph_index  # noqa: SLF001 - as ai-edge-quantizer finds it
    found = {}
    for detail in model.get_tensor_details(index):
        if detail["name"] in wanted:
            with suppress(ValueError):  # not allocated
                found[detail["name"]] = _real(model.get_tensor(detail["index"], index), detail)
    return {name: value for name, value in found.items() if value is not None}


def _stored(value: Any, detail: dict[str, Any]) -> Any:
    """A real value as a quantized input holds it."""
    scale, zero = detail["quantization"]
    if value.dtype.kind != "f" or not scale:
        return value
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(value / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def _real(value: Any, detail: dict[str, Any]) -> Any:
    """What a tensor's values stand for; None for text and for tensors with a scale per channel."""
    scales = detail["quantization_parameters"]["scales"]
    if value.dtype.kind not in "fiu" or len(scales) > 1:
        return None
    scale, zero = detail["quantization"]
    return (value.astype(np.float32) - zero) * np.float32(scale) if scale else value.astype(np.float32, copy=False)


def _code(model: Any, op: Any) -> int:
    entry = model.operatorCodes[op.opcodeIndex]
    return int(max(entry.builtinCode, entry.deprecatedBuiltinCode))


def _name(tensor: Any) -> str:
    return tensor.name.decode() if isinstance(tensor.name, bytes) else str(tensor.name)


def _samples(request: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Signature -> rows of {input: value}."""
    if not request["samples"]:
        return {}
    with np.load(request["samples"], allow_pickle=False) as archive:
        return {
            entry["key"]: [
                {name: archive[f"{place}/{index}/{port}"] for port, name in enumerate(entry["inputs"])}
                for index in range(entry["count"])
            ]
            for place, entry in enumerate(request["signatures"])
        }


def _limit(memory: int) -> None:
    """Let an allocation beyond so many bytes fail, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main(name: str) -> None:
    """Answer a request."""
    warnings.simplefilter("ignore")
    request = awaited(Path(name))
    _limit(request["memory"])
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # progress bars
        work = Work(request, Path(name))
        for variant in request["variants"]:
            work.make(variant)

    os._exit(0)  # all is written; taking down the interpreter with its libraries takes 0.1 s
