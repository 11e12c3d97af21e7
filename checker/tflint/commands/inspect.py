"""`tflint inspect`."""
