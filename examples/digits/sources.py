"""The trained classifier as a concrete function, for `tflint fix --source sources:digits`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf
import tf_keras


def digits() -> Any:
    """What a served model does: pixels in, probabilities out."""
    model = tf_keras.models.load_model(Path(__file__).with_name("models") / "float.h5", compile=False)
    function = tf.function(lambda image: {"probabilities": tf.nn.softmax(model(image, training=False))})
    return function.get_concrete_function(tf.TensorSpec((1, 28, 28), tf.float32, "image"))
