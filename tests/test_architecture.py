"""What CONTRIBUTING promises of the code itself: who imports whom, sizes, and what is never read."""

from __future__ import annotations

import ast
import importlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES, ROOT
from tflint import api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKER = ROOT / "checker" / "tflint"
RULES = ROOT / "rules" / "tflint_rules"
GENERATED = {
    CHECKER / "model" / "schema.py",
    CHECKER / "arguments_index.py",
    CHECKER / "notices" / "index.py",
    RULES / "index.py",
}
MODULE_LINES = 300
RULE_LINES = 120
DECODERS = {"unpack", "unpack_from", "iter_unpack", "from_bytes", "frombuffer"}
LAZY = {
    "typer",
    "numpy",
    "tflite",
    "flatbuffers",
    "rich",
    "markdown_it",
    "tomllib",
    "tomli",
    "jsonschema",
    "ai_edge_litert",
}

CHECK = """
import json, sys
from tflint.__main__ import run
try:
    code = run(["check", sys.argv[1], "-f", "concise"])
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted(sys.modules)]))
"""

# Weights of every size from just over what may be read to many pages, in the roles that weights have.
WEIGHTY = """
image: float32[1,8,8,512]
kernel: float32[512,3,3,512] = const
bias: float32[512] = const
conv: float32[1,8,8,512] = CONV_2D(image, kernel, bias) padding=SAME stride_w=1 stride_h=1
shape: int32[2] = const [1,32768]
flat: float32[1,32768] = RESHAPE(conv, shape)
dense: int8[16,32768] q=0.1+0 = const
scores: float32[1,16] = FULLY_CONNECTED(flat, dense, -)
ids: int32[1,8]
table: float32[20000,64] = const
embedded: float32[1,8,64] = GATHER(table, ids)
fixed: int32[1,20000] = const
chosen: float32[1,20000,64] = GATHER(table, fixed)
half: float16[4096,16] = const
wide: float32[4096,16] = DEQUANTIZE(half)
q: int8[1,4096] q=0.1+0
qw: int8[64,4096] q=0.1+0 = const
qb: int32[64] q=0.01+0 = const
qy: int8[1,64] q=0.1+0 = FULLY_CONNECTED(q, qw, qb)
signature serving_default(image=image, ids=ids, q=q) -> (scores=scores, e=embedded, c=chosen, w=wide, qy=qy)
metadata min_runtime_version = "2.5.0" 16 bytes
metadata associated = 100000 bytes
"""

# Pages that lie wholly inside a constant of more than 4 KiB are made unreadable, then the model is checked: whoever
# reads one is killed, and the fault handler says who it was.
LOCKED = """
import ctypes, faulthandler, json, mmap, sys
from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.findings import Report
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.report import FORMATS, Style, render
from tflint.runtimes.profile import resolve

data = sketch.build(sys.stdin.read())
page, limit = mmap.PAGESIZE, 4096
memory = mmap.mmap(-1, len(data))
memory[:] = data
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
spans = [(b.start, b.start + b.size) for b in decode(memory).buffers if b.size > limit]
locked = []
protect = ctypes.CDLL(None, use_errno=True).mprotect
for first, last in spans:
    first, last = -(-first // page) * page, last // page * page
    if first < last:
        assert protect(ctypes.c_void_p(start + first), ctypes.c_size_t(last - first), 0) == 0
        locked.append((first, last))
faulthandler.enable()
if sys.argv[1] == "read":
    for first, last in locked:
        memory[first]
entries = tuple(catalogue().values())
profiles = tuple(map(resolve, ("litert", "litert+compiled", "tflite-2.14+flex", "tflite-2.3", "tflm")))
file = check_model(decode(memory), Plan(entries, profiles, deep=sys.argv[1] == "deep"))
report = Report((file,), tuple(p.id for p in profiles), rules=tuple(entry.load() for entry in entries))
for kind in FORMATS:
    render(kind, report, Style(color="never", verbose=True))
crashed = [f.message for f in file.findings if f.rule.code == "TFL000"]
print(json.dumps({"constants": len(spans), "locked": len(locked), "crashed": crashed}))
"""


def modules(folder: Path) -> Iterator[Path]:
    """Python files of a folder."""
    return (path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts)


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it; `from . import x` is of its own package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return found


def offenders(found: dict[Path, set[str]]) -> dict[str, set[str]]:
    """Those files that have any, by their path in the project."""
    return {path.relative_to(ROOT).as_posix(): names for path, names in found.items() if names}


def test_checker_never_imports_the_rules() -> None:
    """Rules come in by the entry point: no module of the checker names their package, in an import or in a string."""
    assert not offenders(
        {path: {m for m in imports(path) if m.partition(".")[0] == "tflint_rules"} for path in modules(CHECKER)}
    )
    for path in modules(CHECKER):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Constant) and isinstance(node.value, str) and "tflint_rules." in node.value
            assert not named, f"{path.relative_to(ROOT)} names a module of the rules"


def test_rules_import_the_api_only() -> None:
    """A rule imports tflint.api, the standard library and its own pack, and nothing else."""
    allowed = sys.stdlib_module_names | {"tflint_rules"}
    assert not offenders(
        {
            path: {m for m in imports(path) if m != "tflint.api" and m.partition(".")[0] not in allowed}
            for path in modules(RULES)
        }
    )


