"""Secrets, from the environment or a .env file only. Their repr is stars, always."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from attrs import frozen
from dotenv import dotenv_values

from polytui.model.errors import Fatal

FEED_KEYS = ("POLYMARKET_API_KEY", "POLYMARKET_API_SECRET", "POLYMARKET_API_PASSPHRASE")


class Secret:
    """A text that never shows itself; `reveal` is the one way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


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
