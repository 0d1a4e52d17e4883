"""A person's order through a whole engine: sent once, filled, settled, attributed, replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock
from virtual_engine import VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.desk.round_phase import Phase
from polytui.desk.snapshots_deciding import show_scores
from polytui.journal.codec import FORMAT, Header
from polytui.model.errors import Rejected
from polytui.model.events import SettingsChanged, TicketSent, TicketWithdrawn
from polytui.model.instrument import Asset, Outcome
from polytui.model.notice_kinds import FILL, HAND, SETTLEMENT
from polytui.model.orders import Side, TimeInForce
from polytui.model.ticket import BY_HAND, Ticket
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.runtime.inbox import Item
from polytui.store.database import Database, open_read_only
from polytui.store.fold import Fold
from polytui.store.rows import SessionRow

pytestmark = pytest.mark.trio
BTC = Asset.BTC
QUIET = {
    "session": {"assets": (BTC,)},
    "ticket": {"is_enabled": True, "max_through_cents": 99.0},
    "distance_fade": {"is_enabled": False},
    "settlement_sniper": {"is_enabled": False},
}
"""Nobody but the person trades."""


@asynccontextmanager
async def a_round_open(
    monkeypatch: pytest.MonkeyPatch, folder: Path, **tables: object
) -> AsyncIterator[tuple[VirtualEngine, str]]:
    """An engine, and the slug of a round that is open and whose books are seen."""
    async with open_engine(monkeypatch, folder, quick_settings(**{**QUIET, **tables})) as engine:
        rounds = engine.session.mind.desks[BTC].rounds

        def seen() -> list[str]:
            return [
                one.slug for one in rounds if one.phase is Phase.OPEN and one.up_book.is_settled
            ]

        await engine.until(lambda: bool(seen()))
        yield engine, seen()[0]


def buying(engine: VirtualEngine, slug: str, number: str = "0000000a", cents: int = 0) -> Ticket:
    """Ten of Up at the best ask, or so many cents; what is not there at once is gone."""
    market_round = engine.session.mind.desks[BTC].rounds.get(slug)
    assert market_round is not None
    price = Price(cents * 10_000) if cents else market_round.up_book.best_ask
    tif = TimeInForce.GTC if cents else TimeInForce.FAK
    return Ticket(number, slug, Outcome.UP, Side.BUY, price, Shares(10 * MICRO), tif)


async def test_a_persons_order_from_the_ticket_to_its_settlement(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    async with a_round_open(monkeypatch, folder) as (engine, slug):
        hub, now_ns = engine.session.hub, engine.session.clock.now_ns
        ticket = buying(engine, slug)
        assert hub.look_at_ticket("btc", ticket).refusal == ""
        done = await hub.send_ticket("btc", ticket, now_ns(), "terminal")
        assert len(done.seqs) == 1
        with pytest.raises(Rejected, match="sent already"):
            await hub.send_ticket("btc", ticket, now_ns(), "terminal")
        rests = buying(engine, slug, "0000000b", cents=1)
        with pytest.raises(Rejected, match="stake below minimum: 10 < 100 shares"):
            await hub.send_ticket("btc", rests, now_ns(), "terminal")
        rests = evolve(rests, shares=Shares(100 * MICRO))
        await hub.send_ticket("btc", rests, now_ns(), "terminal")
        account = engine.session.mind.account.of(BTC)
        await engine.until(lambda: account.fills and account.working == 1)
        await hub.take_back("btc", rests.order_id, "terminal")
        await engine.until(lambda: not account.working)
        await engine.until(lambda: engine.has_settled(BTC, slug))
        result = account.live.results()[BY_HAND]
        assert (result.entries, result.wins + result.losses) == (1, 1)
        assert result.pnl == account.realised == engine.account.cash - 1_000 * MICRO
        shown = [
            one for one in show_scores(engine.session.mind.desks[BTC]) if one.strategy == BY_HAND
        ]
        assert shown[0].live.pnl == result.pnl
    kinds = [one.kind for one in engine.notices if one.kind]
    assert kinds.count(SETTLEMENT) == 1
    assert FILL in kinds
    assert any("by hand, sent: buy up 10.00" in text for text in engine.texts("btc"))
    assert any(text.startswith("bought up") and text.endswith("by hand") for text in engine.texts())

    sent = [event for _, event in engine.events(TicketSent)]
    assert [event.ticket for event in sent] == [
        ticket,
        ticket,
        evolve(rests, shares=Shares(10 * MICRO)),
        rests,
    ]
    assert [event.order_id for _, event in engine.events(TicketWithdrawn)] == [rests.order_id]
    verdict = replay_journal(engine.session.journal.path, is_verifying=True)
    assert verdict.is_equal, verdict.text()

    asked = asked_of(tmp_path / "kept.sqlite", engine)
    assert asked("SELECT DISTINCT strategy FROM orders") == [(BY_HAND,)]
    assert asked("SELECT strategy, pnl FROM trades") == [(BY_HAND, result.pnl)]
    told = asked("SELECT kind, origin FROM risk WHERE kind LIKE 'ticket%' ORDER BY seq")
    assert [kind for kind, _ in told] == [
        "ticket",
        "ticket",
        "ticket declined",
        "ticket",
        "ticket declined",
        "ticket",
        "ticket withdrawn",
    ]
    assert {origin for kind, origin in told if kind != "ticket declined"} == {"terminal"}


def asked_of(path: Path, engine: VirtualEngine) -> Callable[[str], list[tuple[object, ...]]]:
    """The journal as rows of a database, to be asked in SQL."""
    header = Header(FORMAT, "0", "demo", "s", engine.session.started_ns)
    fold, records = Fold(header, "s"), engine.records()
    rows = [fold.began(), *(row for record in records for row in fold.take(record))]
    with closing(Database(path)) as database:
        ends = SessionRow("s", seq=records[-1].seq, last_ns=records[-1].at)
        database.put("s", 0, [*rows, *fold.stands()], ends)

    def ask(sql: str) -> list[tuple[object, ...]]:
        with closing(open_read_only(path)) as connection:
            return list(connection.execute(sql))

    return ask


async def test_bad_words_of_a_face_are_refused_before_they_are_an_event(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_round_open(monkeypatch, tmp_path / "s") as (engine, slug):
        hub, now_ns = engine.session.hub, engine.session.clock.now_ns()
        good = buying(engine, slug)
        for bad in (
            evolve(good, ticket_id="x" * 1_000_000),
            evolve(good, slug="../\x1b[2J"),
            evolve(good, price=Price(-5)),
            evolve(good, shares=Shares(1 << 60)),
        ):
            with pytest.raises(Rejected):
                await hub.send_ticket("btc", bad, now_ns, "terminal")
            with pytest.raises(Rejected):
                hub.look_at_ticket("btc", bad)
        with pytest.raises(Rejected, match="no asset 'doge'"):
            await hub.send_ticket("doge", good, now_ns, "terminal")
        with pytest.raises(Rejected, match="no order of that name"):
            await hub.take_back("btc", "A" * 500, "terminal")
        with pytest.raises(Rejected, match="does not work any more"):
            await hub.take_back("btc", "nobody-s", "terminal")
    assert engine.events(TicketSent) == []


async def test_a_picture_of_before_is_refused_whatever_the_pace(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_round_open(monkeypatch, tmp_path / "s") as (engine, slug):
        clock, hub = engine.session.clock, engine.session.hub
        ticket = buying(engine, slug)
        old_ns = clock.now_ns() - 4 * NS_PER_S
        with pytest.raises(Rejected, match="what you saw is old: 1 > 0 s too old"):
            await hub.send_ticket("btc", ticket, old_ns, "terminal")
        monkeypatch.setattr(clock, "speed", 2.0)
        await hub.send_ticket("btc", ticket, old_ns, "terminal")


async def test_between_two_lives_a_ticket_goes_to_nobody(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_round_open(monkeypatch, tmp_path / "s") as (engine, slug):
        run, now_ns = engine.run_of(BTC), engine.session.clock.now_ns()
        ticket = buying(engine, slug)
        run.inbox.insist(Item(SettingsChanged("nonsense")))
        await engine.until(run.deaf.is_set)
        with pytest.raises(Rejected, match="restarts: look at its orders"):
            await engine.session.hub.send_ticket("btc", ticket, now_ns, "terminal")
        with pytest.raises(Rejected, match="restarts"):
            engine.session.hub.look_at_ticket("btc", ticket)
        await engine.until(lambda: not run.deaf.is_set())
        await trio.sleep(5)
    assert engine.events(TicketSent) == []
    assert not any(one.kind == HAND for one in engine.notices)
