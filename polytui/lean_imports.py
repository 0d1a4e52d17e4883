"""Importing a library without what it would bring and nobody here uses.

Every process of ours pays for all that it imports before its first event. TA-Lib reads polars,
where somebody installed it, to take its series beside arrays (150 ms), and wraps its
functions for them. httpx reads its own command line: click, rich, pygments (65 ms).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
        for name in spared:
            sys.modules.pop(name, None)


def _modules() -> dict[str, Any]:
    """By name; where there is None an import says that there is no such module."""
    return sys.modules
