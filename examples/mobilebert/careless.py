"""Export `everything/` as one should not: without eager execution there is no signature, and all of it goes in.

python careless.py [OUT]
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

HERE = Path(__file__).parent


def main(out):
    tf.compat.v1.disable_eager_execution()
    converter = tf.lite.TFLiteConverter.from_saved_model(str(out.parent / "everything"))
    out.write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "model.tflite")
