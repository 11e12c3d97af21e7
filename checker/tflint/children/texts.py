"""Make samples of texts with the tokenizer of a checkpoint: `texts FOLDER`.

Answers with how many `texts` there were and how many are `cut`; rows.npz holds the samples as 0/input_ids, ...
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .exchange import answer, awaited, line, stage


def main(folder: str) -> None:
    """Tokenize each line of a file to the sizes of a model's inputs."""
    place = Path(folder)
    request = awaited(place)
    os.environ["HF_HUB_OFFLINE"] = "1"  # what is not in the checkpoint is not fetched
    stage(place, "transformers")
    try:
        arrays, found = tokenized(request)
    except Exception as problem:  # noqa: BLE001 - of transformers, tokenizers and their files, whatever is wrong
        sys.exit(f"{type(problem).__name__}: {line(problem)}")
    np.savez(place / "rows.npz", **arrays)
    answer(place, found)


def tokenized(request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays of all texts, and what is said of them. Raises ValueError for an input that is not the tokenizer's."""
    from transformers import AutoTokenizer  # noqa: PLC0415 - who lacks it is told so

    tokenizer = AutoTokenizer.from_pretrained(request["checkpoint"], local_files_only=True, trust_remote_code=False)
    arrays: dict[str, Any] = {}
    cut = 0
    texts = [text for text in Path(request["texts"]).read_text(encoding="utf-8").splitlines() if text.strip()]
    for index, text in enumerate(texts):
        length = request["length"]
        found = tokenizer(text, padding="max_length", truncation=True, max_length=length, return_token_type_ids=True)
        cut += len(tokenizer(text, verbose=False)["input_ids"]) > length
        for name in request["inputs"]:
            if name not in found:
                raise ValueError(f"the tokenizer gives {', '.join(found)}, and no {name!r}")
            arrays[f"{index}/{name}"] = np.asarray([found[name]], np.int64)
    return arrays, {"texts": len(texts), "cut": cut}
