"""The tokenizer that the model was trained with, in Python: `reference:lowered`, or a file of its ids.

    python reference.py > ids.jsonl

An app's own tokenizer can write such a file: an object a line, in the order of texts.jsonl. Needs transformers.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
from transformers import BertTokenizerFast
from vocabulary import texts, vocabulary

LENGTH = 64


@lru_cache(maxsize=1)
def tokenizer() -> BertTokenizerFast:
    """An uncased BERT's tokenizer with the vocabulary of this example."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vocab.txt")
        file.write_text("".join(f"{piece}\n" for piece in vocabulary()), encoding="utf-8")
        return BertTokenizerFast(str(file))


def one(text: Any) -> str:
    """The text of a sample: an array of one, of bytes or not."""
    [found] = np.asarray(text).reshape(-1).tolist()
    return found.decode() if isinstance(found, bytes) else str(found)


def encode(text: Any) -> dict[str, Any]:
    """Ids and mask of one text."""
    fixed = {"padding": "max_length", "truncation": True, "max_length": LENGTH}
    found = tokenizer()(one(text), return_token_type_ids=False, **fixed)
    return {name: np.array([values], np.int32) for name, values in found.items()}


def lowered() -> Any:
    """The tokenizer as it is: it makes letters small."""
    return encode


def folded() -> Any:
    """The same, of text that is folded before as FastBertNormalizer does: German sharp s is ss then, a ligature two."""

    def fold(text: Any) -> dict[str, Any]:
        return encode(normalize("NFKC", normalize("NFKC", one(text)).casefold()))

    return fold


if __name__ == "__main__":
    for each in texts():
        ids = {name: values.tolist() for name, values in encode(each).items()}
        sys.stdout.write(json.dumps(ids) + "\n")
