"""HTTP clients of a process, one a host: its connections, its pace and what it forbids are shared.

Venues count by address and keep connections by client. An asset that crashes and lives again must
not begin with a fresh allowance and a cold pool, and four assets are one caller.
"""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define, field

from polytui.config.wires import HttpLimits
from polytui.net.http import Http, HttpSettings

_CLOSE_S = 1.0


@define
class Pools:
    """State: the clients that were asked for, by base URL."""

    _clients: dict[str, Http] = field(factory=dict)

    def get(self, base_url: str, make: Callable[[str], Http]) -> Http:
        """The client of a host, made the first time. Nobody but `close` closes it."""
        client = self._clients.get(base_url)
        if client is None:
            client = self._clients[base_url] = make(base_url)
        return client

    async def close(self) -> None:
        """Whoever still waits is cut off; a host that does not let go holds nobody up."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _CLOSE_S):
            while self._clients:
                _, client = self._clients.popitem()
                await client.close()


def http_settings(limits: HttpLimits) -> HttpSettings:
    """As the settings' file has them."""
    return HttpSettings(
        connect_s=limits.connect_s,
        read_s=limits.read_s,
        total_s=limits.total_s,
        max_connections=limits.max_connections,
        requests_per_s=limits.requests_per_s,
        burst=limits.burst,
        tries=limits.tries,
        retry_first_s=limits.retry_first_s,
        may_use_http2=limits.may_use_http2,
    )
