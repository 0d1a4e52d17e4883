"""Look-ahead that was planted is found and named; a past as it was heard is clean.

The first minutes of a demo's round, one asset, held as a list: played in parts of a second.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from click.testing import CliRunner
from msgspec.structs import replace

from polytui.backtest.drive import Drive
from polytui.backtest.early_events import Truth, Until
from polytui.backtest.look_ahead import LookedAhead, look_ahead
from polytui.backtest.moments import Moment
from polytui.backtest.played_journal import JournalSink
from polytui.backtest.world_source import WorldSource
from polytui.cli.main import cli
from polytui.config.schema import Settings
from polytui.journal.codec import FORMAT, Header, encode_header
from polytui.journal.seal import sealed
from polytui.market.features import Feature, Features, FeatureSet
from polytui.model import events as ev
from polytui.model.candle import Candle
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.runtime.modes import MODES
from polytui.sim_world import world_settings
from polytui.strategy.distance_fade import DistanceFade
from polytui.strategy.proposal import Proposal, View

_LASTS_S = 130
SKEW_NS = 250 * NS_PER_MS
Moments = Sequence[Moment]


@frozen
class Tape:
    """A source of moments that are all there."""

    held: Iterable[Moment]

    def moments(self) -> Iterator[Moment]:
        return iter(self.held)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """It answers nobody."""


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Eager, so that there are orders in so little time."""
    made = MODES["demo"].adapted(Settings(), Settings())
    return evolve(
        made,
        session=evolve(made.session, rounds=1, assets=(Asset.BTC,)),
        demo=evolve(made.demo, messages=0.01),
        gates=evolve(made.gates, after_open_s=5.0, entry_delay_s=0.0),
        distance_fade=evolve(made.distance_fade, min_edge_bps=1.0),
    )


@pytest.fixture(scope="module")
def heard(settings: Settings) -> Moments:
    world = world_settings(settings, settings.session.intervals, None)
    until_ns = world.start_ns + _LASTS_S * NS_PER_S
    return list(Until(WorldSource(settings, world), until_ns).moments())


def looked(
    settings: Settings, moments: Moments, *, prepared: Any = None, cuts: int = 2
) -> LookedAhead:
    """`prepared` makes of the moments that are there what is played."""

    def remake(until_ns: int | None) -> Tape:
        there = [one for one in moments if until_ns is None or one.at_ns <= until_ns]
        return Tape(there if prepared is None else prepared(there))

    def play(source: Any, sinks: Sequence[Any]) -> None:
        Drive(settings, source, sinks).play()

    return look_ahead(remake, play, cuts=cuts, skew_ns=SKEW_NS)


def test_a_past_as_it_was_heard_is_clean(settings: Settings, heard: Moments) -> None:
    found = looked(settings, heard, cuts=3)
    assert found.is_clean, found.text()
    assert found.cuts == 3
    assert found.decisions > 10
    assert {kind for kind, count in found.events.items() if count} >= {"exchange", "book"}
    assert found.text().startswith("no decision knew what was not known yet: events ")


# --- events before their time ---------------------------------------------------------------------


def _moved(moments: Moments, is_moved: Any, by_ns: int) -> Moments:
    """Those that are meant, so much earlier; what they say is what it was."""
    start_ns = moments[0].at_ns
    made = [
        Moment(max(start_ns, one.at_ns - by_ns), one.asset, one.events) if is_moved(one) else one
        for one in moments
    ]
    return sorted(made, key=lambda one: one.at_ns)


def _is_all(kind: type, after_ns: int = 0) -> Any:
    return lambda one: one.at_ns > after_ns and all(type(e) is kind for e in one.events)


def test_an_exchange_that_is_heard_one_second_early_is_named(
    settings: Settings, heard: Moments
) -> None:
    opens_ns = heard[0].at_ns + 90 * NS_PER_S
    found = looked(settings, _moved(heard, _is_all(ev.ExchangeQuoted, opens_ns), NS_PER_S))
    (early,) = found.early
    assert (early.kind, found.is_clean) == ("exchange", False)
    assert early.events > 8
    assert early.examples[0].event == "ExchangeQuoted"
    assert 0.9 < (early.examples[0].due_ns - early.examples[0].at_ns) / NS_PER_S <= 1.0
    assert early.changed, "decisions of the second in which only it was known"
    assert "price " in early.changed[0].text()
    assert "exchange: " in found.text()
    assert "LOOK-AHEAD" in found.text()


