from __future__ import annotations

import csv
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Exchange, Interval, Outcome, SettlementRule
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares
from polytui.sim.world.calendar import round_slug
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook
from polytui.sim.world.resolver import ResolverSettings
from polytui.sim.world.shared_prices import forget_prices
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    ChainlinkTicked,
    ExchangeQuote,
    ExchangeTrade,
    RoundListed,
    RoundResolved,
    StrikeKnown,
    TickChanged,
    WorldEvent,
)

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
START_NS = 1_795_204_815 * NS_PER_S
"""2026-11-20 20:00:15 UTC, fifteen seconds into rounds of 5m, 15m and 1h."""
MINUTE_NS = 60 * NS_PER_S
QUIET = 0.004
"""Messages, where a test asks about rounds and results: a tenth of what is usual."""
_SELDOM = CrowdRates(1.0, 0.001, 0.01)
ASLEEP = CrowdSettings(
    open=dict.fromkeys(Interval, _SELDOM), next=_SELDOM, early=_SELDOM, ended=_SELDOM
)
"""A crowd that hardly acts, where nobody looks at books."""
E18 = 10**18


def world(
    assets: Iterable[Asset] = (Asset.BTC,),
    intervals: Iterable[Interval] = (Interval.M5,),
    seed: int = 7,
    start_ns: int = START_NS,
    **changes: object,
) -> World:
    settings = WorldSettings(seed, start_ns, tuple(assets), tuple(intervals), **changes)  # type: ignore[arg-type]
    return World(settings)


def digest(world_events: Iterable[WorldEvent]) -> str:
    whole = hashlib.sha256()
    for world_event in world_events:
        whole.update(repr(world_event).encode())
    return whole.hexdigest()


def about(world_event: WorldEvent) -> str:
    """The asset or slug a world event is about."""
    if isinstance(world_event, ChainlinkTicked | ExchangeTrade | ExchangeQuote):
        return world_event.asset.value
    if isinstance(world_event, RoundListed):
        return world_event.round.slug
    return world_event.slug


# --- determinism --------------------------------------------------------------------------------


def test_one_seed_is_one_world() -> None:
    """Whether its prices were made for another one or anew, and no other seed has any of them."""
    until_ns = START_NS + 11 * MINUTE_NS // 2
    two = (Asset.BTC, Asset.XRP)
    worlds = [world(two, (Interval.M5, Interval.H1), messages=QUIET) for _ in range(2)]
    first, second = (digest(each.run_until(until_ns)) for each in worlds)
    assert first == second
    forget_prices()
    anew = world(two, (Interval.M5, Interval.H1), messages=QUIET)
    assert digest(anew.run_until(until_ns)) == first
    other = world(two, (Interval.M5, Interval.H1), seed=8, messages=QUIET)
    assert digest(other.run_until(START_NS + MINUTE_NS)) != first
    assert set(other.chainlink_history(Asset.BTC, 0)).isdisjoint(
        anew.chainlink_history(Asset.BTC, 0)
    )


def test_another_asset_or_interval_changes_nothing() -> None:
    until_ns = START_NS + 6 * MINUTE_NS
    alone = list(world(messages=0.01).run_until(until_ns))
    forget_prices()
    more = world((Asset.ETH, Asset.BTC), (Interval.M15, Interval.M5), messages=0.01)
    crowded = more.run_until(until_ns)
    same = [h for h in crowded if about(h) == "btc" or about(h).startswith("btc-updown-5m")]
    assert same == alone


def test_time_goes_forward_and_slices_make_no_difference() -> None:
    whole = list(world().run_until(START_NS + 2 * MINUTE_NS))
    sliced = world()
    pieces: list[WorldEvent] = []
    for step in range(1, 121):
        until_ns = START_NS + step * NS_PER_S
        pieces.extend(sliced.run_until(until_ns))
        assert sliced.now_ns == until_ns
        assert sliced.next_ns() > until_ns
    assert pieces == whole
    times = [world_event.at_ns for world_event in whole]
    assert times == sorted(times)
    assert times[0] > START_NS


def test_an_iterator_dropped_half_way_loses_nothing() -> None:
    until_ns = START_NS + MINUTE_NS
    whole = list(world().run_until(until_ns))
    dropped = world()
    pieces: list[WorldEvent] = []
    while len(pieces) < len(whole):
        for count, world_event in enumerate(dropped.run_until(until_ns)):
            assert dropped.now_ns == world_event.at_ns
            pieces.append(world_event)
            if count == 10:
                break
    assert pieces == whole


