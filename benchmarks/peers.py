"""Who is measured: what each imports, and what it then does with a path; the same text runs cold and warm."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Sample, Worker, launched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LITERT = "LiteRT load + allocate"
READ_MODEL = "flatbuffer_utils.read_model"
ANALYZER = "TensorFlow's Analyzer"
VELA = "ethos-u-vela's reader"
READ = "tflint, the read"
CONCISE = "tflint check, concise"
FULL = "tflint check, full"
HERE = Path(sys.executable)


@dataclass(frozen=True)
class Peer:
    """A program: the interpreter that has it (None: nobody named one), its imports, and its call for a `path`."""

    name: str
    python: Path | None
    setup: str
    call: str
    option: str = ""

    def cold(self, path: Path) -> Sample:
        """One process for it all, imports included."""
        if not self.python:
            return self._absent()
        return launched([self.python, "-c", f"import sys\npath = sys.argv[1]\n{self.setup}\n{self.call}", path])

    def once(self, path: Path, before: Path) -> Sample:
        """One call in a process of its own that has imported all and had a small model before."""
        if not self.python:
            return self._absent()
        worker = Worker(self.python, self.setup, self.call)
        first = worker.call(before)
        sample = first if first.ms is None else worker.call(path)
        worker.close()
        return sample

    def worker(self) -> tuple[Callable[[Path], Sample], Callable[[], None]]:
        """What calls it again and again in one process, and what ends that."""
        if not self.python:
            return lambda _: self._absent(), lambda: None
        worker = Worker(self.python, self.setup, self.call)
        return worker.call, worker.close

    def _absent(self) -> Sample:
        return Sample(None, None, f"not measured: no {self.option} names a Python that has it")


def others(tensorflow: Path | None, vela: Path | None) -> Iterable[Peer]:
    """The peers; two need an interpreter of their own."""
    yield Peer(
        LITERT,
        HERE,
        "from ai_edge_litert.interpreter import Interpreter",
        "Interpreter(path).allocate_tensors()",
    )
    yield Peer(
        READ_MODEL,
        HERE,
        "from ai_edge_litert.tools import flatbuffer_utils",
        "flatbuffer_utils.read_model(path)",
    )
    yield Peer(
        ANALYZER,
        tensorflow,
        "import tensorflow as tf",
        "tf.lite.experimental.Analyzer.analyze(model_path=path, gpu_compatibility=True)",
        "--tensorflow",
    )
    yield Peer(
        VELA,
        vela,
        "from ethosu.vela.tflite_reader import read_tflite",
        "read_tflite(path, None, {}, [], [])",
        "--vela",
    )


def ours() -> Iterable[Peer]:
    """What tflint does in one process: the read alone, and the default check with its report."""
    yield Peer(
        READ,
        HERE,
        "from pathlib import Path\nfrom tflint.model.read import read_model",
        "read_model(Path(path))",
    )
    for name, kind in ((CONCISE, "concise"), (FULL, "full")):
        yield Peer(
            name,
            HERE,
            "from pathlib import Path\n"
            "from tflint.config.settings import Settings\n"
            "from tflint.engine import check_file\n"
            "from tflint.findings import Report\n"
            "from tflint.plans import make\n"
            "from tflint.registry import catalogue\n"
            "from tflint.report import Style, render\n"
            "plan = make(Settings(), catalogue())",
            f"render({kind!r}, Report((check_file(Path(path), plan),), ('litert',)), Style(color='never'))",
        )
