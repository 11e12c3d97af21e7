"""The oldest runtime whose kernel tables hold every operator of a model: measured, never read from the metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.model.view import Model


def minimum_runtimes(model: Model) -> tuple[str, ...]:
    """`("tflite-2.13", "litert-1.0.0")`; a family that never runs one of the ops is left out.

    Every operator code counts, used or not, as the interpreter resolves them all at load.
    """
    from tflint.runtimes.profile import minimum_runtime  # noqa: PLC0415 - its table is read when asked for

    needs: dict[str, tuple[tuple[int, ...], str]] = {}
    lacking: set[str] = set()
    for code in model.operator_codes:
        if code.name == "CUSTOM":
            continue
        found = minimum_runtime(code.name, code.version)
        for family in ("tflite", "litert"):
            release = getattr(found, family)
            if release is None:
                lacking.add(family)
                continue
            version = tuple(map(int, release.lstrip("<=").split(".")))
            needs[family] = max(needs.get(family, ((), "")), (version, release.lstrip("<=")))
    return tuple(
        f"{family}-{release}" for family, (_, release) in sorted(needs.items(), reverse=True) if family not in lacking
    )
