"""Operators and runtime (TFL2xx)."""
