"""Options of rules, as configurations and documentation have them: what kind each is of, which its default says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.config.kinds import Flag, List, Number, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.config.kinds import Kind


def kinds_of(defaults: Mapping[str, Any]) -> dict[str, Kind]:
    """Options of a rule as configurations write them, and the kind that the default of each is of."""
    return {name.replace("_", "-"): _kind(default) for name, default in defaults.items()}


def _kind(default: Any) -> Kind:
    if isinstance(default, bool):
        return Flag()
    if isinstance(default, (int, float)):
        return Number(whole=isinstance(default, int))
    if isinstance(default, (tuple, list)):
        item = _kind(default[0]) if default else Text()
        return List(item, "a list of whole numbers" if isinstance(item, Number) else "a list of names")
    return Text()
