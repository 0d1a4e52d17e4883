"""The libraries of the chain, which take a second to load: in a thread, at the first need."""

from __future__ import annotations

import sys
from importlib import import_module

import trio

_MODULES = ("eth_utils", "eth_abi", "eth_account", "polytui.sim.wire.call_data")


async def load_ethereum() -> None:
    """After it, functions may import them without holding up the world."""
    if any(name not in sys.modules for name in _MODULES):
        await trio.to_thread.run_sync(_load)


def _load() -> None:
    # py_ecc, far below, lets the whole process recurse a hundred times as deep as it can: then one
    # deep JSON document overflows the stack of the decoder, and the process is gone.
    usual = sys.getrecursionlimit()
    try:
        for name in _MODULES:
            import_module(name)
    finally:
        sys.setrecursionlimit(usual)
