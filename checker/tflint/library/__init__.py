"""The Python API, as `import tflint` gives it: what the commands do, with results in place of printed reports.

Nothing is printed and the process is never ended: what is the user's to mend raises `TflintError`. Configuration,
environment and locks govern a path as they do for the command.
"""
