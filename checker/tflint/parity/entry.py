"""What is called of a model, and what goes in and out of it: by the names of a signature, else by position."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tflint.contract.interface import interface_of
from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tflint.contract.interface import EntryPoint
    from tflint.contract.interface import Port as Stated
    from tflint.model.view import Model

_NUMBER = re.compile(r"^output_(\d{1,6})$")


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output. `affine`: (scale, zero point) of a tensor that is quantized as a whole."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None = None  # -1 where a dimension may vary; None: not known
    affine: tuple[float, int] | None = None
    tensor: int | None = None  # index in its subgraph
    position: int | None = None  # among the inputs or outputs of the primary subgraph

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a value of this shape may stand here."""
        return self.shape is None or (
            len(shape) == len(self.shape) and all(own in (-1, dim) for own, dim in zip(self.shape, shape, strict=True))
        )

    def __str__(self) -> str:
        shape = "" if self.shape is None else ",".join("?" if dim < 0 else str(dim) for dim in self.shape)
        quant = "" if self.affine is None else f" q={self.affine[0]:.6g}{self.affine[1]:+d}"
        return f"{self.dtype}[{shape}]{quant}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A signature, or with the key None the primary subgraph."""

    key: str | None
    subgraph: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def entries(model: Model) -> tuple[Entry, ...]:
    """What callers can call: the signatures, or where there are none the primary subgraph."""
    interface = interface_of(model)
    named = tuple(_entry(entry, model) for entry in interface.entries if entry.key is not None)
    return named or tuple(_entry(entry, model) for entry in interface.entries)


def pick(found: Iterable[Entry], key: str | None, source: str) -> Entry:
    """The entry of this key; None picks the only one, or that without a key. Raises TflintError."""
    by_key = {entry.key: entry for entry in found}
    if key in by_key:
        return by_key[key]
    if key is None and len(by_key) == 1:
        return next(iter(by_key.values()))
    keys = [name for name in by_key if name is not None]
    if key is None:
        raise TflintError(f"{source} has {len(keys)} signatures ({', '.join(keys)}): say which with --signature")
    raise TflintError(f"{source} has no signature {key!r}{nearest(key, keys)}")


def _entry(entry: EntryPoint, model: Model) -> Entry:
    at = entry.at
    index = 0 if entry.key is None or at is None else getattr(at, "subgraph_index", 0)
    variables = {tensor.index for tensor in model.subgraphs[index].tensors if tensor.is_variable}
    inputs = _ports(port for port in entry.inputs or () if port.at is None or port.at.index not in variables)
    return Entry(entry.key, index, inputs, _ports(entry.outputs or ()))


def _ports(stated: Iterable[Stated]) -> tuple[Port, ...]:
    """Ports with names of their own: tensors of one name become `x`, `x~2`."""
    seen: dict[str, int] = {}
    ports = []
    for port in map(_port, stated):
        count = seen[port.name] = seen.get(port.name, 0) + 1
        ports.append(port if count == 1 else replace(port, name=f"{port.name}~{count}"))
    return tuple(ports)


def _port(stated: Stated) -> Port:
    tensor = stated.at
    if tensor is None:
        raise TflintError(f"'{stated.name}' is no tensor of the model", 1)
    return Port(
        stated.name,
        tensor.dtype,
        tensor.dims,
        tensor.quant.pair if tensor.quant and "int" in tensor.dtype else None,  # of floats it means nothing
        tensor.index,
        stated.position,
    )


def bound(
    reference: tuple[Port, ...],
    candidate: tuple[Port, ...],
    given: dict[str, str],
    *,
    named: bool,
    loose: bool = False,
) -> tuple[dict[str, str], str]:
    """Reference name -> candidate name of the ports that belong together, and how that was decided.

    `given` comes first. With `named` (both sides have names that callers use) the others bind by name, and those whose
    name the candidate lacks stay unbound unless only one is left on each side; else they bind by position. So they do
    where sides that were made by different frameworks (`loose`) are as many and share no name.
    """
    pairs = {ours: theirs for ours, theirs in given.items() if any(port.name == ours for port in reference)}
    left = [port for port in reference if port.name not in pairs]
    free = [port for port in candidate if port.name not in pairs.values()]
    shared = {port.name for port in left} & {port.name for port in free}
    if not named or (loose and not shared and len(left) == len(free) > 1):
        ours, theirs = (sorted(ports, key=_numbered(ports) if loose else _position) for ports in (left, free))
        pairs |= {one.name: other.name for one, other in zip(ours, theirs, strict=False)}
        return pairs, "by position"
    names = {port.name for port in free}
    pairs |= {port.name: port.name for port in left if port.name in names}
    left = [port for port in left if port.name not in pairs]
    free = [port for port in free if port.name not in pairs.values()]
    if len(left) == len(free) == 1:
        pairs[left[0].name] = free[0].name
        return pairs, f"by name, '{left[0].name}' to '{free[0].name}' as the only ones left"
    return pairs, "by name"


def _numbered(ports: list[Port]) -> Callable[[Port], int]:
    """The numbers that converters give outputs without names (`output_1`), whose positions are shuffled."""
    found = {port.name: match for port in ports if (match := _NUMBER.search(port.name))}
    numbers = {name: int(match[1]) for name, match in found.items()}
    distinct = len(set(numbers.values())) == len(ports)
    return (lambda port: numbers[port.name]) if distinct else _position


def _position(port: Port) -> int:
    return 1 << 30 if port.position is None else port.position


def plain_port(port: Port) -> dict[str, Any]:
    """A port as JSON."""
    return {
        "name": port.name,
        "dtype": port.dtype,
        "shape": None if port.shape is None else list(port.shape),
        "affine": None if port.affine is None else list(port.affine),
        "tensor": port.tensor,
        "position": port.position,
    }


def read_port(plain: dict[str, Any]) -> Port:
    """A port of JSON that `plain_port` or a runner wrote."""
    shape, affine = plain.get("shape"), plain.get("affine")
    return Port(
        str(plain["name"]),
        str(plain["dtype"]),
        None if shape is None else tuple(map(int, shape)),
        None if affine is None else (float(affine[0]), int(affine[1])),
        plain.get("tensor"),
        plain.get("position"),
    )
