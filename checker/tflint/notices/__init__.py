"""Rules of the checker itself, one a file: it makes their hits; selectors, severities and pages are as ever."""

from tflint.notices.index import INDEX

__all__ = ["INDEX"]
