"""config.toml from the schema: `python -m docs.make_config` writes it anew.

Every setting with its default, and what its docstring says as a comment; "(hot)" stands before
what may be changed while the engine runs.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from polytui.config.docstrings import field_doc, table_doc
from polytui.config.schema import Settings

_FILE = Path(__file__).resolve().parents[1] / "config.toml"
_WIDTH = 98
_HEAD = """\
# polytui settings. Every field is here with its default; delete what you do not change.
# `polytui config check` names every fault at once; unknown names are faults.
# What is marked (hot) may be changed while an engine runs, which looks at this file every second.
# Secrets never stand here: see .env.example.
"""


def config_text() -> str:
    """The whole file."""
    settings = Settings()
    lines = [_HEAD.rstrip()]
    for table in attrs.fields(Settings):
        is_hot = bool(table.metadata.get("is_hot"))
        lines += ["", *_table(table.name, getattr(settings, table.name), is_hot)]
    return "\n".join(lines) + "\n"


def _table(name: str, table: Any, is_hot: bool) -> Iterator[str]:
    kind = type(table)
    yield from _comment(table_doc(kind))
    yield f"[{name}]"
    for field in attrs.fields(kind):
        doc = field_doc(kind, field.name)
        yield from _comment(f"(hot) {doc}".strip() if is_hot else doc)
        yield f"{field.name} = {_toml(getattr(table, field.name))}"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH)]


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Enum):
        return json.dumps(value.value)
    if isinstance(value, bool | str):
        return json.dumps(value)
    return repr(value)


if __name__ == "__main__":
    _FILE.write_text(config_text(), encoding="utf-8")
