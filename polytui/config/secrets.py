"""Secrets: their names, the type whose repr is stars, and who is given them.

Where they are looked for is said in `secret_sources.py`.
"""

from __future__ import annotations

import os
import re
from hmac import compare_digest
from io import StringIO
from pathlib import Path
from typing import NoReturn

from dotenv import dotenv_values

from polytui.model.errors import Fatal
from polytui.model.known_secrets import know

API_KEYS = ("POLYMARKET_API_KEY", "POLYMARKET_API_SECRET", "POLYMARKET_API_PASSPHRASE")
PRIVATE_KEY = "POLYMARKET_PRIVATE_KEY"
FUNDER = "POLYMARKET_FUNDER"
WALLET_TYPE = "POLYMARKET_WALLET_TYPE"
KEYSTORE = "POLYTUI_KEYSTORE"
"""Where an encrypted file with the private key is."""
PASSPHRASE = "POLYTUI_KEYSTORE_PASSPHRASE"
RELAYER_KEY, RELAYER_KEY_ADDRESS = "RELAYER_API_KEY", "RELAYER_API_KEY_ADDRESS"
BUILDER_KEYS = ("POLY_BUILDER_API_KEY", "POLY_BUILDER_SECRET", "POLY_BUILDER_PASSPHRASE")
"""One of the two has the relayer pay for what a wallet does on the chain."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Set by systemd: a folder with a file a secret."""
OF_FEEDS = (*API_KEYS, CREDENTIALS)
"""What an engine on paper is given: one price stream wants an API key."""
OF_THE_RELAYER = (RELAYER_KEY, RELAYER_KEY_ADDRESS, *BUILDER_KEYS)
OF_A_WALLET = (
    *(PRIVATE_KEY, FUNDER, WALLET_TYPE, *OF_FEEDS, KEYSTORE, PASSPHRASE),
    *OF_THE_RELAYER,
)
"""What an engine is given that signs."""
_KEYLIKE = re.compile(
    r"^POLYMARKET_|^POLYTUI_KEYSTORE|^CREDENTIALS_DIRECTORY$"
    r"|SECRET|PASSPHRASE|PASSWORD|PRIVATE_?KEY|API_?KEY|MNEMONIC|TOKEN",
    re.IGNORECASE,
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


def read_env(path: Path) -> dict[str, str | None]:
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


def environment_for(*names: str) -> dict[str, str]:
    """The environment of a child: without any key but those that are named."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in names or not _KEYLIKE.search(name)
    }


def has_keys() -> bool:
    """Whether this process was given any: what a process was begun with can be read from outside
    for as long as it lives, whatever it forgets (/proc/<pid>/environ, for its user)."""
    return any(_KEYLIKE.search(name) for name in os.environ)


def forget_keys() -> None:
    """For a process that needs none from here on: neither it nor its children have them."""
    for name in [name for name in os.environ if _KEYLIKE.search(name)]:
        del os.environ[name]
