"""The models in a .litertlm file, which LiteRT-LM loads: a header, then sections that lie in the file as they are.

Layout: google-ai-edge/LiteRT-LM schema/core, litertlm_read.cc and litertlm_header_schema.fbs (format 1).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import Part
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.zipped import Member

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"LITERTLM"
MAJOR = 1  # of the format: a reader of LiteRT-LM refuses any other
MODEL = 3  # AnySectionDataType.TFLiteModel
MAX_HEADER = 1 << 24  # bytes

_HEAD = struct.Struct("<8sI12xQ")  # magic; major version; where the header ends, which starts behind this


def sections(data: Any) -> Iterator[Member]:
    """The sections that are models, named as `litert-lm-peek` names what it dumps. Raises MalformedModelError."""
    head = bytes(data[: _HEAD.size])
    if len(head) < _HEAD.size:
        raise MalformedModelError("a .litertlm file that is cut off")
    magic, major, end = _HEAD.unpack(head)
    if magic != MAGIC:
        raise MalformedModelError(f"no .litertlm file: it begins with {magic!r}, not {MAGIC!r}")
    if major != MAJOR:
        raise MalformedModelError(f"a .litertlm file of version {major}, where LiteRT-LM takes {MAJOR}")
    if not _HEAD.size < end <= min(len(data), MAX_HEADER):
        raise MalformedModelError("a .litertlm file whose header ends outside of it")
    root = Reader(bytes(data[_HEAD.size : end])).root("LiteRTLMMetaData")
    left = len(data)
    for number, section in enumerate((root["section_metadata"] or {}).get("objects") or ()):
        if section["data_type"] != MODEL:
            continue
        items = {item["key"]: item["value"] for item in section["items"] or ()}
        kind = (items.get("model_type") or {}).get("value")
        name = f"Section{number}_TFLiteModel{f'_{kind}' if kind else ''}.tflite"
        start, stop = section["begin_offset"], section["end_offset"]
        if not start <= stop <= len(data):
            yield Member(name, None, "the archive is cut off: the section lies outside of it")
            continue
        left -= stop - start
        if left < 0:
            raise MalformedModelError("a .litertlm file whose sections overlap")
        yield Member(name, Part(start, stop - start, stop - start))
