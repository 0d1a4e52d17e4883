"""Secrets, from the environment or a .env file only. Their repr is stars, always."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen
from dotenv import dotenv_values

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
    """All three, or None: the environment overrules the file."""
    known = {
        **dotenv_values(folder / ".env"),
        **(os.environ if environment is None else environment),
    }
    texts = [known.get(name) for name in FEED_KEYS]
    if not all(texts):
        return None
    key, secret, passphrase = (Secret(text or "") for text in texts)
    return FeedKeys(key, secret, passphrase)
