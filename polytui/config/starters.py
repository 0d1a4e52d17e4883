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
from polytui.config.keys import KeySettings
from polytui.config.own import OWN
from polytui.config.schema import Settings
from polytui.config.secrets import (
    API_KEYS,
    FUNDER,
    KEYSTORE,
    OF_THE_RELAYER,
    PRIVATE_KEY,
    WALLET_TYPE,
)
from polytui.model.errors import Fatal

_WIDTH = 98
_HEAD = """\
# polytui settings. Every field is here with its default; delete what you do not change.
# `polytui config check` names every fault at once; unknown names are faults.
# What is marked (hot) may be changed while an engine runs, which looks at this file every second.
# Secrets never stand here: see .env.example.
"""
_ENV_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        """\
# Copy to .env, chmod 600 .env, and never commit that file. Paper trading and demos need none of it.
# A variable of the environment counts before a line here; docs/live.md has every other place.
#
# CLOB API credentials: the PolyBolt price stream wants them even for public prices, and without
# them Chainlink is read from RTDS alone. Live trading derives them from the private key: leave
# them empty.
""",
        API_KEYS,
    ),
    (
        """
# Live trading only. Real orders need all of DRY_RUN=false, ENABLE_REAL_TRADING=true, a private key,
# and somebody who names the wallet at the start.
""",
        ("DRY_RUN=true", "ENABLE_REAL_TRADING=false"),
    ),
    (
        """
# Better than a key in clear: an encrypted file that `polytui config keystore FILE` writes. It asks
# for its pass phrase, which a service gives in POLYTUI_KEYSTORE_PASSPHRASE.
""",
        (KEYSTORE, PRIVATE_KEY),
    ),
    (
        """
# Winners are redeemed and pairs merged through the relayer, which pays the gas of deposit, proxy
# and safe wallets: a relayer key of the website's settings with the owner's address, as often as
# you like, or a builder's key, 100 times a day. An eoa pays in POL and needs neither.
""",
        OF_THE_RELAYER,
    ),
    (
        """
# deposit (every account since May 2026), proxy (e-mail), safe (browser wallet) or eoa, and the
# address that holds the money: what follows from the key where it is left empty.
""",
        (f"{WALLET_TYPE}=deposit", FUNDER),
    ),
)


def config_text() -> str:
    """The whole of config.toml."""
    settings = Settings()
    lines = [_HEAD.rstrip()]
    for table in attrs.fields(Settings):
        if table.name == OWN:  # a table of each strategy that somebody wrote: none as it ships
            continue
        is_hot = bool(table.metadata.get("is_hot"))
        lines += ["", *_table(table.name, getattr(settings, table.name), is_hot)]
    return "\n".join(lines) + "\n"


def env_text() -> str:
    """The whole of .env.example: names of secrets, none of them set, and gates that are closed."""
    lines = ("".join(map(_env_line, names)) for _, names in _ENV_PARTS)
    return "".join(head + set_ for (head, _), set_ in zip(_ENV_PARTS, lines, strict=True))


def _env_line(name: str) -> str:
    return f"{name}\n" if "=" in name else f"{name}=\n"


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
    if isinstance(table, KeySettings):  # nothing of it is set as it ships
        yield from ('# "page.risk" = ["r", "f3"]', "# theme = []")
        return
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
