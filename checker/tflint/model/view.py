"""Read-only view of a model: what rules see. Built by `tflint.model.read`, never by hand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tflint.model.tensor import Buffer, Tensor


@dataclass(frozen=True, slots=True, eq=False)
class OperatorCode:
    """What an operator is: both code fields, for runtimes differ in which one they read."""

    index: int
    name: str  # "CONV_2D", "CUSTOM", "BUILTIN_230" where the code is unknown
    code: int  # max(builtin_code, deprecated_builtin_code), as TFLite reads it since 2.4
    builtin_code: int
    deprecated_code: int
    version: int
    custom_code: str | None

    @property
    def path(self) -> str:
        """`/operator_codes/3`."""
        return f"/operator_codes/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it."""
        return self.custom_code or self.name if self.name == "CUSTOM" else self.name


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Op:
    """One operator. An input is None where it is omitted (-1) or impossible; `input_indices` tells which."""

    subgraph: int
    index: int
    opcode_index: int
    opcode: OperatorCode | None  # None: no such operator code
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor | None, ...]
    intermediates: tuple[Tensor | None, ...]
    input_indices: tuple[int, ...]
    output_indices: tuple[int, ...]
    intermediate_indices: tuple[int, ...]
    options_type: str  # name of the options table, "" where there is none, "type 130" where unknown
    options: Mapping[str, Any]  # by schema name; enums by their names; {} where absent
    custom_options: Sequence[int] | None  # bytes
    large_custom_options: tuple[int, int]  # offset, size; (0, 0) unset
    mutating_variable_inputs: tuple[bool, ...]
    absent: frozenset[str]  # vectors that the file leaves out altogether: "inputs", "outputs"

    @property
    def name(self) -> str:
        """Builtin name, or "CUSTOM"."""
        return self.opcode.name if self.opcode else "UNKNOWN"

    @property
    def kind(self) -> str:
        """Builtin name, or the custom op's own: what counts as one op type in reports."""
        return self.opcode.label if self.opcode else "UNKNOWN"

    @property
    def version(self) -> int:
        """Version of the operator code."""
        return self.opcode.version if self.opcode else 1

    @property
    def path(self) -> str:
        """`/subgraphs/0/operators/3`."""
        return f"/subgraphs/{self.subgraph}/operators/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it: its type and, tensors having names where operators have none, its first output."""
        first = self.outputs[0] if self.outputs else None
        return f"{self.kind} #{self.index}" + (f" '{first.name}'" if first else "")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Subgraph:
    """One function of the model; subgraph 0 is the primary one."""

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor | None, ...]
    input_indices: tuple[int, ...]
    output_indices: tuple[int, ...]
    ops: tuple[Op, ...]
    absent: frozenset[str]  # vectors that the file leaves out altogether

    @property
    def path(self) -> str:
        """`/subgraphs/0`."""
        return f"/subgraphs/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it."""
        return f"subgraph {self.index}" + (f" '{self.name}'" if self.name else "")


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """A named entry point. `key` is slot 2, which TF 2.4 to 2.6 called method_name; None, refused at load: absent."""

    index: int
    key: str | None
    inputs: tuple[tuple[str | None, int], ...] | None  # (name, tensor index); None: the map is absent
    outputs: tuple[tuple[str | None, int], ...] | None
    subgraph_index: int
    tag: str | None  # slot 3, written by TF 2.4 only

    @property
    def path(self) -> str:
        """`/signature_defs/0`."""
        return f"/signature_defs/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it."""
        return f"signature {self.index}" if self.key is None else f"signature '{self.key}'"


@dataclass(frozen=True, slots=True, eq=False)
class Metadata:
    """A named buffer of metadata."""

    index: int
    name: str
    buffer_index: int
    buffer: Buffer | None

    @property
    def path(self) -> str:
        """`/metadata/0`."""
        return f"/metadata/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it."""
        return f"metadata '{self.name}'"


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A whole model, and the facts of the file that it came from."""

    file_size: int
    version: int
    description: str
    operator_codes: tuple[OperatorCode, ...]
    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[Buffer, ...]
    signatures: tuple[Signature, ...]
    metadata: tuple[Metadata, ...]
    external_buffers: tuple[Mapping[str, Any], ...]
    external_buffer_groups: tuple[str, ...]
    metadata_buffer: tuple[int, ...]
    structure_end: int  # bytes of the FlatBuffer itself
    tail: Buffer  # what lies behind the FlatBuffer and its buffers
    absent: frozenset[str]  # vectors that the file leaves out altogether
    path: str = "/"
    label: str = "the model"

    @property
    def primary(self) -> Subgraph | None:
        """Subgraph 0: what an interpreter runs."""
        return self.subgraphs[0] if self.subgraphs else None

    @cached_property
    def entry_graphs(self) -> tuple[Subgraph, ...]:
        """Subgraphs that an application enters: the primary one and those of signatures; bodies are not among them."""
        wanted = {0, *(signature.subgraph_index for signature in self.signatures)}
        return tuple(graph for graph in self.subgraphs if graph.index in wanted)

    @property
    def ops(self) -> Iterator[Op]:
        """Operators of all subgraphs, in order."""
        return (op for graph in self.subgraphs for op in graph.ops)

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Tensors of all subgraphs, in order."""
        return (tensor for graph in self.subgraphs for tensor in graph.tensors)

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Op, ...]]:
        """Builtin name, or "CUSTOM" -> operators, in order."""
        found: dict[str, list[Op]] = {}
        for op in self.ops:
            found.setdefault(op.name, []).append(op)
        return {name: tuple(ops) for name, ops in found.items()}

    @cached_property
    def consumers(self) -> Mapping[tuple[int, int], tuple[Op, ...]]:
        """(subgraph, tensor) -> operators that read it."""
        found: dict[tuple[int, int], list[Op]] = {}
        for op in self.ops:
            for index in set(op.input_indices):
                found.setdefault((op.subgraph, index), []).append(op)
        return {key: tuple(ops) for key, ops in found.items()}

    @cached_property
    def producers(self) -> Mapping[tuple[int, int], Op]:
        """(subgraph, tensor) -> the operator that writes it."""
        return {(op.subgraph, index): op for op in self.ops for index in op.output_indices}

    @cached_property
    def given(self) -> frozenset[tuple[int, int]]:
        """(subgraph, tensor) of the inputs of all subgraphs."""
        return frozenset((graph.index, index) for graph in self.subgraphs for index in graph.input_indices)

    @cached_property
    def results(self) -> frozenset[tuple[int, int]]:
        """(subgraph, tensor) of the outputs of all subgraphs."""
        return frozenset((graph.index, index) for graph in self.subgraphs for index in graph.output_indices)

    @cached_property
    def used_opcodes(self) -> frozenset[int]:
        """Indices of the operator codes that some operator uses."""
        return frozenset(op.opcode_index for op in self.ops)

    def metadata_bytes(self, name: str, limit: int = 1 << 20) -> bytes | None:
        """The bytes of the named metadata, None when there is none."""
        for entry in self.metadata:
            if entry.name == name and entry.buffer is not None and entry.buffer.in_file:
                return entry.buffer.read(limit)
        return None
