"""The profiles of task libraries, which wrap a runtime and live by TFLite Metadata (part of generate_runtimes.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROBE = Path(__file__).with_name("mediapipe_probe.json")
INFERRED = (
    "inferred: ML Kit publishes no table of its TFLite build, so its kernels are taken for a subset of the newest "
    "LiteRT's and what loads there is unknown here"
)


def task_targets(files: dict[str, Any]) -> dict[str, Any]:
    """Path under data/ -> content, from the runtimes' own files."""
    answer = json.loads(PROBE.read_text(encoding="utf-8"))
    base = files[f"targets/{answer['base']}"]
    kernels = files[f"kernels/{base['kernels']}"]["kernels"]
    name = f"mediapipe-{'.'.join(map(str, answer['release']))}"
    origin = {"package": answer["package"], "wheel": answer["wheel"], "behaviour": f"as {answer['base']}, not measured"}
    mediapipe = {
        **base,
        "family": "mediapipe",
        "release": answer["release"],
        "kernels": name,
        "tasks": "mediapipe",
        "xnnpack_custom_ops": answer["xnnpack_custom_ops"],
        "custom_ops": answer["custom_ops"],
        "verifies_graph": answer["verifies_graph"],
        "provenance": {**origin, "custom_ops": answer["how"]},
    }
    mlkit = {
        **base,
        "family": "mlkit",
        "tasks": "mlkit",
        "inferred": INFERRED,
        "provenance": {"package": "ML Kit", "behaviour": INFERRED},
    }
    table = {"provenance": f"{answer['how']}: {answer['wheel']}", "kernels": {**kernels, **answer["kernels"]}}
    return {f"targets/{name}": mediapipe, f"kernels/{name}": table, "targets/mlkit": mlkit}
