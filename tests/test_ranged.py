"""Remote bytes: all that a check looks at is fetched before it looks, and weights never are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from models import EXAMPLES, all_models
from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.findings import Report
from tflint.inspection import inspect_model
from tflint.model import ranged
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import _fetch
from tflint.model.ranged import BLOCK, FIRST, Ranged
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.report import Style, render
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

MODELS = [path for path in all_models() if path.is_file() and path.stat().st_size]
TARGETS = ("litert", "litert+compiled", "tflite-2.3", "tflm")


def remote(data: bytes) -> Ranged:
    """Memory of a remote file; what was not fetched is no zero, which may pass for something, but nonsense."""
    memory = Ranged.of(len(data), lambda spans: [data[start:stop] for start, stop in spans])
    memory[:] = b"\xa5" * len(data)
    return memory


def told(data: Any) -> Any:
    """All that is said of a model."""
    try:
        model = decode(data)
    except MalformedModelError as problem:
        return problem.reason, problem.where
    file = check_model(model, Plan(tuple(catalogue().values()), tuple(map(resolve, TARGETS))), "m")
    return render("json", Report((file,), TARGETS), Style()), json.dumps(inspect_model(model, "m", TARGETS[:1]))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_remote_models_are_read_as_local_ones_are(path: Path) -> None:
    """Findings and facts of every model at hand are the same, the damaged ones too."""
    data = path.read_bytes()
    memory = remote(data)
    _fetch(memory, weights=False)

    assert told(memory) == told(data)


def test_weights_are_fetched_when_they_are_wanted() -> None:
    """All bytes, in long ranges; and no more than memory should hold."""
    data = b"TFL3" * (3 << 20)
    memory = remote(data)
    _fetch(memory, weights=True)

    assert memory.requests == 2
    assert bytes(memory) == data
    large = Ranged.of(ranged.MAX_WHOLE + 1, lambda _: [])
    with pytest.raises(MalformedModelError, match="download it first"):
        large.gather_all()


def test_small_gaps_are_fetched_and_large_ones_are_not() -> None:
    """The smallest first, as long as all of them together are a small part of the file."""
    data = bytes(64 << 20)
    memory = remote(data)
    memory.gather([(at, at + 10) for at in (0, 3 * BLOCK, 100 * BLOCK, 5000 * BLOCK)])

    assert memory.requests == 2
    assert memory.fetched == 102 * BLOCK
    memory.gather([(at * 200 * BLOCK, at * 200 * BLOCK + 10) for at in range(30, 300)])
    assert memory.fetched < len(data) // 64 + 300 * BLOCK


def test_a_slice_is_fetched_when_it_is_taken() -> None:
    """A tail, a small constant, a single byte; once."""
    data = bytes(range(256)) * 1000
    memory = remote(data)

    assert memory[1000:1010] == data[1000:1010]
    assert memory[-5:] == data[-5:]
    assert memory[200_000] == data[200_000]
    assert (memory.requests, len(memory)) == (3, len(data))
    assert memory[1000:1010] == data[1000:1010]
    assert memory.requests == 3


def test_a_part_is_memory_of_its_own() -> None:
    """A member of an archive has offsets from its own start."""
    data = (EXAMPLES / "clean.tflite").read_bytes()
    part = remote(b"x" * 5000 + data + b"y" * 5000).part(5000, 5000 + len(data))
    _fetch(part, weights=False)

    assert told(part) == told(data)


def test_structure_spread_over_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes a table of each block would have the whole file fetched."""
    monkeypatch.setattr(ranged, "MAX_FETCHED", 2 * FIRST)
    rows = "\n".join(f"t{n}: float32[1] = RELU({f't{n - 1}' if n else 'x'})" for n in range(2000))
    memory = remote(sketch.build(f"x: float32[1]\n{rows}\n"))

    with pytest.raises(MalformedModelError, match="download it first"):
        _fetch(memory, weights=False)


def test_memory_of_a_large_file_is_only_what_was_fetched() -> None:
    """4 GB are addresses, not memory."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = Ranged.of(4 << 30, lambda spans: [bytes(stop - start) for start, stop in spans])
    memory.gather([(0, 10), (3 << 30, (3 << 30) + 10), ((4 << 30) - 10, 4 << 30)])

    assert memory[3 << 30] == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
