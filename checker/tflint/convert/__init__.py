"""Converters of other releases than the one that runs here, in environments of their own."""
