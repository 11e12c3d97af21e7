"""What a model came from: which kind of source a word names, and whose framework loads it. Nothing is loaded here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tflint.errors import TflintError

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
SAVED_MODEL = "saved-model"
ENDINGS = {".keras": "keras", ".h5": "keras", ".hdf5": "keras", ".pt2": "torch", ".pb": "graph"}
INSIDE = {"saved_model.pb": SAVED_MODEL, "config.json": "checkpoint"}
TF_WEIGHTS = {"tf_model.h5", "tf_model.h5.index.json"}
TORCH_WEIGHTS = {
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
}
UNSAFE = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib")  # pickles: to load one is to run what is in it
MAX_HEADER = 100_000_000  # bytes, as safetensors has it
KNOWN = (
    "a SavedModel folder, a Keras file (.keras, .h5), module:function, a torch.export program (.pt2), a Hugging Face "
    "checkpoint folder, or a frozen graph (.pb)"
)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source. `spec`: an absolute path, or `module:function`."""

    kind: str
    spec: str


def source_of(text: str) -> SourceSpec:
    """What a word names. Raises TflintError for what is no source."""
    path = Path(text)
    if path.is_dir():
        kind = next((kind for name, kind in INSIDE.items() if (path / name).exists()), None)
        if kind is None:
            raise TflintError(f"{text}: neither a SavedModel (saved_model.pb) nor a checkpoint (config.json)")
        return SourceSpec(kind, str(path.resolve()))
    if path.is_file():
        if path.suffix in UNSAFE:
            raise TflintError(
                f"{text}: a pickle, and to load one is to run what is in it: export it (torch.export.save), or name "
                "a function that gives it, as module:function"
            )
        if path.suffix not in ENDINGS:
            raise TflintError(f"{text}: no source: write {KNOWN}")
        return SourceSpec(ENDINGS[path.suffix], str(path.resolve()))
    if FUNCTION.fullmatch(text):
        return SourceSpec("python", text)
    raise TflintError(f"{text}: no such file or folder, and no module:function")


def refuse_code(source: SourceSpec) -> None:
    """Raise TflintError for a source that is not loaded before the user trusts it.

    torch.export.load says of itself that it unpickles. That of torch 2.13.0 takes torch.load(weights_only=False) for
    sample inputs that need it (torch/_export/serde/serialize.py); sizes it reads with sympy.sympify, which evaluates.
    """
    if source.kind == "torch":
        raise untrusted(source.spec, "torch.export.load unpickles what is in the file, which may run code")


def untrusted(source: str, why: str) -> TflintError:
    """What is said of a source that is not loaded."""
    return TflintError(f"{source}: {why}: --trust-source if you know who made it")


def weights_of(text: str, source: SourceSpec) -> str:
    """What `--weights` names. Raises TflintError."""
    if source.kind != "python":
        raise TflintError(f"--weights {text}: goes with a --source module:function; other sources have their weights")
    if not Path(text).exists() and not FUNCTION.fullmatch(text):
        raise TflintError(f"--weights {text}: no such file or folder, and no module:function")
    return text


def by_torch(source: SourceSpec) -> bool:
    """Whether PyTorch loads it; a function is TensorFlow's until it is called."""
    if source.kind == "checkpoint":
        files = list(Path(source.spec).iterdir())
        has = {path.name for path in files if not _of_tensorflow(path)}
        return (len(has) == len(files) and not has & TF_WEIGHTS) or bool(has & TORCH_WEIGHTS)
    return source.kind == "torch"


def require_torch(source: SourceSpec) -> None:
    """Raise TflintError for a checkpoint whose weights PyTorch's class does not read."""
    if source.kind == "checkpoint" and not by_torch(source):
        raise TflintError(f"{source.spec}: its weights are TensorFlow's alone: --converter tensorflow reads them")


def _of_tensorflow(path: Path) -> bool:
    """Whether a file of safetensors says that TensorFlow wrote it: its kernels are turned, its names others."""
    if path.suffix != ".safetensors":
        return False
    try:
        with path.open("rb") as file:
            size = int(file.read(8)[::-1].hex(), 16)  # of the header, the lowest byte first
            header = json.loads(file.read(min(size, MAX_HEADER)))
        return bool(header["__metadata__"]["format"] == "tf")
    except (OSError, ValueError, KeyError, TypeError):
        return False
