"""Serving HTTP: an ASGI app on hypercorn's Trio worker, with its traps closed.

Two guards. Hypercorn sends in a shielded scope without a deadline, so a peer that stops reading
would hold a cancelled server for ever: the kernel is told to give such a peer up. And a graceful
end waits for open connections only as long as it is told to.
"""

from __future__ import annotations

import errno
import resource
import socket
from typing import Any

import trio
from attrs import field, frozen
from attrs.validators import ge, gt
from hypercorn.config import Config
from hypercorn.trio import serve

from polytui.model.errors import Fatal

_BACKLOG = 128


@frozen
class ServeSettings:
    unread_timeout_s: float = field(default=3.0, validator=gt(0))
    """How long sent bytes may stay unacknowledged before the kernel drops the peer."""
    keep_alive_s: float = field(default=75.0, validator=gt(0))
    """How long a connection may ask nothing, or be about to ask. Clients keep theirs for 5 to 30 s
    and lose a request where the server is the first to let go."""
    graceful_timeout_s: float = field(default=1.0, validator=ge(0))
    """How long open requests may hold the end of the server."""


def let_many_connect(files: int = 8192) -> None:
    """This process may have so many files open, as far as its user may: what shells allow is often
    a thousand, and as many silent sockets would keep everybody else out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_listening_socket(
    host: str, port: int, unread_timeout_s: float | None = None
) -> socket.socket:
    """A bound, listening TCP socket; port 0 takes any free one. Fatal when it cannot be had.

    `unread_timeout_s` is TCP_USER_TIMEOUT, inherited by every accepted connection (Linux). Only
    for servers that cannot be cancelled while they send: the kernel was seen to drop busy
    loopback streams by it that did read, at 3 s, on a loaded machine.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if unread_timeout_s is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            limit_ms = int(unread_timeout_s * 1000)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise Fatal(_why_not(host, port, error)) from error
    return listening


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use; stop the program that has it, "
            "or choose another port (0 takes any free one)"
        )
    return f"cannot listen on {host}:{port} ({error}); choose an address and port of this machine"


async def serve_asgi(
    app: Any,
    host: str,
    port: int,
    *,
    settings: ServeSettings | None = None,
    shutdown: trio.Event | None = None,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until cancelled or until `shutdown` is set; starts with the bound port."""
    limits = settings or ServeSettings()
    stop = trio.Event() if shutdown is None else shutdown
    listening = open_listening_socket(host, port, limits.unread_timeout_s)
    bound = int(listening.getsockname()[1])
    config = Config()
    # Hypercorn takes the descriptor over and closes it.
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = None
    config.errorlog = None
    config.keep_alive_timeout = limits.keep_alive_s
    config.graceful_timeout = limits.graceful_timeout_s
    config.include_server_header = False
    async with trio.open_nursery() as nursery:

        async def run(*, task_status: trio.TaskStatus[list[str]]) -> None:
            await serve(app, config, shutdown_trigger=stop.wait, task_status=task_status)

        await nursery.start(run)
        task_status.started(bound)
