"""Integrity and security (TFL9xx)."""
