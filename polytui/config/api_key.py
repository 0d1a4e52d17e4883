"""The key of an account at the CLOB: one class for whoever signs, listens or reads with it."""

from __future__ import annotations

from attrs import field, frozen

from polytui.config.secrets import Secret


def _stars(_: str) -> str:
    return "***"


@frozen
class ApiKey:
    """Credentials that the venue gives to the owner of a wallet. Never printed."""

    key: str = field(repr=_stars)
    """Its id, a UUID: no secret by itself, and nobody's business."""
    secret: Secret
    passphrase: Secret
