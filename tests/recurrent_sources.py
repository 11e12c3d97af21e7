"""Make recurrent models of both Keras, and what the converter makes of them as they are. TensorFlow runs this.

    python recurrent_sources.py FOLDER

FOLDER gets NAME.keras or NAME.h5, and NAME.tflite.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import tensorflow as tf
import tf_keras

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS, FEATURES, UNITS, LONG = 5, 4, 6, 100


def chain(library: Any, shape: tuple[int | None, ...], *layers: Any) -> Any:
    """Layers one after another."""
    x = first = library.Input(batch_shape=shape, name="x")
    for layer in layers:
        x = layer(x)
    return library.Model(first, x)


def branches() -> Any:
    """One LSTM for two inputs, beside a layer of another kind that Keras 2 does not have."""
    one, two = (keras.Input((STEPS, FEATURES), name=name) for name in ("one", "two"))
    shared = keras.layers.LSTM(UNITS)
    near = keras.layers.Dense(2, name="near")(keras.layers.RMSNormalization()(shared(one)))
    return keras.Model([one, two], [near, keras.layers.Dense(3, name="far")(shared(two))])


def states() -> Any:
    """A decoder that starts where an encoder ends."""
    one, two = (keras.Input((LONG, FEATURES), name=name) for name in ("one", "two"))
    _, *ends = keras.layers.LSTM(UNITS, return_state=True, name="encoder")(one)
    return keras.Model([one, two], keras.layers.LSTM(UNITS, name="decoder")(two, initial_state=ends))


OPEN, FIXED = (None, STEPS, FEATURES), (1, STEPS, FEATURES)
new, old = keras.layers, tf_keras.layers
MODELS: dict[str, Callable[[], Any]] = {
    "lstm": lambda: chain(keras, OPEN, new.LSTM(UNITS, name="lstm")),
    "bilstm": lambda: chain(
        keras,
        OPEN,
        new.Bidirectional(new.LSTM(UNITS, return_sequences=True, dropout=0.1)),
        new.LSTM(3, go_backwards=True, recurrent_dropout=0.2),
    ),
    "gru": lambda: chain(keras, OPEN, new.GRU(UNITS, name="gru")),
    "gru-long": lambda: chain(keras, (1, LONG, FEATURES), new.GRU(UNITS, name="gru")),
    "stateful": lambda: chain(keras, FIXED, new.LSTM(UNITS, stateful=True, name="lstm")),
    "masked": lambda: chain(keras, (1, LONG, FEATURES), new.Masking(), new.LSTM(UNITS, name="lstm")),
    "branches": branches,
    "states": states,
    "old-lstm": lambda: chain(tf_keras, OPEN, old.LSTM(UNITS, recurrent_dropout=0.2)),
    "old-fused": lambda: chain(tf_keras, FIXED, old.LSTM(UNITS)),
    "wide": lambda: chain(tf_keras, (None, STEPS, 64), old.LSTM(64)),
    "old-gru": lambda: chain(tf_keras, OPEN, old.GRU(UNITS)),
    "time-major": lambda: chain(
        tf_keras, (STEPS, None, FEATURES), old.LSTM(UNITS, time_major=True, return_sequences=True)
    ),
}


def converted(model: Any) -> bytes:
    """As people do it: with TensorFlow's own kernels, where the converter asks for them."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    try:
        return bytes(converter.convert())
    except Exception:  # noqa: BLE001 - the converter's is another class in each release
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        converter._experimental_lower_tensor_list_ops = False
        return bytes(converter.convert())


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1])
    for name, make in MODELS.items():
        keras.utils.set_random_seed(0)
        model = make()
        model.save(folder / f"{name}.{'keras' if isinstance(model, keras.Model) else 'h5'}")
        (folder / f"{name}.tflite").write_bytes(converted(model))
        if name == "lstm":
            model.export(folder / "saved", verbose=False)


if __name__ == "__main__":
    main()
