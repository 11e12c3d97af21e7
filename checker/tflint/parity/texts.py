"""Samples of texts: a checkpoint's own tokenizer makes them, in the environment that has transformers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.parity.process import TEXTS, Process
from tflint.parity.samples import Samples, numbered

if TYPE_CHECKING:
    from tflint.parity.entry import Entry

SUFFIX = ".txt"
LENGTH = 128  # tokens, where a model takes any number


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """That of a checkpoint. `source`: as the user wrote it; `timeout`: seconds for a file of texts."""

    source: str
    python: str
    timeout: float

    def samples(self, path: Path, entries: tuple[Entry, ...]) -> Samples:
        """A sample for each line of a file, of the length that the model takes; longer ones are cut.

        Raises TflintError for a source that has no tokenizer, and for a model that does not take what it gives.
        """
        checkpoint = Path(self.source).absolute()
        if not (checkpoint / "config.json").is_file():
            raise TflintError(f"{path}: texts are for a checkpoint with its tokenizer, not for {self.source}")
        if len(entries) != 1:
            raise TflintError(f"{path}: texts are for one signature, and the model has {len(entries)}")
        ports = entries[0].inputs
        shapes = {port.shape for port in ports if port.shape is not None}
        if not shapes or any(len(shape) != 2 or shape[0] not in (1, -1) for shape in shapes):
            taken = ", ".join(f"{port.name} {port}" for port in ports)
            raise TflintError(f"{path}: a tokenizer gives ids of one text, [1,length]; the model takes {taken}")
        length = max(shape[1] for shape in shapes)
        request = {
            "checkpoint": str(checkpoint),
            "texts": str(path.absolute()),
            "length": LENGTH if length < 0 else length,
            "inputs": [port.name for port in ports],
        }
        with closing(Process(TEXTS, self.python)) as process:
            if problem := process.ask(request, self.timeout):
                raise TflintError(f"{path}: not tokenized by {self.source}: {problem}")
            found, arrays = process.answer()
        cut = (
            (f"{found['cut']} of {found['texts']} texts are cut at {request['length']} tokens",) if found["cut"] else ()
        )
        return Samples(tuple(numbered(arrays) or ()), f"{path}, tokenized by {self.source}", cut)
