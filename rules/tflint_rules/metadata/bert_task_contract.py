"""TFL853: a text model that MediaPipe's text tasks cannot feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule, task_metadata_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import ByHand, Hit, TaskMetadata, Tensor

TOKENIZERS = {1: "RegexTokenizerOptions", 3: "BertTokenizerOptions"}  # by the number of int32 inputs
STRING_INPUTS = (1, 3)  # 3: the Universal Sentence Encoder

BAD = """
ids: int64[1,16]
words: float32[100,8] = const
y: float32[1,16,8] = GATHER(words, ids)
"""
GOOD = """
text: string[1]
y: string[1,1] = EXPAND_DIMS(text, axis)
axis: int32[1] = const [1]
"""


@rule(
    "TFL853",
    "bert-task-contract",
    Severity.ERROR,
    since="0.1.0",
    fix="manual",
    group=("problem",),
    message="{problem}",
    examples=[(BAD, GOOD, "mediapipe")],
)
def bert_task_contract(target: Target) -> Iterator[Hit]:
    """A text model has inputs or metadata that MediaPipe's text tasks do not take.

    ## Why is this bad?
    The tokenizer travels with the model: MediaPipe makes ids of the text by the process unit in the metadata, and
    knows three forms only. Anything else is refused when the task is created: `Models with int32 input tensors should
    take exactly 3 or 1 input tensors`, `Text models with int32 input tensors require TFLite Model Metadata`, `All
    input tensors should have type int32 or all should have type string` (mediapipe#3970).

    ## What to do
    Export one of: three int32 inputs `[1, length]` (ids, mask, segment ids) with `BertTokenizerOptions`; one int32
    input `[1, length]` with `RegexTokenizerOptions`; one string input. `tflint fix --vocabulary FILE`
    writes the unit and packs the vocabulary, as `BertTextClassifierWriter` of `mediapipe.tasks.python.metadata` does.

    ## Exceptions
    Only for the target `mediapipe`. A model counts as text when all its inputs are strings, or all are integers of
    rank 2. A graph of your own around `InferenceCalculator` needs none of this.

    ## References
    mediapipe/tasks/cc: text/utils/text_model_utils.cc, components/processors/text_preprocessing_graph.cc.
    """
    graph = target.model.primary
    inputs = [tensor for tensor in graph.inputs if tensor is not None] if graph else []
    if target.profile.tasks != "mediapipe" or graph is None or not inputs or len(inputs) != len(graph.inputs):
        return
    dtypes = {tensor.dtype for tensor in inputs}
    if dtypes == {"string"}:
        if len(inputs) not in STRING_INPUTS:
            yield hit(graph, problem=f"{len(inputs)} string inputs, where a text model has 1")
    elif dtypes <= {"int32", "int64"} and all(len(tensor.shape) == 2 for tensor in inputs):
        yield from _ids(inputs, task_metadata_of(target.model))


def _ids(inputs: list[Tensor], found: TaskMetadata | None) -> Iterator[Hit]:
    for tensor in inputs:
        if tensor.dtype != "int32":
            yield hit(tensor, problem=f"a text input is {tensor.dtype}, where tokenizers give int32")
        if tensor.shape[0] != 1:
            yield hit(tensor, problem=f"a text input has batch {tensor.shape[0]}, where MediaPipe gives 1")
    wanted = TOKENIZERS.get(len(inputs))
    if len({tensor.shape[1] for tensor in inputs}) > 1:
        yield hit(inputs[0], problem="the text inputs are of different lengths")
    if wanted is None:
        yield hit(inputs[0], problem=f"{len(inputs)} inputs of ids, where MediaPipe's tokenizers give 1 or 3")
    elif found is None:
        yield hit(inputs[0], fix=_asked(), problem="no metadata says how text becomes ids")
    else:
        units = [*found.input_units, *(unit for tensor in found.inputs for unit in tensor.units)]
        if not any(unit.kind.endswith("TokenizerOptions") for unit in units):
            ids = "one input of ids calls" if len(inputs) == 1 else f"{len(inputs)} inputs of ids call"
            lack = f"the metadata has no {wanted}, which {ids} for"
            yield hit(inputs[0], fix=_asked(), problem=lack)


def _asked() -> tuple[ByHand, ...]:
    from tflint.api import ask_metadata  # noqa: PLC0415 - only where there is something to mend

    return ask_metadata(("--vocabulary FILE",))
