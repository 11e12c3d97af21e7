"""The benchmark is run, small: all that it promises is there. How long anything takes is never asserted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

import made
import measure
import peers
import plot
import table
from measure import Sample
from models import ROOT
from tflint.open import open_model

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.xdist_group("benchmarks")
MEASURED = (peers.CONCISE, peers.READ, peers.READ_MODEL, peers.LITERT)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What one quick run writes."""
    out = tmp_path_factory.mktemp("benchmark") / "results.json"
    command: list[str | Path] = [sys.executable, ROOT / "benchmarks" / "run.py", "--quick", "--json", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    assert [line for line in done.stdout.splitlines() if line.startswith("## ")] == [
        f"## {section['title']}" for section in found["sections"]
    ]
    return found


def groups(results: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    [section] = [section for section in results["sections"] if section["name"] == name]
    found: list[dict[str, Any]] = section["groups"]
    return found


def test_every_figure_has_a_ratio_to_a_peer_that_is_there(results: Mapping[str, Any]) -> None:
    """Each row has time and ratio, or says why it has none; the peer of a group is measured and is 1."""
    assert {section["name"] for section in results["sections"]} == {
        "cold",
        "warm",
        "throughput",
        "operators",
        "weights",
        "imports",
    }
    for group in (group for section in results["sections"] for group in section["groups"]):
        assert group["rows"]
        for row in group["rows"]:
            assert (row["ms"] >= 0 and row["ratio"] >= 0) if "ms" in row else row["note"].startswith("not measured")
        if not group["title"].startswith("the "):  # a share of the whole, which is not a module
            [peer] = [row for row in group["rows"] if row["name"] == group["peer"]]
            assert (peer["ratio"], peer["ratio_spread"]) == (1, 0)


def test_whole_processes_and_calls_are_held_against_all_peers(results: Mapping[str, Any]) -> None:
    """Cold and warm have both reports and four peers, with memory; those without an interpreter say which option."""
    others = [peer.name for peer in peers.others(None, None)]
    for name in ("cold", "warm"):
        [group] = groups(results, name)
        rows = {row["name"]: row for row in group["rows"]}
        assert set(rows) > {peers.CONCISE, peers.FULL, *others}
        assert all("mb_ratio" in rows[each] for each in (peers.CONCISE, peers.FULL, peers.LITERT, peers.READ_MODEL))
        assert "--tensorflow" in rows[peers.ANALYZER]["note"]
        assert "--vela" in rows[peers.VELA]["note"]


def test_growth_has_a_row_for_each_size(results: Mapping[str, Any]) -> None:
    """Operators and bytes ascend, to 4 GB of weights, and all have time and memory for tflint and two peers."""
    for name, last in (("operators", 10_000), ("weights", 4 << 30)):
        sizes = [group["x"] for group in groups(results, name)]
        assert len(sizes) > 1
        assert sizes[-1] == last
        assert all(one < other for one, other in pairwise(sizes))
        for group in groups(results, name):
            assert {row["name"] for row in group["rows"] if "ms" in row and "mb" in row} == set(MEASURED)


def test_many_models_are_checked_by_one_process_and_by_all_cores(results: Mapping[str, Any]) -> None:
    """Models a second of each number of jobs, beside a loop of the peer and beside one job."""
    beside_loop, beside_one = groups(results, "throughput")
    assert beside_one["peer"].endswith("--jobs 1")
    assert all(row["per_second"] > 0 for group in (beside_loop, beside_one) for row in group["rows"])


def test_start_up_is_broken_down_by_import(results: Mapping[str, Any]) -> None:
    """The parts of owners make the whole, and modules have what they import with them."""
    owners, modules = groups(results, "imports")
    whole, *parts, peer = owners["rows"]
    assert peer["name"] == owners["peer"]
    assert {row["name"].removeprefix("of them ") for row in parts} >= {"tflint", "typer", "rich", "standard library"}
    assert sum(row["ms"] for row in parts) == pytest.approx(whole["ms"], rel=0.3)  # medians of each
    assert all(row["cumulative_ms"] >= row["ms"] * 0.5 for row in modules["rows"])


def test_how_figures_were_made_is_told(results: Mapping[str, Any]) -> None:
    """Machine, versions, commit, date and load average are in the results, and a quick run says that it is one."""
    about = results["about"]
    assert about["machine"]["cores"] > 0
    assert {"tflint", "ai-edge-litert"} <= set(about["versions"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", about["date"])
    assert len(about["load"]) == 2
    assert "of no use" in table.summary(about)
    assert "Provisional" in table.summary({**about, "load": [about["machine"]["cores"], 0]})
    assert "Provisional" not in table.summary({**about, "load": [0, about["machine"]["cores"]]})


def test_picture_shows_every_series(results: Mapping[str, Any]) -> None:
    """Four panels with a line of as many points as there are sizes, for each of four series."""
    picture = ET.fromstring(plot.svg(results["sections"]))  # noqa: S314 - made here
    panels = picture.findall(f"{SVG}g")
    assert len(panels) == 4
    for panel, name in zip(panels, ("operators", "weights") * 2, strict=True):
        lines = panel.findall(f"{SVG}polyline")
        assert [len(line.attrib["points"].split()) for line in lines] == [len(groups(results, name))] * 4
        for line in lines:
            places = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
            assert all(0 <= x <= plot.PANEL[0] and 0 <= y <= plot.PANEL[1] for x, y in places)


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_picture_is_legible(place: int) -> None:
    """Text has a contrast of 7 with its own card, lines have 4.5: WCAG 2, 1.4.6 and 1.4.3."""
    card, text, _ = list(plot.INK.values())[place]
    assert contrast(text, card) >= 7
    assert all(contrast(line[place], card) >= 4.5 for line in plot.LINES.values())


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, by WCAG 2."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_made_models_are_what_they_say(tmp_path: Path) -> None:
    """A chain has its operators, each fed by the one before; 4 GB of weights lie outside and take no disk."""
    [chain] = open_model(made.of_operators(12, tmp_path / "chain.tflite")).subgraphs
    assert len(chain.ops) == 12
    assert all(before.outputs[0] in after.inputs for before, after in pairwise(chain.ops))
    large = made.of_bytes(4 << 30, tmp_path / "large.tflite")
    assert large.stat().st_size > 4 << 30
    assert large.stat().st_blocks * 512 < 1 << 20
    assert open_model(large).subgraphs[0].tensors[1].shape == (1 << 22, 256)


def test_ratios_are_of_the_same_round() -> None:
    """A round in which the machine was slow does not move the ratio, and medians are of what is left."""
    taken = {
        "ours": [Sample(1, 10), Sample(20, 30), Sample(3, 20)],
        "peer": [Sample(2, 40), Sample(40, 40), Sample(6, 40)],
    }
    ours, peer = measure.rows(taken, "peer")
    assert (ours["ms"], ours["ratio"], ours["ratio_spread"], ours["mb_ratio"]) == (3, 0.5, 0, 0.5)
    assert peer["ratio"] == 1


def test_tasks_take_turns_and_a_failed_one_is_not_tried_again() -> None:
    """The first round does not count; what fails keeps its reason."""
    told: list[str] = []

    def task(name: str, sample: Sample) -> Sample:
        told.append(name)
        return sample

    taken = measure.rounds({"a": lambda: task("a", Sample(1)), "b": lambda: task("b", Sample(None, None, "no"))}, 2)

    assert told == ["a", "b", "a", "a"]
    assert taken == {"a": [Sample(1), Sample(1)], "b": [Sample(None, None, "no")]}


def test_a_peer_that_cannot_is_told(tmp_path: Path) -> None:
    """A call that raises has its time and what it said; one that dies or lacks a module the reason alone."""
    here = Path(sys.executable)
    refused = peers.Peer("refuses", here, "", "raise ValueError('no model')").once(tmp_path, tmp_path)
    assert refused.ms is not None
    assert refused.note == "ValueError: no model"
    absent = peers.Peer("lacks it", here, "import no_such_module", "").once(tmp_path, tmp_path)
    assert (absent.ms, absent.note) == (None, "ModuleNotFoundError: No module named 'no_such_module'")
    dead = peers.Peer("dies", here, "import os", "os._exit(1)").once(tmp_path, tmp_path)
    assert (dead.ms, dead.note) == (None, "exit code 1")
    cold = peers.Peer("dies", here, "import no_such_module", "").cold(tmp_path)
    assert (cold.ms, cold.note) == (None, "ModuleNotFoundError: No module named 'no_such_module'")
    killed = measure.launched([here, "-c", "import os; os._exit(3)"])
    assert (killed.ms, killed.note) == (None, "exit code 3")
