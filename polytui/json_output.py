"""What commands hand to other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from polytui.model.errors import Fatal


def write_json(value: Any, path: str) -> None:
    """To a file, or to stdout for "-"; Fatal where it cannot be written."""
    text = json.dumps(value, indent=2)
    try:
        if path == "-":
            click.echo(text)
        else:
            Path(path).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        where = "stdout" if path == "-" else path
        raise Fatal(f"cannot write {where}: {error.strerror or error}") from error
