"""Ask the TFLite runtime of this interpreter what it can load. Run as a script, in the environment that holds it.

    python probe_child.py REQUEST.json ANSWER.json

Needs CPython 3.6 or later, the runtime (ai-edge-litert, tflite-runtime or tensorflow) and numpy: nothing of tflint.
The method: models of a few hundred bytes, made here from struct alone. One operator code per model gives the kernel
table (a runtime resolves every operator code while it loads, and its refusal names the op); one tensor per model the
types; one node per model the custom ops. What may crash the runtime is tried in a child of its own.
"""
# ruff: noqa: FA100, UP, BLE001, PTH, S110, T201 - must run on CPython 3.6, and a trial may raise anything

import json
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import warnings

MAX_CODE, MAX_VERSION, MAX_TYPE = 240, 30, 39
FLOAT32, INT4 = 0, 17
ABS, CUSTOM, PLACEHOLDER = 101, 32, 127
LAST_OF_OPTIONS1 = 161  # BuiltinOptions2 came with the codes behind it, in TF 2.15
TIMEOUT = 60
WHEELS = (
    ("ai_edge_litert.interpreter", ("ai-edge-litert", "ai-edge-litert-nightly")),
    ("tflite_runtime.interpreter", ("tflite-runtime", "tflite-runtime-nightly")),
    ("tensorflow.lite.python.interpreter", ("tensorflow", "tensorflow-cpu", "tf-nightly")),
)
RANGES = {"i8": "<b", "u8": "<B", "i32": "<i", "u32": "<I", "u64": "<Q"}


# --- a FlatBuffers writer: a table is {slot: (kind, value)}, kind "ref" for tables, str, bytes, [tables] and (ints,)


class Writer:
    """Writes parents before children, so every offset points forward and is patched when the child lands."""

    def __init__(self):
        self.out = bytearray(b"\0\0\0\0TFL3")

    def finish(self, root):
        """Bytes of a file with this root table."""
        struct.pack_into("<I", self.out, 0, self.put(root))
        return bytes(self.out)

    def pad(self, alignment, ahead=0):
        """Pad until what starts `ahead` bytes further is aligned."""
        self.out += bytes(-(len(self.out) + ahead) % alignment)

    def put(self, value):
        """Append a value and give its position."""
        if isinstance(value, dict):
            return self.table(value)
        if isinstance(value, list):
            return self.refs(value)
        data = value if isinstance(value, bytes) else None
        if isinstance(value, str):
            data = value.encode()
        count, data = (len(data), data) if data is not None else (len(value), struct.pack("<%di" % len(value), *value))
        self.pad(16, ahead=4)
        position = len(self.out)
        self.out += struct.pack("<I", count) + data + b"\0"
        return position

    def refs(self, tables):
        """Append a vector of tables."""
        self.pad(4)
        position = len(self.out)
        self.out += struct.pack("<I", len(tables)) + bytes(4 * len(tables))
        for index, table in enumerate(tables):
            self.patch(position + 4 + 4 * index, table)
        return position

    def table(self, fields):
        """Append a table, its vtable in front."""
        slots, size = [0] * (max(fields) + 1 if fields else 0), 4
        for slot, (kind, _) in sorted(fields.items(), key=lambda item: item[0]):
            width = struct.calcsize(RANGES.get(kind, "<I"))
            size += -size % width
            slots[slot] = size
            size += width
        head = 4 + 2 * len(slots)
        self.pad(8, ahead=head)
        position = len(self.out) + head
        self.out += struct.pack("<%dH" % (2 + len(slots)), head, size, *slots)
        self.out += struct.pack("<i", head) + bytes(size - 4)
        for slot, (kind, value) in fields.items():
            if kind == "ref":
                self.patch(position + slots[slot], value)
            else:
                struct.pack_into(RANGES[kind], self.out, position + slots[slot], value)
        return position

    def patch(self, at, child):
        """Append a child and point the offset at `at` to it."""
        struct.pack_into("<I", self.out, at, self.put(child) - at)


def opcode(code, version=1, custom="", deprecated=None):
    """One OperatorCode, both code fields filled as writers do."""
    small = min(code, PLACEHOLDER) if deprecated is None else deprecated
    fields = {0: ("i8", small), 2: ("i32", version), 3: ("i32", code)}
    if custom:
        fields[1] = ("ref", custom)
    return fields