# --- a past ---------------------------------------------------------------------------------------


def test_the_world_begins_with_a_past() -> None:
    begun = world(Asset, Interval)
    for asset in Asset:
        history = begun.chainlink_history(asset, 0)
        assert history[0].observed_ns <= START_NS - 180 * NS_PER_S
        assert all(ticked.at_ns <= START_NS and ticked.twap_e18 for ticked in history)
        assert START_NS - history[-1].at_ns < 5 * NS_PER_S
        for interval in Interval:
            running = [
                round_
                for round_ in begun.rounds.values()
                if (round_.asset, round_.interval) == (asset, interval)
                and round_.opens_ns <= START_NS < round_.closes_ns
            ]
            assert len(running) == 1
            book = begun.book(running[0].slug)
            assert book.levels(UP, BUY) or book.levels(UP, SELL)


def test_a_round_in_progress_has_its_strike() -> None:
    begun = world((Asset.BTC,), (Interval.M5, Interval.H4))
    four_hours = round_slug(
        Asset.BTC, Interval.H4, START_NS - (START_NS - 3600 * NS_PER_S) % (4 * 3600 * NS_PER_S)
    )
    assert begun.status(four_hours).strike_e18 is not None
    assert (
        begun.status(round_slug(Asset.BTC, Interval.M5, START_NS - 15 * NS_PER_S)).strike_e18
        is None
    )


def is_main_trade(world_event: object) -> bool:
    return isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BINANCE


