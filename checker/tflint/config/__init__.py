"""Configuration: settings and their documentation, files, layers, and which settings govern which model."""