def tensor(name, kind=FLOAT32, shape=(4,), buffer=0):
    """One Tensor."""
    return {0: ("ref", tuple(shape)), 1: ("i8", kind), 2: ("u32", buffer), 3: ("ref", name)}


def node(inputs, outputs, custom_options=b""):
    """One Operator of operator code 0."""
    fields = {0: ("u32", 0), 1: ("ref", tuple(inputs)), 2: ("ref", tuple(outputs))}
    if custom_options:
        fields[5] = ("ref", custom_options)
    return fields


def model(codes=(), tensors=(), nodes=(), buffers=(), signatures=None, io=((), ())):
    """Bytes of a model with one subgraph; `nodes` None leaves the vector out."""
    graph = {0: ("ref", list(tensors)), 1: ("ref", tuple(io[0])), 2: ("ref", tuple(io[1]))}
    if nodes is not None:
        graph[3] = ("ref", list(nodes))
    fields = {
        0: ("u32", 3),
        1: ("ref", list(codes)),
        2: ("ref", [graph]),
        4: ("ref", [{}] + list(buffers)),
    }
    if signatures is not None:
        fields[7] = ("ref", list(signatures))
    return Writer().finish(fields)


def unary(code):
    """A model of one node, x -> y, both float32[4]."""
    return model([code], [tensor("x"), tensor("y")], [node([0], [1])], io=([0], [1]))


# --- the runtime


class Runtime:
    """The interpreter class of the wheel that is installed here."""

    def __init__(self):
        self.module, self.names = find_wheel()
        self.bare = getattr(getattr(self.module, "OpResolverType", None), "BUILTIN_WITHOUT_DEFAULT_DELEGATES", None)

    def interpreter(self, content, bare=False):
        """An interpreter for a model, `bare` without default delegates (where the release can)."""
        options = {"experimental_op_resolver_type": self.bare} if bare and self.bare is not None else {}
        return self.module.Interpreter(model_content=content, **options)

    def refusal(self, content):
        """The text with which the model is refused at load, empty when it is taken."""
        try:
            self.interpreter(content)
        except (ValueError, RuntimeError) as error:
            return str(error) or "refused"
        return ""

    def attempt(self, content, bare=False):
        """`ok`, or the stage that fails and its text."""
        try:
            interpreter = self.interpreter(content, bare)
        except Exception as error:
            return "load: %s" % error
        try:
            interpreter.allocate_tensors()
        except Exception as error:
            return "allocate: %s" % error
        return "ok"

    def trial(self, content, bare=False):
        """The same in a process of its own, with what it printed: (outcome, printed)."""
        with tempfile.TemporaryFile() as log:
            outcome = forked(self, content, bare, log) if hasattr(os, "fork") else spawned(content, bare, log)
            log.seek(0)
            return outcome, log.read().decode("utf-8", "replace")

    def loads(self, content):
        """The model is constructed; a crash is a no."""
        outcome, _ = self.trial(content)
        return not outcome.startswith(("load", "crash"))


def find_wheel():
    """The first interpreter module that imports, and the names its distribution may have."""
    problems = []
    for path, names in WHEELS:
        try:
            return __import__(path, fromlist=["Interpreter"]), names
        except ImportError as error:
            problems.append("%s: %s" % (path.split(".")[0], error))
    raise SystemExit("no TFLite runtime: " + "; ".join(problems))


