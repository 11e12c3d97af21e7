"""The built-in rules, one a file, a folder a family."""

from tflint_rules.index import INDEX

__all__ = ["INDEX"]
