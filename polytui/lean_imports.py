"""Importing a library without what it would bring and nobody here uses.

Every process of ours pays for all that it imports before its first event. TA-Lib reads polars,
where somebody installed it, to take its series beside arrays (150 ms), and wraps its
functions for them. httpx reads its own command line: click, rich, pygments (65 ms).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

_OF_PY_ECC: dict[str, dict[str, object]] = {
    "py_ecc": {},
    "py_ecc.bls": {"G2ProofOfPossession": None},
    "py_ecc.bls12_381": {
        "curve_order": 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
    },
    "py_ecc.secp256k1": {"N": 2**256 - 0x14551231950B75FC4402DA1732FC9BEBF},
}
"""What eth_keyfile reads of it: the greatest keys, and what makes a validator's public one."""


def never(name: str) -> None:
    """This module is not to be had in this process, as if nobody had installed it."""
    _modules().setdefault(name, None)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within the block these modules are not to be had, as if nobody had installed them. What is
    loaded already stays, and later everybody may have them."""
    spared = [name for name in names if name not in sys.modules]
    _modules().update(dict.fromkeys(spared))
    try:
        yield
    finally:
        _forget(spared)


def load_keyfile() -> None:
    """eth_keyfile, which eth_account imports as well, without py_ecc: that is there for the keys of
    validators, takes 0.4 s, and lets the process recurse a hundred times as deep as its stack is:
    then one deep JSON document of a stranger overflows the decoder's, and the process is gone."""
    if "eth_keyfile.keyfile" in sys.modules or "py_ecc" in sys.modules:
        return
    for name, known in _OF_PY_ECC.items():
        _modules()[name] = module = ModuleType(name)
        vars(module).update(known)
    try:
        import_module("eth_keyfile.keyfile")
    except ImportError:  # a version that reads more of it gets all of it
        usual = sys.getrecursionlimit()
        _forget(_OF_PY_ECC)
        import_module("eth_keyfile.keyfile")
        sys.setrecursionlimit(usual)
    finally:
        _forget(_OF_PY_ECC)


def _forget(names: Iterable[str]) -> None:
    for name in names:
        if getattr(sys.modules.get(name), "__file__", None) is None:
            sys.modules.pop(name, None)


def _modules() -> dict[str, Any]:
    """By name; where there is None an import says that there is no such module."""
    return sys.modules