def forked(runtime, content, bare, log):
    """Attempt in a fork: cheap, and the import is already paid for."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fork under threads: the child only loads a model and leaves
        pid = os.fork()
    if pid == 0:
        import signal

        signal.alarm(TIMEOUT)
        os.dup2(log.fileno(), 2)
        os.write(writer, runtime.attempt(content, bare).encode()[:60000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        outcome = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    return outcome or "crash: status %d" % status


def spawned(content, bare, log):
    """Attempt in a new interpreter, where there is no fork."""
    command = [sys.executable, os.path.abspath(__file__), "--attempt", "bare" if bare else "default"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)  # noqa: S603
    try:
        out, _ = child.communicate(content, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        out, _ = child.communicate()
    return out.decode("utf-8", "replace") or "crash: status %s" % child.returncode


def version_of(names, module):
    """Distribution name and version of the wheel."""
    for name in names:
        try:
            from importlib import metadata

            return name, metadata.version(name)
        except Exception:
            pass
    package = sys.modules[module.__name__.split(".")[0]]
    return names[0], str(getattr(package, "__version__", "unknown"))


# --- the questions


def kernels(runtime):
    """Op name -> [lowest, highest] version, and the highest builtin code."""
    table, highest = {}, -1
    for code in range(MAX_CODE + 1):
        refusals = [runtime.refusal(model([opcode(code, 0)]))]
        if "out of range" in refusals[0]:
            break
        highest = code
        if code == CUSTOM:
            continue
        refusals += [runtime.refusal(model([opcode(code, version)])) for version in range(1, MAX_VERSION + 1)]
        taken = [version for version, refusal in enumerate(refusals) if not refusal]
        named = re.search(r"builtin opcode '([^']+)'", " ".join(refusals))
        if taken:
            table[named.group(1) if named else "BUILTIN_%d" % code] = [taken[0], taken[-1]]
    return table, highest


def tensor_types(runtime):
    """Numbers of the tensor types that load."""
    return [kind for kind in range(MAX_TYPE + 1) if not runtime.refusal(model(tensors=[tensor("t", kind)]))]


def custom_ops(runtime, names):
    """Custom ops that the resolver registers (with versions), and those that only the default delegate serves."""
    registered, delegated = {}, []
    for name in names:
        taken = []
        for version in (1, 2, 3):
            outcome, _ = runtime.trial(unary(opcode(CUSTOM, version, name)), bare=True)
            if "unresolved custom op" not in outcome:
                taken.append(version)
        if taken:
            registered[name] = [taken[0], taken[-1]]
            continue
        default, _ = runtime.trial(unary(opcode(CUSTOM, 1, name)))
        if not default.startswith("allocate: Encountered unresolved custom op"):
            delegated.append(name)  # the delegate complains of the malformed node, or dies of it, before that
    return registered, delegated


def flex(runtime):
    """The Flex delegate is linked: without it the refusal speaks of Select TensorFlow ops."""
    outcome, _ = runtime.trial(unary(opcode(CUSTOM, 1, "FlexAbs")))
    return "Select TensorFlow op" not in outcome and "unresolved custom op" not in outcome


def xnnpack(runtime):
    """The default delegate announces itself when it takes a node."""
    _, printed = runtime.trial(unary(opcode(ABS)))  # of the first ops it took
    return "XNNPACK delegate" in printed


def constant(kind, size):
    """A constant of four elements with `size` bytes of data."""
    return model(tensors=[tensor("c", kind, buffer=1)], buffers=[{0: ("ref", bytes(size))}])


def signature(**fields):
    """A model with a SignatureDef of these fields."""
    slots = {"inputs": 0, "outputs": 1, "key": 2}
    return model([], [tensor("x")], signatures=[{slots[name]: ("ref", value) for name, value in fields.items()}])


def int4(runtime, types):
    """How four-bit constants are stored: two elements a byte, one a byte, or not at all."""
    if INT4 not in types:
        return None
    return "packed" if runtime.loads(constant(INT4, 2)) else "bytes"


def behaviour(runtime, types, highest):
    """What the loader checks, by the models of which it was measured."""
    old_field = model([opcode(MAX_CODE + 10, deprecated=0)])
    outside = {1: ("u64", 1 << 20), 2: ("u64", 16)}
    sound = unary(opcode(ABS))
    keyed = signature(key="k", inputs=[], outputs=[])
    return {
        "opcode_field": "deprecated" if runtime.loads(old_field) else "max",
        "constant_size": "at-least" if runtime.loads(constant(FLOAT32, 20)) else "equal",
        "verifies_structure": "not a valid Flatbuffer" in runtime.trial(sound[: len(sound) // 2])[0],
        "signature_defs": runtime.loads(keyed) and not runtime.loads(signature(inputs=[], outputs=[])),
        "null_signature_maps_ok": runtime.loads(signature(key="k")),
        "buffer_offset": not runtime.loads(model(tensors=[tensor("c", buffer=1)], buffers=[outside])),
        "empty_subgraph_ok": runtime.loads(model(tensors=[tensor("x")], nodes=None)),
        "int4": int4(runtime, types),
        "builtin_options2": highest > LAST_OF_OPTIONS1,
        "flex": flex(runtime),
        "xnnpack": xnnpack(runtime),
    }


def probe(request):
    """All answers."""
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


def main(arguments):
    """Answer a request, or attempt one model from standard input."""
    if arguments[0] == "--attempt":
        print(Runtime().attempt(sys.stdin.buffer.read(), bare=arguments[1] == "bare"), end="")
        return
    with open(arguments[0]) as file:
        request = json.load(file)
    answer = probe(request)
    with open(arguments[1], "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(sys.argv[1:])
