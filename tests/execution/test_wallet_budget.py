"""How a wallet's calls are spread over its day, and who is not made to wait for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from wallet_room import WALLET

from polytui.config.redeem import RedeemSettings
from polytui.execution.wallet_budget import WalletBudget
from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_sender import SentBatch
from polytui.model.units import NS_PER_S, Usd

_HOUR_NS = 3_600 * NS_PER_S
_MIDNIGHT_NS = 20_000 * 24 * _HOUR_NS
_NOON_NS = _MIDNIGHT_NS + 12 * _HOUR_NS
_FREE = Usd(1_000_000_000)


def budget(path: Path, calls_ns: list[int], calls_per_day: int, calls_most: int) -> WalletBudget:
    """As it is at noon, after those calls."""
    log = WalletLog(WALLET, path / "w.work.jsonl", lambda: _NOON_NS)
    log.begin()
    for number, at_ns in enumerate(calls_ns):
        log.mean(Intent(f"call {number}", at_ns, (), SentBatch(number, f"hash {number}")))
    return WalletBudget(log, RedeemSettings(calls_per_day=calls_per_day), calls_most)


def test_calls_that_are_left_last_until_midnight(tmp_path: Path) -> None:
    last_ns = _NOON_NS - _HOUR_NS
    at_noon = budget(tmp_path, [_MIDNIGHT_NS + _HOUR_NS, last_ns], calls_per_day=8, calls_most=20)
    assert at_noon.calls_left == 6
    rules = at_noon.rules(_FREE, _NOON_NS)
    assert rules.not_before_ns == last_ns + 2 * _HOUR_NS, "twelve hours for six calls"
    assert rules.most == 20


def test_calls_of_yesterday_are_no_part_of_it(tmp_path: Path) -> None:
    at_noon = budget(tmp_path, [_MIDNIGHT_NS - 1], calls_per_day=6, calls_most=20)
    assert at_noon.calls_left == 6
    assert at_noon.rules(_FREE, _NOON_NS).not_before_ns == _MIDNIGHT_NS - 1 + 2 * _HOUR_NS


@pytest.mark.parametrize("calls", [1, 7])
def test_a_wallet_that_pays_its_own_gas_waits_for_no_pace(tmp_path: Path, calls: int) -> None:
    """Nobody counts its calls but we: what it pays is a price, and that has a limit of its own."""
    at_ns = [_NOON_NS - 1] * calls
    own_gas = budget(tmp_path, at_ns, calls_per_day=8, calls_most=1)
    assert own_gas.rules(_FREE, _NOON_NS).not_before_ns == 0
    assert own_gas.why_not() == ""


def test_a_day_that_is_used_up_says_so_and_names_no_pace(tmp_path: Path) -> None:
    used = budget(tmp_path, [_NOON_NS - 1] * 3, calls_per_day=3, calls_most=20)
    assert used.calls_left == 0
    assert used.why_not() == "3 calls today (redeem.calls_per_day)"
    assert used.rules(_FREE, _NOON_NS).not_before_ns == 0
