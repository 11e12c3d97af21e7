"""Ask the TFLite runtime of this interpreter what it can load: `probe FOLDER`.

Needs CPython 3.6 or later, the runtime (ai-edge-litert, tflite-runtime or tensorflow) and numpy. The method is that of
the shipped tables: one operator code a model gives the kernels (a runtime resolves every operator code while it loads,
and its refusal names the op), one tensor a model the types, one node a model the custom ops. What may crash the runtime
is tried in a process of its own.
"""
# ruff: noqa: BLE001, PERF203, PLC0415, PTH100, PTH118, PTH120, PTH123, S110, T201, UP006, UP031, UP035, UP045 - must run on CPython 3.6

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import warnings
from typing import Any, BinaryIO, Dict, List, Optional, Tuple

from . import probe_models as make

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_CODE, MAX_VERSION, MAX_TYPE = 240, 30, 39
LAST_OF_OPTIONS1 = 161  # BuiltinOptions2 came with the codes behind it, in TF 2.15
TIMEOUT = 60  # seconds for one risky trial
WHEELS = (
    ("ai_edge_litert.interpreter", ("ai-edge-litert", "ai-edge-litert-nightly")),
    ("tflite_runtime.interpreter", ("tflite-runtime", "tflite-runtime-nightly")),
    ("tensorflow.lite.python.interpreter", ("tensorflow", "tensorflow-cpu", "tf-nightly")),
)
UNRESOLVED = "Encountered unresolved custom op"


class Runtime:
    """The interpreter class of the wheel that is installed here."""

    def __init__(self) -> None:
        self.module, self.names = find_wheel()
        self.bare = getattr(getattr(self.module, "OpResolverType", None), "BUILTIN_WITHOUT_DEFAULT_DELEGATES", None)

    def interpreter(self, content: bytes, bare: bool = False) -> Any:
        """Give an interpreter for a model, `bare` without default delegates (where the release can)."""
        options = {"experimental_op_resolver_type": self.bare} if bare and self.bare is not None else {}
        return self.module.Interpreter(model_content=content, **options)

    def refusal(self, content: bytes) -> str:
        """Give the text with which the model is refused at load, empty when it is taken."""
        try:
            self.interpreter(content)
        except (ValueError, RuntimeError) as error:
            return str(error) or "refused"
        return ""

    def attempt(self, content: bytes, bare: bool = False) -> str:
        """Give `ok`, or the stage that fails and its text."""
        stage = "load"
        try:
            interpreter = self.interpreter(content, bare)
            stage = "allocate"
            interpreter.allocate_tensors()
        except Exception as error:
            return "%s: %s" % (stage, error)
        return "ok"

    def trial(self, content: bytes, bare: bool = False) -> Tuple[str, str]:
        """Attempt in a process of its own: the outcome, and what was printed."""
        with tempfile.TemporaryFile() as log:
            run = self.forked if hasattr(os, "fork") else spawned
            outcome = run(content, bare, log)
            log.seek(0)
            return outcome, log.read().decode("utf-8", "replace")

    def loads(self, content: bytes) -> bool:
        """Tell whether the model is constructed; a crash is a no."""
        return not self.trial(content)[0].startswith(("load", "crash"))

    def forked(self, content: bytes, bare: bool, log: BinaryIO) -> str:
        """Attempt in a fork: cheap, and the import is already paid for."""
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fork under threads: the child only loads a model and leaves
            pid = os.fork()
        if pid == 0:
            import signal

            signal.alarm(TIMEOUT)
            os.dup2(log.fileno(), 2)
            os.write(writer, self.attempt(content, bare).encode()[:60000])
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            outcome = pipe.read().decode("utf-8", "replace")
        _, status = os.waitpid(pid, 0)
        return outcome or "crash: status %d" % status


