"""Files that converters fail on. Run in TensorFlow's environment: python failing_files.py FOLDER."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # for transformers' classes


def make(folder: Path) -> None:
    """All of them, in one process: TensorFlow takes its time to start."""
    import tensorflow as tf  # noqa: PLC0415 - by who runs this
    import tensorflow_text  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415 - same
    import tf_keras  # noqa: PLC0415 - same
    import transformers  # noqa: PLC0415 - same

    (folder / "loop.pb").write_bytes(loop(tf))
    (folder / "merge.pb").write_bytes(merge(tf))
    text = tf.Module()
    text.call = tf.function(tensorflow_text.normalize_utf8, input_signature=[tf.TensorSpec([2], "string", "words")])
    tf.saved_model.save(text, str(folder / "text"), {"serving_default": text.call})
    plus = tf.Module()
    plus.one = tf.function(lambda x: {"y": x + 1.0}, input_signature=[tf.TensorSpec([2], name="x")])
    plus.two = tf.function(lambda x: {"y": x + 2.0}, input_signature=[tf.TensorSpec([2], name="x")])
    tf.saved_model.save(plus, str(folder / "two"), {"one": plus.one, "two": plus.two})
    tf.saved_model.save(tf.Module(), str(folder / "bare"))
    layers = [tf_keras.layers.Input((4,)), tf_keras.layers.Lambda(lambda x: x * 2)]
    tf_keras.Sequential(layers).save(folder / "lambda.h5")
    config = transformers.BertConfig(20, 8, 1, 2, 8, max_position_embeddings=16)
    encoder = transformers.TFBertModel(config)
    encoder(encoder.dummy_inputs)
    encoder.save_pretrained(folder / "encoder")
    written = json.loads((folder / "encoder" / "config.json").read_text())
    for name, architecture in (("headless", "BertForSequenceClassification"), ("classless", "NoSuchModel")):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps({**written, "architectures": [architecture]}))
        (folder / name / "tf_model.h5").write_bytes((folder / "encoder" / "tf_model.h5").read_bytes())


def loop(tf: Any) -> bytes:
    """A frozen graph with a loop of TensorFlow 1."""
    tf.compat.v1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [2], "x")
        tf.identity(tf.compat.v1.while_loop(lambda v: tf.reduce_sum(v) < 9.0, lambda v: v + 1.0, [x]), "y")
    tf.compat.v1.enable_control_flow_v2()
    return bytes(graph.as_graph_def().SerializeToString())


def merge(tf: Any) -> bytes:
    """A frozen graph in which four branches meet, which functional control flow has nothing for."""
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [2], "x")
        sides = [tf.raw_ops.Switch(data=x, pred=tf.reduce_sum(x) > limit) for limit in (1.0, 2.0)]
        tf.identity(tf.raw_ops.Merge(inputs=[each for side in sides for each in side]).output, "y")
    return bytes(graph.as_graph_def().SerializeToString())


if __name__ == "__main__":
    make(Path(sys.argv[1]))
