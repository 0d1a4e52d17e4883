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


async def guard_loopback(event: str, info: dict[str, Any]) -> None:
    """For the `trace` of httpcore's requests: Fatal where a connection went anywhere else."""
    if event != _CONNECTED:
        return
    stream = info["return_value"]
    peer = stream.get_extra_info("server_addr")
    if not is_loopback(str(peer[0])):
        await stream.aclose()
        raise Fatal(
            f"{peer[0]} is not this machine, and nothing was sent there: what is simulated goes to"
            " loopback only; look at the address in the settings"
        )
