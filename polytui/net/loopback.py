"""Nobody but this machine: the peer of a connection is looked at before anything is sent to it.

A name that means loopback today may mean something else tomorrow, so it is the address of the
socket that counts, once it stands and before TLS or HTTP say a word.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

from polytui.model.errors import Fatal

_CONNECTED = "connection.connect_tcp.complete"


def is_loopback(host: str) -> bool:
    """Of a numeric address, with or without a zone behind it."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def elsewhere(where: str, peer: str) -> Fatal:
    """For a connection that stands to another machine, and was closed."""
    return Fatal(f"{where} is {peer}, another machine: what is simulated talks to this one alone")


async def guard_loopback(where: str, event: str, info: dict[str, Any]) -> None:
    """For the `trace` of httpcore's requests: Fatal where a connection went anywhere else."""
    if event != _CONNECTED:
        return
    stream = info["return_value"]
    peer = str(stream.get_extra_info("server_addr")[0])
    if not is_loopback(peer):
        await stream.aclose()
        raise elsewhere(where, peer)
