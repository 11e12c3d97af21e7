"""Run tests on the mutants of modules, `python scripts/mutate.py rules/tflint_rules/shapes/*.py`; print who survives.

A rule's mutants meet its contracts, then the tests that name its code; those of the checker meet the tests below. Each
runs in a fork of a process that has all imports behind it, and the installed command runs in a fork of that. What may
survive is listed in tests/mutation/, each with the reason: any other survivor is an error, and so is one that is listed
and dies.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import json
import os
import re
import resource
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mutants import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

ROOT = Path(__file__).parent.parent
LISTS = ROOT / "tests" / "mutation"
SECONDS = 60  # of CPU, more than any of these tests takes: a mutant that does is in a loop
MEMORY = 4 << 30  # bytes
CHECKER = {  # module -> the tests of what it does
    "baseline": ("test_baseline_file.py", "test_baseline.py"),
    "engine": ("test_engine.py", "test_engine_files.py"),
    "findings": ("test_findings.py", "test_engine.py"),
    "model.flatbuf": ("test_flatbuf_layout.py", "test_read.py", "test_flatbuf.py"),
    "model.read": ("test_read_forms.py", "test_read_bytes.py", "test_read.py"),
    "parity.gates": ("test_parity_numbers.py", "test_parity_gates.py"),
    "parity.metrics": ("test_parity_measures.py", "test_parity_numbers.py"),
    "plans": ("test_plans.py",),
    "registry": ("test_registry.py", "test_plugins.py"),
    "rule": ("test_rule.py", "test_plugins.py", "test_config_command.py"),
    "select": ("test_select.py", "test_config_mistakes.py", "test_config.py"),
    "suppress": ("test_suppressor.py", "test_suppress.py"),
    "upkeep": ("test_upkeep.py",),
}
QUICK = (  # tests of rules beside their contracts
    "test_absent_parts.py",
    "test_initializers.py",
    "test_recurrent.py",
    "test_rule_severities.py",
    "test_size.py",
    "test_stored.py",
    "test_task_metadata_rules.py",
)


def main() -> int:
    """Print the survivors of each file and the score; 1 where they are not those that are listed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--found", type=Path, help="a file that takes the survivors, as JSON")
    asked = parser.parse_args()
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]
    wrong, found = 0, {}
    for file in asked.files:
        path = file.resolve().relative_to(ROOT).as_posix()
        began = time.monotonic()
        made, alive = survivors(path, asked.jobs)
        listed = allowed(path)
        known = [name for name in alive if name in listed]
        print(
            f"{path}: {made} mutants, {len(alive)} survive, {len(known)} listed, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        for name in alive:
            if name not in listed:
                print(f"  survives: {name}", flush=True)
        for name in listed.keys() - set(alive):
            print(f"  is listed, and does not survive: {name}", flush=True)
        wrong += len(listed.keys() ^ set(alive))
        found[path] = {"mutants": made, "survivors": alive}
        if asked.found:
            asked.found.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return min(wrong, 1)


def allowed(path: str) -> dict[str, str]:
    """The mutants of a file that may survive, with the reason."""
    return {
        name: reason
        for file in LISTS.glob("*.json")
        for name, reason in json.loads(file.read_text(encoding="utf-8")).get(path, {}).items()
    }


def survivors(path: str, jobs: int) -> tuple[int, list[str]]:
    """How many mutants a file has, and those that its tests let live. Raises RuntimeError where tests fail without."""
    module = path.split("/", 1)[1].removesuffix(".py").replace("/", ".")
    stages = stages_of(path, module)
    source = (ROOT / path).read_text(encoding="utf-8")
    if not lives(module, compile(source, str(ROOT / path), "exec"), stages):
        raise RuntimeError(f"{path}: its tests fail as it is")
    every = list(mutants(source, str(ROOT / path)))

    def alive(mutant: Mutant) -> bool:
        return lives(module, mutant.code, stages)

    with ThreadPoolExecutor(jobs) as pool:
        lived = list(pool.map(alive, every))
    return len(every), [mutant.name for mutant, alive in zip(every, lived, strict=True) if alive]


def stages_of(path: str, module: str) -> list[Callable[[], bool]]:
    """What a mutant has to pass, the quick first."""
    if path.startswith("rules/"):
        preload("pytest", "tflint.testing", "tflint.fixer.document", "tflint.model.weights", "tflint_rules")
        codes = codes_of(module)
        remember()
        contracts(codes)
        files = [name for name in QUICK if any(code in (ROOT / "tests" / name).read_text() for code in codes)]
        return [lambda: contracts(codes), *([lambda: tests(files)] if files else [])]
    preload("pytest", "numpy", "hypothesis", "flatbuffers", "tflite", "typer", "rich.console")  # and nothing of tflint
    # no models but the repository's: a list holds wherever it is run
    vars(importlib.import_module("models"))["SHARED"] = LISTS
    return [lambda: tests(CHECKER[module.removeprefix("tflint.")])]


def codes_of(module: str) -> list[str]:
    """The rule of a file, or those whose files import it."""
    from tflint_rules import INDEX  # noqa: PLC0415 - only for rules

    own = [code for code, row in INDEX.items() if row[1] == module]
    if own:
        return own
    users, todo = set(), [module]
    sources = {file: file.read_text(encoding="utf-8") for file in (ROOT / "rules").rglob("*.py")}
    while todo:
        name = todo.pop()
        for file, text in sources.items():
            user = file.relative_to(ROOT / "rules").with_suffix("").as_posix().replace("/", ".")
            if re.search(rf"\b{re.escape(name)} import", text) and user not in users:
                users.add(user)
                todo.append(user)
    return [code for code, row in INDEX.items() if row[1] in users]


def preload(*names: str) -> None:
    """Import what mutants need alike."""
    for name in names:
        importlib.import_module(name)


def remember() -> None:
    """Build and read each sketch once: what rules make of models is what changes, and no rule changes a model."""
    from tflint import sketch, testing  # noqa: PLC0415 - for rules

    for module, name in ((sketch, "build"), (testing, "decode")):
        function = getattr(module, name)
        if not hasattr(function, "cache_info"):
            setattr(module, name, lru_cache(None)(function))


def contracts(codes: Iterable[str]) -> bool:
    """Whether rules keep theirs."""
    from tflint import testing  # noqa: PLC0415 - in the mutant's process
    from tflint.rule import named  # noqa: PLC0415 - same
    from tflint_rules import INDEX  # noqa: PLC0415 - same

    for code in codes:
        for contract in testing.contracts_of(named(INDEX[code][1], INDEX[code][2]), ROOT / "tests" / "rules"):
            contract()
    return True


def tests(files: Sequence[str]) -> bool:
    """Whether they pass."""
    import pytest  # noqa: PLC0415 - in the mutant's process

    import forked_command  # noqa: PLC0415 - same

    forked_command.install()

    options = [
        "-x",
        "-q",
        "--assert=plain",
        "--hypothesis-seed=0",
        "-m",
        "not slow",
        "-p",
        "no:randomly",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
    ]
    return pytest.main([*options, *(str(ROOT / "tests" / name) for name in files)]) == 0


def lives(module: str, code: CodeType, stages: Sequence[Callable[[], bool]]) -> bool:
    """Whether the tests pass in a process where that is the module's code."""
    gc.freeze()  # or the child's collections touch, and so copy, all that the parent has
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0
    passed = False
    try:
        signal.alarm(20 * SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        sys.meta_path.insert(0, _Mutated(module, code))
        stale = "tflint_rules." if module.startswith("tflint_rules.") else "tflint"  # where rules came before it
        for name in [name for name in sys.modules if name.startswith(stale)]:
            del sys.modules[name]
        passed = all(stage() for stage in stages)
    except BaseException:  # noqa: BLE001, S110 - any end but a pass is its death
        pass
    finally:
        os._exit(0 if passed else 1)


class _Mutated:
    """Finds one module, whose code it has."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name, self.code = name, code

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """Its spec, None for any other module."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.code.co_filename, loader=self)  # type: ignore[arg-type] # all that is asked of a loader

    def create_module(self, _: ModuleSpec) -> None:
        """Let Python make it."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the code in it."""
        exec(self.code, module.__dict__)  # noqa: S102 - what is mutated is our own


if __name__ == "__main__":
    sys.exit(main())
