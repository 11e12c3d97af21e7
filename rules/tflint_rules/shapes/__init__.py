"""Shapes (TFL4xx)."""
