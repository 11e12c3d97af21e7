"""PyTorch's world as a source of `tflint fix --source`: converted by litert-torch and by TensorFlow, and proved."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from command import tflint
from tflint.model.read import decode
from tflint.parity.entry import entries

if TYPE_CHECKING:
    from pathlib import Path

MODELS = '''
import os
import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel
from transformers.models.bert.modeling_bert import BertPreTrainedModel

SIZES = dict(vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
             max_position_embeddings=32, num_labels=28)

class Classifier(BertPreTrainedModel):
    """A head as people write them: two layers, LeakyReLU."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)
        first, last = torch.nn.Linear(32, 64), torch.nn.Linear(64, 28)
        self.classifier = torch.nn.Sequential(first, torch.nn.LeakyReLU(0.01), last)
        self.post_init()

    def forward(self, input_ids, attention_mask, token_type_ids):
        return {"logits": self.classifier(self.bert(input_ids, attention_mask, token_type_ids).pooler_output)}

class Images(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, image):
        return {"mask": torch.sigmoid(self.last(torch.relu(self.first(image))))}

class Sums(torch.nn.Module):
    def forward(self, x, y):
        return torch.tanh(x) + y

class Evil:
    """What runs when it is unpickled."""

    def __reduce__(self):
        return (open, (os.path.abspath("ran"), "w"))

def images():
    return Images(), {"image": torch.zeros(1, 3, 16, 16)}

def classifier():
    return Classifier.from_pretrained(os.path.join(os.path.dirname(__file__), "custom"))

def filled(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2)
    return model

def make():
    torch.manual_seed(3)
    filled(Classifier(BertConfig(**SIZES))).save_pretrained("custom")
    filled(BertForSequenceClassification(BertConfig(**SIZES))).save_pretrained("plain")
    many = torch.export.Dim("many", max=64)
    samples = (torch.zeros(2, 4), torch.zeros(2, 4))
    torch.export.save(torch.export.export(Sums(), samples, dynamic_shapes=({0: many}, {0: many})), "sums.pt2")
    os.mkdir("evil")
    BertConfig(**SIZES, architectures=["BertModel"]).save_pretrained("evil")
    torch.save({"x": Evil()}, "evil/pytorch_model.bin")
    headless = BertForSequenceClassification.from_pretrained("plain").state_dict()
    renamed = {name.replace("classifier.", "head."): value for name, value in headless.items()}
    os.mkdir("renamed")
    BertConfig(**SIZES, architectures=["BertForSequenceClassification"]).save_pretrained("renamed")
    torch.save(renamed, "renamed/pytorch_model.bin")

if __name__ == "__main__":
    make()
'''
TF_MODELS = '''
import os
import tensorflow as tf
import tf_keras as keras
from transformers import BertConfig
from transformers.modeling_tf_utils import unpack_inputs
from transformers.models.bert.modeling_tf_bert import TFBertMainLayer, TFBertPreTrainedModel

