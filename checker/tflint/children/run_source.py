"""Run a model of its original framework on samples: `run_source FOLDER`.

Answers as run_tflite does; `outputs` of the answer names what came out, `missing` a package that is not there, and
`untrusted` says which code would run.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a model of it

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .exchange import answer, awaited, line, stage
from .session import Session, answered, samples_of
from .source import Source, SourceError, function_of, named


class Framework:
    """A model that takes a sample by names and gives {name: array}, as a Session runs it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.wanted: list[str] = request["wanted"]
        self.outputs: list[str] | None = None
        self.source = load(request)
        self.inputs = self.source.inputs() if self.source.exact else None
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_grad_enabled(False)  # else it keeps what gradients would be of

    def fresh(self) -> None:
        """Start again with nothing of earlier runs: layers forget their states, a SavedModel is loaded anew."""
        if self.request["kind"] == "saved-model":
            self.source = load(self.request)
        flatten = getattr(self.source.model, "_flatten_layers", tuple)  # public in neither Keras
        for layer in flatten():
            if getattr(layer, "stateful", False) and hasattr(layer, "cell"):
                layer.reset_states() if hasattr(layer, "reset_states") else layer.reset_state()

    def __call__(self, sample: dict[str, Any]) -> list[Any]:
        """Outputs of a sample, in the order of `outputs`."""
        if self.inputs is None:
            values = {name: self.source.tensor(value, "") for name, value in sample.items()}
        else:
            types = {name: dtype for name, (_, dtype) in self.inputs.items()}
            values = {
                name: self.source.tensor(value, types[name]) for name, value in arranged(sample, list(types)).items()
            }
        found = named(self.source.call(values))
        if self.outputs is None:
            self.outputs = list(self.wanted) or list(found)
        return [array(found[name]) for name in self.outputs]


def array(value: Any) -> Any:
    """A tensor of any framework as an array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def arranged(sample: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A sample by the names of a model: its own where all are the same, else in order."""
    if set(names) <= set(sample):
        return {name: sample[name] for name in names}
    if len(names) != len(sample):
        raise ValueError(f"the model takes {', '.join(names) or 'nothing'}; the samples have {', '.join(sample)}")
    return dict(zip(names, sample.values()))  # noqa: B905 - of one length


def load(request: dict[str, Any]) -> Source:
    """The source of a request, by the framework that it is of."""
    asked = {**request, "goal": "run", "outputs": request["wanted"], "weights": None, "map": {}}
    asked["source_signature"] = request["signature"]
    if request["kind"] == "python":
        return python(asked)
    if request["kind"] == "keras":
        from . import keras_sources

        return keras_sources.load(asked)
    if request["by_torch"]:
        from . import torch_sources

        return torch_sources.load(asked)
    if request["kind"] == "checkpoint":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"  # transformers knows no other Keras
        import tf_keras  # noqa: F401 - who lacks it is told so
    from . import tf_sources

    return tf_sources.load(asked)


def python(request: dict[str, Any]) -> Source:
    """What `module:function` gives: a torch module, a Keras model, or a function of inputs by name."""
    __import__(request["source"].partition(":")[0])
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and not tensorflow.executing_eagerly():
        tensorflow.compat.v1.enable_eager_execution()  # which its module switched off: graphs alone have no answers
    found = function_of(request["source"])
    model = found[0] if isinstance(found, tuple) else found  # the others are its samples
    if hasattr(model, "forward"):
        from . import torch_sources

        return torch_sources.given(request, found)
    if hasattr(model, "predict"):
        from . import keras_sources

        return keras_sources.of_model(model)
    return Source(lambda sample: model(**sample), dict, exact=False, model=model)


def main(name: str) -> None:
    """Answer a request."""
    warnings.simplefilter("ignore")
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")
    folder = Path(name)
    request = awaited(folder)
    if request["kind"] == "python" or request["registerers"]:
        sys.path.append(request["here"])
    session = Session(None, samples_of(request), folder)
    stage(folder, "load")
    found: dict[str, Any] = {}
    try:
        for spec in request["registerers"]:  # the library of a .tflite's ops has those of its original too
            __import__(spec.partition(":")[0])
        session.model = Framework(request)
    except ModuleNotFoundError as problem:
        found["missing"] = problem.name
    except SourceError as problem:
        found["untrusted" if problem.kind == "code" else "failure"] = line(problem)
    except Exception as problem:  # noqa: BLE001 - the user's code and that of the framework
        found["failure"] = f"{type(problem).__name__}: {line(problem)}"
    else:
        found = answered(session, folder)
        found["outputs"] = [{"name": name, "dtype": ""} for name in session.model.outputs or ()]
    answer(folder, found)