def test_children_are_whole_in_themselves() -> None:
    """Programs of other interpreters import nothing of tflint, and tflint imports nothing of them."""
    children = CHECKER / "children"
    ours = {path: {m for m in imports(path) if m.partition(".")[0] == "tflint"} for path in modules(children)}
    theirs = {
        path: {m for m in imports(path) if m.startswith("tflint.children")}
        for path in modules(CHECKER)
        if not path.is_relative_to(children)
    }

    assert not offenders(ours)
    assert not offenders(theirs)
    assert len(ours) > 1


def test_api_is_what_it_says() -> None:
    """tflint.api lists exactly what it brings in, and each name is what a type checker takes it for."""
    tree = ast.parse((CHECKER / "api.py").read_text(encoding="utf-8"))
    brought = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tflint.")
        for alias in node.names
    }
    assert sorted(api.__all__) == sorted(brought)
    for name, (module, original) in brought.items():
        home = importlib.import_module(module)
        wanted = getattr(home, original, None) or importlib.import_module(f"{module}.{original}")
        assert getattr(api, name) is wanted, name
    with pytest.raises(AttributeError, match="no_such_name"):
        api.no_such_name  # noqa: B018 - asked for, that it be refused


def test_structure_is_decoded_in_one_place() -> None:
    """Only flatbuf.py decodes the file by offsets, and only read.py maps it; ranged.py follows offsets to fetch them.

    Only weights.py makes arrays of it; those of parity are what models are given and answer.

    Others decode no more than the bytes of one buffer or option blob that the view hands them: the constants of
    `Tensor.values`, weights under --deep, the options of custom ops, the memory plan of TFLite Micro, string
    tensors, sketches, the archive behind the model, and those that models come in.
    """
    custom, archive = (
        {"runtimes/custom.py", "runtimes/micro.py"},
        {
            "model/archive.py",
            "model/zipped.py",
            "model/litertlm.py",
            "model/ranged.py",
            "fixer/tail.py",
            "fixer/half.py",
        },
    )
    blobs = {"model/view.py", "model/weights.py", *custom, *archive, "sketch/text.py"}
    allowed = {CHECKER / "model" / "flatbuf.py", RULES / "integrity" / "arity.py", *(CHECKER / name for name in blobs)}
    decoding: dict[Path, set[str]] = {}
    reading: dict[Path, set[str]] = {}
    for path in [*modules(CHECKER), *modules(RULES)]:
        nodes = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Attribute)]
        decoding[path] = {n.attr for n in nodes if n.attr in DECODERS} if path not in allowed else set()
        reading[path] = {n.attr for n in nodes if n.attr == "source" and ast.unparse(n.value) != "self"}
    assert not offenders(decoding)
    assert not offenders({path: names for path, names in reading.items() if path.is_relative_to(RULES)})
    numpy = {path for path in [*modules(CHECKER), *modules(RULES)] if "numpy" in imports(path)}
    assert {p for p in numpy if p.parent.name not in ("parity", "fixer", "convert", "children")} == {
        CHECKER / "model" / "weights.py"
    }
    mapping = {path for path in [*modules(CHECKER), *modules(RULES)] if "mmap" in imports(path)}
    assert mapping == {CHECKER / "model" / "read.py", CHECKER / "model" / "ranged.py"}


@pytest.mark.parametrize("path", sorted({*modules(CHECKER), *modules(RULES)} - GENERATED), ids=lambda p: p.name)
def test_modules_are_short(path: Path) -> None:
    """A module has at most 300 lines, one of the rules at most 120."""
    limit = RULE_LINES if path.is_relative_to(RULES) else MODULE_LINES
    lines = len(path.read_text(encoding="utf-8").splitlines())

    assert lines <= limit, f"{path.relative_to(ROOT)} has {lines} lines"


def test_source_roots_are_no_packages() -> None:
    """checker/ and rules/ hold one package each and no module, so that neither can be imported itself."""
    for folder, package in (("checker", "tflint"), ("rules", "tflint_rules")):
        assert [p.name for p in (ROOT / folder).iterdir() if not p.name.startswith((".", "__"))] == [package]


def test_a_check_imports_no_more_than_it_needs(tmp_path: Path) -> None:
    """A clean model is checked without typer, numpy, writers, rich, TOML (no configuration) or package metadata."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, EXAMPLES / "clean.tflite"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])

    assert code == 0, done.stdout
    assert "tflint.engine" in loaded
    assert {name.partition(".")[0] for name in loaded} & LAZY == set()
    assert "importlib.metadata" not in loaded
    assert not [
        name
        for name in loaded
        if name in {"tflint.artifacts.remote", "tflint.artifacts.archives", "tflint.model.ranged"}
    ]
    assert not [name for name in loaded if name.startswith(("tflint.sketch", "tflint.fixer", "tflint.parity"))]
    assert {name for name in loaded if name.startswith("tflint.contract.")} == {"tflint.contract.find"}


def locked(mode: str) -> subprocess.CompletedProcess[str]:
    """Check the weighty model with its weights on unreadable pages."""
    return subprocess.run(
        [sys.executable, "-c", LOCKED, mode], input=WEIGHTY, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="mprotect is POSIX")
def test_weights_are_never_read() -> None:
    """Verdicts, all rules and all reports are made with every large constant on pages that nobody may read."""
    done = locked("check")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"constants": 7, "locked": 7, "crashed": []}


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="mprotect is POSIX")
@pytest.mark.parametrize("mode", ["read", "deep"])
def test_reading_weights_would_be_noticed(mode: str) -> None:
    """The test above can fail: a byte of those pages kills the process that reads it, as --deep does."""
    assert locked(mode).returncode in (-signal.SIGSEGV, -signal.SIGBUS)
