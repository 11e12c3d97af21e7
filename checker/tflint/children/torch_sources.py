"""Load a model of PyTorch's world as a module that takes inputs by name."""
# ruff: noqa: PLC0415 - transformers is for checkpoints

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from . import weights
from .source import Inputs, Source, SourceError, asked_for, function_of

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = ("input_ids", "attention_mask", "token_type_ids")


def load(request: dict[str, Any]) -> Source:
    """The model that a request names. Raises SourceError, and whatever frameworks and the user's code raise."""
    return LOADERS[request["kind"]](request)


def checkpoint(request: dict[str, Any]) -> Source:
    """A Hugging Face checkpoint of this folder, in float32, by the class that its configuration names."""
    import transformers

    config = json.loads(Path(request["source"], "config.json").read_text())
    name = (config.get("architectures") or ["AutoModel"])[0].removeprefix("TF")
    cls = getattr(transformers, name, None)
    if cls is None:
        raise SourceError("class", f"transformers {transformers.__version__} has no class {name}")
    folder = Path(request["source"])
    if not any(folder.glob("*.safetensors")):
        weights.refuse_old_torch(trusted=request["trusted"])
    more = asked_for(request["outputs"])
    model, told = weights.guarded(
        cls.from_pretrained,
        str(folder),
        local_files_only=True,
        output_loading_info=True,
        trust_remote_code=False,
        weights_only=not request["trusted"],
        **({"attn_implementation": "eager"} if "output_attentions" in more else {}),
    )
    about = {"class": name, "missing": sorted(told["missing_keys"]), "unexpected": sorted(told["unexpected_keys"])}
    if request["goal"] != "run" and (about["missing"] or request["map"]):
        about |= {**carried(request, model, name, str(folder), set(about["missing"])), "missing": []}
    model = model.float()
    return of_module(model, lambda: _inputs(model), about, {**more, "return_dict": True})


def of_module(
    module: torch.nn.Module,
    inputs: Callable[[], Inputs],
    about: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> Source:
    """A module, by the arguments of its `forward`; `more`: those that it gets besides its inputs."""
    module = module.eval()
    takes = inspect.signature(module.forward).parameters.values()
    names = {each.name for each in takes if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
    others = any(each.kind is each.VAR_KEYWORD for each in takes)

    def call(sample: dict[str, Any]) -> Any:
        given = set(sample)
        by_name = given <= names or (others and (not names or bool(given & names)))
        return module(**sample, **(more or {})) if by_name else module(*sample.values(), **(more or {}))

    return Source(call, inputs, exact=False, model=module, about=about or {}, tensor=tensor)


def tensor(value: Any, dtype: str) -> Any:
    """An array as a tensor, integers of 64 bits where nobody says: torch indexes with those."""
    made = torch.from_numpy(np.array(value))
    return made.to(getattr(torch, dtype)) if dtype else made.long() if made.dtype == torch.int32 else made


def carried(request: dict[str, Any], model: Any, what: str, place: str, missing: set[str]) -> dict[str, Any]:
    """Put a checkpoint's parameters into those of a module's that are missing there under their names; tell how."""
    state = {name: value for name, value in model.state_dict().items() if value.is_floating_point()}
    slots = [
        weights.Slot(name, tuple(name.split(".")), tuple(value.shape), (), _putter(value))
        for name, value in state.items()
    ]
    found = weights.parameters(place, "pt", trusted=request["trusted"])
    done = weights.carry(slots, found, request["map"], lambda slot: slot.name in missing)
    told: dict[str, Any] = weights.settled(done, what)
    return told


def _putter(value: Any) -> Any:
    return lambda array: value.copy_(torch.tensor(array))


def _inputs(model: Any) -> Inputs:
    """Inputs of a model of transformers: what its kind takes."""
    main, config = model.main_input_name, model.config
    if main == "pixel_values":
        size = config.image_size
        height, width = size if isinstance(size, (list, tuple)) else (size, size)
        return {main: ([None, config.num_channels, height, width], "float32")}
    if main == "input_values":
        return {main: ([None, None], "float32")}
    takes = inspect.signature(model.forward).parameters
    types = getattr(config, "type_vocab_size", 2)
    names = [name for name in TEXT if name in takes and (name != "token_type_ids" or types > 1)]
    if main not in names:
        raise SourceError("inputs", f"its main input is '{main}': name a function that gives (module, samples)")
    return {name: ([None, None], "int32") for name in names}


def program(request: dict[str, Any]) -> Source:
    """A program that torch.export saved, called in the form that it was exported with."""
    exported = torch.export.load(request["source"])
    module, names = exported.module(), [str(name) for name in exported.graph_signature.user_inputs]
    positional = exported.call_spec.in_spec.child(0).num_children
    if positional not in (0, len(names)):
        raise SourceError("inputs", "the program takes some inputs by position and some by name")
    values = {node.name: node.meta["val"] for node in exported.graph.nodes if node.name in names}
    inputs: Inputs = {name: ([_size(size) for size in values[name].shape], _dtype(values[name])) for name in names}

    def call(sample: dict[str, Any]) -> Any:
        return module(*sample.values()) if positional else module(**sample)

    return Source(call, lambda: inputs, exact=True, model=module, tensor=tensor)


def _size(size: Any) -> int | None:
    return size if isinstance(size, int) else None


def _dtype(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def python(request: dict[str, Any]) -> Source:
    """What `module:function` gives: (module, {input: array}), or a module that knows its samples (`sample_inputs`)."""
    return given(request, function_of(request["source"]))


def given(request: dict[str, Any], found: Any) -> Source:
    """A torch module, or (module, {input: array})."""
    module, samples = found if isinstance(found, tuple) else (found, getattr(found, "sample_inputs", None))
    if not isinstance(module, torch.nn.Module):
        raise SourceError("unknown", f"it gives a {type(module).__name__}, not a torch module")
    about = {}
    if request["weights"]:
        about = carried(request, module, type(module).__name__, request["weights"], set(module.state_dict()))
    return of_module(module, lambda: _sampled(module, samples, request["source"]), about)


def _sampled(module: torch.nn.Module, samples: Any, place: str) -> Inputs:
    """What the samples of a module say of its inputs. Raises SourceError where there are none."""
    samples = samples() if callable(samples) else samples
    if samples is None:
        name = place.partition(":")[2]
        raise SourceError("inputs", f"what the inputs are is not known: let {name} give (module, {{input: array}})")
    if not isinstance(samples, dict):
        names = list(inspect.signature(module.forward).parameters)
        samples = dict(zip(names, samples if isinstance(samples, (list, tuple)) else [samples]))  # noqa: B905 - first ones
    values = {name: torch.as_tensor(value) for name, value in samples.items()}
    return {name: (list(value.shape), _dtype(value)) for name, value in values.items()}


LOADERS = {"checkpoint": checkpoint, "torch": program, "python": python}
