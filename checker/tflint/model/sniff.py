"""What a file is when it is not a model: the mistakes people make, by their first bytes."""

from __future__ import annotations

from typing import Any

IDENTIFIER = b"TFL3"
LFS = b"version https://git-lfs.github.com/spec/"

KNOWN: tuple[tuple[bytes, int, str], ...] = (
    (LFS, 0, "a Git LFS pointer, not the model: run `git lfs pull` (in CI: checkout with `lfs: true`)"),
    (b"PK\x03\x04", 0, "a zip archive: unpack it, the .tflite is inside"),
    (b"\x1f\x8b", 0, "a gzip archive: unpack it"),
    (b"LITERTLM", 0, "a .litertlm bundle, which LiteRT-LM loads; no interpreter does"),
    (b"\x89HDF", 0, "an HDF5 file (a Keras .h5?): convert it to .tflite first"),
    (b"\x08\x07\x12", 0, "an ONNX model by the look of it: convert it to .tflite first"),
    (b"<!DOCTYPE", 0, "an HTML page: the download went wrong"),
    (b"<html", 0, "an HTML page: the download went wrong"),
    (b"TFL2", 4, "an early TFLite file (identifier TFL2), which no runtime loads"),
)


TEXT = "a text file, not a model"


def recognized(head: bytes) -> str | None:
    """Say what has these first bytes if it is known and is no model, else None."""
    for magic, at, what in KNOWN:
        if head[at : at + len(magic)].lower() == magic.lower():
            return what
    text = head[:3] == b"\xef\xbb\xbf" or (head and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head))
    return TEXT if text else None


def foreign(data: Any) -> str | None:
    """Say what `data` is if it is no TFLite FlatBuffer, else None."""
    head = bytes(data[:64])
    known = recognized(head)
    if known and known != TEXT:
        return known
    if not head:
        return "the file is empty"
    if len(head) < 8:
        return f"only {len(head)} bytes: too short for a model"
    if head[4:8] == IDENTIFIER:
        return None
    return known or f"no TFLite file: the identifier at byte 4 is {head[4:8]!r}, not {IDENTIFIER!r}"
