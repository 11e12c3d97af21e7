"""tflint: a linter and compatibility checker for .tflite (TensorFlow Lite / LiteRT) models."""

__version__ = "0.1.0"
