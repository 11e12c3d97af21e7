"""The commands of tflint, one module each: they parse arguments and print; the work is done elsewhere."""
