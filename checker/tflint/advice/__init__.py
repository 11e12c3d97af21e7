"""Which quantization scheme a target runs best: a decision tree, kept as data with its sources."""
