"""Signatures (TFL1xx)."""