def spawned(content: bytes, bare: bool, log: BinaryIO) -> str:
    """Attempt in a new interpreter, where there is no fork."""
    command = [sys.executable, HERE, "probe", "--attempt", "bare" if bare else "default"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)  # noqa: S603 - itself
    try:
        out, _ = child.communicate(content, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        out, _ = child.communicate()
    return out.decode("utf-8", "replace") or "crash: status %s" % child.returncode


def find_wheel() -> Tuple[Any, Tuple[str, ...]]:
    """Import the first interpreter module there is; with it the names that its distribution may have."""
    problems = []
    for path, names in WHEELS:
        try:
            return __import__(path, fromlist=["Interpreter"]), names
        except ImportError as error:
            problems.append("%s: %s" % (path.split(".")[0], error))
    raise SystemExit("no TFLite runtime: " + "; ".join(problems))


def version_of(names: Tuple[str, ...], module: Any) -> Tuple[str, str]:
    """Give distribution name and version of the wheel."""
    for name in names:
        try:
            from importlib import metadata

            return name, metadata.version(name)
        except Exception:
            pass  # not this name, or CPython 3.7 and older
    package = sys.modules[module.__name__.split(".")[0]]
    return names[0], str(getattr(package, "__version__", "unknown"))


def kernels(runtime: Runtime) -> Tuple[Dict[str, List[int]], int]:
    """Ask for every (code, version): op name -> [lowest, highest], and the highest code known."""
    table, highest = {}, -1
    for code in range(MAX_CODE + 1):
        refusals = [runtime.refusal(make.code_only(make.opcode(code, 0)))]
        if "out of range" in refusals[0]:
            break
        highest = code
        if code == make.CUSTOM:
            continue
        versions = range(1, MAX_VERSION + 1)
        refusals += [runtime.refusal(make.code_only(make.opcode(code, version))) for version in versions]
        taken = [version for version, refusal in enumerate(refusals) if not refusal]
        named = re.search(r"builtin opcode '([^']+)'", " ".join(refusals))
        if taken:
            table[named.group(1) if named else "BUILTIN_%d" % code] = [taken[0], taken[-1]]
    return table, highest


def tensor_types(runtime: Runtime) -> List[int]:
    """Ask for every tensor type: the numbers of those that load."""
    return [kind for kind in range(MAX_TYPE + 1) if not runtime.refusal(make.typed(kind))]


def custom_ops(runtime: Runtime, names: List[str]) -> Tuple[Dict[str, List[int]], List[str]]:
    """Ask for custom ops: those that the resolver registers, with versions, and those of the default delegate."""
    registered, delegated = {}, []
    for name in names:
        nodes = [make.unary(make.opcode(make.CUSTOM, version, name)) for version in (1, 2, 3)]
        outcomes = [runtime.trial(content, bare=True)[0] for content in nodes]
        taken = [version for version, outcome in enumerate(outcomes, 1) if UNRESOLVED not in outcome]
        if taken:
            registered[name] = [taken[0], taken[-1]]
        elif not runtime.trial(nodes[0])[0].startswith("allocate: " + UNRESOLVED):
            delegated.append(name)  # the delegate complains of the malformed node, or dies of it, before that
    return registered, delegated


def flex(runtime: Runtime) -> bool:
    """Tell whether the Flex delegate is linked: without it the refusal speaks of Select TensorFlow ops."""
    outcome, _ = runtime.trial(make.unary(make.opcode(make.CUSTOM, 1, "FlexAbs")))
    return "Select TensorFlow op" not in outcome and UNRESOLVED not in outcome


def xnnpack(runtime: Runtime) -> bool:
    """Tell whether the default delegate announces itself when there is a node that it takes."""
    _, printed = runtime.trial(make.unary(make.opcode(make.ABS)))
    return "XNNPACK delegate" in printed


def int4(runtime: Runtime, types: List[int]) -> Optional[str]:
    """Tell how four-bit constants are stored: two elements a byte, one a byte, or not at all."""
    if make.INT4 not in types:
        return None
    return "packed" if runtime.loads(make.constant(make.INT4, 2)) else "bytes"


def behaviour(runtime: Runtime, types: List[int], highest: int) -> Dict[str, Any]:
    """Ask what the loader checks, each time with a model that is good but for one thing."""
    sound = make.unary(make.opcode(make.ABS))
    maps = {0: ("ref", []), 1: ("ref", [])}  # type: make.Table
    key = {2: ("ref", "k")}
    new_code_only = make.code_only(make.opcode(MAX_CODE + 10, deprecated=0))
    return {
        "opcode_field": "deprecated" if runtime.loads(new_code_only) else "max",
        "constant_size": "at-least" if runtime.loads(make.constant(make.FLOAT32, 20)) else "equal",
        "verifies_structure": "not a valid Flatbuffer" in runtime.trial(sound[: len(sound) // 2])[0],
        "signature_defs": not runtime.loads(make.signed(maps)),
        "null_signature_maps_ok": runtime.loads(make.signed(key)),
        "buffer_offset": not runtime.loads(make.outside()),
        "empty_subgraph_ok": runtime.loads(make.without_operators()),
        "int4": int4(runtime, types),
        "builtin_options2": highest > LAST_OF_OPTIONS1,
        "flex": flex(runtime),
        "xnnpack": xnnpack(runtime),
    }


def probe(request: Dict[str, Any]) -> Dict[str, Any]:
    """Ask everything."""
    runtime = Runtime()
    package, version = version_of(runtime.names, runtime.module)
    table, highest = kernels(runtime)
    types = tensor_types(runtime)
    registered, delegated = custom_ops(runtime, request["custom_ops"])
    answer = {
        "python": platform.python_version(),
        "platform": "%s %s" % (platform.system(), platform.machine()),
        "package": package,
        "version": version,
        "kernels": table,
        "max_builtin_code": highest,
        "tensor_types": types,
        "custom_ops": registered,
        "xnnpack_custom_ops": delegated,
    }
    answer.update(behaviour(runtime, types, highest))
    return answer


def main(*arguments: str) -> None:
    """Answer a request, or attempt one model from standard input."""
    if arguments[0] == "--attempt":
        print(Runtime().attempt(sys.stdin.buffer.read(), bare=arguments[1] == "bare"), end="")
        return
    with open(os.path.join(arguments[0], "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    answer = probe(request)
    with open(os.path.join(arguments[0], "answer.json"), "w", encoding="utf-8") as file:
        json.dump(answer, file)
