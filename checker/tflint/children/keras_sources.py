"""Load a model of Keras, of either, on whatever Keras runs on."""
# ruff: noqa: PLC0415 - a package is imported by who has a file for it

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from .source import Inputs, Source, SourceError

SEQUENCE = 3  # dimensions


def load(request: dict[str, Any]) -> Source:
    """A Keras file, by the Keras that it says it was written by, else by the other."""
    path, trusted = request["source"], request["trusted"]
    code, version = _told(path)
    if code and not trusted:
        raise SourceError("code", "the file holds Python code (a Lambda layer), which would run when it is loaded")
    more: dict[str, Any] = {"compile": False, **({"safe_mode": False} if trusted else {})}
    older = version.startswith("2")
    if not (older and find_spec("tf_keras")):
        try:
            import keras

            return of_model(keras.saving.load_model(path, **more))
        except (ImportError, TypeError, ValueError):
            if find_spec("keras") and not older:
                raise
    import tf_keras

    return of_model(tf_keras.models.load_model(path, **more))


def _told(path: str) -> tuple[bool, str]:
    """Whether a file holds Python code, and the release that wrote it, "" where it does not say.

    To load an `.h5` with a Lambda layer is to run its code: Keras only guards `.keras` files.
    """
    if path.endswith(".keras"):
        with suppress(zipfile.BadZipFile, LookupError, ValueError), zipfile.ZipFile(path) as archive:
            version = str(json.loads(archive.read("metadata.json"))["keras_version"])
            mark = b'"Lambda"' if version.startswith("2") else b'"__lambda__"'
            return mark in archive.read("config.json"), version
        return False, ""  # Keras tells what is wrong with it
    import h5py

    with h5py.File(path, "r") as file:
        found = [file.attrs.get(name, "") for name in ("model_config", "keras_version")]
    config, version = (value.decode() if isinstance(value, bytes) else str(value) for value in found)
    return '"Lambda"' in config, version


def of_model(model: Any, about: dict[str, Any] | None = None) -> Source:
    """A Keras model, of either Keras."""
    if not getattr(model, "inputs", None):
        return Source(lambda sample: model(sample, training=False), lambda: _silent(model), False, model, about or {})
    names = [tensor.name.partition(":")[0] for tensor in model.inputs]
    types = [getattr(tensor.dtype, "name", tensor.dtype) for tensor in model.inputs]  # of TensorFlow, or a string
    shapes = [[None if size is None else int(size) for size in tensor.shape] for tensor in model.inputs]
    outputs = list(getattr(model, "output_names", ()))

    def call(sample: dict[str, Any]) -> Any:
        values = [sample[name] for name in names]
        found = model(values if len(values) > 1 else values[0], training=False)
        if isinstance(found, (list, tuple)) and len(found) == len(outputs):
            return dict(zip(outputs, found))  # noqa: B905 - same
        return {outputs[0]: found} if len(outputs) == 1 and hasattr(found, "shape") else found

    inputs: Inputs = dict(zip(names, zip(shapes, types)))  # noqa: B905 - of one length
    layers = sorted({type(layer).__name__ for layer in model.layers})
    flat = getattr(model, "_flatten_layers", None)  # public in neither Keras
    major = any(getattr(layer, "time_major", False) for layer in (flat() if flat else ()))
    turned = tuple(name for name, shape in zip(names, shapes) if major and len(shape) == SEQUENCE)  # noqa: B905 - same
    return Source(call, lambda: inputs, True, model, {"layers": layers, **(about or {})}, time_major=turned)


def _silent(model: Any) -> Inputs:
    """Raise SourceError: why its inputs are not known."""
    if getattr(model, "built", False):
        raise SourceError("inputs", "a Keras model that is a class of its own does not say what its inputs are")
    raise SourceError("unbuilt", "the Keras model has never been called, so its inputs are not known")
