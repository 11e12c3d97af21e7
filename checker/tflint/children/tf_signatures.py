"""Signatures of a SavedModel that are wanted, each as a function of named inputs. In the process that converts."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .source import Source, SourceError
from .tf_sources import concrete


def load(request: dict[str, Any]) -> tuple[dict[str, Source], dict[str, str]]:
    """Key of the result -> the function behind it, and key of the SavedModel -> key of the result.

    Raises SourceError for a signature that is not there.
    """
    loaded = tf.saved_model.load(request["source"])
    keys = list(loaded.signatures)
    if not keys:
        raise SourceError("signature", "the SavedModel has no signature, so what it takes and gives is not known")
    called = wanted(request, loaded.signatures)
    missing = [key for key in called if key not in keys]
    if missing:
        raise SourceError("signature", f"the SavedModel has no signature '{missing[0]}'; it has {', '.join(keys)}")
    about = {"signatures": keys}
    return {new: concrete(loaded.signatures[old], loaded, about) for old, new in called.items()}, called


def wanted(request: dict[str, Any], functions: Any) -> dict[str, str]:
    """Key of the SavedModel -> key of the result: what the recipe names, else all that differ.

    One that is wanted and one that is there are meant, whatever they are called.
    """
    one = request.get("source_signature")
    named: dict[str, str] = {one: request["signature"]} if one else request["signatures"]
    different = distinct(functions)
    if len(different) == 1 and len(named) <= 1 and not named.keys() & set(functions):
        [new] = named.values() or [request["signature"]]
        return named if one else {different[0]: new}
    return named or {key: key for key in different}


def distinct(functions: Any) -> list[str]:
    """Keys of signatures without those that call what an earlier one calls; Keras exports two of each model."""
    found: dict[tuple[Any, ...], str] = {}
    for key in sorted(functions, key=lambda key: (key != "serving_default", key)):
        function = functions[key]
        calls = [operation.get_attr("f").name for operation in function.graph.get_operations() if _calls(operation)]
        takes = sorted(function.structured_input_signature[1])
        found.setdefault((*calls, *takes, *sorted(function.structured_outputs)) if calls else (key,), key)
    return list(found.values())


def _calls(operation: Any) -> bool:
    return operation.type in ("PartitionedCall", "StatefulPartitionedCall")
