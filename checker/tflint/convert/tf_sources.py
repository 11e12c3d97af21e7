"""Load a model of TensorFlow's world as a function of named inputs. Beside tf_child.py, in its process.

Whatever the source is, the converter is given the same thing: a function from inputs by name to outputs, what its
inputs are, and the variables that it reads.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a model of it

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

WEIGHTS = ("tf_model.h5", "tf_model.h5.index.json")  # of a checkpoint that has TensorFlow's own


class SourceError(Exception):
    """What is wrong with a source: `kind` is a word for the diagnosis."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Source(NamedTuple):
    """A model. `inputs`: name -> (dimensions, None where open, or None of unknown rank; dtype)."""

    call: Callable[[dict[str, Any]], Any]
    inputs: dict[str, tuple[list[int | None] | None, str]]
    holder: Any
    about: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it


def load(request: dict[str, Any]) -> Source:
    """The model that a request names. Raises SourceError, and whatever frameworks and the user's code raise."""
    return LOADERS[request["kind"]](request)


def saved_model(request: dict[str, Any]) -> Source:
    """A signature of a SavedModel."""
    loaded = tf.saved_model.load(request["source"])
    keys = list(loaded.signatures)
    wanted = request.get("source_signature")
    key = wanted or (keys[0] if len(keys) == 1 else "serving_default")
    if not keys:
        raise SourceError("signature", "the SavedModel has no signature, so what it takes and gives is not known")
    if key not in keys:
        raise SourceError("signature", f"the SavedModel has no signature '{key}'; it has {', '.join(keys)}")
    return concrete(loaded.signatures[key], loaded, {"signatures": keys})


def concrete(function: Any, holder: Any, about: dict[str, Any] | None = None) -> Source:
    """A concrete function."""
    given = function.inputs[: len(function.inputs) - len(function.captured_inputs)]
    specs = function.structured_input_signature[1] or {tensor.name.partition(":")[0]: tensor for tensor in given}
    return Source(
        lambda sample: function(**sample), {name: _spec(spec) for name, spec in specs.items()}, holder, about or {}
    )


def _spec(spec: Any) -> tuple[list[int | None] | None, str]:
    shape = tf.TensorShape(spec.shape)
    return (shape.as_list() if shape.rank is not None else None), tf.as_dtype(spec.dtype).name


def keras(request: dict[str, Any]) -> Source:
    """A Keras file: `.keras` is Keras 3's; an `.h5` says which Keras wrote it."""
    path = request["source"]
    if path.endswith(".keras"):
        import keras as package

        return keras_model(package.saving.load_model(path, compile=False))
    if not request["trusted"]:
        _refuse_code(path)
    if _written_by_keras_2(path):
        import tf_keras

        return keras_model(tf_keras.models.load_model(path, compile=False))
    import keras as package

    return keras_model(package.saving.load_model(path, compile=False))


def _h5_attribute(path: str, name: str) -> str:
    import h5py

    with h5py.File(path, "r") as file:
        value = file.attrs.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


def _written_by_keras_2(path: str) -> bool:
    return _h5_attribute(path, "keras_version").startswith("2")


def _refuse_code(path: str) -> None:
    """An `.h5` holds the code of its Lambda layers, and to load it is to run it: Keras only guards `.keras` files."""
    if '"Lambda"' in _h5_attribute(path, "model_config"):
        raise SourceError("code", "the file holds Python code (a Lambda layer), which would run when it is loaded")


def keras_model(model: Any) -> Source:
    """A Keras model, of either Keras."""
    if not getattr(model, "inputs", None):
        if getattr(model, "built", False):
            raise SourceError("inputs", "a Keras model that is a class of its own does not say what its inputs are")
        raise SourceError("unbuilt", "the Keras model has never been called, so its inputs are not known")
    names = [tensor.name.partition(":")[0] for tensor in model.inputs]
    inputs: dict[str, tuple[list[int | None] | None, str]] = {
        name: ([None if size is None else int(size) for size in tensor.shape], tf.as_dtype(tensor.dtype).name)
        for name, tensor in zip(names, model.inputs)  # noqa: B905 - of one length
    }
    outputs = list(getattr(model, "output_names", ()))

    def call(sample: dict[str, Any]) -> Any:
        values = [sample[name] for name in names]
        found = model(values if len(values) > 1 else values[0], training=False)
        if isinstance(found, (list, tuple)) and len(found) == len(outputs):
            return dict(zip(outputs, found))  # noqa: B905 - same
        return {outputs[0]: found} if len(outputs) == 1 and hasattr(found, "shape") else found

    return Source(call, inputs, model, {"layers": sorted({type(layer).__name__ for layer in model.layers})})


