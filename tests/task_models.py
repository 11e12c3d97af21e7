"""Models with TFLite Metadata and an archive behind them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from tflint import sketch
from tflint.model.write import encode

IMAGE = """
image: float32[1,8,8,3]
shape: int32[2] = const [1,192]
scores: float32[1,192] = RESHAPE(image, shape)
"""
AXIS_LABELS = 2
NORMALIZATION, BERT = 1, 4  # members of ProcessUnitOptions


def metadata(**changes: Any) -> dict[str, Any]:
    """The metadata of IMAGE, with fields of its subgraph in place of these."""
    image = {
        "name": "image",
        "content": {"content_properties_type": 2, "content_properties": {"color_space": 1}},
        "process_units": [{"options_type": NORMALIZATION, "options": {"mean": [127.5], "std": [127.5]}}],
    }
    scores = {"name": "scores", "associated_files": [{"name": "labels.txt", "type": AXIS_LABELS}]}
    graph = {"input_tensor_metadata": [image], "output_tensor_metadata": [scores], **changes}
    return {"name": "net", "author": "we", "min_parser_version": "1.0.0", "subgraph_metadata": [graph]}


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return out.getvalue()


def model(root: dict[str, Any], tail: bytes = b"", text: str = IMAGE) -> bytes:
    """A model with this metadata and these bytes behind it."""
    note = bytes(encode(root, b"M001", "ModelMetadata"))
    return sketch.build(f"{text}\nmetadata TFLITE_METADATA = 0x{note.hex()}\n") + tail


LABELS = archive({"labels.txt": b"a\n" * 192})
