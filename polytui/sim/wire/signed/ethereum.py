"""The libraries of the chain, which take half a second to load: in a thread, at the first need."""

from __future__ import annotations

import sys
from importlib import import_module

import trio

from polytui.lean_imports import load_keyfile

_MODULES = ("eth_utils", "eth_abi", "eth_account", "polytui.sim.wire.signed.call_data")


async def load_ethereum() -> None:
    """After it, functions may import them without holding up the world."""
    if any(name not in sys.modules for name in _MODULES):
        await trio.to_thread.run_sync(_load)


def _load() -> None:
    load_keyfile()
    for name in _MODULES:
        import_module(name)
