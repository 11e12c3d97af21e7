"""Text to tables, and tables to bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tflint.errors import nearest
from tflint.model import schema
from tflint.model.write import encode
from tflint.sketch.tables import OP_NAMES, TYPES, Table, constant_bytes, read_facts, read_opcode, set_options
from tflint.sketch.text import Handle, SketchError, Tokens, name_text

Ref = int | Handle  # a raw index (-1: omitted) or a tensor

UNKNOWN = 0xFFFF  # an operator code index that no model has


def build(text: str) -> bytes:
    """Bytes of the model that a sketch describes. Raises SketchError with the line."""
    return bytes(encode(parse(text)))


def parse(text: str) -> Table:
    """The model's tables, in the form of `model.write.encode`. Raises SketchError with the line."""
    return _parsed(text).finish()


def locate(text: str) -> dict[str, int]:
    """Path of each tensor, operator, operator code, signature and metadata entry -> its line, from 1."""
    return _parsed(text).places


def _parsed(text: str) -> _Parser:
    parser = _Parser()
    for number, line in enumerate(text.splitlines(), 1):
        parser.number = number
        try:
            tokens = Tokens(line)
            if not tokens.done:
                parser.line(tokens)
        except SketchError as problem:
            raise SketchError(f"line {number}: {problem}") from None
    return parser


@dataclass
class _Graph:
    name: str = "main"
    inputs: list[Ref] | None = None
    outputs: list[Ref] | None = None
    tensors: list[Table] = field(default_factory=list)
    operators: list[Table] = field(default_factory=list)
    handles: dict[Handle, int] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)

    def table(self, resolve: Any) -> Table:
        for op in self.operators:  # a reference may stand above its tensor's line
            for role in ("inputs", "intermediates"):
                if role in op:
                    op[role] = [resolve(self, ref) for ref in op[role]]
        taken = {i for op in self.operators for role in ("inputs", "intermediates") for i in op.get(role, ())}
        plain = [i for i, t in enumerate(self.tensors) if not t.get("buffer") and not t.get("is_variable")]
        order = [i for op in self.operators for i in op["outputs"]]
        inputs = [i for i in plain if i not in self.made]
        outputs = [i for i in dict.fromkeys(order) if i not in taken]
        return {
            "tensors": self.tensors,
            "inputs": inputs if self.inputs is None else [resolve(self, ref) for ref in self.inputs],
            "outputs": outputs if self.outputs is None else [resolve(self, ref) for ref in self.outputs],
            "operators": self.operators,
            "name": self.name,
        }


