"""What a side of `driver_pace.py` is asked, and what it says at its end; for whatever Python runs
it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.peak import peak_mb


def asking(name: str, about: str | None) -> argparse.ArgumentParser:
    """A market, how often there is to be an order, and whether the market is read beforehand."""
    parser = argparse.ArgumentParser(prog=name, description=about)
    parser.add_argument("market", type=Path)
    parser.add_argument("every_s", type=float, help="seconds of the market from order to order")
    parser.add_argument("--streamed", action="store_true", help="read and decoded as it is played")
    return parser


def say(*, events: int, orders: int, fills: int, seconds: float, idle_mb: float) -> None:
    """`seconds`: of processor; `idle_mb`: what the process had when everything was imported."""
    at_most_mb = peak_mb()
    said = {
        "events": events,
        "orders": orders,
        "fills": fills,
        "seconds": seconds,
        "idle_mb": round(idle_mb, 1),
        "peak_mb": round(at_most_mb, 1),
        "above_mb": round(at_most_mb - idle_mb, 1),
    }
    print(json.dumps(said))
