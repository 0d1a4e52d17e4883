"""A venue of ours, asked for the truth by whoever started it."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from attrs import frozen

from polytui.execution.throwaway import throwaway_wallet
from polytui.model.units import MICRO, parse_micro

STARTING_USD = 10_000 * MICRO
"""What the settings of those who trade there give a throwaway wallet."""
_OVER = ("TRADE_STATUS_CONFIRMED", "TRADE_STATUS_FAILED")
_FAILED = _OVER[1]
_EVERY_S = 0.1
_ANSWERS_S = 120.0
"""A machine that is busy with other things answers late."""
_PATIENCE_S = 30.0

Terms = tuple[str, str, int, int]
"""Of an order: token, side, price and size, as far as everybody tells them alike."""


@frozen
class Has:
    """What an account has: dollars in millionths, shares by token; and what it won with it so far,
    as whoever tells that counts it."""

    usd: int
    shares: dict[str, int]
    made: int

    def after(self, winners: dict[str, bool]) -> Has:
        """Once every round that is over was paid; `winners` by token, of those rounds alone."""
        paid = sum(count for token, count in self.shares.items() if winners.get(token))
        left = {token: count for token, count in self.shares.items() if token not in winners}
        return Has(self.usd + paid, left, self.made + paid)


@frozen
class Told:
    """The throwaway account at one moment."""

    has: Has
    orders: dict[str, dict[str, Any]]
    """Those that work, by the venue's name."""
    trades: dict[str, str]
    """Status by id."""
    api_key: str
    """Of one of its orders that work; empty where none does."""

    @property
    def is_quiet(self) -> bool:
        """Nothing works, and every trade is on the chain or failed."""
        return not self.orders and not self.is_moving

    @property
    def is_moving(self) -> bool:
        """Whether a trade is on its way to the chain."""
        return not all(status in _OVER for status in self.trades.values())

    @property
    def has_part_filled(self) -> bool:
        """Whether a part of an order that works is taken."""
        return any(parse_micro(one["size_matched"]) for one in self.orders.values())

    def lasting_trades(self) -> set[str]:
        return {name for name, status in self.trades.items() if status != _FAILED}


def terms_of(order: dict[str, Any]) -> Terms:
    price, size = parse_micro(order["price"]), parse_micro(order["original_size"])
    return order["asset_id"], order["side"], price, size


class Bank:
    """State: who won what, so far as anybody asked."""

    def __init__(self, urls: dict[str, Any]) -> None:
        self._urls = urls
        self._winners: dict[str, dict[str, bool]] = {}
        self.wallet = throwaway_wallet(urls["control_token"])

    def told(self) -> Told:
        told = self._ask(f"/account?wallet={self.wallet.funder}")
        shares = {token: parse_micro(text) for token, text in told["shares"].items()}
        usd = parse_micro(told["usd"])
        has = Has(usd, {one: n for one, n in shares.items() if n}, usd - STARTING_USD)
        orders = {one["id"]: one for one in told["orders"]}
        trades = {one["id"]: one["status"] for one in told["trades"]}
        api_key = next((str(one["owner"]) for one in orders.values()), "")
        return Told(has, orders, trades, api_key)

    def lose_answers(self, times: int) -> None:
        """To orders: they are taken, and the connection is cut."""
        self._ask("/orders", {"kind": "lose_answer", "times": times, "seconds": 60})

    def silence(self, api_key: str) -> None:
        """As if the key had not beaten for too long."""
        self._ask("/heartbeat", {"api_key": api_key})

    def quiet(self, *, may_hurry: bool) -> Told | None:
        """As soon as nothing moves any more; None where that takes too long. Hurrying, the dead
        man's switch is not waited for."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            told = self.told()
            if told.is_quiet:
                return told
            if may_hurry and told.api_key:
                self.silence(told.api_key)
            time.sleep(_EVERY_S)
        return None

    def winners_of(self, conditions: set[str]) -> dict[str, bool]:
        """By token; nothing of rounds that are not over."""
        for condition in conditions - set(self._winners):
            with urllib.request.urlopen(f"{self._urls['clob']}/markets/{condition}") as answer:
                tokens = json.load(answer)["tokens"]
            winners = {one["token_id"]: bool(one["winner"]) for one in tokens}
            if any(winners.values()):
                self._winners[condition] = winners
        return {
            token: is_winner
            for condition in conditions
            for token, is_winner in self._winners.get(condition, {}).items()
        }

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self._urls['control_token']}",
            "Content-Type": "application/json",
        }
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._urls["control"] + path, sent, headers)
        with urllib.request.urlopen(request, timeout=_ANSWERS_S) as answer:
            return json.load(answer)
