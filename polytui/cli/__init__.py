"""The command line: `main` is what the `polytui` script runs."""

from polytui.cli.main import cli, main

__all__ = ["cli", "main"]
