"""The files a user starts from: config.toml with every setting, .env.example with every secret.

Every setting stands with its default, and what its docstring says as a comment; "(hot)" stands
before what may be changed while the engine runs.
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
from polytui.config.secrets import API_KEYS
from polytui.model.errors import Fatal

_WIDTH = 98
_HEAD = """\
# polytui settings. Every field is here with its default; delete what you do not change.
# `polytui config check` names every fault at once; unknown names are faults.
# What is marked (hot) may be changed while an engine runs, which looks at this file every second.
# Secrets never stand here: see .env.example.
"""
_ENV_HEAD = """\
# Copy to .env; never commit that file. Everything here is optional for paper trading and demos.
#
# CLOB API credentials: the PolyBolt price stream wants them even for public prices.
# Without them Chainlink is read from RTDS alone.
"""


def config_text() -> str:
    """The whole of config.toml."""
    settings = Settings()
    lines = [_HEAD.rstrip()]
    for table in attrs.fields(Settings):
        is_hot = bool(table.metadata.get("is_hot"))
        lines += ["", *_table(table.name, getattr(settings, table.name), is_hot)]
    return "\n".join(lines) + "\n"


def env_text() -> str:
    """The whole of .env.example: names of secrets, none of them set."""
    return _ENV_HEAD + "".join(f"{name}=\n" for name in API_KEYS)


def write_starters(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Write both files where there are none: each with whether it was written. What is there
    stays as it is. Fatal where the folder cannot be written to."""
    for name, text in (("config.toml", config_text()), (".env.example", env_text())):
        path = folder / name
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            yield path, False
        except OSError as error:
            raise Fatal(f"cannot write {path}: {error.strerror}") from error
        else:
            yield path, True


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
