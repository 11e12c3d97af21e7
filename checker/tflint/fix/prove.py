"""Proof that an edited model answers as the old one did: both are run on the same inputs, in a process of their own.

An edit that touches nothing of the computation needs no run of a model that does not run here: its tables are compared.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.fix.document import Document
    from tflint.fix.edits.edit import Edit

EXTRA = "tflint fix runs both models to prove that nothing broke: pip install 'tflint[verify]'"
TIMEOUT = 600  # seconds
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """`problems`: none where it holds. `words`: on what it rests; `metrics` for the lock."""

    words: str
    problems: tuple[str, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)


def require_runtime() -> None:
    """Raise TflintError, which says what to install, where this environment cannot run a model."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise TflintError(EXTRA)


def prove(reference: Path, candidate: Path, document: Document, edits: Iterable[Edit]) -> Proof:
    """Compare what both answer. The inputs and outputs of `document` tell which belongs to which."""
    require_runtime()
    request = {
        "reference": str(reference),
        "candidate": str(candidate),
        "inputs": document.moved("inputs"),
        "outputs": document.moved("outputs"),
        "samples": SAMPLES,
    }
    answer = _ask(request)
    if "unrunnable" in answer:
        if all(edit.interface_only for edit in edits):
            return Proof("by its tables: no edit touches the computation, and the model does not run here")
        why = f"the model as it was does not run here, so nothing can be compared: {answer['unrunnable']}"
        return Proof("", (why,))
    words = f"{answer['compared']} outputs of {answer['samples']} samples are bit-identical"
    metrics = {"gate": "exact", "samples": answer["samples"], "runtime": answer["runtime"]}
    return Proof(words, tuple(answer["problems"]), metrics)


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    """The answer of `child.py`, in a folder of its own: models can write files, and a script's folder is searched."""
    with tempfile.TemporaryDirectory(prefix="tflint-fix-") as name:
        folder = Path(name)
        (folder / "work").mkdir()
        script = folder / "child.py"
        shutil.copyfile(Path(__file__).with_name("child.py"), script)
        command = [sys.executable, str(script), json.dumps(request)]
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter
                command, cwd=folder / "work", capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            return {"unrunnable": f"no answer within {TIMEOUT} seconds"}
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or ["no word"]
            return {"unrunnable": f"the process ended with {done.returncode}: {said[0]}"}
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
