"""What task libraries and people read beside the graph (TFL85x)."""
