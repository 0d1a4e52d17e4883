"""Whether a secret is in anything that was left: files, also compressed ones, and whatever text a
test hands in."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret

_ZSTD = b"\x28\xb5\x2f\xfd"


def forms_of(key: Secret, api_key: ApiKey) -> list[bytes]:
    """Every way in which somebody may have written them: the private key as hexadecimal digits of
    either case (what is found without 0x is found with it), as a number, as bytes; the secret in
    both alphabets of its encoding and as what it encodes."""
    digits = key.reveal().removeprefix("0x")
    secret = api_key.secret.reveal()
    raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    found = [
        digits.lower().encode(),
        digits.upper().encode(),
        str(int(digits, 16)).encode(),
        bytes.fromhex(digits),
        secret.rstrip("=").encode(),
        base64.b64encode(raw).rstrip(b"="),
        base64.urlsafe_b64encode(raw).rstrip(b"="),
        raw,
        api_key.passphrase.reveal().encode(),
    ]
    assert all(len(one) >= 8 for one in found), "too short to be looked for"
    return found


def secrets_in(folder: Path, secrets: Iterable[bytes], but: Path | None = None) -> list[str]:
    """Files below a folder in which one of them is, or whose name has it; `but` one folder where
    they may be."""
    wanted, found = list(secrets), []
    for path in sorted(folder.rglob("*")):
        if but is not None and path.is_relative_to(but):
            continue
        texts = [str(path).encode(), *_contents(path)]
        if any(secret in text for secret in wanted for text in texts):
            found.append(str(path))
    return found


def _contents(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        return
    whole = path.read_bytes()
    yield whole
    if whole.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(whole, read_across_frames=True)
        yield reader.read()