def test_one_event_of_thousands_is_found(settings: Settings, heard: Moments) -> None:
    books = [one for one in heard if all(type(e) is ev.BookChanged for e in one.events)]
    chosen = books[len(books) // 2]
    found = looked(settings, _moved(heard, lambda one: one is chosen, NS_PER_S), cuts=1)
    (early,) = found.early
    assert (early.kind, early.events) == ("book", len(chosen.events))


def test_what_was_not_received_yet_is_early_whatever_its_venue_says() -> None:
    """Less than a venue's clock may be ahead, and of a venue that stamps nothing."""
    truth, at_ns = Truth(SKEW_NS), 10**18
    quoted = ev.ExchangeQuoted(Asset.BTC, "bybit", 1.0, 1.0, 2.0, 1.0, 0, at_ns + 1)
    assert truth.due_ns(quoted, at_ns) == at_ns + 1
    assert truth.due_ns(quoted, at_ns + 1) == at_ns + 1
    ahead = replace(quoted, venue_ns=at_ns + SKEW_NS, received_ns=at_ns)
    assert truth.due_ns(ahead, at_ns) == at_ns
    far = replace(quoted, venue_ns=at_ns + SKEW_NS + 1, received_ns=at_ns)
    assert truth.due_ns(far, at_ns) == at_ns + SKEW_NS + 1


def test_a_candle_that_still_runs_is_no_closed_one(settings: Settings, heard: Moments) -> None:
    at_ns = heard[0].at_ns + 100 * NS_PER_S
    running = Candle(at_ns - 30 * NS_PER_S, 1.0, 2.0, 1.0, 2.0, 1.0, 1)
    loaded = ev.CandlesLoaded(Asset.BTC, "binance", 60, (running,), at_ns)
    moments = sorted([*heard, Moment(at_ns, Asset.BTC, (loaded,))], key=lambda one: one.at_ns)
    (early,) = looked(settings, moments, cuts=1).early
    assert (early.kind, early.examples[0].event) == ("exchange", "CandlesLoaded")
    assert early.examples[0].due_ns - at_ns == 30 * NS_PER_S


def test_who_wins_is_not_known_before_the_close(settings: Settings, heard: Moments) -> None:
    rounds = [e.round for one in heard for e in one.events if isinstance(e, ev.RoundFound)]
    at_ns = heard[-1].at_ns - 1
    listed = next(one for one in rounds if one.opens_ns < at_ns < one.closes_ns)
    settled = ev.RoundSettled(listed.condition_id, listed.token_of(Outcome.UP), "gamma", at_ns)
    moments = sorted([*heard, Moment(at_ns, Asset.BTC, (settled,))], key=lambda one: one.at_ns)
    (early,) = looked(settings, moments, cuts=1).early
    assert (early.kind, early.examples[0].due_ns) == ("outcomes", listed.closes_ns)


# --- what was made of what follows ----------------------------------------------------------------


def test_a_recording_that_was_smoothed_over_its_future_is_named(
    settings: Settings, heard: Moments
) -> None:
    """Each quote is the mean of itself and the next one, as a centred average makes it: its stamps
    are honest, its price is not."""

    def smoothed(moments: Moments) -> Moments:
        quotes = [e for one in moments for e in one.events if isinstance(e, ev.ExchangeQuoted)]
        following = dict(zip(map(id, quotes), quotes[1:], strict=False))

        def made(event: Any) -> Any:
            after = following.get(id(event))
            if after is None or after.venue != event.venue:
                return event
            return replace(event, bid=(event.bid + after.bid) / 2, ask=(event.ask + after.ask) / 2)

        return [Moment(one.at_ns, one.asset, tuple(map(made, one.events))) for one in moments]

    found = looked(settings, heard, prepared=smoothed, cuts=3)
    assert found.peeks
    assert not found.early
    assert found.peeks[0].changed[0].kind == "exchange"
    assert "exchange before it is made of what follows" in found.text()


def test_a_feature_that_is_read_from_the_future_is_named(
    settings: Settings, heard: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a table that was computed once, over the whole recording, and is looked up one second
    further than it should be."""
    table: list[tuple[int, float]] = []

    def tabled(moments: Moments) -> Moments:
        table[:] = [
            (one.at_ns, e.bid)
            for one in moments
            for e in one.events
            if isinstance(e, ev.ExchangeQuoted)
        ]
        return moments

    honest = Features.refresh

    def peeking(self: Features, now_ns: int, *rest: Any) -> None:
        honest(self, now_ns, *rest)
        last = bisect_right(table, (now_ns + NS_PER_S, 0.0)) - 1
        peeked = Feature("velocity_bps_s", table[last][1] if table else None, now_ns, False)
        told = [peeked if one.name == peeked.name else one for one in self.latest.values]
        self.latest = FeatureSet(now_ns, tuple(told))

    monkeypatch.setattr(Features, "refresh", peeking)
    found = looked(settings, heard, prepared=tabled, cuts=2)
    assert found.peeks
    assert not found.early
    columns = {
        what.split(" ")[0] for peek in found.peeks for one in peek.changed for what in one.what
    }
    assert columns == {"velocity_bps_s"}


def test_a_strategy_that_remembers_is_found(
    settings: Settings, heard: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time it knows the prices of the first."""
    seen: dict[int, float] = {}
    honest = DistanceFade.propose

    def remembering(self: DistanceFade, view: View, settings: Settings) -> Proposal:
        seen.setdefault(view.now_ns, view.price)
        later = seen.get(view.now_ns + NS_PER_S)
        moved = 0.0 if later is None else (0.4 if later > view.price else -0.4)
        fair_up = min(0.99, max(0.01, view.fair_up + moved))
        return honest(self, replace(view, fair_up=fair_up), settings)

    monkeypatch.setattr(DistanceFade, "propose", remembering)
    found = looked(settings, heard, cuts=1)
    assert not found.is_steady
    assert found.parts_ns is not None
    assert heard[0].at_ns < found.parts_ns < heard[-1].at_ns
    assert "distance_fade" in found.unsteady
    assert f"decided differently from {found.parts_ns} on, by " in found.text()


# --- as a person types it -------------------------------------------------------------------------


def _session(folder: Path, settings: Settings, moments: Moments) -> Path:
    """The journal of a session that heard these."""
    lines: list[bytes] = []
    Drive(settings, Tape(moments), [JournalSink(settings.journal, lines)]).play()
    folder.mkdir()
    header = encode_header(Header(FORMAT, "0", "demo", folder.name, moments[0].at_ns, 7))
    (folder / "journal.jsonl").write_bytes(sealed([header, *lines]))
    return folder


def _asked(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["lookahead", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_session_is_looked_at_by_its_journal(
    settings: Settings, heard: Moments, tmp_path: Path
) -> None:
    code, said = _asked(_session(tmp_path / "one", settings, heard), "--cuts", 1)
    assert (code, said[:46]) == (0, "no decision knew what was not known yet: event"), said


def test_a_session_that_heard_too_early_ends_with_one(
    settings: Settings, heard: Moments, tmp_path: Path
) -> None:
    opens_ns = heard[0].at_ns + 90 * NS_PER_S
    early = _moved(heard, _is_all(ev.ExchangeQuoted, opens_ns), NS_PER_S)
    folder, report = _session(tmp_path / "two", settings, early), tmp_path / "report.json"
    code, said = _asked(folder, "--cuts", 1, "--json", report)
    assert (code, said[:10]) == (1, "LOOK-AHEAD")
    plain = json.loads(report.read_text())
    assert [one["input"] for one in plain["early"]] == ["exchange"]
    assert plain["early"][0]["changed"]
    assert not plain["is_clean"]


def test_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "journal.jsonl").write_text("")
    code, said = _asked(tmp_path / "one", tmp_path / "one")
    assert (code, "name one session, or recordings" in said) == (2, True)
