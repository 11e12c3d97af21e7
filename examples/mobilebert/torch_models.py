"""MobileBERT of PyTorch, of random weights: a checkpoint, and one with a head of a team's own.

    python torch_models.py [--layers 24]

Writes `pt/` and `head/` (config.json, model.safetensors). Needs torch, transformers 4.
"""

import argparse
from pathlib import Path

import torch
from transformers import MobileBertConfig, MobileBertModel, MobileBertPreTrainedModel

HERE = Path(__file__).parent
SEED = 2026
HIDDEN, LABELS = 1024, 28


class Classifier(MobileBertPreTrainedModel):
    """Two layers on the pooled output; transformers has no class for it, of PyTorch or of TensorFlow."""

    def __init__(self, config) -> None:
        super().__init__(config)
        self.mobilebert = MobileBertModel(config)
        first, last = torch.nn.Linear(config.hidden_size, HIDDEN), torch.nn.Linear(HIDDEN, LABELS)
        self.classifier = torch.nn.Sequential(first, torch.nn.LeakyReLU(), last)  # slope 0.01
        self.post_init()

    def forward(self, input_ids, attention_mask, token_type_ids):  # noqa: D102
        pooled = self.mobilebert(input_ids, attention_mask, token_type_ids).pooler_output
        return {"logits": self.classifier(pooled)}


def classifier():
    return Classifier.from_pretrained(HERE / "head")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    config = MobileBertConfig(num_hidden_layers=args.layers)
    MobileBertModel(config).save_pretrained(args.out / "pt")
    Classifier(config).save_pretrained(args.out / "head")


if __name__ == "__main__":
    main()
