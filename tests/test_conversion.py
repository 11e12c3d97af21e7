"""The converter's own notes."""

from __future__ import annotations

import pytest

from tflint import sketch
from tflint.model.conversion import NAME, conversion_of, decode_conversion
from tflint.model.read import decode

# tensorflow_version "2.15.0", api_version 2, model_type 2, model_optimization_modes [1003], allow_custom_ops
NOTE = bytes.fromhex(
    "0c00000008000e00080004000800000010000000280000000000060008000400060000000400000001000000eb030000"
    "00000a00100004000c0008000a0000000c000000020000000200000006000000322e31352e300000"
)


def test_a_note_is_read() -> None:
    """Every field by its name, unset ones at their defaults."""
    note = decode_conversion(NOTE)

    assert note is not None
    assert (note.tensorflow_version, note.api_version, note.model_type) == ("2.15.0", 2, "Keras model")
    assert note.modes == ("PTQ_FULL_INTEGER",)
    assert (note.allow_custom_ops, note.enable_select_tf_ops, note.force_select_tf_ops) == (False, False, False)
    assert note.sparsity_block_sizes == ()


def test_an_unknown_mode_keeps_its_number() -> None:
    """A newer converter may write modes that nobody here knows."""
    note = decode_conversion(NOTE.replace(b"\xeb\x03\0\0", b"\x0f\x27\0\0"))

    assert note is not None
    assert note.modes == ("mode 9999",)


@pytest.mark.parametrize("length", range(0, len(NOTE), 7))
def test_a_cut_note_is_none(length: int) -> None:
    """The buffer is untrusted as the rest of the file is."""
    assert decode_conversion(NOTE[:length]) is None


@pytest.mark.parametrize("at", range(len(NOTE)))
def test_a_damaged_note_does_no_harm(at: int) -> None:
    """Any byte may be anything."""
    for value in (0, 1, 0x7F, 0xFF):
        decode_conversion(NOTE[:at] + bytes([value]) + NOTE[at + 1 :])


def test_a_model_gives_its_note() -> None:
    """By the metadata's name, None without it."""
    text = "x: float32[4]\ny: float32[4] = RELU(x)\n"

    assert conversion_of(decode(sketch.build(text))) is None
    assert conversion_of(decode(sketch.build(f"{text}metadata {NAME} = 0x{NOTE.hex()}\n"))) == decode_conversion(NOTE)
