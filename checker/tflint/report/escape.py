"""Names inside a model are untrusted: nothing of theirs reaches a terminal, a log parser or a renderer as markup."""

from __future__ import annotations

import re

LONGEST = 200  # characters of one name in a report for people
LONGEST_MESSAGE = 1000  # of a message, in which several names and the rule's own words stand

_RUNNER_COMMAND = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_LINKED = re.compile(r"@|#(?=\d)|:(?=//)|www(?=\.)|GH-(?=\d)", re.IGNORECASE)


def plain(text: str) -> str:
    """Put the text on one line, with whatever does not print as itself written out.

    That is all of Unicode's "other" and "separator" but the space: controls, escapes, line ends, bidirectional and
    zero-width marks, tags, lone surrogates. Of `##`, which opens a command of a CI runner anywhere in a line
    (`##[add-mask]`, `##vso[..]`, `##teamcity[..]`), the second mark is.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _written(ord(c)) for c in text)
    return re.sub("(?<=#)#", r"\\x23", text)


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def short(text: str, longest: int = LONGEST) -> str:
    """`plain`, cut in the middle to about `longest` characters."""
    half = longest // 2
    text = plain(text if len(text) <= 2 * longest else text[:longest] + text[-longest:])
    return text if len(text) <= longest else f"{text[:half]}...{text[-half:]}"


def no_commands(report: str) -> str:
    """Disarm `::command::` where a line of a report starts with it: a GitHub runner obeys those in any log."""
    return _RUNNER_COMMAND.sub(r"\1:\\x3a", report)


def encoded(document: str) -> str:
    """Disarm `##` in a JSON document or a sketch, where it stands in strings only."""
    return re.sub("(?<=#)#", r"\\u0023", document)


def markdown(text: str) -> str:
    """`plain`, with the marks of Markdown and HTML disarmed, and what GitHub by itself makes a link or a mention of."""
    text = plain(text).replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"[\\`*_\[\]#|>~$@]", r"\\\g<0>", text)
    return _LINKED.sub(r"\g<0>&#8203;", text)


def code(text: str) -> str:
    """Put `plain` text into a code span of Markdown, where nothing is markup, link or mention."""
    text = plain(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text or text != text.strip() else f"{fence}{text}{fence}"


def command_data(text: str) -> str:
    """Escape the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Escape a property of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
