"""Data types and quantization (TFL5xx)."""
