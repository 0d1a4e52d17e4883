"""Sockets are read in two ways, and nobody may be able to tell which."""

from __future__ import annotations

from typing import Any

from polytui.net.socket_settings import SocketSettings

WAYS = {"trio-websocket": False, "wsproto": True}
_way = [False]


def read_by(library: str) -> None:
    _way[0] = WAYS[library]


def sockets(**given: Any) -> SocketSettings:
    """Settings of a socket that is read in the way of the test that runs."""
    return SocketSettings(is_direct=_way[0], **given)
