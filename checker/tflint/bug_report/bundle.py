"""The archive: members of fixed names and dates, so that the same model on the same machine gives the same bytes."""

from __future__ import annotations

import os
import shutil
import zipfile
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer.place import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOG_HEAD, LOG_TAIL = 1 << 18, 3 << 18  # bytes of a converter's output: its beginning and its end
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first date that an archive can hold
FILE = 0o100644 << 16
UNIX = 3


def read_log(path: Path) -> str:
    """The output of a converter; of a long one, the beginning and the end. Raises TflintError."""
    try:
        if not path.is_file():
            raise TflintError(f"--log: no such file: {path}")
        with path.open("rb") as file:
            raw = file.read(LOG_HEAD + LOG_TAIL)
            size = path.stat().st_size
            if size > len(raw):
                file.seek(size - LOG_TAIL)
                left_out = f"\n[{size - LOG_HEAD - LOG_TAIL:,} bytes left out]\n".encode()
                raw = raw[:LOG_HEAD] + left_out + file.read(LOG_TAIL)
    except OSError as problem:
        raise TflintError(f"--log {path}: cannot be read: {problem.strerror or problem}") from None
    return raw.decode("utf-8", "replace")


def write_bundle(out: Path, texts: Mapping[str, str], model: Path | None) -> None:
    """Write it whole or not at all; `model` goes in as `model.tflite`. Raises TflintError."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch(out) as draft:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                for name, text in texts.items():
                    archive.writestr(_member(name), text.encode("utf-8", "backslashreplace"), compresslevel=6)
                if model is not None:
                    with model.open("rb") as source, archive.open(_member("model.tflite"), "w", force_zip64=True) as to:
                        shutil.copyfileobj(source, to, 1 << 20)
            draft.chmod(0o644)
            draft.replace(os.path.realpath(out))  # what a link points at, not the link
    except OSError as problem:
        raise TflintError(f"cannot write {out}: {problem.strerror or problem}") from None


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.external_attr, info.create_system, info.compress_type = FILE, UNIX, zipfile.ZIP_DEFLATED
    return info
