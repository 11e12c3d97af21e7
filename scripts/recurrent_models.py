"""Make the sketches of tests/recurrent: what real converters make of recurrent layers and loops.

    TF_USE_LEGACY_KERAS=1 python scripts/recurrent_models.py tf_keras tests/recurrent    (TensorFlow and tf_keras)
    python scripts/recurrent_models.py keras tests/recurrent                             (TensorFlow and Keras 3)
    python scripts/recurrent_models.py torch tests/recurrent                             (litert-torch)

Made with TF 2.21.0, Keras 3.15.1, tf_keras 2.21.0, litert-torch 0.10.0 and torch 2.13.0. It needs tflint in the same
environment. Sketches hold no weights.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.model.read import read_model
from tflint.sketch import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH, STEPS, FEATURES, UNITS = 1, 5, 4, 6


def keras_models(library: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of what TensorFlow's converter makes of the layers of Keras 3 or tf_keras."""
    tf, keras = importlib.import_module("tensorflow"), importlib.import_module(library)
    layers = keras.layers
    chains: dict[str, tuple[Callable[[], Any], ...]] = {
        "lstm": (lambda: layers.LSTM(UNITS),),
        "lstm_hard": (lambda: layers.LSTM(UNITS, recurrent_activation="hard_sigmoid"),),
        "bilstm": (lambda: layers.Bidirectional(layers.LSTM(UNITS)),),
        "gru": (lambda: layers.GRU(UNITS),),
    }
    if library == "keras":
        chains |= {
            "lstm_mask": (layers.Masking, lambda: layers.LSTM(UNITS)),
            "lstm_unrolled": (lambda: layers.LSTM(UNITS, unroll=True),),
            "gru_reset_before": (lambda: layers.GRU(UNITS, reset_after=False),),
            "gru_unrolled": (lambda: layers.GRU(UNITS, unroll=True),),
            "simple_rnn": (lambda: layers.SimpleRNN(UNITS),),
        }
    for name, chain in chains.items():
        x = first = keras.Input(shape=(STEPS, FEATURES), batch_size=BATCH)
        for layer in chain:
            x = layer()(x)
        yield name, tf.lite.TFLiteConverter.from_keras_model(keras.Model(first, x)).convert()
    if library == "tf_keras":
        return
    image = keras.Input(shape=(4, 8, 8, 2), batch_size=BATCH)
    model = keras.Model(image, layers.ConvLSTM2D(3, 3)(image))
    yield "conv_lstm", tf.lite.TFLiteConverter.from_keras_model(model).convert()
    first = keras.Input(shape=(STEPS, FEATURES), batch_size=BATCH)
    model = keras.Model(first, layers.LSTM(UNITS)(first))
    function = tf.function(model).get_concrete_function(tf.TensorSpec([BATCH, STEPS, FEATURES]))
    yield "left_behind", tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()

    @tf.function(input_signature=[tf.TensorSpec([1, 4])])  # type: ignore[untyped-decorator] # TensorFlow is not here
    def gated(x: Any) -> Any:
        for _ in tf.range(5):
            x = tf.sigmoid(x @ tf.ones([4, 4])) * tf.tanh(x)
        return x

    yield "gated_loop", tf.lite.TFLiteConverter.from_concrete_functions([gated.get_concrete_function()]).convert()


def torch_models(_: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of what litert-torch makes of PyTorch's layers."""
    torch, convert = importlib.import_module("torch"), importlib.import_module("litert_torch").convert
    sequence = torch.randn(BATCH, STEPS, FEATURES)
    for name, layer in (("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)):
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            convert(layer(FEATURES, UNITS, batch_first=True).eval(), (sequence,)).export(file.name)
            yield f"{name}_unrolled", Path(file.name).read_bytes()


def main() -> None:
    """Write the sketches."""
    library, folder = sys.argv[1], Path(sys.argv[2])
    for name, data in (torch_models if library == "torch" else keras_models)(library):
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            Path(file.name).write_bytes(data)
            (folder / f"{library}_{name}.tfl").write_text(show(read_model(Path(file.name))), encoding="utf-8")


if __name__ == "__main__":
    main()
