"""Models that converters fail on, one function a failure, for `--source failing_sources:NAME`.

Run in the converter's environment: nothing of tflint is imported, and a framework by who is asked for a model of it.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def served(call: Any, *specs: Any, **held: Any) -> Any:
    """A tf.Module that does this to its inputs, and holds these."""
    import tensorflow as tf

    class Served(tf.Module):  # type: ignore[misc] # TensorFlow is not here
        @tf.function(input_signature=specs, autograph=False)  # type: ignore[untyped-decorator] # nor typed
        def __call__(self, *values: Any) -> Any:
            return call(*values)

    module = Served()
    for name, value in held.items():
        setattr(module, name, value)
    return module


def spec(*shape: int | None, dtype: str = "float32", name: str = "x") -> Any:
    import tensorflow as tf

    return tf.TensorSpec(shape, dtype, name=name)


def inverse(x: Any) -> Any:
    import tensorflow as tf

    return tf.linalg.inv(x)


def flex() -> Any:
    """An operator that only TensorFlow's own kernels do."""
    return served(inverse, spec(3, 3))


def custom() -> Any:
    """An operator that neither builtins nor Flex do."""
    import tensorflow as tf

    return served(tf.math.digamma, spec(4))


def lstm() -> Any:
    """A layer of Keras 3, the batch open."""
    import keras

    inputs = keras.Input((5, 4), name="x")
    return keras.Model(inputs, keras.layers.LSTM(3)(inputs))


def lstm_of_one() -> Any:
    """The same with a batch of one: a WHILE that reads what is outside."""
    import keras

    inputs = keras.Input((5, 4), batch_size=1, name="x")
    return keras.Model(inputs, keras.layers.LSTM(3)(inputs))


def tensor_list() -> Any:
    """A TensorArray whose elements have no shape at all: no batch gives them one."""
    import tensorflow as tf

    def call(x: Any) -> Any:
        empty = tf.TensorArray(tf.float32, size=0, dynamic_size=True, infer_shape=False)
        _, filled = tf.while_loop(
            lambda i, _: i < 3, lambda i, array: (i + 1, array.write(i, x[: i + 1])), [tf.constant(0), empty]
        )
        return filled.concat()

    return served(call, spec(4))


def dense(width: int = 8) -> Any:
    """A small classifier."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="x")
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dense(width, "relu")(inputs)))


def sine() -> Any:
    """An operator that has no kernel of 16 bits."""
    import tensorflow as tf

    return served(lambda x: tf.sin(tf.cumsum(x)), spec(1, 4))


def flex_after_weights() -> Any:
    """Something to calibrate, and an operator that the calibrator cannot run."""
    import tensorflow as tf

    weights = tf.Variable(tf.random.normal([3, 3]))
    return served(lambda x: tf.linalg.inv(tf.matmul(x, weights) + tf.eye(3)), spec(3, 3), weights=weights)


def branches() -> Any:
    """A branch that small samples never take."""
    import tensorflow as tf

    weights = tf.Variable(tf.random.normal([4, 4]))
    return served(
        lambda x: tf.cond(tf.reduce_sum(x) > 1e9, lambda: tf.matmul(x, weights), lambda: tf.nn.relu(x)),
        spec(1, 4),
        weights=weights,
    )


def assigning() -> Any:
    """A graph that changes a variable."""
    import tensorflow as tf

    state = tf.Variable(tf.zeros([4]))
    return served(lambda x: state.assign_add(x) + 0.0, spec(4), state=state)


def untracked() -> Any:
    """A variable that the module does not hold."""
    import tensorflow as tf

    hidden = [tf.Variable(tf.zeros([4]))]
    return served(lambda x: x + hidden[0], spec(4))


def unbuilt() -> Any:
    """A Keras model of a class of its own, never called."""
    import keras

    class Own(keras.Model):  # type: ignore[misc] # Keras is not here
        def call(self, x: Any) -> Any:
            return x

    return Own()


def built() -> Any:
    """The same, called: what its inputs are it still does not say."""
    import tensorflow as tf

    model = unbuilt()
    model(tf.zeros([1, 4]))
    return model


def table() -> Any:
    """A hash table, whose default value is no input."""
    import tensorflow as tf

    initial = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64))
    held = tf.lookup.StaticHashTable(initial, -1)
    return served(held.lookup, spec(4, dtype="string"), table=held)


def number() -> Any:
    """No model."""
    return 3


def raising() -> Any:
    """An error of the user's own."""
    names: dict[str, int] = {}
    return names["input_6"]


def importing() -> Any:
    """A module that is not there."""
    import no_such_module  # type: ignore[import-not-found]

    return no_such_module


def leaving() -> Any:
    sys.exit("bye")


def gone() -> Any:
    os._exit(3)


def crashing() -> Any:
    os.kill(os.getpid(), signal.SIGSEGV)


def killed() -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def hanging() -> Any:
    time.sleep(3600)


def greedy() -> Any:
    """More memory than any machine has."""
    return bytearray(1 << 50)


def starved() -> Any:
    """A converter that may take no more memory than it has: an allocation in C++ fails."""
    import resource

    import tensorflow as tf

    weights = tf.Variable(tf.zeros([1 << 13, 1 << 13]))
    model = served(lambda x: tf.matmul(x, weights), spec(1, 1 << 13), weights=weights)
    used = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
    limit = int(used.split()[1]) * 1024 + (600 << 20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    return model


def headless() -> Any:
    """A checkpoint without the weights of its head, loaded by a function of the user's: a warning tells."""
    import transformers

    # held by what is given, for a variable lives no longer than its model
    model = transformers.TFBertForSequenceClassification.from_pretrained(Path(__file__).with_name("encoder"))
    return served(lambda ids: model(ids).logits, spec(1, 4, dtype="int32", name="ids"), model=model)


def placeholder() -> Any:
    """Code of TensorFlow 1."""
    import tensorflow as tf

    return tf.compat.v1.placeholder(tf.float32, [4])


def huge() -> Any:
    """2.2 GB of weights."""
    import tensorflow as tf

    weights = tf.Variable(tf.ones([550, 1 << 20]))
    return served(lambda x: tf.matmul(x, weights), spec(1, 550), weights=weights)


def torch_like() -> Any:
    """What looks like a torch module."""

    class Like:
        def forward(self, x: Any) -> Any:
            return x

    return Like()
