"""Graph hygiene (TFL7xx)."""
