"""Train a classifier of handwritten digits four ways, and convert each as people do at first. TensorFlow only.

    python train.py

The network is the one of every introduction: 28x28 pixels, dense layers of 128, 32 and 10. Digits are those of
scikit-learn, 8x8, scaled up; or others, where digits.npz beside this file has `images` and `target`. Needs TensorFlow
and tf-keras (Keras 2); with tensorflow-model-optimization it also trains with quantization simulated, clusters weights
and prunes them. All goes into models/ beside this file. Takes two minutes on two cores.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # the optimization toolkit knows Keras 2 alone

import numpy as np
import tensorflow as tf
import tf_keras

HERE = Path(__file__).parent
MODELS = HERE / "models"
HELD_OUT, CALIBRATION = 500, 200
CLUSTERS = 16
ZEROS = 0.8
Data = tuple[np.ndarray, np.ndarray]


def digits() -> Data:
    """Images, 28x28, pixels between 0 and 1, in an order of their own, and which digit each is."""
    if (HERE / "digits.npz").exists():
        found = np.load(HERE / "digits.npz")
    else:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - not where digits lie here

        found = load_digits()
    order = np.random.default_rng(1).permutation(len(found["target"]))
    images = tf.image.resize(found["images"][order][..., None] / 16, (28, 28)).numpy()[..., 0]
    return images.astype("float32"), found["target"][order]


def network() -> tf_keras.Model:
    """784-128-32-10: 105,866 weights."""
    layer = tf_keras.layers
    image = layer.Input((28, 28), name="image")
    hidden = layer.Dense(32, "relu")(layer.Dense(128, "relu")(layer.Flatten()(image)))
    return tf_keras.Model(image, layer.Dense(10, name="logits")(hidden))


def trained(model: Any, train: Data, epochs: int, *callbacks: Any) -> Any:
    """A model, trained for some epochs."""
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(), loss, metrics=["accuracy"])
    model.fit(*train, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def optimized(plain: Any, train: Data) -> dict[str, Any]:
    """Models that the optimization toolkit makes of a trained one: those that are finished, and as they are trained."""
    import tensorflow_model_optimization as toolkit  # noqa: PLC0415 - optional

    simulated = trained(toolkit.quantization.keras.quantize_model(copied(plain)), train, 5)
    start = toolkit.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS
    grouped = toolkit.clustering.keras.cluster_weights(copied(plain), CLUSTERS, start)
    grouped = trained(grouped, train, 3)
    steps = len(train[0]) // 32
    plan = toolkit.sparsity.keras.PolynomialDecay(0.3, ZEROS, begin_step=0, end_step=6 * steps, frequency=10)
    thinned = toolkit.sparsity.keras.prune_low_magnitude(copied(plain), plan)
    thinned = trained(thinned, train, 8, toolkit.sparsity.keras.UpdatePruningStep())
    return {
        "qat": simulated,
        "clustering": grouped,
        "clustered": toolkit.clustering.keras.strip_clustering(grouped),
        "pruning": thinned,
        "pruned": toolkit.sparsity.keras.strip_pruning(thinned),
    }


def copied(model: Any) -> Any:
    """A model of the same weights: what the toolkit wraps is no longer what it was."""
    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def naive(model: Any, file: Path) -> None:
    """Convert as the first page of the guide does."""
    file.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def write(images: np.ndarray, labels: np.ndarray) -> tuple[Data, Data]:
    """Split the data: training samples, of which some calibrate, and held-out ones, which have labels."""
    train, held_out = (images[HELD_OUT:], labels[HELD_OUT:]), (images[:HELD_OUT], labels[:HELD_OUT])
    rows = {f"{row}/image": train[0][row : row + 1] for row in range(CALIBRATION)}
    np.savez(MODELS / "calibration.npz", **rows)
    rows = {f"{row}/image": held_out[0][row : row + 1] for row in range(HELD_OUT)}
    told = {f"{row}/label": held_out[1][row : row + 1] for row in range(HELD_OUT)}
    np.savez(MODELS / "held_out.npz", **rows, **told)
    return train, held_out


def main() -> None:
    """Train, save, convert, and print the accuracy of each on the held-out digits."""
    MODELS.mkdir(exist_ok=True)
    tf_keras.utils.set_random_seed(0)
    train, held_out = write(*digits())
    plain = trained(network(), train, 15)
    plain.save(MODELS / "float.h5")
    plain.save(MODELS / "float.keras")
    toolkit = importlib.util.find_spec("tensorflow_model_optimization") is not None
    for what, model in {"float": plain, **(optimized(plain, train) if toolkit else {})}.items():
        model.save(MODELS / what)
        file = MODELS / f"{what}.tflite"
        naive(model, file)
        right = np.mean(model.predict(held_out[0], verbose=0).argmax(1) == held_out[1])
        print(f"{what:10}  accuracy {100 * right:.1f} %  {file.stat().st_size:,} bytes")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
