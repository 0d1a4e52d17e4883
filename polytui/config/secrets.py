"""Secrets, from the environment or a .env file only. Their repr is stars, always."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from hmac import compare_digest
from io import StringIO
from pathlib import Path
from typing import NoReturn

from attrs import frozen
from dotenv import dotenv_values

from polytui.model.errors import Fatal
from polytui.model.known_secrets import know
from polytui.model.plain_text import plain

FEED_KEYS = ("POLYMARKET_API_KEY", "POLYMARKET_API_SECRET", "POLYMARKET_API_PASSPHRASE")


_KEYLIKE = re.compile(
    r"^POLYMARKET_|SECRET|PASSPHRASE|PASSWORD|PRIVATE_?KEY|API_?KEY|MNEMONIC|TOKEN", re.IGNORECASE
)
"""Names of what no child of ours needs, other programs' keys among them."""


class Secret:
    """A text that never shows itself; `reveal` is the one way to it. From its making on no text
    for people in this process shows it either (model/known_secrets.py)."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        know(text)
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied to where it could be read")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


@frozen
class FeedKeys:
    """CLOB API credentials: PolyBolt wants them even for public prices."""

    key: Secret
    secret: Secret
    passphrase: Secret


def load_feed_keys(
    folder: Path, environment: Mapping[str, str | None] | None = None
) -> FeedKeys | None:
    """All three, or None where none is set: the environment overrules the file.

    Fatal for a file that is no text, and for one or two of the three, which would be ignored.
    """
    known = {
        **_read_env(folder / ".env"),
        **(os.environ if environment is None else environment),
    }
    missing = [name for name in FEED_KEYS if not known.get(name)]
    if len(missing) == len(FEED_KEYS):
        return None
    if missing:
        raise Fatal(f"{', '.join(missing)} missing beside the others: set all three, or none")
    key, secret, passphrase = (Secret(known[name] or "") for name in FEED_KEYS)
    return FeedKeys(key, secret, passphrase)


def _read_env(path: Path) -> dict[str, str | None]:
    """Values of a .env file; nothing where there is none. Its content is in no message."""
    try:
        return dotenv_values(stream=StringIO(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise Fatal(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise Fatal(f"cannot read {path}: {error.strerror}") from error


# --- who may see them ---------------------------------------------------------------------------


def environment_for(*, needs_keys: bool) -> dict[str, str]:
    """The environment of a child: without keys, or with those of the feeds alone."""
    return {
        name: value
        for name, value in os.environ.items()
        if not _KEYLIKE.search(name) or (needs_keys and name in FEED_KEYS)
    }


def forget_keys() -> None:
    """For a process that needs none from here on: neither it nor its children have them."""
    for name in [name for name in os.environ if _KEYLIKE.search(name)]:
        del os.environ[name]


def exposure_of(folder: Path) -> str:
    """Why others may read the keys in this folder's .env; empty where they may not."""
    path = folder / ".env"
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not stat.S_IMODE(mode) & 0o077:
        return ""
    return f"{plain(path.absolute())} can be read by others on this machine; run: chmod 600 .env"
