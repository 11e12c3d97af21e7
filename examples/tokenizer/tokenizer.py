"""A tokenizer inside the graph: text in, ids of an uncased BERT out. TensorFlow and tensorflow-text only.

`build` gives the model, for `tflint fix --source tokenizer:build`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_text as tf_text
from vocabulary import SPECIAL, vocabulary

LENGTH = 64


def build() -> Any:
    """The concrete function of one text, padded to LENGTH; FastBertTokenizer itself adds no [CLS] and no [SEP]."""
    pieces = vocabulary()
    padding, start, end = (pieces.index(SPECIAL[place]) for place in (0, 2, 3))
    tokenizer = tf_text.FastBertTokenizer(pieces, token_out_type=tf.int32, lower_case_nfd_strip_accents=True)

    def encode(text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = tokenizer.tokenize(text).flat_values[: LENGTH - 2]
        row = tf.concat([[start], found, [end]], 0)
        ids = tf.slice(tf.concat([row, [padding] * LENGTH], 0), [0], [LENGTH])[None]  # a fixed size, whatever the text
        return {"input_ids": ids, "attention_mask": tf.cast(ids != padding, tf.int32)}

    return tf.function(encode).get_concrete_function(tf.TensorSpec((1,), tf.string, "text"))
