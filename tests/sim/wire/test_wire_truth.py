"""A client that keeps its own book from the frames of a lively world, and checks every hash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from py_clob_client_v2.clob_types import OrderBookSummary, OrderSummary
from py_clob_client_v2.utilities import generate_orderbook_summary_hash

from polytui.model.instrument import Asset, Interval, Round
from polytui.model.units import NS_PER_S, format_micro, parse_micro
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.world import World, WorldSettings

START_NS = 1_795_204_920 * NS_PER_S  # two minutes into a five-minute round


class TokenBook:
    """What one token's frames add up to, kept without any code of the venue."""

    def __init__(self, round_: Round, snapshot: dict[str, Any]) -> None:
        self.market = round_.condition_id
        self.token = snapshot["asset_id"]
        self.tick = snapshot["tick_size"]
        self.last = snapshot["last_trade_price"]
        self.sides: dict[str, dict[int, str]] = {}
        self.replace(snapshot)

    def replace(self, book: dict[str, Any]) -> None:
        for side, name in (("BUY", "bids"), ("SELL", "asks")):
            self.sides[side] = {parse_micro(one["price"]): one["size"] for one in book[name]}

    def change(self, change: dict[str, Any]) -> None:
        price = parse_micro(change["price"])
        self.sides[change["side"]][price] = change["size"]
        if change["size"] == "0":
            del self.sides[change["side"]][price]

    def bests(self) -> tuple[str, str]:
        bids, asks = self.sides["BUY"], self.sides["SELL"]
        return (
            format_micro(max(bids)) if bids else "0",
            format_micro(min(asks)) if asks else "1",
        )

    def hash(self, timestamp: str) -> str:
        def levels(side: str) -> list[OrderSummary]:
            # Worst first: bids rise towards the best, asks fall.
            ordered = sorted(self.sides[side].items(), reverse=side == "SELL")
            return [OrderSummary(price=format_micro(price), size=size) for price, size in ordered]

        summary = OrderBookSummary(
            market=self.market,
            asset_id=self.token,
            timestamp=timestamp,
            bids=levels("BUY"),
            asks=levels("SELL"),
            min_order_size="5",
            neg_risk=False,
            tick_size=self.tick,
            last_trade_price=self.last,
            hash="",
        )
        return str(generate_orderbook_summary_hash(summary))


class Client:
    """Applies the texts of one world event as a unit, the way the venue means them."""

    def __init__(self, round_: Round, snapshots: list[dict[str, Any]]) -> None:
        self.books = {one["asset_id"]: TokenBook(round_, one) for one in snapshots}
        self.checked = 0
        self.kinds: set[str] = set()

    def apply(self, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            self.kinds.add(frame["event_type"])
            getattr(self, f"_{frame['event_type']}")(frame)
        for frame in frames:
            if frame["event_type"] == "price_change":
                self._check(frame)

    def _check(self, frame: dict[str, Any]) -> None:
        for change in frame["price_changes"]:
            book = self.books[change["asset_id"]]
            assert (change["best_bid"], change["best_ask"]) == book.bests()
            assert change["hash"] == book.hash(frame["timestamp"])
            self.checked += 1

    def _price_change(self, frame: dict[str, Any]) -> None:
        for change in frame["price_changes"]:
            self.books[change["asset_id"]].change(change)

    def _book(self, frame: dict[str, Any]) -> None:
        book = self.books[frame["asset_id"]]
        book.tick = frame.get("tick_size", book.tick)
        before = {side: dict(levels) for side, levels in book.sides.items()}
        book.replace(frame)
        assert book.sides == before

    def _last_trade_price(self, frame: dict[str, Any]) -> None:
        price = parse_micro(frame["price"])
        for token, book in self.books.items():
            seen = price if token == frame["asset_id"] else 1_000_000 - price
            book.last = format_micro(seen, 3)

    def _tick_size_change(self, frame: dict[str, Any]) -> None:
        self.books[frame["asset_id"]].tick = frame["new_tick_size"]


@pytest.mark.parametrize("seed", [3, 11])
def test_every_hash_of_a_round_verifies_until_its_end(seed: int) -> None:
    world = World(WorldSettings(seed, START_NS, (Asset.BTC,), (Interval.M5,)))
    round_ = next(one for one in world.rounds.values() if one.closes_ns > START_NS)
    polymarket = Polymarket(world)
    session = polymarket.market_session()
    tokens = [round_.up_token, round_.down_token]
    answers = session.receive(json.dumps({"type": "market", "assets_ids": tokens}))
    client = Client(round_, json.loads(answers[0]))
    for world_event in world.run_until(round_.closes_ns + 30 * NS_PER_S):
        polymarket.note(world_event)
        client.apply([json.loads(text) for text in session.publish(world_event)])
    assert client.checked > 500
    assert {"price_change", "book", "last_trade_price"} <= client.kinds
