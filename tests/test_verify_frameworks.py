"""`tflint verify`: models of other frameworks are references, each in an environment of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import tflint
from tflint import sketch
from verifying import WEIGHT, made, two

if TYPE_CHECKING:
    from pathlib import Path

SELECTED = "tflite_registrar.SELECT_TFTEXT_OPS"


def test_a_python_function_is_a_reference(tmp_path: Path) -> None:
    """The original, whatever it is made of: outputs are bound by name, and an exception of it is a result."""
    (tmp_path / "original.py").write_text(
        "import numpy as np\n"
        f"W = np.array({WEIGHT.tolist()}, np.float32)\n"
        "def model():\n"
        "    return lambda x: {'second': 1 / (1 + np.exp(-x @ W.T)), 'first': np.tanh(x @ W.T)}\n"
        "def broken():\n"
        "    raise KeyError('weights')\n"
    )
    for weight, rc in ((WEIGHT, 0), (WEIGHT.T, 1)):
        (tmp_path / "m.tflite").write_bytes(sketch.build(two(weight)))
        done = tflint("verify", "original:model", "m.tflite", "-f", "json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (rc, "")
        assert json.loads(done.stdout)["entries"][0]["runs"][0]["reference"]["runner"] == "python"
    done = tflint("verify", "original:broken", "m.tflite", cwd=tmp_path)
    assert (done.returncode, "the reference does not run: KeyError: 'weights'" in done.stdout) == (1, True)


def test_a_reference_gets_what_raw_values_stand_for(tmp_path: Path) -> None:
    """A model of int8 in and out against its original of real numbers, which also sees what int8 clips."""
    model = "x: int8[1,4] q=0.01+3\ny: int8[1,4] q=0.01+3 = RELU(x)\nsignature serve(x=x) -> (y=y)\n"
    (tmp_path / "m.tflite").write_bytes(sketch.build(model))
    (tmp_path / "original.py").write_text(
        "import numpy as np\n"
        "def model():\n"
        "    return lambda x: {'y': np.maximum(x, np.zeros(4, x.dtype)) if x.dtype == np.float32 else x}\n"
    )
    assert tflint("verify", "original:model", "m.tflite", "--metric", "atol:1e-6", cwd=tmp_path).returncode == 0

    for value, rc in (("0.514", 0), ("5.14", 1)):  # the largest number that the input holds is 1.24
        (tmp_path / "x.jsonl").write_text(f'{{"x": [[{value}, -1, 0, 1]]}}\n')
        flags = ("--inputs", "x.jsonl", "--metric", "atol:0.005")
        assert tflint("verify", "original:model", "m.tflite", *flags, cwd=tmp_path).returncode == rc


@pytest.mark.parametrize("name", ["weights", "session", "tf_sources"])
def test_a_module_may_be_called_as_one_of_ours(name: str, tmp_path: Path) -> None:
    """The user's module is loaded, whatever the programs that run it are made of."""
    (tmp_path / f"{name}.py").write_text(
        f"import numpy as np\nW = np.array({WEIGHT.tolist()}, np.float32)\n"
        "def model():\n"
        "    return lambda x: {'second': 1 / (1 + np.exp(-x @ W.T)), 'first': np.tanh(x @ W.T)}\n"
    )
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))

    done = tflint("verify", f"{name}:model", "m.tflite", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


KERAS = """
import keras, tensorflow as tf
ids, mask = keras.Input((8,), name="ids", dtype="int32"), keras.Input((8,), name="mask", dtype="int32")
x = keras.layers.Embedding(50, 16)(ids) * keras.ops.cast(mask, "float32")[..., None]
x = keras.layers.Dense(16, activation="tanh")(keras.layers.Flatten()(x))
outputs = [keras.layers.Dense(5, activation="softmax", name="scores")(x), keras.layers.Dense(3, name="boxes")(x)]
model = keras.Model([ids, mask], outputs)
model.save("model.keras")
model.export("saved", verbose=False)
open("model.tflite", "wb").write(tf.lite.TFLiteConverter.from_saved_model("saved").convert())
model.layers[-1].kernel.assign(model.layers[-1].kernel * 1.01)
model.save("other.keras")
"""
BERT = """
import litert_torch, torch, transformers
config = transformers.BertConfig(vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=37, max_position_embeddings=32, num_labels=3, attn_implementation="eager")
bert = transformers.BertForSequenceClassification(config).eval()
bert.save_pretrained("checkpoint")
class Logits(torch.nn.Module):
    def forward(self, input_ids, attention_mask):
        return {"logits": bert(input_ids=input_ids, attention_mask=attention_mask).logits}
inputs = {name: torch.ones(1, 16, dtype=torch.int32) for name in ("input_ids", "attention_mask")}
litert_torch.convert(Logits().eval(), sample_kwargs=inputs).export("model.tflite")
"""


def test_tensorflow_is_a_reference(tmp_path: Path) -> None:
    """A Keras file and a SavedModel, in an environment of their own; 1 % in one of two outputs is caught."""
    python = made(tmp_path, "TENSORFLOW_PYTHON", KERAS)
    for source, rc in (("saved", 0), ("model.keras", 0), ("other.keras", 1)):
        done = tflint("verify", source, "model.tflite", "--python", python, "-f", "json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (rc, "")
    failed = {out["output"] for out in json.loads(done.stdout)["entries"][0]["runs"][0]["outputs"] if not out["holds"]}
    assert failed == {"boxes"}


PROGRAM = """
import torch
class Two(torch.nn.Module):
    def forward(self, x):
        hidden = x @ torch.tensor(WEIGHT).T
        return {"second": torch.sigmoid(hidden), "first": torch.tanh(hidden)}
def model():
    return Two()
example = torch.zeros(1, 4)
torch.export.save(torch.export.export(Two(), (example,)), "positional.pt2")
torch.export.save(torch.export.export(Two(), (), {"x": example}), "named.pt2")
"""


OLDER = """
import os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow as tf, tf_keras as keras, transformers
image = keras.Input((4,), name="image")
model = keras.Model(image, keras.layers.Dense(3, name="scores")(image))
model.save("model.h5")
model.save("model.keras")
open("model.tflite", "wb").write(tf.lite.TFLiteConverter.from_keras_model(model).convert())
kernel = model.layers[-1].kernel.numpy()
with tf.Graph().as_default() as graph:
    tf.matmul(tf.compat.v1.placeholder(tf.float32, [1, 4], "image"), kernel, name="scores")
open("frozen.pb", "wb").write(graph.as_graph_def().SerializeToString())
model.layers[-1].kernel.assign(model.layers[-1].kernel * 1.01)
model.save("other.keras")
bert = transformers.TFBertModel(transformers.BertConfig(vocab_size=99, hidden_size=32, num_hidden_layers=1,
    num_attention_heads=2, intermediate_size=37, max_position_embeddings=32))
ids = tf.TensorSpec([1, 16], tf.int32, name="input_ids")
@tf.function(input_signature=[ids])
def pooled(input_ids):
    found = bert(input_ids=input_ids)
    return {"last_hidden_state": found.last_hidden_state, "pooler_output": found.pooler_output}
function = pooled.get_concrete_function()
bert.save_pretrained("checkpoint")
bert.save_pretrained("safe", safe_serialization=True)
open("bert.tflite", "wb").write(tf.lite.TFLiteConverter.from_concrete_functions([function], bert).convert())
"""


@pytest.mark.slow
def test_what_the_older_keras_wrote_is_a_reference(tmp_path: Path) -> None:
    """Files of tf_keras in both formats, a frozen graph, and checkpoints whose weights are TensorFlow's alone."""
    python = made(tmp_path, "TENSORFLOW_PYTHON", OLDER)
    for source, model, rc in (
        ("model.h5", "model.tflite", 0),
        ("model.keras", "model.tflite", 0),
        ("other.keras", "model.tflite", 1),
        ("frozen.pb", "model.tflite", 0),
        ("checkpoint", "bert.tflite", 0),
        ("safe", "bert.tflite", 0),
    ):
        arguments = source, model, "--python", python, "--delegates", "none", "-f", "json"
        done = tflint("verify", *arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (rc, "")
        (run,) = json.loads(done.stdout)["entries"][0]["runs"]
        assert run["reference"]["failure"] == ""


STATEFUL = """
import keras, tensorflow as tf, tf_keras
for name, package, ending in (("new", keras, "keras"), ("old", tf_keras, "h5")):
    x = package.Input(batch_shape=(1, 5, 4), name="x")
    model = package.Model(x, package.layers.LSTM(6, stateful=True)(x))
    model.save(f"{name}.{ending}")
    open(f"{name}.tflite", "wb").write(tf.lite.TFLiteConverter.from_keras_model(model).convert())
class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable(1.0)
    @tf.function(input_signature=[tf.TensorSpec([2], name="x")])
    def count_up(self, x):
        return {"y": x * self.count.assign_add(1.0)}
counter = Counter()
tf.saved_model.save(counter, "counter", {"serving_default": counter.count_up})
converter = tf.lite.TFLiteConverter.from_saved_model("counter")
converter.experimental_enable_resource_variables = True
open("counter.tflite", "wb").write(converter.convert())
"""


@pytest.mark.slow
def test_states_of_a_reference_are_reset(tmp_path: Path) -> None:
    """Each sample begins where the model begins: layers that keep states forget them, variables are as they were."""
    python = made(tmp_path, "TENSORFLOW_PYTHON", STATEFUL)
    for reference in ("new.keras", "old.h5", "counter"):
        candidate = f"{reference.partition('.')[0]}.tflite"
        done = tflint("verify", reference, candidate, "--python", python, "-f", "json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), reference
        notes = json.loads(done.stdout)["entries"][0]["runs"][0]["notes"]
        assert "both keep state between runs: each sample got a new interpreter" in notes


@pytest.mark.slow
def test_torch_is_a_reference(tmp_path: Path) -> None:
    """A module that a function gives, and programs of torch.export, whatever form they were exported with."""
    script = PROGRAM.replace("WEIGHT", str(WEIGHT.tolist()))
    python = made(tmp_path, "TORCH_PYTHON", script)
    (tmp_path / "original.py").write_text(script)
    for weight, rc in ((WEIGHT, 0), (WEIGHT.T, 1)):
        (tmp_path / "m.tflite").write_bytes(sketch.build(two(weight)))
        for source in ("original:model", "positional.pt2", "named.pt2"):
            arguments = source, "m.tflite", "--python", python, "--delegates", "none", "-f", "json", "--trust-source"
            done = tflint("verify", *arguments, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (rc, "")
            assert json.loads(done.stdout)["entries"][0]["runs"][0]["reference"]["failure"] == ""


@pytest.mark.slow
def test_a_checkpoint_is_a_reference(tmp_path: Path) -> None:
    """A Hugging Face checkpoint against what litert-torch made of it; samples of padding alone are not held to it."""
    python = made(tmp_path, "TORCH_PYTHON", BERT)
    done = tflint("verify", "checkpoint", "model.tflite", "--python", python, "-f", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    run = json.loads(done.stdout)["entries"][0]["runs"][0]
    assert run["notes"] == ["samples of padding alone are compared for NaN and infinities only"]
    assert run["outputs"][0]["numbers"]["max_abs"] < 1e-6


def test_a_missing_framework_is_one_line(tmp_path: Path) -> None:
    """It says which environment lacks what, and how to name another; exit code 2."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))
    (tmp_path / "m.keras").write_bytes(b"")
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text('{"architectures": ["BertModel"]}')
    for source, words in (
        ("m.keras", "m.keras takes tensorflow or keras, and "),
        ("checkpoint", "checkpoint takes transformers with torch "),
    ):
        done = tflint("verify", source, "m.tflite", cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert words in done.stderr
        assert "--python" in done.stderr


TOKENS = """
import tensorflow as tf, tensorflow_text as text
words = ["[PAD]", "[UNK]", "the", "quick", "brown", "fox", "hello", "world", "a", "42"]
def convert(folder, words):
    bert, space = text.FastBertTokenizer(words, lower_case_nfd_strip_accents=True), text.WhitespaceTokenizer()
    class Tokens(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def ids(self, text):
            found = bert.tokenize(text)
            return {"padded": found.to_tensor(shape=[None, 8]), "splits": found.row_splits}
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def words(self, text):
            found = space.tokenize(text)
            return {"flat": found.flat_values, "splits": found.row_splits}
    module = Tokens()
    tf.saved_model.save(module, folder, signatures={"ids": module.ids, "words": module.words})
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    converter.allow_custom_ops = True
    open(folder + ".tflite", "wb").write(converter.convert())
convert("good", words)
convert("other", words[:5] + ["a"] + words[6:8] + ["fox"] + words[9:])
"""


@pytest.mark.slow
def test_text_models_run_with_the_ops_of_their_library(tmp_path: Path) -> None:
    """tf-text: strings in, ragged values out, of each signature; two words that change places are caught."""
    python = made(tmp_path, "TENSORFLOW_PYTHON", TOKENS)
    for source, model, failed in (
        ("good.tflite", "good.tflite", set()),
        ("good", "good.tflite", set()),
        ("good.tflite", "other.tflite", {("ids", "padded")}),
    ):
        arguments = source, model, "--python", python, "--registerer", f"tensorflow_text:{SELECTED}", "-f", "json"
        done = tflint("verify", *arguments, "--delegates", "none", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (1 if failed else 0, "")
        parts = json.loads(done.stdout)["entries"]
        outputs = [(part["signature"], out) for part in parts for run in part["runs"] for out in run["outputs"]]
        assert len(outputs) == 4
        assert {(key, out["output"]) for key, out in outputs if not out["holds"]} == failed
