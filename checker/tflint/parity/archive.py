"""Results of both sides in one `.npz`, so that they can be judged again without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.parity.gates import ALIKE, LADDER
from tflint.parity.judge import judge
from tflint.parity.report import ParityReport, Part
from tflint.parity.results import arrays_of, plain, read_plain
from tflint.parity.samples import Samples, read_arrays, write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tflint.parity.gates import Gates


def save(report: ParityReport, bind: Mapping[str, str], path: Path) -> None:
    """Write what both sides answered. Raises TflintError."""
    arrays: dict[str, Any] = {}
    parts = []
    for number, part in enumerate(report.parts):
        runs = []
        for mode, judgement in enumerate(part.judgements):
            sides = {"reference": judgement.reference, "candidate": judgement.candidate}
            runs.append({side: plain(results) for side, results in sides.items()})
            for side, results in sides.items():
                arrays |= arrays_of(results, f"{number}/{mode}/{side}/")
        told = {"signature": part.key, "problems": list(part.problems), "notes": list(part.notes), "runs": runs}
        parts.append(
            {
                **told,
                "samples": {
                    "origin": part.samples.origin,
                    "notes": list(part.samples.notes),
                    "empty": list(part.samples.empty),
                    "labels": [
                        {name: np.asarray(value).tolist() for name, value in row.items()} for row in part.samples.labels
                    ],
                },
            }
        )
    about = {
        "parity": 1,
        "reference": report.reference,
        "candidate": report.candidate,
        "scheme": report.scheme,
        "bind": dict(bind),
        "problems": list(report.problems),
        "parts": parts,
    }
    write_arrays(path, about, arrays)


def judged(path: Path, gates: Callable[[Gates], Gates]) -> ParityReport:
    """Judge what `save` wrote; `gates` makes them of those of the scheme. Raises TflintError."""
    about, arrays = read_arrays(path)
    if about.get("parity") != 1:
        raise TflintError(f"{path}: not written by tflint verify --save")
    try:
        scheme = next((each for each in (*LADDER, ALIKE) if each.name == about["scheme"]), LADDER[0])
        found = gates(scheme)
        parts = tuple(
            Part(
                part["signature"],
                Samples((), str(part["samples"]["origin"]), tuple(map(str, part["samples"]["notes"]))),
                tuple(
                    judge(
                        read_plain(pair["reference"], arrays, f"{number}/{mode}/reference/"),
                        read_plain(pair["candidate"], arrays, f"{number}/{mode}/candidate/"),
                        found,
                        about["bind"],
                        part["samples"]["empty"],
                        part["samples"].get("labels", ()),
                    )
                    for mode, pair in enumerate(part["runs"])
                ),
                tuple(map(str, part["problems"])),
                tuple(map(str, part["notes"])),
            )
            for number, part in enumerate(about["parts"])
        )
        problems = tuple(map(str, about["problems"]))
        names = str(about["reference"]), str(about["candidate"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise TflintError(f"{path}: damaged: {type(problem).__name__} {problem}") from None
    return ParityReport(*names, found, parts, problems, scheme.name)
