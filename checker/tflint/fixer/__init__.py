"""Mending models: edits of the file itself, quantization, conversion again; each proved before it is kept."""