class TFClassifier(TFBertPreTrainedModel):
    def __init__(self, config, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.bert = TFBertMainLayer(config, name="bert")
        self.hidden, self.out = keras.layers.Dense(64, name="hidden"), keras.layers.Dense(28, name="classifier_out")

    @unpack_inputs
    def call(self, input_ids=None, attention_mask=None, token_type_ids=None, output_attentions=None,
             output_hidden_states=None, return_dict=None, training=False):
        pooled = self.bert(input_ids, attention_mask, token_type_ids, training=training)[1]
        return {"logits": self.out(tf.nn.leaky_relu(self.hidden(pooled), alpha=0.01))}

def classifier():
    return TFClassifier(BertConfig.from_pretrained(os.path.join(os.path.dirname(__file__), "custom")))

def lost():
    """What goes wrong with a head that was never carried over: the file that TensorFlow writes has a random one."""
    import shutil
    from transformers import TFBertForSequenceClassification

    model = TFBertForSequenceClassification.from_pretrained("plain", from_pt=True)
    model.classifier.kernel.assign(tf.random.stateless_normal(model.classifier.kernel.shape, (1, 2)))
    model.save_pretrained("lost")
    shutil.copy("plain/model.safetensors", "lost")

if __name__ == "__main__":
    lost()
'''


def interpreter(variable: str) -> str:
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no interpreter")
    return python


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of PyTorch, and the modules that give them."""
    python = interpreter("TORCH_PYTHON")
    place = tmp_path_factory.mktemp("torch")
    (place / "torch_models.py").write_text(MODELS)
    (place / "tf_models.py").write_text(TF_MODELS)
    subprocess.run([python, "torch_models.py"], cwd=place, check=True, capture_output=True, timeout=600)
    return place


@pytest.fixture(scope="module")
def both(folder: Path) -> str:
    """An interpreter with TensorFlow and PyTorch, which has saved a model with a head of its own."""
    python = interpreter("TENSORFLOW_PYTHON")
    if subprocess.run([python, "-c", "import torch"], capture_output=True, timeout=600, check=False).returncode:
        pytest.skip("TENSORFLOW_PYTHON has no torch")
    subprocess.run([python, "tf_models.py"], cwd=folder, check=True, capture_output=True, timeout=600)
    return python


def fixed(folder: Path, python: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Convert to a new model, and give what the report says."""
    done = tflint("fix", "new.tflite", *arguments, "--python", python, "--out", "m.tflite", "-f", "json", cwd=folder)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def ports(folder: Path) -> tuple[dict[str, tuple[int, ...] | None], list[str]]:
    """Inputs of the model that was written, and what its signature calls its outputs."""
    entry = entries(decode((folder / "m.tflite").read_bytes()))[0]
    return {port.name: port.shape for port in entry.inputs}, sorted(port.name for port in entry.outputs)


@pytest.mark.slow
def test_a_program_of_torch_export(folder: Path) -> None:
    """It is trusted, its open batch is fixed, its names stay, and it answers as PyTorch does."""
    told = fixed(folder, interpreter("TORCH_PYTHON"), "--source", "sums.pt2", "--trust-source")

    assert told["parity"]["holds"] is True
    assert ports(folder) == ({"x": (1, 4), "y": (1, 4)}, ["output_0"])


def test_images_are_turned(folder: Path) -> None:
    """The first attempt shows transposes on both sides, the second has none, and PyTorch gives the same mask."""
    python = interpreter("TORCH_PYTHON")
    told = fixed(folder, python, "--source", "torch_models:images", "--converter", "litert-torch")

    assert [change["line"] for change in told["attempts"][1]["changes"]] == ['steps = ["channels-last"]']
    assert told["attempts"][1]["operators"] < told["attempts"][0]["operators"]
    assert ports(folder) == ({"image": (1, 16, 16, 3)}, ["mask"])
    assert told["parity"]["holds"] is True


@pytest.mark.slow
def test_what_is_asked_for_by_name_is_given(folder: Path) -> None:
    """Hidden states and attentions, which transformers keeps to itself: those that are named, and nothing else."""
    flags = ("--keep-output", "hidden_states_1", "--keep-output", "attentions_0", "--keep-output", "logits")
    told = fixed(folder, interpreter("TORCH_PYTHON"), "--source", "plain", *flags)

    assert ports(folder)[1] == ["attentions_0", "hidden_states_1", "logits"]
    assert told["parity"]["holds"] is True


def test_a_pickle_of_more_than_tensors_is_not_loaded(folder: Path) -> None:
    """What is in it does not run, and one line says what would."""
    told = fixed(folder, interpreter("TORCH_PYTHON"), "--source", "evil", code=1)

    assert "to load it would run io.open in it" in told["problem"]
    assert not (folder / "ran").exists()


@pytest.mark.slow
def test_a_head_by_another_name(folder: Path) -> None:
    """Without a map the report names both sides and proposes it; with it the weights are there."""
    python = interpreter("TORCH_PYTHON")
    refused = fixed(folder, python, "--source", "renamed", code=1)
    told = fixed(folder, python, "--source", "renamed", "--map", "head=classifier")

    assert "classifier.weight [28,32]" in refused["problem"]
    assert "head.weight [28,32]" in refused["problem"]
    assert "--map head=classifier would fit" in refused["problem"]
    assert told["attempts"][0]["weights"][0] == ["head.weight", "classifier.weight", "as --map says"]
    assert told["parity"]["holds"] is True


@pytest.mark.slow
def test_a_head_of_pytorch_in_a_class_of_tensorflow(folder: Path, both: str) -> None:
    """The body goes in by name, the head by shape and by hand, and the logits are PyTorch's."""
    sizes = [f"{name}.1=16" for name in ("input_ids", "attention_mask", "token_type_ids")]
    dims = [word for size in sizes for word in ("--fix-dim", size)]
    source = ("--source", "tf_models:classifier", "--weights", "torch_models:classifier", *dims)
    refused = fixed(folder, both, *source, code=1)
    told = fixed(folder, both, *source, "--map", "classifier.0=hidden")

    assert "hidden/kernel:0 [32,64]" in refused["problem"]
    assert "classifier.0.weight [64,32]" in refused["problem"]
    hows = {old: how for old, _, how in told["attempts"][0]["weights"]}
    assert hows["classifier.0.weight"] == "as --map says, transposed"
    assert hows["classifier.2.bias"] == "by part of the name and shape"
    assert told["parity"]["holds"] is True
    assert told["parity"]["reference"] == "torch_models:classifier"


@pytest.mark.slow
def test_a_head_that_was_never_carried_over(folder: Path, both: str) -> None:
    """TensorFlow's model and the result agree, and both part from PyTorch: nothing is written."""
    told = fixed(folder, both, "--source", "lost", "--converter", "tensorflow", code=1)

    assert told["written"] is None
    assert "TensorFlow's model and the result agree" in told["problem"]


@pytest.mark.slow
def test_weights_of_pytorch_in_a_class_of_transformers(folder: Path, both: str) -> None:
    """TensorFlow reads safetensors of PyTorch, and PyTorch's own class says whether all is there."""
    told = fixed(folder, both, "--source", "plain", "--converter", "tensorflow", "--keep-output", "hidden_states_2")

    assert ports(folder)[1] == ["hidden_states_2"]
    assert told["parity"]["holds"] is True
    assert told["note"] is None
