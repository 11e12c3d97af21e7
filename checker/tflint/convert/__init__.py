"""Convert a model again from its source: a recipe, a child process that follows it, and what came of it."""
