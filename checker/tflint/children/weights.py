"""Weights of a PyTorch checkpoint in a model that calls them otherwise: which goes where, and how it is turned.

PyTorch has a dense layer as [out, in], Keras as [in, out]; what
both call bias, LayerNorm and embedding is the same numbers in the same order.
"""
# ruff: noqa: PLC0415 - a framework is imported by who has a file of it

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CALLED = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias"}
CALLED |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
TURNS: dict[str, dict[int, tuple[int, ...]]] = {
    "kernel": {2: (1, 0), 3: (2, 1, 0), 4: (2, 3, 1, 0), 5: (2, 3, 4, 1, 0)},
    "depthwise_kernel": {4: (2, 3, 0, 1)},
    "pointwise_kernel": {4: (2, 3, 1, 0)},
}
"""Axes of a Keras kernel in PyTorch's order, by its rank."""
FIRST_TORCH_SAFE = (2, 6)  # CVE-2025-32434: torch.load(weights_only=True) of earlier ones runs code all the same
WRAPPED = ("state_dict", "model_state_dict", "model")  # what training scripts save the parameters as
MAX_NAMED = 8


class Slot(NamedTuple):
    """A variable of a model. `name`: as its framework calls it; `path`: as PyTorch would; `turn`: axes, () for none."""

    name: str
    path: tuple[str, ...]
    shape: tuple[int, ...]
    turn: tuple[int, ...]
    put: Callable[[Any], Any]

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a parameter of this shape fits."""
        return self.shape == (tuple(shape[axis] for axis in self.turn) if len(self.turn) == len(shape) else shape)


class Parameters(NamedTuple):
    """Of a checkpoint: their shapes, and how one is had as an array."""

    shapes: dict[str, tuple[int, ...]]
    array: Callable[[str], Any]


class Carried(NamedTuple):
    """Parameter, variable and why they belong together; variables that got none, parameters that nobody took."""

    pairs: list[tuple[str, str, str]]
    left: list[str]
    unused: list[str]
    fitting: list[str]
    """What would fit by its shape alone, as --map takes it."""


def path_of(name: str) -> tuple[str, ...]:
    """A variable's name as PyTorch has it: transformers writes lists as `layer_._0` and hides parts before `___`."""
    name = name.partition(":")[0].replace("_._", "/")
    *parts, last = [part.rpartition("___")[2] for part in re.split(r"[/.]", name) if part]
    kernel = last.partition("_kernel")[0] if last.endswith("_kernel") else ""
    return (*parts, kernel, "weight") if kernel in ("depthwise", "pointwise") else (*parts, CALLED.get(last, last))


def turn_of(name: str, rank: int) -> tuple[int, ...]:
    """Axes of a variable of Keras in the order that PyTorch has them."""
    return TURNS.get(re.split(r"[/.]", name.partition(":")[0])[-1], {}).get(rank, ())


def parameters(place: str, framework: str, *, trusted: bool = False) -> Parameters:
    """Those of a checkpoint folder or file, safetensors first. `framework`: tf or pt. Raises SourceError."""
    path = Path(place)
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("*.safetensors")) or sorted(path.glob("pytorch_model*.bin"))
    if not files:
        raise SourceError("weights", f"{place} has no PyTorch weights (model.safetensors, pytorch_model.bin)")
    if files[0].suffix == ".safetensors":
        return _safetensors(files, framework)
    refuse_old_torch(trusted=trusted)
    return of_state(_unpickled(files, trusted=trusted))


def refuse_old_torch(*, trusted: bool) -> None:
    """Raise SourceError where to load a pickle of weights is to run what is in it."""
    import torch

    if not trusted and tuple(map(int, torch.__version__.split(".")[:2])) < FIRST_TORCH_SAFE:
        raise SourceError(
            "code", f"the weights are a pickle, and to load one with torch {torch.__version__} may run code in it"
        )


