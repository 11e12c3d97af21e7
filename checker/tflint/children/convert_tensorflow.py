"""Convert a model with TensorFlow, which may crash, hang or eat all memory: `convert_tensorflow FOLDER`.

FOLDER gets `model.tflite`. Needs TensorFlow.
"""
# ruff: noqa: PLC0415 - after the stage is told

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .conversion import run
from .source import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conversion import Work
    from .source import Source

SPEC = (
    "supported_ops",
    "supported_types",
    "experimental_select_user_tf_ops",
    "_experimental_supported_accumulation_type",
)


def convert(work: Work) -> None:
    """Load, trace, convert. `goal`: "export" ends before the converter, "convert" starts there."""
    goal, saved = work.request["goal"], work.request["given"]
    work.stage("import")
    import tensorflow as tf

    prepare(tf, work.request["steps"])
    if goal != "convert":
        from . import tf_sources, tf_steps

        work.stage("load")
        if work.request["kind"] == "saved-model":
            from . import tf_signatures

            sources, work.answer["keys"] = tf_signatures.load(work.request)
        else:
            sources = {work.request["signature"]: tf_sources.load(work.request)}
        first = next(iter(sources.values()))
        loops = tf_steps.follow(first.model, work.request["steps"])
        work.learn(*sources.values(), eager=tf.executing_eagerly(), loops=loops)
        work.stage("trace")
        export(tf, work, sources, saved)
    if goal != "export":
        work.stage("convert")
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)  # with all signatures that it has
        configure(tf, converter, work.request["settings"])
        if work.request.get("sampled"):
            converter.representative_dataset = lambda: representative(work)
        content = converter.convert()
        work.stage("write")
        (work.folder / "model.tflite").write_bytes(content)


def prepare(tf: Any, steps: list[str]) -> None:
    """Steps of the recipe that come before the source: libraries of operators, and eager execution that stays on."""
    for step in steps:
        if step.startswith("import:"):
            importlib.import_module(step.partition(":")[2])
    if "eager" in steps:
        tf.compat.v1.disable_eager_execution = tf.compat.v1.disable_v2_behavior = lambda: None


def export(tf: Any, work: Work, sources: dict[str, Source], saved: str) -> None:
    """A SavedModel of these signatures: the wanted inputs and outputs by name, dimensions as the recipe says.

    Raises LookupError for an output that none of them has.
    """
    work.answer["inputs"] = {}
    several = len(sources) > 1
    signatures = {key: served(tf, work, key, source, several=several) for key, source in sources.items()}
    missing = [name for name in work.request["outputs"] if name not in work.answer["source_outputs"]]
    if missing:
        raise LookupError(f"no signature has the output {missing[0]!r}; they have {work.answer['source_outputs']}")
    holder = next(iter(sources.values())).model
    module = tf.Module()
    module.state = variables(tf, holder)
    told = tf.saved_model.SaveOptions(save_debug_info=True)  # else the converter's errors name no line of any code
    try:
        tf.saved_model.save(module, saved, signatures, told)
    except AssertionError:
        module.holder = holder  # it reads tables too: all of it is kept then, which Keras traces layer by layer
        tf.saved_model.save(module, saved, signatures, told)


def served(tf: Any, work: Work, key: str, source: Source, *, several: bool) -> Any:
    """A source as a concrete function of the wanted interface."""
    specs, inner = {}, {}
    for name, (shape, dtype) in source.inputs().items():
        outer, wanted = work.port(name, dtype)
        sizes = None if shape is None else work.sizes(name, shape, int(name in source.time_major))
        specs[outer] = tf.TensorSpec(sizes, wanted, name=outer)
        inner[outer] = (name, dtype)
    work.answer["inputs"][key] = {
        name: [None if spec.shape.rank is None else spec.shape.as_list(), spec.dtype.name]
        for name, spec in specs.items()
    }

    def serve(**sample: Any) -> dict[str, Any]:
        values = {inner[outer][0]: tf.cast(value, inner[outer][1]) for outer, value in sample.items()}
        found = work.kept(named(source.call(values)), of_several=several)
        return {name: tf.identity(value, name) for name, value in found.items()}

    return tf.function(serve, autograph=False).get_concrete_function(**specs)


def variables(tf: Any, holder: Any) -> list[Any]:
    """Variables of a model, those of Keras 3 unwrapped: a SavedModel keeps, and gives a start, what it can see.

    Neither Keras counts the states of layers among them.
    """
    flatten = getattr(holder, "_flatten_layers", None)
    states = [
        each for layer in (flatten() if flatten else ()) for each in tf.nest.flatten(getattr(layer, "states", None))
    ]
    found = []
    for variable in (*getattr(holder, "variables", ()), *states):
        value = variable if isinstance(variable, tf.Variable) else getattr(variable, "value", None)
        if isinstance(value, tf.Variable):
            found.append(value)
    return found


def configure(tf: Any, converter: Any, settings: dict[str, Any]) -> None:
    """Set a converter as the recipe says. Raises AttributeError for what this release does not have."""
    for name, value in settings.items():
        holder = converter.target_spec if name in SPEC else converter
        if not hasattr(holder, name):
            raise AttributeError(f"TensorFlow {tf.__version__} has no converter setting {name}")
        setattr(holder, name, setting(tf, name, value))


def setting(tf: Any, name: str, value: Any) -> Any:
    """A setting as the converter takes it."""
    if name == "optimizations":
        return [tf.lite.Optimize[each] for each in value]
    if name == "supported_ops":
        return [tf.lite.OpsSet[each] for each in value]
    if name == "supported_types":
        return [tf.as_dtype(each) for each in value]
    return tf.as_dtype(value) if name.endswith("_type") else value


def representative(work: Work) -> Iterator[Any]:
    """Calibration samples, one at a time: by input, with the signature before it where there are several."""
    import numpy as np

    work.stage("calibrate")
    request = work.request
    with np.load(request["samples"], allow_pickle=False) as archive:
        for place, signature in enumerate(request["sampled"]):
            for index in range(signature["count"]):
                row = {name: archive[f"{place}/{index}/{port}"] for port, name in enumerate(signature["names"])}
                yield (signature["key"], row) if len(request["sampled"]) > 1 else row


def main(folder: str) -> None:
    """Answer a request."""
    run(convert, folder)
