"""Train a small Keras network on handwritten digits of which one feature was never scaled: what quantization meets.

    python tests/unscaled.py FOLDER

Writes digits.tflite, calibration.npz (200 training samples) and held_out.npz (300 others). 64 features are pixels
between 0 and 1, the last is a time in milliseconds that says nothing of the digit; in float, batch normalization takes
care of it. Needs tensorflow 2.21 and scikit-learn; takes half a minute.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    """Train, convert, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    import numpy as np  # noqa: PLC0415 - after the environment is set
    import tensorflow as tf  # noqa: PLC0415 - same
    from sklearn.datasets import load_digits  # noqa: PLC0415 - same

    digits = load_digits()
    milliseconds = np.random.default_rng(0).uniform(0, 60_000, (len(digits.data), 1))
    x, y = np.concatenate([digits.data / 16, milliseconds], 1).astype("f4"), digits.target
    order = np.random.default_rng(1).permutation(len(x))
    train, held_out = order[:-300], order[-300:]
    tf.keras.utils.set_random_seed(0)
    layer = tf.keras.layers
    dense = [layer.Dense(units, "relu") for units in (32, 256, 128)]
    model = tf.keras.Sequential([layer.Input((65,), name="x"), layer.BatchNormalization(), *dense, layer.Dense(10)])
    model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(x[train], y[train], epochs=20, verbose=0)
    saved = str(folder / "saved_model")
    model.export(saved, verbose=False)
    content = tf.lite.TFLiteConverter.from_saved_model(saved).convert()
    (folder / "digits.tflite").write_bytes(content)
    [name] = tf.lite.Interpreter(model_content=content).get_signature_runner("serving_default").get_input_details()
    for file, rows in (("calibration", train[:200]), ("held_out", held_out)):
        samples: dict[str, Any] = {f"{place}/{name}": x[row : row + 1] for place, row in enumerate(rows)}
        np.savez(folder / f"{file}.npz", **samples)


if __name__ == "__main__":
    main()