def guarded(load: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What loads weights, called. Raises SourceError where torch will not: it reads tensors, and runs nothing."""
    try:
        return load(*given, **named)
    except Exception as error:
        seen: BaseException | None = error
        while seen is not None and type(seen).__name__ != "UnpicklingError":
            seen = seen.__cause__ or seen.__context__
        if seen is None:
            raise
        name = re.search(r"GLOBAL (\S+)", str(seen))
        what = f"{name[1]} in it" if name else "what is in it"
        raise SourceError(
            "code", f"the weights are a pickle of more than tensors: to load it would run {what}"
        ) from None


def _safetensors(files: list[Path], framework: str) -> Parameters:
    from safetensors import safe_open

    opened = [safe_open(str(file), framework=framework) for file in files]
    at = {name: file for file in opened for name in file.keys()}  # noqa: SIM118 - no mapping
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name, file in at.items()}
    return Parameters(shapes, lambda name: plain_array(at[name].get_tensor(name)))


def _unpickled(files: list[Path], *, trusted: bool) -> dict[str, Any]:
    import torch

    state: dict[str, Any] = {}
    for file in files:
        found = guarded(torch.load, str(file), map_location="cpu", weights_only=not trusted)
        inner = next((found[key] for key in WRAPPED if isinstance(found.get(key), dict)), found)
        state.update(inner)
    return state


def of_state(state: Mapping[str, Any]) -> Parameters:
    """Those of a state_dict."""
    tensors = {name: value for name, value in state.items() if hasattr(value, "shape")}
    return Parameters(
        {name: tuple(value.shape) for name, value in tensors.items()}, lambda name: plain_array(tensors[name])
    )


def plain_array(value: Any) -> Any:
    """A tensor of either framework as an array of float32, where it is one of floats."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.float() if value.is_floating_point() else value).numpy()
    array = value.numpy()
    return array.astype("float32") if "float" in str(array.dtype) else array


def carry(
    slots: Iterable[Slot],
    found: Parameters,
    given: Mapping[str, str],
    wanted: Callable[[Slot], bool] = lambda _: True,
) -> Carried:
    """Put parameters into variables: as `given` says, by name, and by name in part and shape where only one fits.

    Those that are not `wanted` have theirs already. Raises SourceError for what is given and does not fit.
    """
    every = list(slots)
    pairs: dict[str, tuple[Slot, str]] = {}
    _given(every, found, given, pairs)
    _by_name(every, found, pairs)
    taken = _taken(pairs)
    open_ones = [slot for slot in every if wanted(slot) and slot not in taken]
    pairs.update({name: (slot, SHAPED) for name, slot in _by_shape(open_ones, found, pairs, _akin).items()})
    told = []
    for name, (slot, how) in pairs.items():
        if wanted(slot) or how == GIVEN:
            array = found.array(name)
            slot.put(array.transpose(slot.turn) if slot.turn else array)
            told.append((name, slot.name, how + (", transposed" if slot.turn else "")))
    taken = _taken(pairs)
    left = [f"{slot.name} {_dims(slot.shape)}" for slot in open_ones if slot not in taken]
    unused = [f"{name} {_dims(shape)}" for name, shape in found.shapes.items() if name not in pairs]
    rest = [slot for slot in open_ones if slot not in taken]
    fitting = {
        f"{name.rpartition('.')[0]}={'/'.join(slot.path[:-1])}": None
        for name, slot in _by_shape(rest, found, pairs, _alike).items()
    }
    return Carried(told, left, unused, list(fitting))


GIVEN, NAMED, SHAPED = "as --map says", "by name", "by part of the name and shape"


def _taken(pairs: Mapping[str, tuple[Slot, str]]) -> set[Slot]:
    return {slot for slot, _ in pairs.values()}


def _given(slots: list[Slot], found: Parameters, given: Mapping[str, str], pairs: dict[str, tuple[Slot, str]]) -> None:
    """A parameter and a variable, or a module and a layer, of which all belong together."""
    for old, new in given.items():
        said = f"--map {old}={new}"
        names = [old] if old in found.shapes else [name for name in found.shapes if name.startswith(f"{old}.")]
        if not names:
            raise SourceError("weights", f"{said}: the checkpoint has no {old!r}; it has {_list(found.shapes)}")
        for name in names:
            rest = name[len(old) :].lstrip(".")
            path = (*path_of(new), *rest.split(".")) if rest else path_of(new)
            fits = [slot for slot in slots if slot.path[-len(path) :] == path]
            if len(fits) != 1:
                what = "no variable" if not fits else f"{len(fits)} variables"
                raise SourceError(
                    "weights", f"{said}: the model has {what} {new!r}; it has {_list(s.name for s in slots)}"
                )
            if not fits[0].takes(found.shapes[name]):
                shapes = f"{name} is {_dims(found.shapes[name])}, and {fits[0].name} {_dims(fits[0].shape)}"
                raise SourceError("weights", f"{said}: {shapes}")
            pairs[name] = (fits[0], GIVEN)


def _by_name(slots: list[Slot], found: Parameters, pairs: dict[str, tuple[Slot, str]]) -> None:
    """The longest end of a variable's path that is a parameter's name, or the other way round."""
    ends: dict[tuple[str, ...], list[str]] = {}
    for name in found.shapes:
        parts = tuple(name.split("."))
        for start in range(len(parts)):
            ends.setdefault(parts[start:], []).append(name)
    claims: list[tuple[int, str, Slot]] = []
    for slot in slots:
        for start in range(len(slot.path) - 1):  # a bare `weight` says nothing
            names = ends.get(slot.path[start:], ())
            exact = [name for name in names if tuple(name.split(".")) == slot.path[start:]]
            fits = exact or (names if start <= 1 else ())  # what comes first is the model's own name
            if len(fits) == 1 and slot.takes(found.shapes[fits[0]]):
                claims.append((len(slot.path) - start, fits[0], slot))
                break
    taken = _taken(pairs)
    for length, name, slot in sorted(claims, key=lambda claim: -claim[0]):
        rivals = [other for size, of, other in claims if of == name and size == length]
        if name not in pairs and slot not in taken and len(rivals) == 1:
            pairs[name] = (slot, NAMED)


def _by_shape(
    slots: list[Slot],
    found: Parameters,
    pairs: Mapping[str, tuple[Slot, str]],
    related: Callable[[str, Slot], bool],
) -> dict[str, Slot]:
    """What fits in one place alone, of those that are related; then what belongs to the same two layers."""
    fresh: dict[str, Slot] = {}
    names = [name for name in found.shapes if name not in pairs]
    fits = {name: [slot for slot in slots if related(name, slot) and slot.takes(found.shapes[name])] for name in names}
    for name, places in fits.items():
        if len(places) == 1 and sum(places[0] in others for others in fits.values()) == 1:
            fresh[name] = places[0]
    for name, slot in list(fresh.items()):
        layer, parent = name.rpartition(".")[0], slot.path[:-1]
        for other in names:
            if other.rpartition(".")[0] == layer and other not in fresh:
                beside = [each for each in fits[other] if each.path[:-1] == parent]
                if len(beside) == 1 and beside[0] not in fresh.values():
                    fresh[other] = beside[0]
    return fresh


def _alike(name: str, slot: Slot) -> bool:
    """One kind of parameter."""
    return name.rpartition(".")[2] == slot.path[-1]


def _akin(name: str, slot: Slot) -> bool:
    """One kind of parameter, and a word of their paths in common; the model's own name says nothing."""
    place = ".".join(slot.path[len(slot.path) > 2 : -1])
    ours, theirs = (set(re.findall(r"[a-zA-Z]+", text)) for text in (name.rpartition(".")[0], place))
    return _alike(name, slot) and bool(ours & theirs)


def settled(carried: Carried, what: str) -> dict[str, Any]:
    """What is told of it: what was not put by name, and how many were.

    Raises SourceError, which names both sides, where a variable has got nothing.
    """
    if carried.left:
        fitting = f"; by their shapes {' '.join(f'--map {each}' for each in carried.fitting)} would fit"
        raise SourceError(
            "weights",
            f"{what} has weights that the checkpoint does not fill: {_list(carried.left)}; the checkpoint has some "
            f"that go nowhere: {_list(carried.unused)}" + (fitting if carried.fitting else ""),
        )
    named = [pair for pair in carried.pairs if pair[2].startswith(NAMED)]
    return {"mapped": [list(pair) for pair in carried.pairs if pair not in named], "named": len(named)}


def _list(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MAX_NAMED} more" if len(every) > MAX_NAMED else ""
    return (", ".join(every[:MAX_NAMED]) or "none") + more


def _dims(shape: Iterable[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
