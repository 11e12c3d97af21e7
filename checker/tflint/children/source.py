"""What a loaded source is, whichever framework it is of, and what is said of its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import TypeAlias

Inputs: TypeAlias = "dict[str, tuple[list[int | None] | None, str]]"
"""Name -> (dimensions, None where open, or None of unknown rank; element type)."""


class SourceError(Exception):
    """What is wrong with a source: `kind` is a word for the diagnosis."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def as_array(value: Any, dtype: str) -> Any:
    """An array as one of an element type, or of its own."""
    return value.astype(dtype) if dtype else value


class Source(NamedTuple):
    """A model. `call` takes {name: tensor}, and `tensor` makes one of an array and an element type, or "".

    `inputs` tells what they are; it raises SourceError where the model does not say. `exact`: it takes all of them, in
    their types; else any of them by name, or all in their order.
    """

    call: Callable[[dict[str, Any]], Any]
    inputs: Callable[[], Inputs]
    exact: bool
    model: Any
    about: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it
    tensor: Callable[[Any, str], Any] = as_array
    time_major: tuple[str, ...] = ()
    """Inputs whose batch is the second dimension."""


def function_of(place: str) -> Any:
    """What `module:function` gives."""
    module, _, name = place.partition(":")
    return getattr(__import__(module, fromlist=[name]), name)()


def written_for(folder: Path) -> str:
    """The framework that a checkpoint's safetensors say they are of: pt, tf...; "" where there are none."""
    for file in sorted(folder.glob("*.safetensors")):
        from safetensors import safe_open  # noqa: PLC0415 - for who has some

        with safe_open(str(file), framework="numpy") as opened:
            return str((opened.metadata() or {}).get("format", "pt"))
    return ""


def asked_for(outputs: Iterable[str]) -> dict[str, bool]:
    """Arguments by which a model of transformers gives those of its outputs that it keeps to itself unasked."""
    kinds = [kind for kind in ("hidden_states", "attentions") if any(kind in name for name in outputs)]
    return {f"output_{kind}": True for kind in kinds}


def named(found: Any) -> dict[str, Any]:
    """What a model gives by names: its own, else output_0, output_1..."""
    if hasattr(found, "items"):
        flat: dict[str, Any] = {}
        for name, value in found.items():
            if isinstance(value, (list, tuple)):
                flat.update({f"{name}_{place}": each for place, each in enumerate(value) if hasattr(each, "shape")})
            elif value is not None and not isinstance(value, dict):
                flat[str(name)] = value
        return flat
    values = found if isinstance(found, (list, tuple)) else [found]
    return {f"output_{place}": value for place, value in enumerate(values) if value is not None}