class _Parser:
    def __init__(self) -> None:
        self.root: Table = {"version": 3}
        self.buffers: list[Table] = [{}]
        self.codes: list[Table] = []
        self.graphs = [_Graph()]
        self.signatures: list[tuple[str | None, int, Any, Any]] = []
        self.metadata: list[Table] = []
        self.number = 0
        self.places: dict[str, int] = {}

    def _here(self, path: str) -> None:
        self.places.setdefault(path, self.number)

    @property
    def graph(self) -> _Graph:
        return self.graphs[-1]

    def line(self, tokens: Tokens) -> None:
        """Read one line."""
        if tokens.take("("):
            tokens.expect(")")
            tokens.expect("=")
            self._call(tokens, [])
            return
        word = tokens.items[0][1]
        directive = getattr(self, f"_read_{word}", None) if tokens.items[0][0] == "word" else None
        following = tokens.items[1][1] if len(tokens.items) > 1 else ""
        if directive is not None and following not in (":", "~", "="):
            tokens.at = 1
            directive(tokens)
        else:
            self._tensor(tokens)
        if not tokens.done:
            raise SketchError(f"cannot read {tokens.items[tokens.at][1]!r}")

    def finish(self) -> Table:
        """The whole model."""
        self.root |= {
            "operator_codes": self.codes,
            "subgraphs": [graph.table(self._resolve) for graph in self.graphs],
            "buffers": self.buffers,
            "metadata": self.metadata or None,
            "signature_defs": [self._signature(*parts) for parts in self.signatures] or None,
        }
        return self.root

    def _read_version(self, tokens: Tokens) -> None:
        self.root["version"] = int(tokens.next("number"))

    def _read_description(self, tokens: Tokens) -> None:
        self.root["description"] = tokens.value()

    def _read_unused(self, tokens: Tokens) -> None:
        self.codes.append(read_opcode(tokens))
        self._here(f"/operator_codes/{len(self.codes) - 1}")

    def _read_graph(self, tokens: Tokens) -> None:
        name = tokens.name()
        tokens.expect("(")
        inputs = self._refs(tokens)
        tokens.expect("->")
        tokens.expect("(")
        new = _Graph(name, inputs, self._refs(tokens))
        if len(self.graphs) == 1 and not self.graph.tensors and not self.graph.operators and self.graph.inputs is None:
            self.graphs[0] = new
        else:
            self.graphs.append(new)
        self._here(f"/subgraphs/{len(self.graphs) - 1}")

    def _read_metadata(self, tokens: Tokens) -> None:
        name = tokens.name()
        self._here(f"/metadata/{len(self.metadata)}")
        tokens.expect("=")
        if tokens.take("?"):
            self.metadata.append({"name": name, "buffer": int(tokens.next("number"))})
            return
        value = tokens.value()
        data = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else bytes(int(value))
        if isinstance(value, str) and tokens.peek_kind("number"):
            data = data.ljust(int(tokens.next("number")), b"\0")
        tokens.take("bytes")
        self.buffers.append({"data": data})
        self.metadata.append({"name": name, "buffer": len(self.buffers) - 1})

    def _read_signature(self, tokens: Tokens) -> None:
        key = None if tokens.take("-") else tokens.name()
        self._here(f"/signature_defs/{len(self.signatures)}")
        index = int(tokens.next("number")) if tokens.take("@") else 0
        inputs = self._map(tokens)
        tokens.expect("->")
        self.signatures.append((key, index, inputs, self._map(tokens)))

    def _map(self, tokens: Tokens) -> list[tuple[str | None, Ref]] | None:
        if tokens.take("-"):
            return None
        tokens.expect("(")
        rows: list[tuple[str | None, Ref]] = []
        while not tokens.take(")"):
            name = None if tokens.take("-") else tokens.name()
            tokens.expect("=")
            rows.append((name, self._ref(tokens)))
            tokens.take(",")
        return rows

    def _signature(self, key: str | None, index: int, inputs: Any, outputs: Any) -> Table:
        graph = self.graphs[index] if index < len(self.graphs) else self.graphs[0]

        def side(rows: list[tuple[str | None, Ref]] | None) -> list[Table] | None:
            if rows is None:
                return None
            return [{"name": name, "tensor_index": self._resolve(graph, ref)} for name, ref in rows]

        return {"signature_key": key, "subgraph_index": index, "inputs": side(inputs), "outputs": side(outputs)}

    @staticmethod
    def _ref(tokens: Tokens) -> Ref:
        if tokens.take("?"):
            return int(tokens.next("number"))
        return -1 if tokens.take("-") else tokens.handle()

    def _refs(self, tokens: Tokens) -> list[Ref]:
        refs: list[Ref] = []
        while not tokens.take(")"):
            refs.append(self._ref(tokens))
            tokens.take(",")
        return refs

    @staticmethod
    def _resolve(graph: _Graph, ref: Ref) -> int:
        if isinstance(ref, int):
            return ref
        if ref not in graph.handles:
            raise SketchError(f"no tensor {_text(ref)} here" + nearest(ref[0], (name for name, _ in graph.handles)))
        return graph.handles[ref]

    def _tensor(self, tokens: Tokens) -> None:
        handle = self._ref(tokens)
        if tokens.take("="):  # a tensor that is made a second time, or none at all
            self._maker(tokens, self._resolve(self.graph, handle), {})
            return
        if isinstance(handle, int):
            raise SketchError("a line starts with a name")
        tokens.expect(":")
        dtype = tokens.value()
        if dtype not in TYPES and not str(dtype).startswith("type "):
            raise SketchError(f"no dtype {dtype!r}" + nearest(str(dtype), TYPES))
        tensor: Table = {"name": handle[0], "shape": tokens.vector() or None, "buffer": 0}
        tensor["type"] = TYPES[dtype] if dtype in TYPES else int(dtype[5:])
        read_facts(tokens, tensor)
        if handle in self.graph.handles:
            raise SketchError(f"tensor {_text(handle)} stands twice: number it, as in {name_text(handle[0])}~2")
        self.graph.tensors.append(tensor)
        index = self.graph.handles[handle] = len(self.graph.tensors) - 1
        self._here(f"/subgraphs/{len(self.graphs) - 1}/tensors/{index}")
        if tokens.take("="):
            self._maker(tokens, index, tensor)

    def _maker(self, tokens: Tokens, index: int, tensor: Table) -> None:
        if tokens.take("const"):
            self._constant(tokens, tensor)
        elif tokens.take("raw"):
            data = tokens.value()
            self.buffers.append({"data": data if isinstance(data, bytes) else bytes(int(data))})
            tensor["buffer"] = len(self.buffers) - 1
        elif tokens.take("^"):
            tokens.next("number")
            if not self.graph.operators:
                raise SketchError("no operator above")
            self.graph.operators[-1]["outputs"].append(index)
            self.graph.made.add(index)
        else:
            self._call(tokens, [index])

    def _constant(self, tokens: Tokens, tensor: Table) -> None:
        if tokens.take("@"):
            tensor["buffer"] = self.graph.tensors[self._resolve(self.graph, tokens.handle())]["buffer"]
            return
        self.buffers.append({"data": constant_bytes(tokens, tensor)})
        tensor["buffer"] = len(self.buffers) - 1

    def _operator(self, tokens: Tokens) -> tuple[Table, str]:
        if tokens.take("UNKNOWN"):
            return {"opcode_index": UNKNOWN}, ""
        entry = read_opcode(tokens)
        if entry not in self.codes:
            self.codes.append(entry)
        return {"opcode_index": self.codes.index(entry)}, OP_NAMES.get(entry["builtin_code"], "")

    def _call(self, tokens: Tokens, outputs: list[int]) -> None:
        op, name = self._operator(tokens)
        tokens.expect("(")
        graph = self.graph
        op |= {"inputs": self._refs(tokens), "outputs": outputs}
        graph.made.update(outputs)
        table, options, given = schema.OP_OPTIONS.get(name, ""), {}, True
        while not tokens.done:
            key = tokens.next("word")
            if key == "no_options":
                given = False
                continue
            tokens.expect("=")
            if key == "options":
                table = tokens.value()
            elif key == "custom":
                op["custom_options"] = tokens.value()
            elif key == "intermediates":
                tokens.expect("(")
                op["intermediates"] = self._refs(tokens)
            else:
                options[key] = tokens.value()
        scalars = any(kind[0] != "[" for _, _, kind, _ in schema.TABLES.get(table, ()))
        if table and (options or (given and scalars) or table != schema.OP_OPTIONS.get(name)):
            set_options(op, table, options)
        elif options:
            raise SketchError(f"{name} has no options")
        graph.operators.append(op)
        self._here(f"/subgraphs/{len(self.graphs) - 1}/operators/{len(graph.operators) - 1}")
        self._here(f"/operator_codes/{op['opcode_index']}")


def _text(handle: Handle) -> str:
    return name_text(handle[0]) + (f"~{handle[1]}" if handle[1] > 1 else "")
