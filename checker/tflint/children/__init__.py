"""Programs that run in other interpreters, in processes of their own: models, frameworks and converters crash.

The package is whole in itself: it imports nothing of tflint, and tflint imports nothing of it. `__main__.py` starts a
program, in any environment that has what the program takes.
"""
