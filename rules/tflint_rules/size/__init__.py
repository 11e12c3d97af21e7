"""Size and metadata (TFL8xx)."""
