"""What ai-edge-quantizer leaves wrong, or undone, in the models that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.fixer.document import open_document
from tflint.fixer.lookup import narrow
from tflint.fixer.tail import moved
from tflint.fixer.versions import raise_versions, state_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.fixer.document import Document


LARGEST = 2_000_000_000  # bytes: about what offsets of a FlatBuffer reach


def mend(file: Path, original: Path, *, tables: bool) -> None:
    """Put right what the library loses: outputs of signatures, operator versions, files behind the model.

    Of several outputs that are quantized, signatures keep naming tensors that are none any more. Weights are put behind
    the model, where runtimes before TFLite 2.14 do not look. `tables`: those that rows are looked up in become int8,
    which it does in static schemes alone.
    """
    was, now = open_document(original), open_document(file)
    changes = [_outputs_renamed(was, now), raise_versions(now), tables and narrow(now) > 0, _taken_in(was, now)]
    changes.append(state_runtime(now))
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


def _taken_in(was: Document, now: Document) -> bool:
    """Take weights into the FlatBuffer where they were in it; tell whether any lay behind."""
    outside = [table for table in now.root["buffers"] or () if "outside" in table]
    if len(now.data) > LARGEST or any("outside" in table for table in was.root["buffers"] or ()):
        return False
    for table in outside:
        table.update(data=table.pop("outside"), offset=0, size=0)
    return bool(outside)


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
