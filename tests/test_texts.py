"""Texts as samples: the tokenizer of a checkpoint makes them, where transformers is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from command import tflint

CLEAN = Path(__file__).parents[1] / "examples" / "models" / "clean.tflite"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "dog", "sat", "ran", "home", "a"]
MAKE = """
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast
torch.manual_seed(1)
sizes = dict(vocab_size=12, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48)
BertModel(BertConfig(**sizes, max_position_embeddings=16)).save_pretrained("encoder")
BertTokenizerFast(vocab_file="vocab.txt").save_pretrained("encoder")
"""
FIRST = {
    "input_ids": [2, 5, 6, 8, 3, 0, 0, 0],  # [CLS] the cat sat [SEP]
    "attention_mask": [1, 1, 1, 1, 1, 0, 0, 0],
    "token_type_ids": [0] * 8,
}


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter with PyTorch and transformers."""
    found = os.environ.get("TORCH_PYTHON", "")
    if not found:
        pytest.skip("TORCH_PYTHON names no interpreter")
    return found


@pytest.fixture(scope="module")
def folder(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a tokenizer of twelve words, and texts."""
    place = tmp_path_factory.mktemp("texts")
    (place / "vocab.txt").write_text("\n".join(WORDS))
    texts = [f"{a} {b} {c}" for a in ("the", "a") for b in ("cat", "dog") for c in ("sat", "ran", "ran home")]
    (place / "texts.txt").write_text("\n".join([*texts, "", "the dog ran home a cat sat home"]))
    subprocess.run([python, "-c", MAKE], cwd=place, check=True, capture_output=True, timeout=600)
    return place


def test_a_checkpoint_is_calibrated_and_proved_by_texts(python: str, folder: Path) -> None:
    """Ids are those of the tokenizer, padded to the model's length, for calibration and for parity alike."""
    sizes = [word for name in FIRST for word in ("--fix-dim", f"{name}.1=8")]
    texts = ("--inputs", "texts.txt", "--python", python)
    quantized = ("--quantize", "int8", "--calibration", "texts.txt", "--metric", "logit:1000", "-f", "json")
    done = tflint("fix", "m.tflite", "--source", "encoder", *sizes, *texts, *quantized, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["recipe"]["calibration"] == "texts.txt"
    assert told["parity"]["entries"][0]["samples"]["origin"] == "texts.txt, tokenized by encoder"

    verified = ("verify", "encoder", "m.tflite", *texts, "--metric", "logit:1000", "--save-inputs", "samples.npz")
    done = tflint(*verified, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 13 texts are cut at 8 tokens" in done.stdout
    with np.load(folder / "samples.npz") as saved:
        assert {name: saved[f"0/{name}"].tolist() for name in FIRST} == {name: [ids] for name, ids in FIRST.items()}


def test_a_checkpoint_without_a_tokenizer_is_one_line(python: str, folder: Path, tmp_path: Path) -> None:
    """What transformers says of the folder is said of the file of texts, with exit code 2."""
    shutil.copytree(folder / "encoder", tmp_path / "bare", ignore=shutil.ignore_patterns("tokenizer*", "vocab*"))
    shutil.copy(CLEAN, tmp_path / "m.tflite")
    (tmp_path / "t.txt").write_text("a cat")
    done = tflint("verify", "bare", "m.tflite", "--inputs", "t.txt", "--python", python, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("tflint: error: t.txt: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("verify", "m.tflite", "m.tflite"), ("fix", "m.tflite", "--quantize", "int8")])
def test_texts_without_a_tokenizer_are_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    """A model alone does not say what its ids stand for."""
    shutil.copy(CLEAN, tmp_path / "m.tflite")
    (tmp_path / "t.txt").write_text("a cat")
    flag = "--inputs" if command[0] == "verify" else "--calibration"
    done = tflint(*command, flag, "t.txt", cwd=tmp_path)

    assert done.returncode == 2
    assert "t.txt: texts " in done.stderr
    assert done.stderr.count("\n") == 1
