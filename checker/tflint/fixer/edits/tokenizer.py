"""How text becomes the ids of a model: the process unit of TFLite Metadata, as MediaPipe's text tasks read it.

Sources: mediapipe/calculators/tensor/bert_preprocessor_calculator.cc (names of inputs, tokens),
regex_preprocessor_calculator.cc (the unit is one of input 0), tasks/cc/text/utils/vocab_utils.cc (lines),
tasks/cc/text/tokenizers/tokenizer_utils.cc; of versions: tensorflow_lite_support/metadata/cc/metadata_version.cc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer.edits.tables import TYPES
from tflint.model import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

UNITS = {name: number for number, name in schema.ENUMS["ProcessUnitOptions"].items()}
FILES = {name: number for number, name in schema.ENUMS["AssociatedFileType"].items()}
BERT, BERT_PARSER = "BertTokenizerOptions", "1.1.0"
REGEX, REGEX_PARSER = "RegexTokenizerOptions", "1.2.1"
DELIMITERS = r"[^\w\']+"  # of the examples in tensorflow_lite_support/metadata/python/tests/metadata_writers
ROLES = {"mask": ("mask",), "segment_ids": ("segment", "type")}  # name in metadata -> part of the input's own name
IDS = "ids"  # what is neither
BERT_TOKENS = ("[CLS]", "[SEP]")
REGEX_TOKENS = ("<PAD>", "<UNKNOWN>")


def tokenize(document: Document, graph: Table, name: str, data: bytes) -> str:
    """Say that `name` is the vocabulary: of a BERT for its three inputs, of words for one. The version it needs.

    Raises TflintError for inputs or a file that the tokenizer does not take.
    """
    inputs = document.border("inputs")
    lines = [line.removesuffix("\r") for line in data.decode("utf-8", "replace").split("\n") if line]
    if any(tensor["type"] != TYPES["int32"] for tensor in inputs) or len(inputs) not in (1, len(ROLES) + 1):
        raise TflintError("--vocabulary: it is for one int32 input (words) or three (BERT), and no others", 1)
    file = document.table("AssociatedFile", name=name, type=FILES["VOCABULARY"])
    if len(inputs) == 1:
        words = [line.split(" ") for line in lines]
        bad = next((line for line, parts in zip(lines, words, strict=True) if not _numbered(parts)), None)
        if bad is not None:
            raise TflintError(f"--vocabulary: {name}: '{bad[:40]}' is not WORD NUMBER, as a line of a word model is", 1)
        _need({parts[0] for parts in words}, REGEX_TOKENS, name)
        options = document.table(REGEX, delim_regex_pattern=DELIMITERS, vocab_file=[file])
        unit = document.table("ProcessUnit", options_type=UNITS[REGEX], options=options)
        graph["input_tensor_metadata"][0]["process_units"] = [unit]
        return REGEX_PARSER
    _need(set(lines), BERT_TOKENS, name)
    for row, role in zip(graph["input_tensor_metadata"], _roles(graph["input_tensor_metadata"]), strict=True):
        row["name"] = role
    options = document.table(BERT, vocab_file=[file])
    graph["input_process_units"] = [document.table("ProcessUnit", options_type=UNITS[BERT], options=options)]
    return BERT_PARSER


def _numbered(parts: Sequence[str]) -> bool:
    return len(parts) == 2 and parts[1].isdecimal()


def _need(have: set[str], wanted: Sequence[str], name: str) -> None:
    missing = [token for token in wanted if token not in have]
    if missing:
        raise TflintError(f"--vocabulary: {name} has no {' and no '.join(missing)}, which the tokenizer needs", 1)


def _roles(rows: Sequence[Table]) -> list[str]:
    """What each input is to the tokenizer, by its name. Raises TflintError where names do not say."""
    names = [row["name"] or "" for row in rows]
    roles = [
        next((role for role, parts in ROLES.items() if any(part in name.lower() for part in parts)), IDS)
        for name in names
    ]
    if len(set(roles)) < len(roles):
        raise TflintError(
            f"--vocabulary: the names of inputs ({', '.join(names)}) do not say which are ids, mask and segment ids: "
            "give them such names with --rename",
            1,
        )
    return roles
