"""Names inside a model are untrusted: nothing of theirs reaches a terminal, a log parser or a renderer as markup."""

from __future__ import annotations

import re

LONGEST = 200  # characters of one name in a report for people

# C0 and C1 controls, DEL, line and paragraph separators, bidirectional overrides, zero-width marks, lone surrogates
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def plain(text: str) -> str:
    """The text on one line, with control characters written out."""
    return _UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}" if ord(m[0]) > 0xFF else f"\\x{ord(m[0]):02x}", text)


def short(text: str) -> str:
    """`plain`, cut in the middle to LONGEST characters."""
    text = plain(text)
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}...{text[-half:]}"


def markdown(text: str) -> str:
    """`plain`, with Markdown's and HTML's marks disarmed."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~@])", r"\\\1", plain(text)).replace("\\<", "&lt;").replace("\\&", "&amp;")


def command_data(text: str) -> str:
    """For the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """For a property of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
