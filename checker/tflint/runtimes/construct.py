"""What `Interpreter(model_path=...)` checks, in the runtime's order.

Source: tflite/core/interpreter_builder.cc, core/api/op_resolver.cc, core/subgraph.cc of LiteRT f674577; what older
releases do differently is in their profiles, measured with 70 defective models on 32 runtimes.
"""

from __future__ import annotations

from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING

from tflint.model import schema
from tflint.model.sparse import sparsity_problem
from tflint.runtimes.micro import micro_construct
from tflint.runtimes.parameters import parse_problem
from tflint.runtimes.profile import known_ops
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op, OperatorCode, Subgraph
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located

CUSTOM, PLACEHOLDER = 32, 127
LAST_KNOWN_CODE = 209
MAX_BYTES = (1 << 63) - 1
BLOCKS_READ = (2, 19, 3)  # run: LiteRT 1.3.0 to 2.1.6 die of blockwise quantization without parameters, 1.2.0 does not
DETAILS_CHECKED = (2, 22)  # run: LiteRT 2.2.0 and 2.3.0 check them, 2.1.6 and before do not
EMPTY_IS_DATA = (2, 11)  # run: tflite-runtime 2.7.0 to 2.10.0 take an empty vector for none, 2.11.0 and later do not
ONE_BUFFER = (2, 21)  # seen from LiteRT 2.1.2 on, not in 1.0.1 to 2.1.0
UNSIZED = frozenset({"string", "resource", "variant"})
# Ops whose options the runtime does not parse: only they may read and write one tensor (measured, litert-2.3.0)
WITHOUT_PARAMETERS = frozenset(
    """
    ABS ADD_N ASSIGN_VARIABLE ATAN2 BATCH_TO_SPACE_ND BITCAST BITWISE_XOR BROADCAST_ARGS BROADCAST_TO CEIL
    COMPLEX_ABS COS CUSTOM DENSIFY DEQUANTIZE DILATE DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP
    EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD GATHER_ND GREATER GREATER_EQUAL HARD_SWISH HASHTABLE_FIND
    HASHTABLE_IMPORT HASHTABLE_LOOKUP HASHTABLE_SIZE IMAG LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR
    LOGISTIC LOG_SOFTMAX MATRIX_DIAG MATRIX_SET_DIAG MAXIMUM MINIMUM NEG NON_MAX_SUPPRESSION_V4
    NON_MAX_SUPPRESSION_V5 NOT_EQUAL PAD PADV2 POW PRELU QUANTIZE RANGE RANK READ_VARIABLE REAL RELU RELU6
    RELU_0_TO_1 RELU_N1_TO_1 REVERSE_V2 RFFT2D RIGHT_SHIFT ROUND RSQRT SCATTER_ND SEGMENT_SUM SELECT SELECT_V2
    SIGN SIN SLICE SPACE_TO_BATCH_ND SQRT SQUARE SQUARED_DIFFERENCE STABLEHLO_ADD STABLEHLO_AND STABLEHLO_MAXIMUM
    STABLEHLO_MINIMUM STABLEHLO_MULTIPLY STABLEHLO_SHIFT_LEFT TANH TILE TOPK_V2 TRANSPOSE UNSORTED_SEGMENT_MAX
    UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM WHERE ZEROS_LIKE
    """.split()  # noqa: SIM905 - a list of one name a line is no easier to read
)


