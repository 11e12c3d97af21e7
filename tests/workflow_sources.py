"""Make a SavedModel of each kind of graph that converters stumble over, and what they make of it. TensorFlow runs this.

    python workflow_sources.py FOLDER

FOLDER gets NAME, a SavedModel (of `frozen` frozen.pb), and NAME.tflite, where there is one.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# TensorFlow is not here, nor typed

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = np.random.default_rng(0)
WORDS, BEAMS, STEPS = 50, 3, 6


def weights(*shape: int) -> Any:
    """A variable."""
    return tf.Variable(RANDOM.normal(size=shape).astype(np.float32) / 4)


class Branching(tf.Module):
    """If and While on what the input says; each branch reads weights."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = weights(8, 8), weights(8, 8)

    @tf.function(input_signature=[tf.TensorSpec([1, 8], name="x")])
    def serve(self, x: Any) -> Any:
        """Multiply by one matrix or the other, and then until the norm is small."""
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: x @ self.one, lambda: x @ self.other)
        _, y = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, tf.tanh(y @ self.one)), (0, y))  # noqa: ARG005
        return {"y": y}


class Beams(tf.Module):
    """A beam search: a TensorArray of what was chosen, for any number of sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.table = weights(WORDS, WORDS)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="first")])
    def serve(self, first: Any) -> Any:
        """The last words of the best beams."""
        batch = tf.shape(first)[0]
        words = tf.repeat(first[:, None], BEAMS, 1)
        scores = tf.tile(tf.constant([[0.0, -1.0, -2.0]]), [batch, 1])
        chosen = tf.TensorArray(tf.int32, STEPS, element_shape=[None, BEAMS])
        for step in tf.range(STEPS):
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(words, tf.TensorShape([None, BEAMS])), (scores, tf.TensorShape([None, BEAMS]))]
            )
            following = scores[..., None] + tf.nn.log_softmax(tf.gather(self.table, words))
            scores, best = tf.math.top_k(tf.reshape(following, [-1, BEAMS * WORDS]), BEAMS)
            words = best % WORDS
            chosen = chosen.write(step, words)
        return {"words": tf.transpose(chosen.stack(), [1, 2, 0]), "scores": scores}


class Determinant(tf.Module):
    """What TFLite has no operator for."""

    @tf.function(input_signature=[tf.TensorSpec([1, 3, 3], name="x")])
    def serve(self, x: Any) -> Any:
        """One number a matrix."""
        return {"y": tf.linalg.det(x)}


class Labels(tf.Module):
    """A hash table, whose keys and values are a resource that is filled as the model is loaded."""

    def __init__(self) -> None:
        super().__init__()
        keys, values = np.arange(4, dtype=np.int64), ["cat", "dog", "cow", "hen"]
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), "none")
        self.matrix = weights(8, 4)

    @tf.function(input_signature=[tf.TensorSpec([1, 8], name="x")])
    def serve(self, x: Any) -> Any:
        """The label with the highest score."""
        scores = x @ self.matrix
        return {"label": self.table.lookup(tf.argmax(scores, -1)), "scores": scores}


class Coder(tf.Module):
    """An encoder, a decoder, and both."""

    def __init__(self) -> None:
        super().__init__()
        self.inward, self.outward = weights(16, 4), weights(4, 16)

    @tf.function(input_signature=[tf.TensorSpec([None, 16], name="image")])
    def encode(self, image: Any) -> Any:
        """Image to code."""
        return {"code": tf.tanh(image @ self.inward)}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], name="code")])
    def decode(self, code: Any) -> Any:
        """Code to image."""
        return {"image": code @ self.outward}

    @tf.function(input_signature=[tf.TensorSpec([None, 16], name="image")])
    def both(self, image: Any) -> Any:
        """Image to image."""
        return {"image": tf.tanh(image @ self.inward) @ self.outward}


SERVED: dict[str, Callable[[], Any]] = {
    "control-flow": Branching,
    "beams": Beams,
    "determinant": Determinant,
    "labels": Labels,
    "coder": Coder,
}


def converted(converter: Any, *, flex: bool) -> bytes:
    """As people do it."""
    if flex:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        converter._experimental_lower_tensor_list_ops = False
    return bytes(converter.convert())


def frozen(folder: Path) -> None:
    """A graph of TensorFlow 1 with its variables frozen in it."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 8], "features")
        w = v1.get_variable("w", initializer=RANDOM.normal(size=(8, 3)).astype(np.float32))
        y = tf.nn.softmax(x @ w, name="scores")
        session.run(v1.global_variables_initializer())
        graph = v1.graph_util.convert_variables_to_constants(session, session.graph_def, ["scores"])
        content = v1.lite.TFLiteConverter.from_session(session, [x], [y]).convert()
    (folder / "frozen.pb").write_bytes(graph.SerializeToString())
    (folder / "frozen.tflite").write_bytes(content)


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or (*SERVED, "frozen"):
        if name == "frozen":
            frozen(folder)
            continue
        module = SERVED[name]()
        if name == "coder":  # had it a `serve`, the converter would take it for Keras's and leave out the other two
            functions = {"encode": module.encode, "decode": module.decode, "serving_default": module.both}
        else:
            functions = {"serving_default": module.serve}
        signatures = {key: function.get_concrete_function() for key, function in functions.items()}
        tf.saved_model.save(module, str(folder / name), signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / name))
        (folder / f"{name}.tflite").write_bytes(converted(converter, flex=name in ("beams", "determinant")))


if __name__ == "__main__":
    main()
