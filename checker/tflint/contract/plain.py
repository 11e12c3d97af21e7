"""An interface as plain tables, as `tflint.lock` (JSON) and hand-written contracts (TOML) hold it.

signature = "serving_default"                 # or [signatures.KEY] tables with inputs, outputs, order
inputs = [{name = "image", dtype = "float32", shape = [-1, 224, 224, 3]}]
outputs = ["scores", "boxes"]                 # names alone will do
order = true                                  # and they stand at these positions
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from tflint.contract.interface import VARIES, Affine, EntryPoint, Interface, Port
from tflint.errors import TflintError, nearest
from tflint.model.tensor import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

UNQUANTIZED = "none"
DYNAMIC = "dynamic"
ENTRY_KEYS = ("inputs", "outputs", "order")
LOCK_KEYS = ("positional", "signatures")
CONTRACT_KEYS = ("signature", *ENTRY_KEYS, "signatures")
PORT_KEYS = ("name", "position", "dtype", "shape", "quantization", "tensor")


def tables_of(interface: Interface) -> dict[str, Any]:
    """The tables of an interface that states everything."""
    tables: dict[str, Any] = {}
    unnamed = interface.entry(None)
    if unnamed is not None:
        tables["positional"] = _entry(unnamed)
    tables["signatures"] = {entry.key: _entry(entry) for entry in interface.entries if entry.key is not None}
    return tables


def _entry(entry: EntryPoint) -> dict[str, Any]:
    return {
        "inputs": [_port(port, entry.key) for port in entry.inputs or ()],
        "outputs": [_port(port, entry.key) for port in entry.outputs or ()],
    }


def _port(port: Port, key: str | None) -> dict[str, Any]:
    facts = {
        "name": port.name,
        "position": port.position,
        "dtype": port.dtype,
        "shape": None if port.shape is None else list(port.shape),
        "quantization": None if port.quantization is None else _affine(port.quantization),
        "tensor": None if key is None else port.tensor,  # its name, where no signature gives it another
    }
    return {key: value for key, value in facts.items() if value is not None}


def _affine(affine: Affine) -> Any:
    if not affine.scale:
        return UNQUANTIZED
    scale = [value if isfinite(value) else str(value) for value in affine.scale]
    zero_point = list(affine.zero_point)
    single = len(scale) == len(zero_point) == 1
    return {"scale": scale[0] if single else scale, "zero_point": zero_point[0] if single else zero_point}


def locked(tables: Any, where: str) -> Interface:
    """The interface that a lock states. Raises TflintError."""
    _known(tables, LOCK_KEYS, where)
    signatures = _table(tables.get("signatures", {}), f"{where}: signatures")
    entries = [_read_entry(key, signatures[key], f"{where}: signature {key!r}", wildcards=False) for key in signatures]
    if "positional" in tables:
        unnamed = _read_entry(None, tables["positional"], f"{where}: positional", wildcards=False)
        inputs, outputs = (tuple(replace(p, tensor=p.name) for p in s or ()) for s in (unnamed.inputs, unnamed.outputs))
        entries.insert(0, replace(unnamed, inputs=inputs, outputs=outputs))
    return Interface(tuple(entries))


def contracted(tables: Any, where: str) -> Interface:
    """The interface that a hand-written contract asks for; in a shape, -1 is any size. Raises TflintError."""
    _known(tables, CONTRACT_KEYS, where)
    entries = []
    if len(tables) > ("signatures" in tables):
        key = tables.get("signature")
        if key is not None and not isinstance(key, str):
            raise TflintError(f"{where}: signature is a string")
        own = {name: value for name, value in tables.items() if name in ENTRY_KEYS}
        entries.append(_read_entry(key, own, where, wildcards=True))
    for key, table in _table(tables.get("signatures", {}), f"{where}: signatures").items():
        if any(entry.key == key for entry in entries):
            raise TflintError(f"{where}: signature {key!r} is described twice")
        entries.append(_read_entry(key, table, f"{where}: signature {key!r}", wildcards=True))
    if not entries:
        raise TflintError(f"{where}: the contract asks for nothing; it may have {', '.join(CONTRACT_KEYS)}")
    return Interface(tuple(sorted(entries, key=lambda entry: entry.key or "")))


def _read_entry(key: str | None, table: Any, where: str, *, wildcards: bool) -> EntryPoint:
    _known(table, ENTRY_KEYS, where)
    order = table.get("order", False)
    if not isinstance(order, bool):
        raise TflintError(f"{where}: order is true or false")
    sides: dict[str, tuple[Port, ...] | None] = {}
    for side in ("inputs", "outputs"):
        rows = table.get(side)
        if rows is not None and not isinstance(rows, list):
            raise TflintError(f"{where}: {side} is a list of names, or of tables with a name")
        ports = None if rows is None else tuple(_read_port(row, f"{where}: {side}", wildcards) for row in rows)
        if ports is not None and order:
            ports = tuple(replace(port, position=place) for place, port in enumerate(ports))
        sides[side] = ports
    return EntryPoint(key, sides["inputs"], sides["outputs"])


def _read_port(row: Any, where: str, wildcards: bool) -> Port:
    row = {"name": row} if isinstance(row, str) else row
    _known(row, PORT_KEYS, where)
    name, tensor, position, dtype = (row.get(key) for key in ("name", "tensor", "position", "dtype"))
    if not isinstance(name, str):
        raise TflintError(f"{where}: an entry has no name")
    where = f"{where}: {name!r}"
    if tensor is not None and not isinstance(tensor, str):
        raise TflintError(f"{where}: tensor is a string")
    if position is not None and (not _is_int(position) or position < 0):
        raise TflintError(f"{where}: position is a number from 0")
    if dtype is not None and (not isinstance(dtype, str) or (dtype not in DTYPES and not dtype.startswith("type "))):
        raise TflintError(f"{where}: no dtype {dtype!r}{nearest(str(dtype), DTYPES)}")
    shape = None if "shape" not in row else _read_shape(row["shape"], where, wildcards)
    affine = None if "quantization" not in row else _read_affine(row["quantization"], where)
    return Port(name, tensor, position, dtype, shape, affine)


def _read_shape(value: Any, where: str, wildcards: bool) -> tuple[int | None, ...]:
    allowed = (DYNAMIC,) if wildcards else ()
    if not isinstance(value, list) or not all(dim in allowed or (_is_int(dim) and dim >= -1) for dim in value):
        raise TflintError(f"{where}: shape is a list of sizes, -1 for any" + (f', "{DYNAMIC}"' if wildcards else ""))
    if not wildcards:
        return tuple(value)
    return tuple(VARIES if dim == DYNAMIC else None if dim == -1 else dim for dim in value)


def _read_affine(value: Any, where: str) -> Affine:
    if value == UNQUANTIZED:
        return Affine()
    pair: tuple[Any, Any] = (value.get("scale"), value.get("zero_point")) if isinstance(value, dict) else ([], [])
    scale, zero_point = pair
    scales = [_number(item) for item in (scale if isinstance(scale, list) else [scale])]
    zeros: list[Any] = zero_point if isinstance(zero_point, list) else [zero_point]
    if not scales or None in scales or not all(map(_is_int, zeros)) or len(value) != 2:
        raise TflintError(f'{where}: quantization is "{UNQUANTIZED}" or a table with scale and zero_point')
    return Affine(tuple(item for item in scales if item is not None), tuple(zeros))


def _number(value: Any) -> float | None:
    """A number; JSON has infinities and NaN as text."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TflintError(f"{where}: not a table")
    return value


def _known(value: Any, keys: Iterable[str], where: str) -> None:
    for key in _table(value, where):
        if key not in keys:
            raise TflintError(f"{where}: unknown key {key!r}{nearest(key, keys)}")
