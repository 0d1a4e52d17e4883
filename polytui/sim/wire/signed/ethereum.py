"""The libraries of the chain, which take a second to load: in a thread, at the first need."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module

import trio

_MODULES = ("eth_utils", "eth_abi", "eth_account", "polytui.sim.wire.signed.call_data")
_DIGGER = "py_ecc"


async def load_ethereum() -> None:
    """After it, functions may import them without holding up the world."""
    if any(name not in sys.modules for name in _MODULES):
        keep_depth()
        await trio.to_thread.run_sync(_load)


def keep_depth() -> None:
    """Nobody may recurse deeper for these libraries' sake.

    One of them, far below, lets the whole process recurse a hundred times as deep as its stack is:
    then one deep JSON document of a stranger overflows the decoder's, and the process is gone. It
    does so where it is imported first: here, while nobody else can run.
    """
    usual = sys.getrecursionlimit()
    with suppress(ModuleNotFoundError):
        import_module(_DIGGER)
    sys.setrecursionlimit(usual)


def _load() -> None:
    for name in _MODULES:
        import_module(name)
