"""Convert a model of PyTorch with litert-torch: `convert_torch FOLDER`, which gets `model.tflite`."""
# ruff: noqa: PLC0415 - after the stage is told

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conversion import run
from .source import named

if TYPE_CHECKING:
    from .conversion import Work
    from .source import Source

CHANNELS_LAST, IMAGE = "channels-last", 4  # a step of the recipe: what has four dimensions is an image
FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # as litert_torch.to_channel_last_io does, which takes arguments by position
SIZES = {"batch": 1, "length": 128}  # litert-torch exports with the shapes of its samples


def convert(work: Work) -> None:
    """Load, export with samples of the wanted shapes, convert."""
    work.stage("import")
    import litert_torch
    import torch

    from . import torch_sources

    work.stage("load")
    source = torch_sources.load(work.request)
    work.learn(source)
    work.stage("convert")
    work.request |= {name: work.request[name] or size for name, size in SIZES.items()}
    turned = CHANNELS_LAST in work.request["steps"]
    samples, inner = {}, {}
    for name, (shape, dtype) in source.inputs().items():
        outer, wanted = work.port(name, dtype)
        sizes = work.sizes(name, shape or [])
        if turned and len(sizes) == IMAGE:
            sizes = [sizes[axis] for axis in LAST]
        samples[outer] = torch.zeros(sizes, dtype=getattr(torch, wanted))
        inner[outer] = (name, getattr(torch, dtype))
    module = wrapped(torch, work, source, inner)
    if work.request["map"] or work.request["weights"] or turned:  # parity asks for what was converted
        torch.export.save(torch.export.export(module, (), kwargs=samples), work.request["given"])
    signature = litert_torch.signature(work.request["signature"], module, sample_kwargs=samples)
    model = signature.convert(**work.request["settings"])
    work.stage("write")
    model.export(str(work.folder / "model.tflite"))


def wrapped(torch: Any, work: Work, source: Source, inner: dict[str, tuple[str, Any]]) -> Any:
    """A module of the wanted interface: names and element types outside, the source's inside."""

    class Served(torch.nn.Module):  # type: ignore[misc] # torch is loaded late
        def __init__(self) -> None:
            super().__init__()
            self.module = source.model
            self.training = False  # eval() would ask it of programs of torch.export, which have no other mode

        def forward(self, **sample: Any) -> Any:
            values = {name: sample[outer].to(dtype) for outer, (name, dtype) in inner.items()}
            if CHANNELS_LAST not in work.request["steps"]:
                return work.kept(named(source.call(values)))
            values = {name: value.permute(FIRST) if value.dim() == IMAGE else value for name, value in values.items()}
            found = work.kept(named(source.call(values)))
            return {name: value.permute(LAST) if value.dim() == IMAGE else value for name, value in found.items()}

    return Served()


def main(folder: str) -> None:
    """Answer a request."""
    run(convert, folder)
