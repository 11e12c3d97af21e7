"""PyTorch's parameters in Keras's variables: by name, by hand, by shape; what is left is named on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tflint.children import weights
from tflint.children.source import SourceError

HEAD = {
    "classifier.0.weight": (6, 4),
    "classifier.0.bias": (6,),
    "classifier.2.weight": (3, 6),
    "classifier.2.bias": (3,),
}


def parameters(module: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    arrays = {name: np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for name, shape in shapes.items()}
    return module.Parameters(shapes, arrays.__getitem__)


def variables(module: Any, shapes: dict[str, tuple[int, ...]]) -> tuple[list[Any], dict[str, Any]]:
    """Slots, and what is put into them."""
    filled: dict[str, Any] = {}
    slots = [
        module.Slot(
            name, module.path_of(name), shape, module.turn_of(name, len(shape)), lambda a, n=name: filled.update({n: a})
        )
        for name, shape in shapes.items()
    ]
    return slots, filled


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("tf_bert/bert/encoder/layer_._1/output/dense/kernel:0", "tf_bert.bert.encoder.layer.1.output.dense.weight"),
        ("m/bert/embeddings/LayerNorm/gamma:0", "m.bert.embeddings.LayerNorm.weight"),
        ("m/a___b/beta:0", "m.b.bias"),
        ("sequential/conv/depthwise_kernel", "sequential.conv.depthwise.weight"),
        ("bn/moving_variance:0", "bn.running_var"),
    ],
)
def test_a_variable_has_a_name_of_pytorch(name: str, path: str) -> None:
    """As transformers turns them, for both kinds of Keras."""
    assert ".".join(weights.path_of(name)) == path


def test_what_has_its_name_goes_in_by_name() -> None:
    """Kernels are transposed, embeddings and LayerNorm are not, whatever the model itself is called."""
    slots, filled = variables(
        weights,
        {
            "my/bert/dense/kernel:0": (4, 6),
            "my/bert/ln/gamma:0": (4,),
            "my/bert/words/embeddings:0": (9, 4),
            "my/conv/kernel:0": (3, 5, 1, 2),
        },
    )
    found = parameters(
        weights,
        {"bert.dense.weight": (6, 4), "bert.ln.weight": (4,), "bert.words.weight": (9, 4), "conv.weight": (2, 1, 3, 5)},
    )
    carried = weights.carry(slots, found, {})

    assert (carried.left, carried.unused) == ([], [])
    assert np.array_equal(filled["my/bert/dense/kernel:0"], found.array("bert.dense.weight").T)
    assert np.array_equal(filled["my/bert/words/embeddings:0"], found.array("bert.words.weight"))
    assert filled["my/conv/kernel:0"][2, 4, 0, 1] == found.array("conv.weight")[1, 0, 2, 4]


def test_a_head_goes_in_by_shape_where_one_fits() -> None:
    """Only one place takes the kernel, and the bias follows it; the report says that it was the shape."""
    slots, filled = variables(
        weights,
        {
            "m/classifier/dense/kernel:0": (4, 6),
            "m/classifier/dense/bias:0": (6,),
            "m/classifier/out/kernel:0": (6, 3),
            "m/classifier/out/bias:0": (3,),
        },
    )
    found = parameters(weights, HEAD)
    told = weights.settled(weights.carry(slots, found, {}), "M")

    assert np.array_equal(filled["m/classifier/out/kernel:0"], found.array("classifier.2.weight").T)
    assert ["classifier.0.bias", "m/classifier/dense/bias:0", "by part of the name and shape"] in told["mapped"]
    assert len(told["mapped"]) == 4


def test_a_square_head_is_not_guessed() -> None:
    """Two layers of one shape could be swapped: both sides are named, and nothing is filled."""
    slots, filled = variables(weights, {"m/head/a/kernel:0": (4, 4), "m/head/b/kernel:0": (4, 4)})
    found = parameters(weights, {"head.0.weight": (4, 4), "head.2.weight": (4, 4)})
    carried = weights.carry(slots, found, {})

    assert (carried.left, filled) == (["m/head/a/kernel:0 [4,4]", "m/head/b/kernel:0 [4,4]"], {})
    with pytest.raises(SourceError, match=r"M has weights .* m/head/a/kernel:0 \[4,4\].* head\.0\.weight \[4,4\]"):
        weights.settled(carried, "M")


def test_what_shares_no_name_is_proposed() -> None:
    """A shape alone is no proof: it becomes a flag that the user may write."""
    slots, filled = variables(weights, {"my_classifier/top/kernel:0": (4, 6), "my_classifier/top/bias:0": (6,)})
    carried = weights.carry(slots, parameters(weights, {"classifier.0.weight": (6, 4), "classifier.0.bias": (6,)}), {})

    assert (carried.fitting, filled) == (["classifier.0=my_classifier/top"], {})


@pytest.mark.parametrize(
    "given", [{"classifier.0": "top"}, {"classifier.0.weight": "top/kernel", "classifier.0.bias": "top/bias:0"}]
)
def test_a_map_says_what_belongs_together(given: dict[str, str]) -> None:
    """A whole layer or one by one; it comes before names."""
    slots, filled = variables(weights, {"m/top/kernel:0": (4, 6), "m/top/bias:0": (6,)})
    found = parameters(weights, {"classifier.0.weight": (6, 4), "classifier.0.bias": (6,), "top.bias": (6,)})
    carried = weights.carry(slots, found, given)

    assert np.array_equal(filled["m/top/kernel:0"], found.array("classifier.0.weight").T)
    assert ("classifier.0.bias", "m/top/bias:0", "as --map says") in carried.pairs
    assert carried.unused == ["top.bias [6]"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"nothing": "top"}, "the checkpoint has no 'nothing'; it has classifier.0.weight"),
        ({"classifier.0": "nothing"}, "the model has no variable 'nothing'; it has m/top/kernel:0"),
        ({"classifier.2.weight": "top/kernel"}, r"classifier\.2\.weight is \[3,6\], and m/top/kernel:0 \[4,6\]"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(given: dict[str, str], told: str) -> None:
    """What is not there, on either side, and what has another shape."""
    slots, _ = variables(weights, {"m/top/kernel:0": (4, 6), "m/top/bias:0": (6,)})

    with pytest.raises(SourceError, match=told):
        weights.carry(slots, parameters(weights, HEAD), given)


def test_what_is_there_already_stays() -> None:
    """The library has put most of them: only those that are missing are touched, and told."""
    slots, filled = variables(weights, {"m/a/kernel:0": (4, 6), "m/b/kernel:0": (4, 6)})
    found = parameters(weights, {"a.weight": (6, 4), "b.weight": (6, 4)})
    carried = weights.carry(slots, found, {}, lambda slot: "/b/" in slot.name)

    assert (list(filled), len(carried.pairs)) == (["m/b/kernel:0"], 1)
