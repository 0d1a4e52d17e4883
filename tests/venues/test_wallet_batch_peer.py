"""Batches of every kind of wallet, byte by byte as polymarket-client makes and sends them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from asked_batches import AskedBatch, any_batch

from benchmarks.strangers.clients import SCRIPTS, UNIFIED
from polytui.venues.polymarket.wallet import WalletType

pytestmark = pytest.mark.skipif(bool(UNIFIED.absent()), reason=UNIFIED.absent())
EACH = 60
"""Batches of each kind of wallet: 240 in all, of some 700 calls."""


@pytest.fixture(scope="module")
def told() -> list[tuple[AskedBatch, dict[str, Any]]]:
    """Every batch, and what the peer made of it: one process for all."""
    rng = Random("batches")
    batches = [
        any_batch(rng, kind, 1 if kind is WalletType.EOA or number % 3 == 0 else number % 8 + 2)
        for kind in WalletType
        for number in range(EACH)
    ]
    return list(zip(batches, asked([one.asked for one in batches]), strict=True))


def asked(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the peer answers, line by line."""
    lines = "".join(json.dumps(one) + "\n" for one in documents)
    command = UNIFIED.command(SCRIPTS / "unified_batches.py")
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_call_is_the_peers(told: list[tuple[AskedBatch, dict[str, Any]]]) -> None:
    seen = set()
    for batch, answer in told:
        ours = [
            {
                "to": one.ours.target,
                "data": "0x" + one.ours.data.hex(),
                "value": str(one.ours.value),
            }
            for one in batch.calls
        ]
        assert ours == answer["calls"]
        seen |= {one.asked["name"] for one in batch.calls}
    adapters, routers = {"split", "merge", "redeem"}, {"router_split", "router_merge"}
    assert seen == {*adapters, *routers, "router_redeem", "approve", "approve_all", "raw"}


@pytest.mark.parametrize("kind", WalletType)
def test_what_is_signed_and_sent_is_the_peers(
    kind: WalletType, told: list[tuple[AskedBatch, dict[str, Any]]]
) -> None:
    mine = [(batch, answer) for batch, answer in told if batch.wallet.kind is kind]
    assert len(mine) == EACH
    for batch, answer in mine:
        if kind is WalletType.EOA:
            assert "0x" + batch.sent().hex() == answer["raw"]
        else:
            assert batch.sent().decode() == answer["body"]
