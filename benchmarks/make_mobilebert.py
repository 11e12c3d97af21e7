"""Convert a two-layer MobileBERT with random weights to .tflite (25 MB): the model of the cold-start benchmark.

    python benchmarks/make_mobilebert.py OUT [--layers N]

Needs tensorflow 2.21, tf-keras and transformers 4.57 (TF_USE_LEGACY_KERAS=1 is set here); takes half a minute.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    """Build, convert, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, default=2)
    args = parser.parse_args()
    import tensorflow as tf  # noqa: PLC0415 - after the environment is set
    from transformers import MobileBertConfig, TFMobileBertModel  # noqa: PLC0415 - same

    model = TFMobileBertModel(MobileBertConfig(num_hidden_layers=args.layers))
    model(model.dummy_inputs)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    args.out.write_bytes(converter.convert())
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
