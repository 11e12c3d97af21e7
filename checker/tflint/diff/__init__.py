"""What changed from one model to another, for whoever reviews it."""
