"""Load a model of TensorFlow's world as a function of named inputs.

Whatever the source is, what runs or converts it is given the same thing: a function from inputs by name to outputs,
what its inputs are, and the variables that it reads.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a model of it

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf

from . import keras_sources, weights
from .source import Inputs, Source, SourceError, asked_for, function_of, written_for

OWN = ("tf_model.h5", "tf_model.h5.index.json")  # of a checkpoint that has TensorFlow's own weights


def load(request: dict[str, Any]) -> Source:
    """The model that a request names. Raises SourceError, and whatever frameworks and the user's code raise."""
    return LOADERS[request["kind"]](request)._replace(tensor=tensor)


def tensor(value: Any, dtype: str) -> Any:
    """An array as a tensor."""
    return tf.cast(value, dtype) if dtype else tf.constant(value)


def saved_model(request: dict[str, Any]) -> Source:
    """A signature of a SavedModel, to be run: the one that is wanted, else the only one."""
    loaded = tf.saved_model.load(request["source"])
    keys = list(loaded.signatures)
    wanted = request.get("source_signature")
    key = keys[0] if len(keys) == 1 else wanted or "serving_default"  # its conversion may have another name for it
    if not keys:
        raise SourceError("signature", "the SavedModel has no signature, so what it takes and gives is not known")
    if key not in keys:
        raise SourceError("signature", f"the SavedModel has no signature '{key}'; it has {', '.join(keys)}")
    return concrete(loaded.signatures[key], loaded, {"signatures": keys})


def concrete(function: Any, holder: Any, about: dict[str, Any] | None = None) -> Source:
    """A concrete function."""
    given = function.inputs[: len(function.inputs) - len(function.captured_inputs)]
    specs = function.structured_input_signature[1] or {tensor.name.partition(":")[0]: tensor for tensor in given}
    inputs = {name: _spec(spec) for name, spec in specs.items()}
    return Source(lambda sample: function(**sample), lambda: inputs, True, holder, about or {})


def _spec(spec: Any) -> tuple[list[int | None] | None, str]:
    shape = tf.TensorShape(spec.shape)
    return (shape.as_list() if shape.rank is not None else None), tf.as_dtype(spec.dtype).name


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
    safe = written_for(folder) == "tf"
    own = safe or any((folder / each).exists() for each in OWN)
    if own:
        model, told = cls.from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True, use_safetensors=safe
        )
    else:
        model, told = of_torch(cls, folder, trusted=request["trusted"])
    about = {"class": name, "missing": sorted(told["missing_keys"]), "unexpected": sorted(told["unexpected_keys"])}
    if request["goal"] != "run" and (about["missing"] or request["map"]):
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

    def inputs() -> Inputs:
        return {name: _spec(spec) for name, spec in model.input_signature.items()}

    return Source(lambda sample: model(sample, training=False, **more), inputs, exact=False, model=model, about=about)


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
        found = weights.of_state(state_of(place))
    else:
        found = weights.parameters(place, "tf", trusted=request["trusted"])
    done = weights.carry(slots, found, request["map"], wanted)
    told: dict[str, Any] = weights.settled(done, what)
    return told


def state_of(place: str) -> Any:
    """The state_dict of the torch module that `module:function` gives. Raises SourceError."""
    found = function_of(place)
    first = found[0] if isinstance(found, tuple) else found
    if not hasattr(first, "state_dict"):
        raise SourceError("weights", f"{place} gives a {type(first).__name__}, and no torch module")
    return first.state_dict()


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

    return Source(call, lambda: specs, exact=True, model=wrapped)


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
        return keras_sources.of_model(model, about)
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
    "keras": keras_sources.load,
    "checkpoint": checkpoint,
    "graph": graph,
    "python": python,
}
