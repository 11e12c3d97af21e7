"""Edits as data: what each does in words, what it costs, and how it changes the tables of a model."""
