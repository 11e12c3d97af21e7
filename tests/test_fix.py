"""`tflint fix MODEL`, run as a user runs it: what it does, what it proves, and that nothing short of that is kept."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import tflint
from mending import SIGNED, UNSIGNED, by_index, hidden, model, signatures

if TYPE_CHECKING:
    from pathlib import Path


def test_a_signature_is_added_and_answers_as_the_positions_do(tmp_path: Path) -> None:
    """A model without one gets the signature, named after its tensors and results, and the old bytes are proved."""
    path = model(tmp_path, UNSIGNED)
    x, mask = np.array([[1, 2, 3, 4]], np.float32), np.array([[1, 0, 1, 0]], np.float32)
    before = by_index(path, [x, mask])
    done = tflint("fix", path, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert signatures(path) == {
        "serving_default": (
            {"ids": "serving_default_ids:0", "mask": "mask"},
            {"output_1": "StatefulPartitionedCall:1", "output_0": "StatefulPartitionedCall:0"},
        )
    }
    answer = Interpreter(str(path)).get_signature_runner("serving_default")(ids=x, mask=mask)
    assert [answer["output_1"].tolist(), answer["output_0"].tolist()] == [value.tolist() for value in before]
    assert "now seen: TFL102" in done.stdout
    assert hidden(tmp_path) == []


def test_twice_is_once(tmp_path: Path) -> None:
    """A second run finds nothing to change and leaves every byte."""
    path = model(tmp_path, UNSIGNED)
    tflint("fix", path, cwd=tmp_path)
    once = path.read_bytes()
    again = tflint("fix", path, cwd=tmp_path)

    assert (again.returncode, path.read_bytes()) == (0, once)
    assert "nothing to change" in again.stdout


def test_names_are_given_by_flags(tmp_path: Path) -> None:
    """Signature, inputs and outputs get the names that were asked for; nothing else is mended then."""
    path = model(tmp_path, SIGNED)
    done = tflint(
        "fix",
        path,
        "--signature",
        "serve=predict",
        "--rename",
        "args_0=ids",
        "--rename",
        "output_0=scores",
        cwd=tmp_path,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert signatures(path) == {"predict": ({"ids": "x"}, {"scores": "y"})}


def test_order_of_the_signature(tmp_path: Path) -> None:
    """Outputs are put where the signature or the flag has them; the numbers go with the names."""
    path = model(tmp_path, UNSIGNED)
    x, mask = np.array([[1, 2, 3, 4]], np.float32), np.array([[1, 0, 1, 0]], np.float32)
    product, total = by_index(path, [x, mask])
    tflint("fix", path, cwd=tmp_path)
    done = tflint("fix", path, "--order", "outputs=output_0,output_1", "--order", "inputs=mask,ids", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [v.tolist() for v in by_index(path, [mask, x])] == [total.tolist(), product.tolist()]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--rename", "args_1=ids"), "no input or output 'args_1' (did you mean 'args_0'?)"),
        (("--rename", "quite=else"), "no input or output 'quite'; it has args_0, output_0"),
        (("--keep-output", "quite"), "no output 'quite'; it has output_0"),
        (("--fix-dim", "quite.0=1"), "no input 'quite'; it has args_0"),
        (("--fix-dim", "args_0.7=1"), "dimensions 0 to 1, not 7"),
        (("--fix-dim", "args_0.1=8"), "is 4: let it vary first, with args_0.1=?"),
        (("--rename", "args_0"), "write OLD=NEW"),
        (("--signature", "other=new"), "no signature 'other'; it has serve"),
        (("--signature", "fresh"), "to rename it, write 'serve=fresh'"),
        (("--order", "inputs=x"), "an order names each of them once"),
        (("--order", "sideways"), "write inputs=A,B"),
        (("--plan", "--diff"), "one of them"),
        (("--select", "TFL999"), "TFL999"),
        (("-f", "xml"), "xml"),
    ],
)
def test_flags_that_cannot_be_met(tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    """One line that says what is wrong, rc 2, and the file as it was."""
    path = model(tmp_path, SIGNED)
    before = path.read_bytes()
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_plan_and_diff_write_nothing(tmp_path: Path) -> None:
    """--plan names edit, rule and reason, --diff what would differ; neither touches the folder."""
    path = model(tmp_path, UNSIGNED)
    before = path.read_bytes()
    plan = tflint("fix", path, "--plan", cwd=tmp_path)
    diff = tflint("fix", path, "--diff", cwd=tmp_path)

    assert (plan.returncode, diff.returncode) == (0, 0)
    assert "add the signature 'serving_default': TFL101 no-signature: no SignatureDef" in plan.stdout
    assert "nothing was written" in plan.stdout
    assert "serving_default" in diff.stdout
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_json_names_steps_proof_and_digests(tmp_path: Path) -> None:
    """The machine's report holds what was done, on what proof, and what was written."""
    path = model(tmp_path, UNSIGNED)
    report = json.loads(tflint("fix", path, "--select", "TFL101", "-f", "json", cwd=tmp_path).stdout)

    assert report["steps"] == [
        {
            "edit": "add the signature 'serving_default'",
            "applicability": "safe",
            "code": "TFL101",
            "name": "no-signature",
            "why": "no SignatureDef: 2 inputs and 2 outputs can be bound by position only",
        }
    ]
    assert report["written"] == str(path)
    assert report["parity"]["gate"] == "exact"
    lock = json.loads((tmp_path / "tflint.lock").read_text())
    note = lock["models"]["model.tflite"]["fix"]
    assert [note["input"], note["output"]] == report["digests"]
    assert note["edits"] == ["add the signature 'serving_default'"]


def test_out_backup_links_and_permissions(tmp_path: Path) -> None:
    """--out leaves the model, --backup keeps it, a link stays a link, and permissions are kept."""
    path = model(tmp_path, UNSIGNED)
    path.chmod(0o640)
    before = path.read_bytes()
    out = tmp_path / "fixed.tflite"
    assert tflint("fix", path, "--out", out, cwd=tmp_path).returncode == 0
    assert path.read_bytes() == before
    assert stat.S_IMODE(out.stat().st_mode) == 0o640

    link = tmp_path / "link.tflite"
    link.symlink_to(path)
    assert tflint("fix", link, "--backup", cwd=tmp_path).returncode == 0
    assert link.is_symlink()
    assert path.read_bytes() == out.read_bytes()
    assert (tmp_path / "model.tflite.bak").read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_findings_say_how_they_are_mended(tmp_path: Path) -> None:
    """The JSON report of a check lists the edits of each finding and their applicability."""
    path = model(tmp_path, UNSIGNED)
    report = json.loads(tflint("check", path, "-f", "json", cwd=tmp_path).stdout)
    fixes = {finding["code"]: finding["fix"] for finding in report["files"][0]["findings"]}

    assert fixes["TFL101"] == [{"edit": "add the signature 'serving_default'", "applicability": "safe"}]
