"""The command line: what it takes, read by typer, or without it where arguments are ordinary."""
