"""What a model promises its callers: its interface as a value, what changes it, `tflint.lock`, contracts."""

LOCK = "tflint.lock"
