"""A WordPiece vocabulary for the texts of this example: python vocabulary.py writes it as vocab.txt. Python alone."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

TEXTS = Path(__file__).with_name("texts.jsonl")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
OFTEN = 2  # times that a piece has to occur
LONGEST = 5  # characters of a piece that is no whole word


def texts() -> list[str]:
    """What the example is about."""
    return [json.loads(line)["text"][0] for line in TEXTS.read_text(encoding="utf-8").splitlines()]


def words(text: str) -> list[str]:
    """Words as an uncased BERT has them: no accents, and Chinese characters and punctuation on their own."""
    plain = unicodedata.normalize("NFD", text.lower())
    plain = "".join(each for each in plain if unicodedata.category(each) not in ("Mn", "Cf", "Cc"))
    return re.findall(r"[\u4e00-\u9fff]|\w+|[^\w\s]", plain)


def vocabulary() -> list[str]:
    """Special tokens, all characters at the start of a word and inside one, and the pieces that occur often."""
    found = [
        word for text in texts()[::2] for word in words(text)
    ]  # of every second text: the others meet unknown words
    characters = sorted({each for word in found for each in word})
    pieces = Counter(found)
    for word in found:
        for start in range(len(word)):
            for end in range(start + 2, min(start + LONGEST, len(word)) + 1):
                pieces["##" * bool(start) + word[start:end]] += 1
    often = sorted(piece for piece, count in pieces.items() if count >= OFTEN and piece not in characters)
    return [*SPECIAL, *characters, *(f"##{each}" for each in characters), *often]


if __name__ == "__main__":
    Path("vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary()), encoding="utf-8")
