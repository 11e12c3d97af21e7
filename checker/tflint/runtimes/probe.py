"""Ask an interpreter of another environment what its TFLite runtime can load, and write that as a TOML profile.

The questions are put by children/probe.py in a process of that interpreter: it may crash, and it needs nothing of ours.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.process import program, run_program
from tflint.runtimes.profile import FLAGS, custom_op_names, resolve, target_ids, tensor_type_names
from tflint.runtimes.toml_profile import CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.runtimes.profile import RuntimeProfile

TIMEOUT = 900  # seconds; two for a wheel, a minute where TensorFlow has to be imported again for each trial
PACKAGES = {"ai-edge-litert": "litert", "tflite-runtime": "tflite-runtime", "tensorflow": "tflite", "tf": "tflite"}


def ask(python: Path) -> dict[str, Any]:
    """Give the child's answer, tensor types by name. Raises TflintError."""
    with tempfile.TemporaryDirectory(prefix="tflint-probe-") as folder:
        request = {"custom_ops": custom_op_names()}
        ended = run_program(program("probe"), request, Path(folder), str(python), timeout=TIMEOUT)
    if ended.timed_out:
        raise TflintError(f"{python}: no answer within {TIMEOUT} seconds")
    if ended.code or ended.answer is None:
        last = [line for line in ended.said.splitlines() if line.strip()][-1:]
        raise TflintError(f"{python}: {last[0] if last else f'the probe ended with {ended.code}'}")
    found = ended.answer
    names = dict(enumerate(tensor_type_names()))
    found["tensor_types"] = [names.get(kind, f"type{kind}") for kind in found["tensor_types"]]
    return found


def profile_toml(answer: Mapping[str, Any]) -> str:
    """Give the answer as a TOML profile that states everything."""
    return "\n".join(_lines(answer)) + "\n"


def write_profile(text: str, path: Path) -> None:
    """Write a file whole or not at all, its folder created. Raises TflintError."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise TflintError(f"{path}: {error.strerror or error}") from error


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    family, release = family_of(answer["package"]), _release(answer["version"])
    stated = {key: answer[key] for key in (*FLAGS, *CHOICES) if answer.get(key) is not None}
    yield f"# What {answer['package']} {answer['version']} loads, asked by `tflint target probe`."
    yield f"name = {_value(answer['package'] + '-' + answer['version'])}"
    yield f"family = {_value(family)}"
    yield f"release = {_value(release)}"
    yield f"generation = {_value(list(_generation(answer, family)))}"
    yield f"max_builtin_code = {answer['max_builtin_code']}"
    yield from (f"{key} = {_value(value)}" for key, value in stated.items())
    yield f"tensor_types = {_value(answer['tensor_types'])}"
    yield f"xnnpack_custom_ops = {_value(answer['xnnpack_custom_ops'])}"
    for table, ranges in (("kernels", answer["kernels"]), ("custom", answer["custom_ops"])):
        yield f"\n[{table}]"
        yield from (f"{_key(name)} = {_value(ranges[name])}" for name in sorted(ranges))
    yield "\n[provenance]"
    for key in ("package", "version", "python", "platform"):
        yield f"{key} = {_value(answer[key])}"
    yield 'how = "tflint target probe: one-operator models, as in tflint/children/probe.py"'


def family_of(package: str) -> str:
    """Give the family of a distribution, nightlies and CPU builds included."""
    return next(family for prefix, family in PACKAGES.items() if package.startswith(prefix))


def _release(version: str) -> list[int]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return [int(part) for part in numbers[0].split(".")] if numbers else [0]


def _generation(answer: Mapping[str, Any], family: str) -> tuple[int, ...]:
    """Give that of the shipped profile of this release, else of the newest one whose op versions this build has."""
    shipped = [resolve(name) for name in target_ids()]
    release = tuple(_release(answer["version"]))
    same = [p for p in shipped if p.family == family and p.release == release[: len(p.release)]]
    contained = [p for p in shipped if not p.micro and _contains(answer, p)]
    return max((p.generation for p in same or contained), default=(2, 3))


def _contains(answer: Mapping[str, Any], profile: RuntimeProfile) -> bool:
    """Tell whether the build is at least as new, judged by the ops that both have: a build may leave ops out."""
    kernels = answer["kernels"]
    shared = kernels.keys() & profile.kernels.keys()
    return profile.max_builtin_code <= answer["max_builtin_code"] and all(
        kernels[op][1] >= profile.kernels[op][1] for op in shared
    )


def _value(value: object) -> str:
    """TOML of a string, number, boolean or list: the same text as JSON's."""
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)