def checkpoint(request: dict[str, Any]) -> Source:
    """A Hugging Face checkpoint of this folder by the TensorFlow class that its configuration names."""
    import transformers

    folder = Path(request["source"])
    config = json.loads((folder / "config.json").read_text())
    name = (config.get("architectures") or ["Model"])[0]
    name = name if name.startswith("TF") else "TF" + name
    cls = getattr(transformers, name, None)
    if cls is None:
        raise SourceError("class", f"transformers {transformers.__version__} has no class {name}")
    from_torch = not any((folder / each).exists() for each in WEIGHTS)
    model, told = cls.from_pretrained(
        str(folder), from_pt=from_torch, local_files_only=True, output_loading_info=True, use_safetensors=None
    )
    inputs = {name: _spec(spec) for name, spec in model.input_signature.items()}
    about = {"class": name, "missing": sorted(told["missing_keys"]), "unexpected": sorted(told["unexpected_keys"])}
    return Source(lambda sample: model(**sample, training=False), inputs, model, about)


def graph(request: dict[str, Any]) -> Source:
    """A frozen GraphDef of TF 1: its placeholders are its inputs, what nothing reads is its outputs."""
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(Path(request["source"]).read_bytes())
    nodes = {node.name: node for node in definition.node}
    read = {name.lstrip("^").partition(":")[0] for node in definition.node for name in node.input}
    inputs = [node for node in definition.node if node.op == "Placeholder"]
    ends = [name for name in request["outputs"] if name in nodes] or [
        node.name for node in definition.node if node.name not in read and node.op not in ("NoOp", "Const", "Assert")
    ]
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(definition, name=""), [])
    pruned = wrapped.prune([node.name + ":0" for node in inputs], [name + ":0" for name in ends])
    specs = {node.name: _spec(wrapped.graph.get_tensor_by_name(node.name + ":0")) for node in inputs}

    def call(sample: dict[str, Any]) -> Any:
        found = pruned(*(sample[name] for name in specs))
        return dict(zip(ends, found if isinstance(found, (list, tuple)) else [found]))  # noqa: B905 - of one length

    return Source(call, specs, wrapped)


def python(request: dict[str, Any]) -> Source:
    """What `module:function` gives: a Keras model, a tf.Module, a concrete function; or torch's, for another child."""
    place, _, name = request["source"].partition(":")
    module = __import__(place, fromlist=[name])
    _require_eager(place)
    model = getattr(module, name)()
    _require_eager(name)
    first = model[0] if isinstance(model, tuple) else model
    if hasattr(first, "forward"):
        raise SourceError("torch", "it gives a torch module")
    if hasattr(model, "structured_input_signature"):
        return concrete(model, model)
    if hasattr(model, "layers"):
        return keras_model(model)
    function: Any = model if hasattr(model, "input_signature") else getattr(model, "__call__", None)  # noqa: B004
    if not getattr(function, "input_signature", None):
        what = "Keras models, concrete functions, a tf.Module whose __call__ is a tf.function with an input_signature"
        raise SourceError("unknown", f"it gives a {type(model).__name__}: tflint converts {what}, and torch modules")
    return concrete(function.get_concrete_function(), model)


def _require_eager(what: str) -> None:
    """Without eager execution a model is traced without its weights."""
    if not tf.executing_eagerly():
        raise SourceError("eager", f"{what} switches eager execution off")


LOADERS = {
    "saved-model": saved_model,
    "keras": keras,
    "checkpoint": checkpoint,
    "graph": graph,
    "python": python,
}