def construct(model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    """Reasons why the interpreter is not constructed."""
    if profile.micro:
        yield from micro_construct(model, profile)
        return
    yield from _sections(model, profile)
    for code in model.operator_codes:
        yield from _operator_code(code, profile)
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            yield from _tensor(tensor, model, profile)
        for op in graph.ops:
            yield from _operator(op, model, profile)
        if profile.verifies_graph:
            yield from _unmade(graph)
    if profile.signature_defs:
        for signature in model.signatures:
            if signature.key is None:
                yield _load("TFL104", signature, problem="its key is absent")
            elif not profile.null_signature_maps_ok and (signature.inputs is None or signature.outputs is None):
                yield _load("TFL104", signature, problem="its input or output map is absent")


def _load(code: str, at: Located, **data: object) -> Refusal:
    return Refusal("load", code, at, data)


def _sections(model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    if model.version != 3:
        yield _load("TFL901", model, problem=f"schema version {model.version}, runtimes take 3")
    if not model.subgraphs:
        yield _load("TFL901", model, problem="no subgraph")
    if "buffers" in model.absent:
        yield _load("TFL901", model, problem="no buffers")
    for graph in model.subgraphs:
        if "tensors" in graph.absent:
            yield _load("TFL901", graph, problem="no tensors")
        if "operators" in graph.absent and not profile.empty_subgraph_ok:
            yield _load("TFL901", graph, problem="no operators")


def effective_code(code: OperatorCode, profile: RuntimeProfile) -> int:
    """The builtin code that this runtime reads."""
    return code.deprecated_code if profile.opcode_field == "deprecated" else code.code


def effective_name(code: OperatorCode, profile: RuntimeProfile) -> str:
    """The op that this runtime takes it for: another one where it reads the int8 field and a writer left that at 0."""
    number = effective_code(code, profile)
    return code.name if number == code.code else schema.ENUMS["BuiltinOperator"].get(number, f"BUILTIN_{number}")


def _operator_code(code: OperatorCode, profile: RuntimeProfile) -> Iterator[Refusal]:
    number = effective_code(code, profile)
    if number == CUSTOM:
        if code.custom_code is None:
            yield _load("TFL304", code, op="CUSTOM", problem="has no custom_code")
        return
    name = effective_name(code, profile)
    if code.code > LAST_KNOWN_CODE or code.code == PLACEHOLDER:
        yield _load("TFL202", code, number=code.code)
    elif number > profile.max_builtin_code or name not in profile.kernels:
        rule = "TFL201" if code.name in known_ops() else "TFL204"
        yield _load(rule, code, op=code.name, version=code.version, have="absent", number=code.code)
    else:
        low, high = profile.kernels[name]
        if not low <= code.version <= high:
            have = f"version {low} to {high}" if low != high else f"version {low}"
            yield _load("TFL201", code, op=code.name, version=code.version, have=have, number=code.code)


def _tensor(tensor: Tensor, model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    if tensor.buffer is None and tensor.buffer_index and "buffers" not in model.absent:
        problem = f"buffer {tensor.buffer_index} of {len(model.buffers)}"
        yield _load("TFL902", tensor, problem=problem)
        return
    if tensor.dtype not in profile.tensor_types:
        yield _load("TFL516", tensor, dtype=tensor.dtype)
        return
    yield from _quantization(tensor, len(model.subgraphs[tensor.subgraph].tensors), profile)
    buffer = tensor.buffer
    if buffer is not None and buffer.outside and buffer.index and not buffer.in_file and profile.buffer_offset:
        yield _load("TFL902", tensor, problem=f"buffer {buffer.index} lies outside the file")
    stored = _stored(tensor, profile)
    if tensor.is_variable and stored:
        yield _load("TFL902", tensor, problem="a variable with constant data")
    elif tensor.external_buffer and stored and profile.generation >= ONE_BUFFER:
        yield _load("TFL902", tensor, problem="an external buffer beside constant data")
    if tensor.is_variable and tensor.dtype in UNSIZED:  # run: 2.7.0 to 2.14.0 and LiteRT 2.3.0 take none of them
        yield _load("TFL902", tensor, problem=f"a {tensor.dtype} variable")
    if tensor.dtype in UNSIZED:
        return
    if any(dim < 0 for dim in tensor.shape):
        yield _load("TFL907", tensor, problem=f"a negative dimension in {list(tensor.shape)}")
    elif _wraps(tensor.shape) or tensor.elements * max(tensor.bits, 8) // 8 > MAX_BYTES:
        yield _load("TFL907", tensor, problem=f"{list(tensor.shape)} overflows")
    elif stored:
        yield from _constant(tensor, profile)


def _stored(tensor: Tensor, profile: RuntimeProfile) -> bool:
    """The runtime finds data for it, in the FlatBuffer or behind it; buffer 0 stands for none, whatever it holds.

    Run: TFLite 2.14, LiteRT 1.0.1, 2.0.3, 2.1.2 and 2.3.0 make no difference between the two.
    """
    buffer = tensor.buffer
    if buffer is None or not tensor.buffer_index:
        return False
    if buffer.outside and profile.buffer_offset:
        return True
    empty = bool(buffer.start) and not buffer.outside  # a vector that is there
    return buffer.data_size > 0 or (empty and profile.generation >= EMPTY_IS_DATA)


def _wraps(shape: tuple[int, ...]) -> bool:
    """A product on the way leaves 64 bits, whatever a later 0 makes of it (tflite/util.cc, BytesRequired)."""
    return any(count > MAX_BYTES for count in accumulate(shape, mul))


def _constant(tensor: Tensor, profile: RuntimeProfile) -> Iterator[Refusal]:
    buffer = tensor.buffer
    if buffer is None or (buffer.outside and not profile.buffer_offset):
        return
    if tensor.sparsity is not None:
        problem = sparsity_problem(tensor)
        if problem:
            yield _load("TFL902", tensor, problem=problem)
        return
    need = tensor.elements if profile.int4 == "bytes" and tensor.bits == 4 else tensor.byte_size
    have = buffer.size
    if have < need or (have > need and profile.constant_size == "equal"):
        yield _load("TFL902", tensor, problem=f"{have:,} bytes for a constant of {need:,}")


def _quantization(tensor: Tensor, tensors: int, profile: RuntimeProfile) -> Iterator[Refusal]:
    quant = tensor.quant
    if quant is None:
        return
    since = BLOCKS_READ if quant.details_type == "BlockwiseQuantization" else DETAILS_CHECKED
    if profile.generation >= since and (problem := quant.details_problem(len(tensor.shape), tensors)):
        yield _load("TFL509", tensor, problem=problem)
    if not len(quant.scale):
        return
    scales, zeros = len(quant.scale), len(quant.zero_point)
    problem = ""
    if "zero_point" in quant.absent:
        problem = "a scale without a zero point"
    elif scales != zeros:
        problem = f"{scales} scales and {zeros} zero points"
    elif tensor.shape and not 0 <= quant.dimension < len(tensor.shape):
        problem = f"quantized dimension {quant.dimension} of rank {len(tensor.shape)}"
    elif scales != 1 and tensor.shape and scales != tensor.shape[quant.dimension]:  # rank 0 takes any number
        problem = f"{scales} scales for a dimension of {tensor.shape[quant.dimension]}"
    if problem:
        yield _load("TFL509", tensor, problem=problem)


def _operator(op: Op, model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    if op.opcode is None:
        yield _load("TFL903", op, problem=f"operator code {op.opcode_index} of {len(model.operator_codes)}")
        return
    offset, size = op.large_custom_options
    read = op.name == "CUSTOM" and op.custom_options is None  # what a builtin has of them nobody looks at
    if read and offset > 1 and profile.buffer_offset and offset + size > model.file_size:
        yield _load("TFL902", op, problem="its custom options lie outside the file")
    problem = "" if op.name not in profile.kernels else parse_problem(op, profile)
    if problem:
        yield _load("TFL910", op, problem=problem)


def _unmade(graph: Subgraph) -> Iterator[Refusal]:
    """Inputs that nothing has made so far: `Input tensor 2 to op 46 (RESHAPE) is not produced`."""
    made = set(graph.input_indices)
    for op in graph.ops:
        for index in op.input_indices:
            tensor = graph.tensors[index] if 0 <= index < len(graph.tensors) else None
            if tensor and index not in made and not (tensor.is_constant or tensor.is_variable):
                yield _load("TFL904", op, problem=f"{tensor.label} is an input that nothing has made so far")
        made.update(op.output_indices)


def graph_indices(graph: Subgraph) -> Iterator[tuple[Located, str]]:
    """Tensor indices out of range, graph's and operators': an inconsistent model, which does not allocate.

    -1 stands for "none" everywhere, and nobody looks at intermediates.
    """
    count = len(graph.tensors)
    for role, indices in (("input", graph.input_indices), ("output", graph.output_indices)):
        for index in indices:
            if not -1 <= index < count:
                yield graph, f"{role} tensor {index} of {count}"
    for op in graph.ops:
        for role, indices in (("input", op.input_indices), ("output", op.output_indices)):
            for index in indices:
                if not -1 <= index < count:
                    yield op, f"{role} tensor {index} of {count}"
