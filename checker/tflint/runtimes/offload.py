"""Which operators a delegate or NPU takes, and which stay on the CPU, as its own table decides.

The rest of the graph runs on the CPU, so that the model loads all the same; what a condition in words leaves open is
said to be open. A delegate takes whole partitions: nodes of one kind that run one after the other
(tflite/core/subgraph.cc, PartitionGraphIntoIndependentNodeSubsets).
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from tflint.runtimes.accelerator import accelerator
from tflint.runtimes.kernel import ARGUMENTS, NAMES, kernel
from tflint.runtimes.node import AbsentError, Node, NodeTensor, UndecidedError
from tflint.runtimes.refusal import Refusal
from tflint.runtimes.shapes import data_dependent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.model.view import Model, Op, Subgraph
    from tflint.runtimes.accelerator import Accelerator
    from tflint.runtimes.kernel import Expression
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located, Stage

INTEGERS = frozenset({"int8", "uint8", "int16"})


def offload(model: Model, profile: RuntimeProfile) -> list[Refusal]:
    """Judge every operator by the table of the profile's accelerator."""
    table = accelerator(profile.accelerator)
    refused = list(_whole(model, table))
    if refused:
        return refused
    stays: dict[Op, str] = {}
    unsure: list[tuple[Op, str]] = []
    for graph in model.subgraphs:
        for node in _nodes(graph, profile.generation):
            problem, words = judge_node(node, table)
            if problem:
                stays[node.op] = problem
            unsure += [(node.op, text) for text in words]
    share = _share(model, table, stays)
    stage: Stage = "cpu" if share else "unknown"
    refusals = [Refusal("cpu", "TFL205", op, {"op": op.kind, "problem": problem}) for op, problem in stays.items()]
    refusals += [_open(stage, op, op.kind, text) for op, text in unsure]
    refusals += [_open(stage, model, table.name, text) for text in table.requirements if text not in table.checks]
    return [*share, *refusals]


def _open(stage: Stage, at: Located, op: str, words: str) -> Refusal:
    return Refusal(stage, "TFL214", at, {"op": op, "what": f"not evaluated: {words}"})


def _whole(model: Model, table: Accelerator) -> Iterator[Refusal]:
    """Reasons why nothing of the model is taken, and the program that asks for it fails."""
    if not table.dynamic:
        for graph in model.entry_graphs:
            for op in data_dependent(graph):
                problem = (
                    f"has outputs sized by the data, and {table.name} is not applied to a graph with dynamic tensors"
                )
                yield Refusal("delegate", "TFL205", op, {"op": op.kind, "problem": problem})
    if table.partitions == "leading" and not any(t.dtype in INTEGERS and not t.is_constant for t in model.tensors):
        problem = f"is not quantized, and the compiler of {table.name} refuses it: Model not quantized"
        yield Refusal("delegate", "TFL205", model, {"op": "the model", "problem": problem})


def _nodes(graph: Subgraph, generation: tuple[int, ...]) -> Iterator[Node]:
    """The operators with their tensors; what DEQUANTIZE makes of a float16 constant is a constant to a delegate."""
    states = [NodeTensor(tensor) for tensor in graph.tensors]
    for op in graph.ops:
        x = [states[i] if 0 <= i < len(states) else None for i in op.input_indices]
        y = [states[i] if 0 <= i < len(states) else None for i in op.output_indices]
        if op.name in ("DEQUANTIZE", "DENSIFY") and x and y and x[0] is not None and y[0] is not None:
            y[0].const = x[0].const
        yield Node(op, x, y, "", generation=generation)


def judge_node(node: Node, table: Accelerator) -> tuple[str, list[str]]:
    """Why the operator stays on the CPU, "" where nothing says so; and the conditions that were not evaluated."""
    op = node.op
    if op.name == "CUSTOM":
        known = op.opcode is not None and op.opcode.custom_code in table.custom_ops
        return ("", ["a custom op that it takes, with options of its own"]) if known else (_unlisted(table), [])
    entry = table.ops.get(op.name)
    if entry is None:
        return _unlisted(table), []
    if op.version < entry.min_version or op.version > (entry.max_version or op.version):
        return f"has version {op.version}, {table.name} takes {entry.min_version} to {entry.max_version}", []
    unsure = []
    for words in (*table.requirements, *entry.conditions):
        if words not in table.checks:
            unsure += [words] if words in entry.conditions else []
            continue
        passed = _passes(node, _check(table.checks[words], op.name))
        if passed is False:
            return f"does not meet {table.name}'s condition: {words}", []
        if passed is None:
            unsure.append(words)
    if table.name == "xnnpack":
        return _xnnpack(node)
    return "", unsure


