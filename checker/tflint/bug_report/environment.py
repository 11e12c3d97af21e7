"""What is installed beside tflint, read from package metadata: nothing of it is imported.

A bug report is public: the home folder and the user's name are taken out of what it says.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tflint import __version__

_HOMES = r"[/\\](?:home|users|user|media)[/\\]+"  # folders of which the next one has a user's name
PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-macos",
    "tf-nightly",
    "tensorflow-text",
    "tensorflow-model-optimization",
    "tf-keras",
    "keras",
    "ai-edge-litert",
    "ai-edge-quantizer",
    "ai-edge-torch",
    "litert-converter",
    "litert-quantizer",
    "litert-torch",
    "tflite",
    "tflite-micro",
    "tflite-runtime",
    "ethos-u-vela",
    "mediapipe",
    "torch",
    "transformers",
    "optimum",
    "jax",
    "onnx",
    "onnx2tf",
    "flatbuffers",
    "numpy",
    "protobuf",
)


def environment() -> dict[str, Any]:
    """Versions, and the platform; no host name, no path."""
    return {
        "tflint": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def anonymous(text: str) -> str:
    """The text without the user's home folder (`~`) and, in paths of other homes, the user's name (`USER`)."""
    home = str(Path.home())
    for folder in sorted({home, os.path.realpath(home)} - {"/", ""}, key=len, reverse=True):
        for form in (folder, folder.replace("\\", "\\\\"), folder.replace("\\", "/")):
            text = re.sub(rf"(?<![\w.-]){re.escape(form)}(?![\w.-])", lambda _: "~", text)
    name = _user()
    return re.sub(rf"(?i)({_HOMES}){re.escape(name)}(?![\w.-])", r"\1USER", text) if name else text


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no entry in the password database, as in containers
        return ""
