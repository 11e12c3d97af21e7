"""Run a model of its original framework on samples: `run_source FOLDER`.

Answers as run_tflite does; `outputs` of the answer names what came out, and `missing` a package that is not there.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a model of it

from __future__ import annotations

import inspect
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .exchange import answer, awaited, line, stage
from .session import Session, answered, samples_of


class Framework:
    """A model that takes a sample by names and gives {name: array}, as a Session runs it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.outputs: list[str] | None = None
        self.call = LOADERS[request["kind"]](request)

    def fresh(self) -> None:
        """Nothing to start again: these keep no interpreter."""

    def __call__(self, sample: dict[str, Any]) -> list[Any]:
        """Outputs of a sample, in the order of `outputs`."""
        found = named(self.call(sample))
        if self.outputs is None:
            self.outputs = list(self.request["wanted"]) or list(found)
        return [np.asarray(found[name]) for name in self.outputs]


def named(found: Any) -> dict[str, Any]:
    """What a model gives by names: its own, else output_0, output_1..."""
    if hasattr(found, "items"):
        flat: dict[str, Any] = {}
        for name, value in found.items():
            if value is not None:
                flat |= {str(name): value} if not isinstance(value, (list, tuple, dict)) else _nested(str(name), value)
        return {name: array(value) for name, value in flat.items()}
    values = found if isinstance(found, (list, tuple)) else [found]
    return {f"output_{place}": array(value) for place, value in enumerate(values) if value is not None}


def _nested(name: str, values: Any) -> dict[str, Any]:
    return {f"{name}_{place}": value for place, value in enumerate(values) if hasattr(value, "shape")}


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


def saved_model(request: dict[str, Any]) -> Any:
    """A signature of a SavedModel."""
    import tensorflow as tf

    loaded = tf.saved_model.load(request["source"])
    keys = list(loaded.signatures)
    wanted = request["signature"]
    key = wanted if wanted in keys else keys[0] if len(keys) == 1 else wanted or "serving_default"
    if key not in keys:
        raise ValueError(f"the SavedModel has no signature '{key}', but {', '.join(keys) or 'none'}")
    function = loaded.signatures[key]
    specs = function.structured_input_signature[1]

    def call(sample: dict[str, Any]) -> Any:
        values = arranged(sample, list(specs))
        found = function(**{name: tf.cast(value, specs[name].dtype) for name, value in values.items()})
        return found if loaded is not None else None  # the functions of a SavedModel live as long as it does

    return call


def graph(request: dict[str, Any]) -> Any:
    """A frozen GraphDef of TensorFlow 1."""
    import tensorflow as tf

    from . import tf_sources

    source = tf_sources.graph({**request, "outputs": request["wanted"]})

    def call(sample: dict[str, Any]) -> Any:
        values = arranged(sample, list(source.inputs))
        return source.call({name: tf.cast(value, source.inputs[name][1]) for name, value in values.items()})

    return call


def keras(request: dict[str, Any]) -> Any:
    """A Keras file, of Keras 3 or of the one before it."""
    try:
        import keras as package

        model = package.saving.load_model(request["source"], compile=False)
    except (ImportError, TypeError, ValueError):
        import tf_keras

        model = tf_keras.models.load_model(request["source"], compile=False)
    return called(model)


def called(model: Any) -> Any:
    """A Keras model as a function of a sample."""
    names = [tensor.name.partition(":")[0] for tensor in model.inputs]
    outputs = list(getattr(model, "output_names", ()))

    def call(sample: dict[str, Any]) -> Any:
        values = list(arranged(sample, names).values())
        types = [getattr(tensor.dtype, "name", tensor.dtype) for tensor in model.inputs]  # of TensorFlow, or a string
        values = [value.astype(dtype) for value, dtype in zip(values, types)]  # noqa: B905 - same
        found = model(values if len(values) > 1 else values[0], training=False)
        if isinstance(found, (list, tuple)) and len(found) == len(outputs):
            return dict(zip(outputs, found))  # noqa: B905 - same
        return found if isinstance(found, (list, tuple, dict)) or len(outputs) != 1 else {outputs[0]: found}

    return call


