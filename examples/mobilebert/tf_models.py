"""MobileBERT of TensorFlow, of random weights: a checkpoint, a SavedModel as a careless export has it, and a head.

    python tf_models.py [--layers 24] [--length 512]

Writes `tf/` (config.json, tf_model.h5) and `everything/` (SavedModel). Needs tensorflow, tf-keras, transformers 4.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_keras as keras
from transformers import MobileBertConfig, TFMobileBertModel
from transformers.modeling_tf_utils import unpack_inputs
from transformers.models.mobilebert.modeling_tf_mobilebert import TFMobileBertMainLayer, TFMobileBertPreTrainedModel

HERE = Path(__file__).parent
SEED = 2026
NAMES = ("attention_mask", "input_ids", "token_type_ids")
HIDDEN, LABELS = 1024, 28


def encoder(layers):
    """The model: weights are random, the sizes are those of google/mobilebert-uncased."""
    keras.utils.set_random_seed(SEED)
    model = TFMobileBertModel(MobileBertConfig(num_hidden_layers=layers))
    model(model.dummy_inputs)
    return model


def everything(model, length):
    """All that it has to give, as a Keras model: hidden states and attentions of all layers, ids of 64 bits.

    And what was once an experiment: a projection in the manner of the model garden's attention, by einsum.
    """
    inputs = {name: keras.Input((length,), dtype="int64", name=name) for name in NAMES}
    found = model(inputs, output_hidden_states=True, output_attentions=True, training=False)
    heads = keras.layers.Reshape((length, 4, -1))(found.last_hidden_state)
    projected = keras.layers.EinsumDense("abcd,cde->abe", (length, 16))(heads)
    whole = found.last_hidden_state, found.pooler_output
    return keras.Model(inputs, [*whole, *found.hidden_states, *found.attentions, projected])


class Classifier(TFMobileBertPreTrainedModel):
    """Two layers on the pooled output, as a team of its own has them; PyTorch's is in torch_models.py."""

    def __init__(self, config, slope, **kwargs):
        super().__init__(config, **kwargs)
        self.mobilebert = TFMobileBertMainLayer(config, name="mobilebert")
        self.hidden = keras.layers.Dense(HIDDEN, name="hidden")
        self.activation = keras.layers.LeakyReLU(slope)
        self.out = keras.layers.Dense(LABELS, name="out")

    @unpack_inputs
    def call(  # noqa: D102
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        output_attentions=None,  # noqa: ARG002
        output_hidden_states=None,  # noqa: ARG002
        return_dict=None,  # noqa: ARG002
        training=False,
    ):
        pooled = self.mobilebert(input_ids, attention_mask, token_type_ids, training=training)[1]
        return {"logits": self.out(self.activation(self.hidden(pooled)))}


def classifier():
    return Classifier(MobileBertConfig.from_pretrained(HERE / "head"), 0.01)


def careless_classifier():
    """With the slope that Keras has when nobody says one; PyTorch's is 0.01."""
    return Classifier(MobileBertConfig.from_pretrained(HERE / "head"), 0.3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    model = encoder(args.layers)
    model.save_pretrained(args.out / "tf")
    everything(model, args.length).export(str(args.out / "everything"))


if __name__ == "__main__":
    main()