def test_candles_reach_back_and_follow_the_trades() -> None:
    lived = world()
    first = [h for h in lived.run_until(START_NS + 3 * MINUTE_NS) if is_main_trade(h)]
    hour = lived.candles(Asset.BTC, 60, START_NS - 60 * MINUTE_NS, lived.now_ns, 1000)
    opens = [candle.open_ns for candle in hour]
    assert opens == list(range(opens[0], lived.now_ns, MINUTE_NS))
    assert len(hour) == 63
    assert all(c.low <= min(c.open, c.close) <= max(c.open, c.close) <= c.high for c in hour)
    live = [trade for trade in first if trade.at_ns // MINUTE_NS * MINUTE_NS == opens[-2]]
    assert hour[-2].open == live[0].price
    assert hour[-2].close == live[-1].price
    assert hour[-2].high == max(trade.price for trade in live)
    assert hour[-2].trades == len(live)
    assert hour[-2].volume == pytest.approx(sum(trade.size for trade in live))
    assert lived.candles(Asset.BTC, 60, START_NS - 60 * MINUTE_NS, lived.now_ns, 5) == hour[:5]
    (whole,) = lived.candles(Asset.BTC, 300, opens[0] + 2 * MINUTE_NS, opens[0] + 6 * MINUTE_NS, 9)
    inside = [c for c in hour if 0 <= c.open_ns - whole.open_ns < 300 * NS_PER_S]
    assert (whole.open, whole.close) == (inside[0].open, inside[-1].close)
    assert whole.high == max(c.high for c in inside)
    seconds = lived.candles(Asset.BTC, 1, START_NS - 30 * NS_PER_S, START_NS + 30 * NS_PER_S, 1000)
    assert len(seconds) == 61


def test_history_is_the_same_at_every_ask() -> None:
    early, late = world(), world()
    before = START_NS - 600 * MINUTE_NS, START_NS - 590 * MINUTE_NS
    asked = early.candles(Asset.BTC, 60, *before, 100)
    for _ in late.run_until(START_NS + MINUTE_NS):
        pass
    late.candles(Asset.BTC, 3600, START_NS - 900 * MINUTE_NS, START_NS, 100)
    assert late.candles(Asset.BTC, 60, *before, 100) == asked
    assert len(asked) == 10


@pytest.mark.parametrize("seconds", [1, 60, 3_600])
def test_what_one_world_trades_is_in_no_other_ones_past(seconds: int) -> None:
    """They share it up to the second in which they begin, in mid-minute."""
    since_ns = START_NS - max(10 * MINUTE_NS, 2 * seconds * NS_PER_S)
    ask = (Asset.BTC, seconds, since_ns, START_NS, 1000)
    lived, other = world(messages=QUIET), world(messages=QUIET)
    asked = lived.candles(*ask)
    for _ in lived.run_until(START_NS + 2 * MINUTE_NS):
        pass
    assert lived.candles(*ask)[:-1] == asked[:-1]
    assert other.candles(*ask) == asked
    assert world(messages=QUIET).candles(*ask) == asked


# --- books ----------------------------------------------------------------------------------------


class Replica:
    """Books rebuilt from world events alone, the way a subscriber does."""

    def __init__(self, of: World, slugs: Iterable[str]) -> None:
        self.sides: dict[str, dict[Side, dict[int, int]]] = defaultdict(lambda: {BUY: {}, SELL: {}})
        for slug in slugs:
            for side in Side:
                self.sides[slug][side] = dict(of.book(slug).levels(UP, side))

    def apply(self, world_event: BookMoved | BookSwept) -> None:
        levels = [world_event.level] if isinstance(world_event, BookMoved) else world_event.levels
        for level in levels:
            side = self.sides[world_event.slug][level.side]
            if level.shares:
                side[level.price] = level.shares
            else:
                side.pop(level.price, None)

    def is_crossed(self, slug: str) -> bool:
        bids, asks = self.sides[slug][BUY], self.sides[slug][SELL]
        return bool(bids) and bool(asks) and max(bids) >= min(asks)


def test_happenings_tell_the_whole_book_and_it_is_never_crossed() -> None:
    lived = world((Asset.BTC, Asset.XRP), (Interval.M5, Interval.M15), messages=0.02)
    replica = Replica(lived, lived.rounds)
    kinds: set[type] = set()
    for world_event in lived.run_until(START_NS + 11 * MINUTE_NS):
        kinds.add(type(world_event))
        if isinstance(world_event, BookMoved | BookSwept):
            replica.apply(world_event)
            assert not replica.is_crossed(world_event.slug)
            book = lived.book(world_event.slug)
            best = replica.sides[world_event.slug][BUY]
            assert book.best(UP, BUY) == max(best, default=None)
        if isinstance(world_event, RoundResolved):
            replica.sides[world_event.slug] = {BUY: {}, SELL: {}}
    for slug in lived.rounds:
        for side in Side:
            assert dict(lived.book(slug).levels(UP, side)) == replica.sides[slug][side]
    assert {BookMoved, BookSwept, TickChanged, RoundListed, RoundResolved, StrikeKnown} <= kinds


def test_books_look_like_books() -> None:
    lived = world(Asset)
    counts, spreads, tops, fars = [], [], [], []
    for world_event in lived.run_until(START_NS + 2 * MINUTE_NS):
        if not isinstance(world_event, BookMoved) or lived.tick(world_event.slug) != 10_000:
            continue
        if lived.rounds[world_event.slug].opens_ns > world_event.at_ns:
            continue
        book = lived.book(world_event.slug)
        bids, asks = book.levels(UP, BUY), book.levels(UP, SELL)
        if not (bids and asks) or not 200_000 < bids[0][0] < 800_000:
            continue
        counts.append(len(bids) + len(asks))
        spreads.append((asks[0][0] - bids[0][0]) // 10_000)
        tops.append(bids[0][1])
        fars.append(bids[-1][1])
    assert len(counts) > 500
    assert min(counts) > 50
    spreads.sort()
    assert spreads[len(spreads) // 2] <= 2
    assert spreads[len(spreads) * 9 // 10] <= 5
    assert sorted(tops)[len(tops) // 2] < 300 * MICRO < 1_000 * MICRO < sorted(fars)[len(fars) // 2]
    assert max(fars) <= 35_000 * MICRO


def test_takers_trade_as_often_as_they_should_and_sometimes_sweep() -> None:
    lived = world(Asset)
    sweeps = [h for h in lived.run_until(START_NS + 4 * MINUTE_NS) if isinstance(h, BookSwept)]
    rate = len(sweeps) / 4 / 240
    assert 0.2 < rate < 0.6
    assert {sweep.taker_side for sweep in sweeps} == {BUY, SELL}
    assert {sweep.outcome for sweep in sweeps} == {UP, DOWN}
    assert any(len(sweep.levels) > 2 for sweep in sweeps)
    for sweep in sweeps:
        maker_is_bid = (sweep.outcome is UP) != (sweep.taker_side is BUY)
        assert {level.side for level in sweep.levels} == {BUY if maker_is_bid else SELL}
        own = [p.price if sweep.outcome is UP else MICRO - p.price for p in sweep.legs]
        assert list(dict.fromkeys(own)) == [level.price for level in sweep.levels]
        assert own == sorted(own, reverse=maker_is_bid)


def test_the_tick_becomes_finer_once_and_levels_stay_on_it() -> None:
    lived = world(Asset)
    changed: set[str] = set()
    for world_event in lived.run_until(START_NS + 6 * MINUTE_NS):
        if isinstance(world_event, TickChanged):
            assert world_event.slug not in changed
            assert (world_event.old, world_event.new) == (10_000, 1_000)
            assert lived.tick(world_event.slug) == lived.book(world_event.slug).tick == 1_000
            changed.add(world_event.slug)
        if isinstance(world_event, BookMoved):
            tick = lived.tick(world_event.slug)
            assert world_event.level.price % tick == 0
            assert tick <= world_event.level.price <= MICRO - tick
    assert changed
    assert all(lived.tick(slug) == 10_000 for slug in set(lived.rounds) - changed)


def test_a_named_order_is_met_by_the_crowd() -> None:
    lived = world()
    slug = round_slug(Asset.BTC, Interval.M5, START_NS - 15 * NS_PER_S)
    book = lived.book(slug)
    best = book.best(UP, BUY)
    assert best is not None
    shares = Shares(5_000 * MICRO)
    book.submit(MatchOrder("mine", "me", UP, BUY, Price(best), shares, TimeInForce.GTC))
    replica = Replica(lived, [slug])
    for world_event in lived.run_until(START_NS + 4 * MINUTE_NS):
        if isinstance(world_event, BookMoved | BookSwept) and world_event.slug == slug:
            replica.apply(world_event)
            assert not replica.is_crossed(slug)
    assert book.remaining("mine") < shares
    assert dict(book.levels(UP, BUY)) == replica.sides[slug][BUY]


def test_after_the_end_only_the_winner_is_wanted_until_the_result() -> None:
    lived = world(Asset, messages=QUIET)
    one_sided = 0
    for world_event in lived.run_until(START_NS + 7 * MINUTE_NS):
        if not isinstance(world_event, RoundResolved):
            continue
        assert lived.status(world_event.slug).winner is world_event.winner
        assert lived.book(world_event.slug).levels(UP, BUY) == []
        assert lived.book(world_event.slug).levels(UP, SELL) == []
    for winner, book in ended_books(lived):
        one_sided += 1
        assert book.levels(winner, SELL) == []
        assert book.levels(winner, BUY)[0][0] >= 900_000
    assert one_sided == 4


def ended_books(lived: World) -> Iterator[tuple[Outcome, ConditionBook]]:
    """Every round that ends next, fifty seconds after its end, with the winner it will have."""
    closes_ns = min(r.closes_ns for r in lived.rounds.values() if r.closes_ns > lived.now_ns)
    for _ in lived.run_until(closes_ns + 50 * NS_PER_S):
        pass
    ended = [r for r in lived.rounds.values() if r.closes_ns == closes_ns]
    for round_ in ended:
        opened = [
            t for t in lived.chainlink_history(round_.asset, 0) if t.observed_ns == round_.opens_ns
        ]
        closed = [t for t in lived.chainlink_history(round_.asset, 0) if t.observed_ns == closes_ns]
        strike, final = opened[0].twap_e18, closed[0].twap_e18
        assert strike is not None
        assert final is not None
        yield (UP if final >= strike else DOWN), lived.book(round_.slug)


# --- rounds ---------------------------------------------------------------------------------------


def test_a_day_of_rounds_is_listed_and_the_list_goes_on() -> None:
    lived = world(Asset, Interval, messages=QUIET, crowd=ASLEEP)
    per_asset = 24 * 12 + 24 * 4 + 24 + 6
    assert 4 * per_asset <= len(lived.rounds) <= 4 * (per_asset + 8)
    tokens = {token for r in lived.rounds.values() for token in (r.up_token, r.down_token)}
    assert len(tokens) == 2 * len(lived.rounds)
    assert all(token.isdigit() and 70 < len(token) < 79 for token in tokens)
    assert all(len(r.condition_id) == 66 for r in lived.rounds.values())
    world_events = list(lived.run_until(START_NS + 6 * MINUTE_NS))
    listed = [h for h in world_events if isinstance(h, RoundListed)]
    assert {h.round.interval for h in listed} == {Interval.M5}
    assert {h.round.opens_ns - h.at_ns for h in listed} == {86_400 * NS_PER_S}
    assert all(h.round.slug in lived.rounds for h in listed)


def test_publications_are_as_late_as_the_venues() -> None:
    lived = world(Asset, venues=(Exchange.BINANCE,), messages=QUIET, crowd=ASLEEP)
    results = []
    for world_event in lived.run_until(START_NS + 30 * MINUTE_NS):
        if isinstance(world_event, StrikeKnown):
            late_ns = world_event.at_ns - lived.rounds[world_event.slug].opens_ns
            assert 20 * NS_PER_S <= late_ns <= 60 * NS_PER_S
            assert lived.status(world_event.slug).strike_e18 == world_event.strike_e18
        if isinstance(world_event, RoundResolved):
            results.append(world_event.at_ns - lived.rounds[world_event.slug].closes_ns)
            assert lived.status(world_event.slug).resolved_ns == world_event.at_ns
    results.sort()
    assert 53 * NS_PER_S <= results[0] <= results[-1] <= 152 * NS_PER_S
    assert 53 * NS_PER_S < results[len(results) // 2] < 58 * NS_PER_S


def test_a_resolved_round_is_forgotten_in_the_end() -> None:
    lived = world(resolver=ResolverSettings(forget_s=60.0), messages=QUIET, crowd=ASLEEP)
    slug = round_slug(Asset.BTC, Interval.M5, START_NS - 15 * NS_PER_S)
    for _ in lived.run_until(START_NS + 7 * MINUTE_NS):
        pass
    assert slug not in lived.rounds
    with pytest.raises(KeyError):
        lived.book(slug)
    with pytest.raises(KeyError):
        lived.status(slug)


def test_the_night_of_the_change_of_clocks() -> None:
    start_ns = 1_793_507_400 * NS_PER_S  # 2026-11-01 04:30 UTC, half past midnight in New York
    lived = world(intervals=(Interval.H1, Interval.H4), start_ns=start_ns)
    running = [r for r in lived.rounds.values() if r.opens_ns <= start_ns < r.closes_ns]
    assert sorted((r.closes_ns - r.opens_ns) // NS_PER_S for r in running) == [3_600, 5 * 3_600]
    hours = [r.slug for r in lived.rounds.values() if r.interval is Interval.H1]
    assert hours[:3] == [
        f"bitcoin-up-or-down-november-1-2026-{hour}-et" for hour in ("12am", "1am", "2am")
    ]


# --- settlement -----------------------------------------------------------------------------------


def test_an_hourly_round_is_decided_by_the_exchanges_own_candle() -> None:
    start_ns = START_NS + 57 * MINUTE_NS
    lived = world(intervals=(Interval.H1,), start_ns=start_ns)
    hour_ns = START_NS - 15 * NS_PER_S
    before, after = [], []
    results: dict[str, RoundResolved] = {}
    strikes: dict[str, int] = {}
    for world_event in lived.run_until(hour_ns + 63 * MINUTE_NS):
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BINANCE:
            ended = world_event.at_ns >= hour_ns + 60 * MINUTE_NS
            (after if ended else before).append(world_event.price)
        if isinstance(world_event, RoundResolved):
            results[world_event.slug] = world_event
        if isinstance(world_event, StrikeKnown):
            strikes[world_event.slug] = world_event.strike_e18
    slug = round_slug(Asset.BTC, Interval.H1, hour_ns)
    assert lived.rounds[slug].settlement is SettlementRule.CANDLE
    (candle,) = lived.candles(Asset.BTC, 3_600, hour_ns, hour_ns, 1)
    assert results[slug].final_e18 == round(before[-1] * 100) * 10**16
    assert candle.close == before[-1]
    assert results[slug].strike_e18 == round(candle.open * 1e8) * 10**10
    assert results[slug].winner is (UP if candle.close >= candle.open else DOWN)
    following = round_slug(Asset.BTC, Interval.H1, hour_ns + 60 * MINUTE_NS)
    assert strikes[following] == round(after[0] * 100) * 10**16


def flat_file(path: Path, first_s: int, seconds: int) -> Path:
    rows = ["feed_ts_ms,full_accuracy_value,server_ts_ms"]
    rows += [f"{s}000,{63_000 * E18},{s + 1}500" for s in range(first_s, first_s + seconds)]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_tie_is_up(tmp_path: Path) -> None:
    opens_s = START_NS // NS_PER_S - 15
    file = flat_file(tmp_path / "flat.csv", opens_s - 900, 1_800)
    lived = world(start_ns=opens_s * NS_PER_S, prices=file, crowd=ASLEEP)
    until_ns = (opens_s + 899) * NS_PER_S
    results = [h for h in lived.run_until(until_ns) if isinstance(h, RoundResolved)]
    assert len(results) == 2
    for result in results:
        assert result.strike_e18 == result.final_e18 == 63_000 * E18
        assert result.winner is UP


def test_a_world_of_recorded_prices_ends_with_them(tmp_path: Path) -> None:
    opens_s = START_NS // NS_PER_S - 15
    file = flat_file(tmp_path / "flat.csv", opens_s - 400, 1_000)
    lived = world((Asset.BTC, Asset.ETH), start_ns=opens_s * NS_PER_S, prices=file, crowd=ASLEEP)
    assert lived.ends_ns == (opens_s + 599) * NS_PER_S
    listed = [r.opens_ns // NS_PER_S for r in lived.rounds.values() if r.asset is Asset.BTC]
    assert listed == [opens_s]
    late = [
        h for h in lived.run_until((opens_s + 700) * NS_PER_S) if h.at_ns > lived.ends_ns + 10**10
    ]
    assert {about(h) for h in late if isinstance(h, ChainlinkTicked | ExchangeTrade)} == {"eth"}


def test_a_start_outside_the_recorded_prices_is_refused(tmp_path: Path) -> None:
    first_s = START_NS // NS_PER_S
    file = flat_file(tmp_path / "flat.csv", first_s, 1_000)
    for start_s in (first_s - 10, first_s + 100, first_s + 2_000):
        with pytest.raises(Fatal, match="start the world inside it"):
            world(start_ns=start_s * NS_PER_S, prices=file)


def recorded_ticks(path: Path) -> dict[int, tuple[int, int]]:
    with gzip.open(path, "rt") as file:
        return {
            int(row["feed_ts_ms"]) // 1_000: (
                int(row["full_accuracy_value"]),
                int(row["server_ts_ms"]) * NS_PER_MS,
            )
            for row in csv.DictReader(file)
        }


def recomputed_twap(ticks: dict[int, tuple[int, int]], end_s: int) -> int:
    """The rule, second by second: each is worth what was observed next."""
    total = 0
    for second in range(end_s - 59, end_s + 1):
        while second not in ticks:
            second += 1
        total += ticks[second][0]
    return total // 60


def test_settlement_of_recorded_prices_is_the_rule_recomputed_from_the_file(
    recordings: Path,
) -> None:
    path = recordings / "chainlink_BTCUSD_2026-06-08.csv.gz"
    ticks = recorded_ticks(path)
    opens_s = min(ticks) + 36_000
    opens_s -= opens_s % 300
    lived = world(
        (Asset.BTC, Asset.ETH),
        start_ns=opens_s * NS_PER_S,
        prices=path,
        venues=(Exchange.BINANCE,),
        messages=QUIET,
        crowd=ASLEEP,
    )
    resolved = 0
    for world_event in lived.run_until((opens_s + 3_000) * NS_PER_S):
        if about(world_event) == "btc" and isinstance(world_event, ChainlinkTicked):
            value_e18, sent_ns = ticks[world_event.observed_ns // NS_PER_S]
            assert world_event.value_e18 == value_e18
            assert world_event.at_ns == sent_ns
            second = world_event.observed_ns // NS_PER_S
            assert world_event.twap_e18 == recomputed_twap(ticks, second)
        if isinstance(world_event, RoundResolved) and world_event.slug.startswith("btc"):
            round_ = lived.rounds[world_event.slug]
            strike = recomputed_twap(ticks, round_.opens_ns // NS_PER_S)
            final = recomputed_twap(ticks, round_.closes_ns // NS_PER_S)
            assert (world_event.strike_e18, world_event.final_e18) == (strike, final)
            assert world_event.winner is (UP if final >= strike else DOWN)
            resolved += 1
    assert resolved == 9
