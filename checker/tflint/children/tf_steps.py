"""Steps of a recipe that change how the recurrent layers of a Keras model run.

    tf-keras    LSTM layers of Keras 3 run as tf_keras's, which the converter makes one operator of
    unroll      what no operator does is written out step by step, where a sequence has up to UNROLLED of them

Layers change where they are and keep their variables: how the model is put together, and all else that it has, is as
it was.
"""
# ruff: noqa: PLC0415 - Keras 2 is imported by who needs it

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Iterator

FUSE, UNROLL = "tf-keras", "unroll"
UNROLLED = 32  # steps; what TFL602 calls short


def follow(model: Any, steps: list[str]) -> dict[str, str]:
    """Do what the steps say; give layer -> why it runs in a loop nevertheless, filled in as the model is traced."""
    loops: dict[str, str] = {}
    if not {FUSE, UNROLL} & set(steps):
        return loops
    if not hasattr(model, "_flatten_layers"):
        return {"the source": "a graph without layers: name the Keras model that it came from (.keras, .h5)"}
    for layer in _recurrent(model):
        if hasattr(layer, "inner_loop"):
            _keras_3(layer, steps, loops)
        else:
            _keras_2(layer, steps, loops)
    return loops


def _recurrent(model: Any) -> Iterator[Any]:
    """Its recurrent layers, those inside of others too. A convolutional cell, which has a rank, cannot be unrolled."""
    for layer in model._flatten_layers():  # noqa: SLF001 - public in neither Keras
        if hasattr(layer, "cell") and hasattr(layer, "unroll") and not hasattr(layer.cell, "rank"):
            yield layer


def _keras_3(layer: Any, steps: list[str], loops: dict[str, str]) -> None:
    own, odd = layer.inner_loop, _odd(layer)
    for each in layer._flatten_layers():  # noqa: SLF001 - public in neither Keras
        if hasattr(each, "get_dropout_mask"):
            each.dropout = each.recurrent_dropout = 0  # else it draws random numbers, for nothing
    twin: Any = _twin(layer) if FUSE in steps and not odd else None

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        why = odd or _odd_call(mask, initial_state)
        if _fuses(layer, steps, sequences.shape[1], why, loops):
            output, *states = twin.call(sequences, initial_state=list(initial_state), training=False)
            return output, output, states
        return own(sequences, initial_state, mask, training=training)

    layer.inner_loop = inner_loop


def _twin(layer: Any) -> Any:
    """A layer of tf_keras with the variables of one of Keras 3."""
    import tf_keras

    twin = tf_keras.layers.LSTM(
        layer.cell.units,
        return_sequences=layer.return_sequences,
        return_state=True,
        go_backwards=layer.go_backwards,
        name=layer.name,
    )
    for name in ("kernel", "recurrent_kernel", "bias"):
        setattr(twin.cell, name, getattr(layer.cell, name).value)
    return twin


def _keras_2(layer: Any, steps: list[str], loops: dict[str, str]) -> None:
    own, odd = layer.call, _odd(layer) or ("it is no LSTM layer" if type(layer).__name__ == "RNN" else "")
    takes = inspect.signature(own)
    if FUSE in steps and not odd:
        layer._could_use_gpu_kernel = True  # noqa: SLF001 - dropout of the state, which inference has not, forbids it

    def call(*args: Any, **kwargs: Any) -> Any:
        given = takes.bind(*args, **kwargs).arguments
        sequences = given[next(iter(given))]
        first = sequences[0] if isinstance(sequences, (list, tuple)) else sequences
        why = odd or _odd_call(given.get("mask"), given.get("initial_state"))
        _fuses(layer, steps, first.shape[0 if layer.time_major else 1], why, loops)
        return own(*args, **kwargs)

    layer.call = tf.autograph.experimental.do_not_convert(call)


def _fuses(layer: Any, steps: list[str], length: int | None, why: str, loops: dict[str, str]) -> bool:
    """Whether a layer is left to the operator, against which `why` speaks.

    Else it is written out where it is short; or it is told why it is not, and why it is a loop at all.
    """
    unroll = UNROLL in steps and not layer.stateful
    short = unroll and length is not None and length <= UNROLLED
    if layer.return_state and not why:
        why = "it gives its states, which the operator keeps"
        if FUSE in steps and not short:
            loops[layer.name] = why
            return True  # for nobody may read them
    elif FUSE in steps and not why:
        return True
    if short:
        layer.unroll = True
        layer._could_use_gpu_kernel = False  # noqa: SLF001 - Keras 2: its own loop, and not that of a function
    elif not layer.unroll:
        told = "an open number of steps is" if length is None else f"{length} steps are"
        whys = [why, f"{told} not unrolled, up to {UNROLLED} would be" if unroll else ""]
        loops[layer.name] = "; ".join(filter(None, whys))
    return False


def _odd(layer: Any) -> str:
    """Why no operator does what a layer does, or ""."""
    cell = layer.cell
    kind, layer_kind = type(cell).__name__, type(layer).__name__
    if kind != "LSTMCell" or layer_kind not in ("LSTM", "RNN"):
        return f"there is no operator for {layer_kind} layers" + (f" of {kind}" if layer_kind == "RNN" else "")
    for name, wanted in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        found = getattr(getattr(cell, name), "__name__", "another")
        if found != wanted:
            return f"its {name} is {found}, the operator's is {wanted}"
    if not cell.use_bias:
        return "it has no bias"
    if layer.stateful:
        return "it is stateful, and the operator keeps its state: take the state as an input, and give it as an output"
    if layer.compute_dtype != "float32":
        return f"it computes in {layer.compute_dtype}"
    return ""


def _odd_call(mask: Any, initial_state: Any) -> str:
    """Why no operator does what is asked of a layer, or ""."""
    if any(each is not None for each in (mask if isinstance(mask, (list, tuple)) else [mask])):
        return "it gets a mask"
    for state in initial_state or ():
        value = tf.get_static_value(state)
        if value is None or value.any():
            return "its first state is not zero"
    return ""