def torch_module(module: Any) -> Any:
    """A torch module as a function of a sample."""
    module = module.eval()
    parameters = [p for p in inspect.signature(module.forward).parameters.values() if p.kind not in (2, 4)]
    names = [parameter.name for parameter in parameters]

    def call(sample: dict[str, Any]) -> Any:
        wide = {name: value.astype(np.int64) if value.dtype == np.int32 else value for name, value in sample.items()}
        return torch_called(module, wide, by_name=set(sample) <= set(names))  # torch indexes with 64 bits

    return call


def torch_program(request: dict[str, Any]) -> Any:
    """A program that torch.export saved: it is called in the form that it was exported with."""
    import torch

    program = torch.export.load(request["source"])
    module, names = program.module(), [str(name) for name in program.graph_signature.user_inputs]
    positional = program.call_spec.in_spec.child(0).num_children
    if positional not in (0, len(names)):
        raise ValueError("a program that takes some inputs by position and some by name")
    nodes = [node for node in program.graph.nodes if node.name in names]
    types = {node.name: str(node.meta["val"].dtype).removeprefix("torch.") for node in nodes}

    def call(sample: dict[str, Any]) -> Any:
        values = {name: value.astype(types[name]) for name, value in arranged(sample, names).items()}
        return torch_called(module, values, by_name=not positional)

    return call


def torch_called(module: Any, sample: dict[str, Any], *, by_name: bool) -> Any:
    """Outputs of a torch module, without gradients."""
    import torch

    values = [torch.from_numpy(np.array(value)) for value in sample.values()]
    with torch.no_grad():
        return module(**dict(zip(sample, values))) if by_name else module(*values)  # noqa: B905 - of one length


def checkpoint(request: dict[str, Any]) -> Any:
    """A Hugging Face checkpoint of this folder, in float32, by the class that its configuration names."""
    folder = Path(request["source"])
    config = json.loads((folder / "config.json").read_text())
    name = (config.get("architectures") or ["AutoModel"])[0].removeprefix("TF")
    if (folder / "tf_model.h5").exists() and not any(file for each in TORCH_WEIGHTS for file in folder.glob(each)):
        return tensorflow_checkpoint(folder, f"TF{name}", request["wanted"])
    import torch  # noqa: F401 - who lacks it is told so
    import transformers

    asked = telling(request["wanted"])
    eager = (
        {"attn_implementation": "eager"} if "output_attentions" in asked else {}
    )  # others keep attentions to themselves
    model = getattr(transformers, name).from_pretrained(folder, local_files_only=True, **asked, **eager)
    return torch_module(model.float())


def telling(wanted: list[str]) -> dict[str, bool]:
    """What a configuration of transformers has to say so that a model gives these outputs."""
    return {f"output_{kind}": True for kind in ("hidden_states", "attentions") if any(kind in name for name in wanted)}


def tensorflow_checkpoint(folder: Path, name: str, wanted: list[str]) -> Any:
    """One whose weights are TensorFlow's alone."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # transformers knows no other Keras
    import tensorflow as tf
    import tf_keras  # noqa: F401 - who lacks it is told so
    import transformers

    model = getattr(transformers, name).from_pretrained(folder, local_files_only=True, **telling(wanted))
    return lambda sample: model({key: tf.constant(value) for key, value in sample.items()}, training=False)


def python(request: dict[str, Any]) -> Any:
    """What `module:function` gives: a torch module, a Keras model, or a function of inputs by name."""
    place, _, name = request["source"].partition(":")
    module = __import__(place, fromlist=[name])
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and not tensorflow.executing_eagerly():
        tensorflow.compat.v1.enable_eager_execution()  # which its module switched off: graphs alone have no answers
    model = getattr(module, name)()
    model = model[0] if isinstance(model, tuple) else model  # the others are its samples
    if hasattr(model, "forward"):
        return torch_module(model)
    if getattr(model, "inputs", None) and hasattr(model, "predict"):
        return called(model)
    if hasattr(model, "predict"):  # a subclass, as those of transformers are
        return lambda sample: model(dict(sample), training=False)
    return lambda sample: model(**sample)


TORCH_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
LOADERS = {
    "saved-model": saved_model,
    "graph": graph,
    "keras": keras,
    "torch": torch_program,
    "checkpoint": checkpoint,
    "python": python,
}


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
    except Exception as problem:  # noqa: BLE001 - the user's code and that of the framework
        found["failure"] = f"{type(problem).__name__}: {line(problem)}"
    else:
        found = answered(session, folder)
        found["outputs"] = [{"name": name, "dtype": ""} for name in session.model.outputs or ()]
    answer(folder, found)
