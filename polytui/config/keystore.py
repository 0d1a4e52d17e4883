"""A private key in a file that only a pass phrase opens: the keyfile that Ethereum's wallets write
(version 3)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import frozen

from polytui.config.secrets import KEYSTORE, Secret
from polytui.lean_imports import load_keyfile
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

_MOST_BYTES = 1 << 16
_DIGITS = 64


@frozen
class Keystore:
    path: Path

    @property
    def address(self) -> str:
        """Of the key inside, as the file says it in clear, in small letters; empty where it does
        not."""
        said = str(self._read().get("address", "")).lower().removeprefix("0x")
        return f"0x{said}" if said else ""

    def opened(self, passphrase: Secret) -> Secret:
        """The private key. Fatal without a word of either where the two do not belong together."""
        load_keyfile()
        from eth_keyfile.keyfile import decode_keyfile_json

        kept = self._read()
        try:
            key = decode_keyfile_json(kept, passphrase.reveal().encode())
        except ValueError:
            words = "its pass phrase is another one, or the file is damaged"
            raise Fatal(f"the keystore {plain(self.path)} does not open: {words}") from None
        except (KeyError, TypeError, NotImplementedError, AttributeError):
            raise self._no_keyfile() from None
        return Secret(f"0x{bytes(key).hex()}")

    def write(self, key: Secret, passphrase: Secret) -> str:
        """The key into a new file, for its owner only; its address. Fatal where one is there."""
        load_keyfile()
        from eth_keyfile.keyfile import create_keyfile_json

        kept = create_keyfile_json(_bytes(key), passphrase.reveal().encode(), kdf="scrypt")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with open(os.open(self.path, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump(kept, file)
        except FileExistsError:
            raise Fatal(f"{plain(self.path)} is there already, and stays as it is") from None
        except OSError as error:
            raise Fatal(f"cannot write {plain(self.path)}: {error.strerror}") from None
        return self.address

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                kept = json.loads(file.read(_MOST_BYTES))
        except OSError as error:
            words = f"cannot read the keystore {plain(self.path)}: {error.strerror}"
            raise Fatal(f"{words}; {KEYSTORE} says where it is") from None
        except ValueError:
            raise self._no_keyfile() from None
        if not isinstance(kept, dict):
            raise self._no_keyfile()
        return kept

    def _no_keyfile(self) -> Fatal:
        return Fatal(f"{plain(self.path)} is no keyfile of an Ethereum wallet (version 3, JSON)")


def _bytes(key: Secret) -> bytes:
    """Fatal where it is no number of 64 hex digits."""
    digits = key.reveal().strip().lower().removeprefix("0x")
    if len(digits) != _DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise Fatal("that is no private key: 64 hex digits, with 0x or without")
    return bytes.fromhex(digits)
