"""A model's module that switches eager execution off as it is imported, as code of TensorFlow 1's time does."""

from __future__ import annotations

from typing import Any

import tensorflow as tf  # type: ignore[import-not-found, unused-ignore] # the converter's environment has it

tf.compat.v1.disable_eager_execution()


def model() -> Any:
    tf.keras.utils.set_random_seed(0)
    inputs = tf.keras.Input((4,), name="x")
    return tf.keras.Model(inputs, tf.keras.layers.Dense(3)(inputs))
