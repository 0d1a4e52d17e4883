"""What each of them says of its trades, in one form: the venue's books, our journal, and the lists
that the official clients give their users.

A leg is one wallet's side of one trade. Its fee is what was paid above shares x price (or got below
it, by who sold), in millionths: the venue's fee, and the fractions of a millionth that it rounds
against the taker. So two legs that are equal moved the same money to the millionth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from attrs import define, field, frozen

from polytui.journal.codec import decode_event
from polytui.journal.reader import JournalReader
from polytui.model.events import Filled, Reversed
from polytui.model.units import MICRO, parse_micro


class LegKey(NamedTuple):
    trade_id: str
    role: str
    """TAKER or MAKER."""
    token_id: str
    side: str
    """BUY or SELL."""


@frozen
class Leg:
    """In millionths. Several orders that made in one trade are one leg: their price is one."""

    price: int
    shares: int
    fee: int

    def plus(self, other: Leg) -> Leg:
        if other.price != self.price:
            raise ValueError(f"two prices in one trade: {self.price} and {other.price}")
        return Leg(self.price, self.shares + other.shares, self.fee + other.fee)


@define
class Told:
    """State: what one of them told so far."""

    legs: dict[LegKey, Leg] = field(factory=dict)
    failed: set[str] = field(factory=set)
    """Trades that the chain took back: nothing of them counts."""
    flow: int = 0
    """Dollars received less paid, in millionths."""
    shares: dict[str, int] = field(factory=dict)
    """Bought less sold, by token."""

    def add(self, key: LegKey, leg: Leg) -> None:
        before = self.legs.get(key)
        self.legs[key] = leg if before is None else before.plus(leg)
        is_bought = key.side == "BUY"
        self.flow += -_up(leg) - leg.fee if is_bought else _down(leg) - leg.fee
        change = leg.shares if is_bought else -leg.shares
        self.shares[key.token_id] = self.shares.get(key.token_id, 0) + change

    def held(self) -> dict[str, int]:
        return {token: shares for token, shares in self.shares.items() if shares}


def _down(leg: Leg) -> int:
    return leg.price * leg.shares // MICRO


def _up(leg: Leg) -> int:
    return -(-leg.price * leg.shares // MICRO)


def leg_of(side: str, price: int, shares: int, dollars: int, fee: int) -> Leg:
    """`dollars`: what moved for the shares, without the fee."""
    bare = Leg(price, shares, 0)
    over = dollars - _up(bare) if side == "BUY" else _down(bare) - dollars
    return Leg(price, shares, over + fee)


# --- the venue ------------------------------------------------------------------------------------


def told_by_venue(account: Mapping[str, Any]) -> Told:
    """By its control address, of one wallet."""
    told = Told()
    for fill in account["fills"]:
        if fill["status"] == "FAILED":
            told.failed.add(fill["trade_id"])
            continue
        role = "TAKER" if fill["is_taker"] else "MAKER"
        key = LegKey(fill["trade_id"], role, fill["token_id"], fill["side"])
        price, shares, usd, fee = (parse_micro(fill[n]) for n in ("price", "shares", "usd", "fee"))
        told.add(key, leg_of(fill["side"], price, shares, usd, fee))
    return told


# --- our journal ----------------------------------------------------------------------------------


def told_by_journal(folder: Path) -> Told:
    """Every fill that a session wrote down and did not take back; each once."""
    fills = dict[tuple[str, str], Filled]()
    gone = set[tuple[str, str]]()
    with JournalReader(folder) as journal:
        for record in journal:
            event = decode_event(record.event) if record.is_event else None
            if isinstance(event, Filled):
                fills.setdefault((event.order_id, event.trade_id), event)
            elif isinstance(event, Reversed):
                gone.add((event.order_id, event.trade_id))
    return _of_fills(fills, gone)


def _of_fills(fills: dict[tuple[str, str], Filled], gone: set[tuple[str, str]]) -> Told:
    told = Told(failed={trade_id for _, trade_id in gone})
    for name, fill in fills.items():
        if name in gone:
            continue
        if fill.side is None:
            raise ValueError(f"a fill that does not say its side: {fill}")
        role = "TAKER" if fill.is_taker else "MAKER"
        key = LegKey(fill.trade_id, role, fill.token_id, fill.side.name)
        told.add(key, Leg(fill.price, fill.shares, fill.fee))
    return told


# --- the official clients -------------------------------------------------------------------------


def told_by_client(
    rows: Iterable[Mapping[str, Any]], wallet: str, rates: Mapping[str, int]
) -> Told:
    """Rows are what a trader's `fills` gave; `rates` the taker's fee in millionths, by token. The
    lists have no fee in them: it is reckoned here by what the venue publishes, a maker's part at a
    time, and whether that was right the client's own balance shows."""
    told = Told()
    for row in rows:
        if row["status"] == "FAILED":
            told.failed.add(row["trade"])
            continue
        if row["role"] == "TAKER":
            key = LegKey(row["trade"], "TAKER", row["token"], row["side"])
            told.add(key, _taken(row, rates[row["token"]]))
        for part in row["parts"]:
            if part["wallet"].lower() == wallet:
                key = LegKey(row["trade"], "MAKER", part["token"], part["side"])
                told.add(key, _made(part))
    return told


def _taken(row: Mapping[str, Any], rate_ppm: int) -> Leg:
    dollars = fee = 0
    for part in row["parts"]:
        shares, price = parse_micro(part["size"]), parse_micro(part["price"])
        if part["token"] != row["token"]:
            price = MICRO - price
        bare = Leg(price, shares, 0)
        dollars += _up(bare) if row["side"] == "BUY" else _down(bare)
        exact = shares * rate_ppm * price * (MICRO - price) // MICRO**3
        fee += exact // 10 * 10
    return leg_of(row["side"], parse_micro(row["price"]), parse_micro(row["size"]), dollars, fee)


def _made(part: Mapping[str, Any]) -> Leg:
    """What the taker's rounding leaves is the maker's."""
    price, shares = parse_micro(part["price"]), parse_micro(part["size"])
    bare = Leg(price, shares, 0)
    dollars = _down(bare) if part["side"] == "BUY" else _up(bare)
    return leg_of(part["side"], price, shares, dollars, 0)
