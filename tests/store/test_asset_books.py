"""What happens to a desk, word by word, and the rows that say so."""

from __future__ import annotations

from typing import Any

import msgspec
from sessions import START_NS, a_round

from polytui.journal.codec import (
    FORMAT,
    Continues,
    Header,
    JournalRecord,
    encode_effects,
    encode_event,
)
from polytui.model import events as ev
from polytui.model.effects import Credit, Effect, Grounds, RecordedPlace
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.store.fold import Fold
from polytui.store.rows import FillRow, OrderRow, SettlementRow, TradeRow, WalletRow

ROUND = a_round(Asset.BTC, START_NS)
CASH = Usd(1_000 * MICRO)
ORDER = Order(
    "o1",
    ROUND.slug,
    ROUND.up_token,
    Outcome.UP,
    Side.BUY,
    Price(600_000),
    Shares(10 * MICRO),
    TimeInForce.GTC,
    False,
    "distance_fade",
    START_NS,
)
SENT = RecordedPlace(ORDER, Usd(6 * MICRO), Grounds(price=100.0, mid=Price(590_000)))
FILLED = ev.Filled("o1", "t1", Price(600_000), Shares(10 * MICRO), Usd(70_000), True)


class Told:
    """State: a fold, and all rows that came of what it was told."""

    def __init__(self, header: Header | None = None) -> None:
        self.fold = Fold(header or Header(FORMAT, "0", "paper", "one", START_NS), "one")
        self.rows: list[Any] = []
        self._seq = 0

    def tell(self, event: ev.Event, *effects: Effect | RecordedPlace) -> None:
        self._seq += 1
        self.rows += self.fold.take(
            JournalRecord(
                seq=self._seq,
                at=START_NS + self._seq,
                asset="btc",
                event=msgspec.Raw(encode_event(event)),
                effects=msgspec.Raw(encode_effects(effects)),
            )
        )

    def of(self, kind: type[Any]) -> list[Any]:
        return [row for row in self.rows if type(row) is kind]

    def bought(self) -> Told:
        self.tell(ev.DeskOpened(Asset.BTC, 1, CASH))
        self.tell(ev.RoundFound(ROUND))
        self.tell(ev.RoundOpened(ROUND.slug, START_NS), SENT)
        self.tell(ev.Accepted("o1"))
        self.tell(FILLED)
        return self


def test_an_order_from_its_sending_to_its_fill() -> None:
    told = Told().bought()
    sent, taken, done = told.of(OrderRow)
    assert (sent.state, sent.price, sent.mid, sent.consensus) == (
        "placing",
        600_000,
        590_000,
        100.0,
    )
    assert (taken.state, taken.accepted_ns) == ("live", START_NS + 4)
    assert (done.state, done.filled, done.first_fill_ns) == ("done", 10 * MICRO, START_NS + 5)
    (trade,) = told.of(TradeRow)
    assert (trade.stake, trade.entry_px, trade.closed_ns) == (6_070_000, 600_000, None)


def test_a_fill_that_is_told_twice_is_one() -> None:
    told = Told().bought()
    told.tell(FILLED)
    assert len(told.of(FillRow)) == 1


def test_what_was_settled_while_no_desk_lived_is_a_result_all_the_same() -> None:
    told = Told().bought()
    told.tell(ev.DeskOpened(Asset.BTC, 2, CASH, Usd(3_930_000)))
    (settled,) = told.of(SettlementRow)
    assert (settled.kind, settled.pnl, settled.slug) == ("unseen", 3_930_000, "")
    last = told.of(TradeRow)[-1]
    assert (last.ended, last.closed_ns, last.pnl) == ("unseen", START_NS + 6, None)


def test_a_trade_that_failed_after_its_settlement_is_taken_back() -> None:
    told = Told().bought()
    told.tell(
        ev.RoundSettled(ROUND.condition_id, ROUND.up_token, "clob", START_NS),
        Credit(ROUND.slug, "up", Usd(10 * MICRO), Usd(3_930_000)),
    )
    failed = ("o1", "t1", ROUND.up_token, Side.BUY, Price(600_000), Shares(10 * MICRO))
    told.tell(ev.Reversed(*failed, Usd(70_000), "failed on the chain"))
    credit, correction = told.of(SettlementRow)
    assert (credit.kind, credit.pnl) == ("credit", 3_930_000)
    assert (correction.kind, correction.pnl) == ("correction", -3_930_000)
    assert correction.slug == ROUND.slug
    assert told.of(FillRow)[-1].is_reversed is True


def test_an_order_that_nobody_knows_any_more_is_dead() -> None:
    told = Told()
    told.tell(ev.DeskOpened(Asset.BTC, 1, CASH))
    told.tell(ev.RoundFound(ROUND), SENT)
    told.tell(ev.DeskOpened(Asset.BTC, 2, CASH))
    last = told.of(OrderRow)[-1]
    assert (last.order_id, last.state) == ("o1", "dead")


def test_an_account_is_opened_once_and_not_by_who_goes_on() -> None:
    told = Told().bought()
    told.tell(ev.DeskOpened(Asset.BTC, 2, CASH))
    (opening,) = told.of(WalletRow)
    assert (opening.kind, opening.amount) == ("opening", CASH)
    later = Told(Header(FORMAT, "0", "paper", "two", START_NS, continues=Continues("one", 9)))
    later.tell(ev.DeskOpened(Asset.BTC, 1, CASH))
    assert later.of(WalletRow) == []
