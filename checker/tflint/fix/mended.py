"""What ai-edge-quantizer leaves wrong in the models that it makes, put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.fix.document import open_document
from tflint.fix.tail import moved
from tflint.fix.versions import raise_versions, state_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.fix.document import Document


def mend(file: Path, original: Path) -> None:
    """Put right what the library loses: outputs of signatures, operator versions, files behind the model.

    Of several outputs that are quantized, signatures keep naming tensors that are none any more.
    """
    was, now = open_document(original), open_document(file)
    changes = [_outputs_renamed(was, now), raise_versions(now), state_runtime(now)]
    if any(changes):
        spare = file.with_suffix(".mended")
        with spare.open("wb") as out:
            for piece in now.pieces():
                out.write(piece)
        spare.replace(file)
    tail = memoryview(was.data)[was.tail_start :]
    if len(tail):
        at = file.stat().st_size
        with file.open("ab") as out:
            out.write(moved(tail, at - was.tail_start))


def _outputs_renamed(was: Document, now: Document) -> bool:
    """Let signatures name the outputs that stand where theirs stood; tell whether any did not."""
    changed = False
    for old, new in zip(was.root["signature_defs"] or (), now.root["signature_defs"] or (), strict=False):
        graph = old["subgraph_index"]
        places = list(was.root["subgraphs"][graph]["outputs"])
        outputs = list(now.root["subgraphs"][graph]["outputs"])
        tensors = {port["name"]: port["tensor_index"] for port in old["outputs"] or ()}
        for port in new["outputs"] or ():
            place = places.index(tensors[port["name"]]) if tensors.get(port["name"]) in places else len(outputs)
            if place < len(outputs) and port["tensor_index"] != outputs[place]:
                port["tensor_index"] = outputs[place]
                changed = True
    return changed
