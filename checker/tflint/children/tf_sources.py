"""Load a model of TensorFlow's world as a function of named inputs. In the process of what runs or converts it.

Whatever the source is, the converter is given the same thing: a function from inputs by name to outputs, what its
inputs are, and the variables that it reads.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a model of it

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from . import weights
from .conversion import SourceError, asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

SEQUENCE = 3  # dimensions
OWN = ("tf_model.h5", "tf_model.h5.index.json")  # of a checkpoint that has TensorFlow's own weights


class Source(NamedTuple):
    """A model. `inputs`: name -> (dimensions, None where open, or None of unknown rank; dtype)."""

    call: Callable[[dict[str, Any]], Any]
    inputs: dict[str, tuple[list[int | None] | None, str]]
    holder: Any
    about: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it
    time_major: tuple[str, ...] = ()
    """Inputs whose batch is the second dimension."""


def load(request: dict[str, Any]) -> Source:
    """The model that a request names. Raises SourceError, and whatever frameworks and the user's code raise."""
    return LOADERS[request["kind"]](request)


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
    """A Keras file, `.keras` or `.h5`: each says which Keras wrote it."""
    path = request["source"]
    if not path.endswith(".keras") and not request["trusted"]:
        _refuse_code(path)
    if _version(path).startswith("2"):
        import tf_keras

        return keras_model(tf_keras.models.load_model(path, compile=False))
    import keras as package

    return keras_model(package.saving.load_model(path, compile=False))


def _version(path: str) -> str:
    """Which Keras wrote a file; "" where it does not say, and then Keras tells what is wrong with it."""
    if not path.endswith(".keras"):
        return _h5_attribute(path, "keras_version")
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (zipfile.BadZipFile, LookupError, ValueError):
        return ""


def _h5_attribute(path: str, name: str) -> str:
    import h5py

    with h5py.File(path, "r") as file:
        value = file.attrs.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


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

    major = any(getattr(layer, "time_major", False) for layer in model._flatten_layers())  # noqa: SLF001 - public in neither Keras
    turned = tuple(name for name, (shape, _) in inputs.items() if major and shape and len(shape) == SEQUENCE)
    return Source(call, inputs, model, {"layers": sorted({type(layer).__name__ for layer in model.layers})}, turned)


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
    own = any((folder / each).exists() for each in OWN)
    if own:
        model, told = cls.from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True, use_safetensors=False
        )
    else:
        model, told = of_torch(cls, folder, trusted=request["trusted"])
    about = {"class": name, "missing": sorted(told["missing_keys"]), "unexpected": sorted(told["unexpected_keys"])}
    if about["missing"] or request["map"]:
        about |= {**carried(request, model, name, None if own else str(folder), about["missing"]), "missing": []}
    return pretrained(request, model, about)


def of_torch(cls: Any, folder: Path, *, trusted: bool) -> tuple[Any, dict[str, Any]]:
    """A model of transformers with PyTorch's weights, and what it says of them.

    Its `from_pretrained` takes torch for that, or iterates over what safetensors 0.8 gives, which cannot be.
    """
    from transformers import modeling_tf_pytorch_utils

    found = weights.parameters(str(folder), "tf", trusted=trusted)
    model = cls(cls.config_class.from_pretrained(str(folder)))
    loaded: tuple[Any, dict[str, Any]] = modeling_tf_pytorch_utils.load_pytorch_state_dict_in_tf2_model(
        model,
        {name: found.array(name) for name in found.shapes},
        allow_missing_keys=True,
        output_loading_info=True,
        tf_to_pt_weight_rename=getattr(model, "tf_to_pt_weight_rename", None),
    )
    return loaded


def pretrained(request: dict[str, Any], model: Any, about: dict[str, Any]) -> Source:
    """A model of transformers, or one that knows its inputs as those do."""
    more = asked_for(request["outputs"])
    inputs = {name: _spec(spec) for name, spec in model.input_signature.items()}
    return Source(lambda sample: model(sample, training=False, **more), inputs, model, about)


def carried(
    request: dict[str, Any], model: Any, what: str, place: str | None, missing: list[str] | None = None
) -> dict[str, Any]:
    """Put PyTorch's weights into a model, or into those of its variables that are `missing`; tell how."""
    if not model.weights and hasattr(model, "dummy_inputs"):
        model(model.dummy_inputs, training=False)  # variables are made by the first call
    base = f"{getattr(model, 'base_model_prefix', '')}."
    absent = None if missing is None else {".".join(weights.path_of(name)).removeprefix(base) for name in missing}
    slots = [
        weights.Slot(
            name := getattr(variable, "path", variable.name),
            weights.path_of(name),
            tuple(map(int, variable.shape)),
            weights.turn_of(name, len(variable.shape)),
            variable.assign,
        )
        for variable in model.weights
        if "float" in str(variable.dtype)
    ]

    def wanted(slot: weights.Slot) -> bool:
        own = ".".join(slot.path[1:])  # what is missing is a variable, or a layer with all its variables
        spelled = (f"{own}.", f"{own.removeprefix(base)}.")
        return absent is None or any(each.startswith(f"{name}.") for each in spelled for name in absent)

    if absent and not any(map(wanted, slots)):
        raise SourceError(
            "weights", f"weights of {what} are random, for the checkpoint lacks {', '.join(missing or ())}"
        )
    if place is None:
        found = weights.of_state({})
    elif ":" in place and not Path(place).exists():
        found = weights.of_state(torch_module(place).state_dict())
    else:
        found = weights.parameters(place, "tf", trusted=request["trusted"])
    done = weights.carry(slots, found, request["map"], wanted)
    told: dict[str, Any] = weights.settled(done, what)
    return told


def torch_module(place: str) -> Any:
    """The torch module that `module:function` gives. Raises SourceError."""
    module, _, name = place.partition(":")
    found = getattr(__import__(module, fromlist=[name]), name)()
    first = found[0] if isinstance(found, tuple) else found
    if not hasattr(first, "state_dict"):
        raise SourceError("weights", f"{place} gives a {type(first).__name__}, and no torch module")
    return first


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
    about = {}
    if request["weights"]:
        if not hasattr(model, "weights"):
            raise SourceError("weights", f"--weights fills Keras models, not a {type(model).__name__}")
        about = carried(request, model, type(model).__name__, request["weights"])
    if hasattr(model, "layers") and isinstance(getattr(model, "input_signature", None), dict):
        return pretrained(request, model, about)
    if hasattr(model, "structured_input_signature"):
        return concrete(model, model)
    if hasattr(model, "layers"):
        source = keras_model(model)
        return source._replace(about={**source.about, **about})
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
    "keras": keras,
    "checkpoint": checkpoint,
    "graph": graph,
    "python": python,
}
