"""The market that two backtests are given is what was heard, the strategy is one that loads, and a
figure that was missed says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks import back_and_forth
from benchmarks.driver_pace import results
from benchmarks.heard_market import ASSET, market_events, moments, write
from benchmarks.kept_market import kept
from benchmarks.paces import pinned
from benchmarks.peak import peak_mb
from benchmarks.tape import TapeLine
from polytui.journal.codec import encode_event
from polytui.model import events as ev
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares
from polytui.own.loading import faults_of_file

QUOTED = ev.ExchangeQuoted(ASSET, "binance", 99.0, 1.0, 101.0, 2.0, 5, 6)
TRADED = ev.ExchangeTraded(ASSET, "bybit", 7, 100.0, 0.5, Side.SELL, 8, 9)
OPENED = ev.RoundOpened("btc-1", 3)


def line(at_ns: int, event: ev.Event) -> TapeLine:
    return TapeLine(at_ns, "", encode_event(event).decode())


def test_a_market_is_what_was_heard_and_a_second_that_passes(tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    told = [(NS_PER_S, QUOTED), (NS_PER_S + 7, OPENED), (3 * NS_PER_S, TRADED)]
    write(path, [line(*one) for one in told])
    found = list(moments(path))
    seconds = [(at * NS_PER_S, ev.Ticked(at * NS_PER_S)) for at in (1, 2, 3)]
    assert [(one.at_ns, *one.events) for one in found] == [
        *(seconds[0], *told[:2]),
        *(seconds[1], seconds[2], told[2]),
    ]
    assert market_events(found) == 2


def test_its_strategy_is_one_that_loads() -> None:
    assert faults_of_file(Path(back_and_forth.__file__)) == []


def test_memory_is_of_the_program_and_not_of_who_started_it(tmp_path: Path) -> None:
    script = tmp_path / "small.py"
    script.write_text("from benchmarks.peak import peak_mb\nprint(peak_mb())\n")
    said: object = pinned([sys.executable, str(script)], Path(__file__).parents[2])
    assert isinstance(said, float)
    assert said < peak_mb() / 2


def run(seconds: float, above_mb: float) -> dict[str, Any]:
    memory = {"idle_mb": 10.0, "above_mb": above_mb, "peak_mb": 10.0 + above_mb}
    return {"seconds": seconds, "orders": 3, "fills": 2, **memory}


def test_of_several_turns_the_quickest_counts_and_what_is_missed_is_called_so() -> None:
    made = {"ours": [run(3.0, 20.0), run(2.0, 30.0)], "nautilus": [run(2.8, 50.0), run(9.0, 50.0)]}
    read = {"ours": run(1.0, 10.0), "nautilus": run(1.0, 40.0)}
    found = {one.name: one for one in results(2_000, made, read)}
    assert found["driver_events_per_s"].p50 == 1_000
    pace = found["driver_events_ratio_nautilus"]
    assert (pace.ratio, pace.note.startswith("MISSED: ")) == (1.4, True)
    memory = {
        name: (found[f"driver_{name}"].ratio, found[f"driver_{name}"].note.startswith("MISSED: "))
        for name in ("memory_ratio_nautilus_made", "memory_ratio_nautilus_read",
                     "peak_ratio_nautilus", "peak_ratio_nautilus_made", "peak_ratio_nautilus_read")
    }  # fmt: skip
    assert memory == {
        "memory_ratio_nautilus_made": (0.6, True),
        "memory_ratio_nautilus_read": (0.25, False),
        "peak_ratio_nautilus": (0.33, False),
        "peak_ratio_nautilus_made": (0.67, True),
        "peak_ratio_nautilus_read": (0.4, False),
    }


def test_where_the_peer_is_not_installed_only_our_own_figure_is_told() -> None:
    (found,) = results(100, {"ours": [run(1.0, 1.0)]}, {"ours": run(1.0, 1.0)})
    assert found.name == "driver_events_per_s"


def test_a_market_that_is_made_before_is_the_same_and_says_again_what_it_has(
    tmp_path: Path,
) -> None:
    """As events of a feed do."""
    token = "7" * 77
    change = ev.LevelChange(token, Side.BUY, Price(990_000), Shares(5), Price(990_000), None)
    told = [ev.BookChanged((change, change), 1, 2), QUOTED, TRADED, QUOTED, OPENED]
    path = tmp_path / "market.jsonl"
    write(path, [line(NS_PER_S + at, one) for at, one in enumerate(told)])
    read = list(moments(path))
    shared = kept(read)
    assert shared == read
    assert [type(one.events[0]) for one in shared] == [type(one.events[0]) for one in read]
    book, quote, again = (shared[at].events[0] for at in (1, 2, 4))
    assert isinstance(book, ev.BookChanged)
    first, second = book.changes
    assert first.token_id is second.token_id
    assert first.price is second.best_bid
    assert isinstance(quote, ev.ExchangeQuoted)
    assert isinstance(again, ev.ExchangeQuoted)
    assert quote.bid is again.bid
