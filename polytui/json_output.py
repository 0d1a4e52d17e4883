"""What commands hand to other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from polytui.model.errors import Fatal


def write_json(value: Any, path: str) -> None:
    """To a file, or to stdout for "-"; Fatal where it cannot be written."""
    write_bytes(f"{json.dumps(value, indent=2)}\n".encode(), path)


def write_bytes(data: bytes, path: str) -> None:
    """The same of what is made already."""
    try:
        if path == "-":
            click.echo(data, nl=False)
        else:
            Path(path).write_bytes(data)
    except OSError as error:
        where = "stdout" if path == "-" else path
        raise Fatal(f"cannot write {where}: {error.strerror or error}") from error
