"""Run models on the interpreter of the Python that runs this file, one forked process each, and say what happened.

    /path/to/runtime/python scripts/run_models.py [--mode MODE] [--invoke] FILE... > truth.jsonl

MODE: default (the wheel's own delegates), no-delegate, compiled (LiteRT CompiledModel), tflm. One JSON object a line:
file, stage (ok, load, allocate, crash, timeout: where it stopped) and the runtime's own words. Needs nothing but the
runtime; CPython 3.6 on.
"""

import argparse
import json
import os
import select
import signal
import sys
import tempfile
import time

SECONDS = 20


def interpreter(path, mode):
    """Build the interpreter of whichever wheel is here."""
    try:
        from ai_edge_litert import interpreter as module
    except ImportError:
        try:
            from tflite_runtime import interpreter as module
        except ImportError:
            import tensorflow as tf

            module = tf.lite
            module.OpResolverType = tf.lite.experimental.OpResolverType
    if mode == "no-delegate":
        kind = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        return module.Interpreter(path, experimental_op_resolver_type=kind)
    return module.Interpreter(path)


def steps(path, mode, invoke):
    """Yield the stages reached."""
    if mode == "tflm":
        from tflite_micro.python.tflite_micro import runtime

        size = os.path.getsize(path)
        runtime.Interpreter.from_file(path, arena_size=12 * size + (32 << 20))
        yield "load"
        yield "allocate"
        return
    if mode == "compiled":
        from ai_edge_litert.compiled_model import CompiledModel

        model = CompiledModel.from_file(path)
        yield "load"
        for index in range(max(1, model.get_num_signatures())):
            inputs, outputs = model.create_input_buffers(index), model.create_output_buffers(index)
            if index == 0:
                model.run_by_index(index, inputs, outputs)
        yield "allocate"
        return
    one = interpreter(path, mode)
    yield "load"
    one.allocate_tensors()
    yield "allocate"
    if invoke:
        one.invoke()
        yield "invoke"


def child(path, mode, invoke, out):
    """Run one model; write the stages and the error to the pipe."""
    done, error = [], ""
    try:
        for step in steps(path, mode, invoke):
            done.append(step)
            os.write(out, (step + "\n").encode())
    except BaseException as problem:  # the runtime's own words are the result
        error = "%s: %s" % (type(problem).__name__, problem)
    os.write(out, ("error " + json.dumps(error) + "\n").encode())
    os._exit(0)


def run(path, mode, invoke):
    """Fork, wait, tell."""
    read, write = os.pipe()
    log = tempfile.TemporaryFile()
    pid = os.fork()
    if pid == 0:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        child(path, mode, invoke, write)
    os.close(write)
    text, status, limit = b"", "ok", time.time() + SECONDS
    while True:
        ready, _, _ = select.select([read], [], [], max(0, limit - time.time()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
            status = "timeout"
            break
        part = os.read(read, 65536)
        if not part:
            break
        text += part
    os.close(read)
    _, code = os.waitpid(pid, 0)
    lines = text.decode().splitlines()
    error = json.loads(lines[-1][6:]) if lines and lines[-1].startswith("error ") else ""
    reached = [line for line in lines if not line.startswith("error ")]
    if status == "ok" and os.WIFSIGNALED(code):
        status, error = "crash", "signal %d" % os.WTERMSIG(code)
    elif status == "ok" and error:
        status = "load" if not reached else ("allocate" if "allocate" not in reached else "invoke")
    log.seek(0)
    stderr = log.read().decode("utf-8", "replace")[-600:] if status != "ok" else ""
    return {"file": path, "stage": status, "error": error[:600], "stderr": stderr}


def main():
    """One line a model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="default", choices=["default", "no-delegate", "compiled", "tflm"])
    parser.add_argument("--invoke", action="store_true")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    if args.mode == "tflm":
        from tflite_micro.python.tflite_micro import runtime  # noqa: F401 - imported once, before the forks
    else:
        try:
            from ai_edge_litert import interpreter
        except ImportError:
            try:
                from tflite_runtime import interpreter  # noqa: F401
            except ImportError:
                import tensorflow  # noqa: F401
    for path in args.files:
        print(json.dumps(run(path, args.mode, args.invoke)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