def _unlisted(table: Accelerator) -> str:
    return f"is not among the operators that {table.name} takes"


def _xnnpack(node: Node) -> tuple[str, list[str]]:
    """The default delegate: the kernel facts of the op say when it takes a node."""
    facts = kernel(node.op.name)
    if facts is None or facts.takes is None:
        return "", ["when XNNPACK takes it"]
    passed = _passes(node, facts.takes)
    return (
        ("does not meet the conditions of XNNPACK", [])
        if passed is False
        else ("", ["when XNNPACK takes it"] * (passed is None))
    )


def _passes(node: Node, check: Expression | None) -> bool | None:
    """Whether a condition is met; None: the file does not tell."""
    if check is None:
        return True
    try:
        return bool(node.evaluate(check))
    except UndecidedError:
        return None
    except AbsentError:
        return False


@lru_cache(maxsize=512)
def _check(text: str | None, op: str) -> Expression | None:
    """The meaning of a sentence for one op. The expressions are the package's own, never a model's or a user's."""
    if text is None:
        return None
    names = {**NAMES, "op": op, "runtime": _runtime, "constant": _constant, "undecided": _undecided}
    found: Expression = eval(f"lambda {ARGUMENTS}: ({text})", names)  # noqa: S307 - see above
    return found


def _runtime(x: Iterable[NodeTensor | None]) -> int:
    return sum(t is not None and not t.const for t in x)


def _constant(x: Iterable[NodeTensor | None]) -> int:
    return sum(t is not None and t.const for t in x)


def _undecided() -> bool:
    raise UndecidedError


def _share(model: Model, table: Accelerator, stays: dict[Op, str]) -> list[Refusal]:
    """How many of the operators of all subgraphs it is given, where not all of them."""
    operators = sum(len(graph.ops) for graph in model.subgraphs)
    sizes = [list(partitions(graph, stays)) for graph in model.subgraphs]
    if table.partitions == "leading":
        graphs = (graph.ops for graph in model.subgraphs)
        given = sum(next((i for i, op in enumerate(ops) if op in stays), len(ops)) for ops in graphs)
    elif table.partitions == "largest":
        given = sum(max(found, default=0) for found in sizes)
    else:
        given = operators - len(stays)
    if given == operators:
        return []
    count = sum(map(len, sizes))
    more = f" ({operators - len(stays):,} could, in {count:,} partitions)" if count > 1 else ""
    words = {"op": f"{given:,} of {operators:,} operators", "problem": f"run on {table.name}{more}"}
    return [Refusal("cpu", "TFL205", model, words)]


def partitions(graph: Subgraph, stays: dict[Op, str]) -> Iterator[int]:
    """Sizes of the partitions that a delegate could take, in the order in which they would run."""
    makers = {index: op for op in graph.ops for index in op.output_indices}
    waits: dict[Op, int] = {}
    readers: dict[Op, list[Op]] = {}
    for op in graph.ops:
        before = {makers[index] for index in op.input_indices if index in makers} - {op}
        waits[op] = len(before)
        for maker in before:
            readers.setdefault(maker, []).append(op)
    ready: dict[bool, deque[Op]] = {False: deque(), True: deque()}
    for op in graph.ops:
        if not waits[op]:
            ready[op in stays].append(op)
    while ready[False] or ready[True]:
        on_cpu = _first(ready)
        size = 0
        while ready[on_cpu]:
            op = ready[on_cpu].popleft()
            size += 1
            for reader in readers.get(op, ()):
                waits[reader] -= 1
                if not waits[reader]:
                    ready[reader in stays].append(reader)
        if not on_cpu:
            yield size


def _first(ready: dict[bool, deque[Op]]) -> bool:
    """The kind of the first operator, by its place in the graph, that could run next."""
    heads = {kind: min(op.index for op in ops) for kind, ops in ready.items() if ops}
    return min(heads, key=lambda kind: heads[kind])
