"""What the programs have in common that convert a model: where they are, what they answer, what is kept of outputs."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exchange import answer, awaited, stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from .source import Source

PACKAGES = ("tensorflow", "tf-keras", "keras", "transformers", "torch", "litert-torch", "numpy")
BULKY = ("hidden_states", "attentions", "past_key_values")  # one a layer: nobody gets them without asking
MAX_FRAMES = 20
MAX_MESSAGE = 20_000


class Work:
    """One conversion."""

    def __init__(self, request: dict[str, Any], folder: Path) -> None:
        self.request, self.folder = request, folder
        self.answer: dict[str, Any] = {"seconds": {}}
        self.since = time.perf_counter()
        self.doing = ""

    def stage(self, name: str) -> None:
        """Leave word where it is, and how long the last stage took."""
        now = time.perf_counter()
        if self.doing:
            self.answer["seconds"][self.doing] = now - self.since
        self.since, self.doing = now, name
        stage(self.folder, name)

    def learn(self, *sources: Source, **more: Any) -> None:
        """Tell what the source is, by one function or several; of each input the batch is told first.

        Raises SourceError where it does not say what its inputs are.
        """
        inputs: dict[str, list[Any]] = {
            name: list(each) for source in sources for name, each in source.inputs().items()
        }
        for name in (name for source in sources for name in source.time_major):
            first, second, *rest = inputs[name][0]
            inputs[name][0] = [second, first, *rest]
        self.answer |= {"about": sources[0].about, "source_inputs": inputs, **more}

    def port(self, name: str, dtype: str) -> tuple[str, str]:
        """What an input is called, and its element type, as the recipe wants it."""
        return self.request["names"].get(name, name), self.request["types"].get(name, dtype)

    def sizes(self, name: str, shape: list[int | None], batch: int = 0) -> list[int | None]:
        """Dimensions of an input: as the recipe has them one by one, else batch and length for those that are open.

        `batch`: the place of that.
        """
        fills = [self.request["batch" if place == batch else "length"] for place in range(len(shape))]
        open_ones = [fill if size is None else size for size, fill in zip(shape, fills)]  # noqa: B905 - of one length
        return [self.request["dims"].get(f"{name}.{place}", size) for place, size in enumerate(open_ones)]

    def kept(self, found: dict[str, Any], *, of_several: bool = False) -> dict[str, Any]:
        """The outputs that the recipe wants, by the names that it gives them. Raises LookupError.

        Of several functions each has some of them: one that has none keeps its own.
        """
        wanted, called = self.request["outputs"], self.request["names"]
        outputs = self.answer.setdefault("source_outputs", [])
        outputs += [name for name in found if name not in outputs]
        if of_several:
            wanted = [name for name in wanted if name in found]
        missing = [name for name in wanted if name not in found]
        if missing:
            raise LookupError(f"the model has no output {missing[0]!r}; it has {', '.join(found)}")
        names = wanted or [name for name in found if not name.startswith(BULKY)]
        return {called.get(name, name): found[name] for name in names}

    def failed(self, error: BaseException) -> dict[str, Any]:
        """An error as the diagnosis reads it."""
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        return {
            "type": type(error).__name__,
            "kind": getattr(error, "kind", ""),
            "stage": self.doing,
            "message": str(error)[:MAX_MESSAGE],
            "errors": [_plain(each) for each in getattr(error, "errors", None) or ()],
            "frames": [[frame.filename, frame.lineno, frame.name] for frame in frames],
        }


def _plain(error: Any) -> dict[str, Any]:
    """A ConverterErrorData of TensorFlow: its code, operator and where in the user's code that stands."""
    calls = [[call.source.filename, call.source.line, call.name] for call in error.location.call]
    code = type(error).ErrorCode.Name(error.error_code)
    return {"code": code, "operator": error.operator.name, "message": error.error_message, "calls": calls}


def versions() -> dict[str, str]:
    """Releases of what has a part in it."""
    installed = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
    return {"python": sys.version.split()[0], **{name: installed[name] for name in PACKAGES if name in installed}}


def run(convert: Callable[[Work], None], folder: str) -> None:
    """Convert, and leave the answer, whatever came of it."""
    work = Work(awaited(Path(folder)), Path(folder))
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="1", HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")
    if work.request["kind"] == "python":
        sys.path.append(work.request["here"])
    try:
        convert(work)
        work.stage("")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the converter's, frameworks' and the user's code
        if isinstance(error, ModuleNotFoundError):
            work.answer["missing"] = error.name
        work.answer["failure"] = work.failed(error)
    work.answer["versions"] = versions()
    answer(work.folder, work.answer)
