"""What commands hand to other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


def write_json(value: Any, path: str) -> None:
    """To a file, or to stdout for "-"."""
    text = json.dumps(value, indent=2)
    if path == "-":
        click.echo(text)
    else:
        Path(path).write_text(f"{text}\n", encoding="utf-8")
