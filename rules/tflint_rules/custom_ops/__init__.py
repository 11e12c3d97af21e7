"""Custom ops (TFL3xx)."""
