"""Anybody's recordings as one source: what is played of them, what is not, and why."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from small_recordings import (
    FIRST,
    OPENS_S,
    SECOND,
    STRIKE,
    candles,
    frames,
    ticks,
    tops,
    winners,
    write_csv,
    write_jsonl,
)

from polytui.backtest.data_set import NO_EXCHANGE, STRANGERS, DataSet, open_data
from polytui.backtest.moments import Moment
from polytui.backtest.outcomes import DISAGREED
from polytui.backtest.play_plan import NO_WINNER_KNOWN
from polytui.backtest.played_rounds import (
    ENDS_EARLY,
    NO_BOOK,
    NO_PRICE,
    STAND_IN,
    STARTS_LATE,
    TWICE,
)
from polytui.backtest.sources.book_file import CROSSED, CUT_OFF, REPEATED
from polytui.backtest.sources.level_changes import FROM_NOTHING
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Outcome, SettlementRule
from polytui.model.units import NS_PER_MS, NS_PER_S

OPENS_NS = OPENS_S * NS_PER_S


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rounds with their books, their settlement price and their winners."""
    write_csv(tmp_path / "tops.csv", [*tops(), *tops(SECOND)])
    write_csv(tmp_path / "btc_settlement.csv", ticks())
    write_csv(tmp_path / "rounds.csv", winners())
    return tmp_path


def moments_of(data: DataSet) -> list[Moment]:
    moments = list(data.moments())
    assert all(one.at_ns <= other.at_ns for one, other in pairwise(moments))
    return moments


def events_of(data: DataSet, *kinds: type) -> list[Any]:
    return [event for one in moments_of(data) for event in one.events if isinstance(event, kinds)]


def notes_of(data: DataSet) -> dict[str, int]:
    """After it was played."""
    moments_of(data)
    found = data.coverage
    told = (*found.notes, *found.facts)
    pairs = (note.partition(" ") for note in told if note != NO_EXCHANGE)
    return {words: int(count.replace(",", "")) for count, _, words in pairs}


# --- what is played -----------------------------------------------------------------------------


def test_a_round_lives_as_it_did(folder: Path) -> None:
    data = open_data([folder])
    told = events_of(data, ev.RoundFound, ev.RoundOpened, ev.RoundClosed, ev.RoundSettled)
    assert [type(one).__name__ for one in told] == [
        "RoundFound",
        "RoundOpened",
        "RoundFound",
        "RoundClosed",
        "RoundOpened",
        "RoundSettled",
        "RoundClosed",
        "RoundSettled",
    ]
    found = told[0].round
    assert (found.slug, found.asset, found.interval) == (FIRST, Asset.BTC, Interval.M5)
    assert found.settlement is SettlementRule.SPOT
    settled = [one for one in told if isinstance(one, ev.RoundSettled)]
    assert settled[0].winning_token_id == found.token_of(Outcome.UP)
    assert settled[0].received_ns >= found.closes_ns + 30 * NS_PER_S


def test_nothing_is_heard_before_it_was_received(folder: Path) -> None:
    for one in moments_of(open_data([folder])):
        for event in one.events:
            assert getattr(event, "received_ns", one.at_ns) == one.at_ns
            assert getattr(event, "observed_ns", 0) <= one.at_ns


def test_a_row_of_one_outcome_is_told_for_both(folder: Path) -> None:
    first, other = events_of(open_data([folder]), ev.BookSnapshotted)[:2]
    assert (first.bids, first.asks) == (((530_000, 120_500_000),), ((550_000, 80_000_000),))
    assert (other.bids, other.asks) == (((450_000, 80_000_000),), ((470_000, 120_500_000),))
    assert first.token_id != other.token_id
    assert first.received_ns == OPENS_NS + 250 * NS_PER_MS
    assert first.venue_ns == OPENS_NS + 200 * NS_PER_MS


def test_what_data_it_is_stands_in_its_coverage(folder: Path) -> None:
    coverage = open_data([folder]).coverage
    assert (coverage.seen, coverage.used, coverage.skipped) == (2, 2, ())
    assert coverage.recorded == ("top of book", "settlement prices")
    assert coverage.modelled == ()
    assert (coverage.from_ns, coverage.until_ns) == (OPENS_NS, OPENS_NS + 600 * NS_PER_S)
    assert coverage.assets == (Asset.BTC,)


def test_it_is_the_same_again_and_in_another_process(folder: Path) -> None:
    data = open_data([folder])
    once = moments_of(data)
    assert moments_of(data) == once
    assert moments_of(pickle.loads(pickle.dumps(data))) == once


def test_only_what_is_asked_for_is_played(folder: Path) -> None:
    later = open_data([folder], start_ns=OPENS_NS + 300 * NS_PER_S)
    assert [one.round.slug for one in later.plan.rounds] == [SECOND]
    assert later.coverage.seen == 1
    with pytest.raises(Fatal, match="no round of these coins"):
        open_data([folder], assets=(Asset.ETH,))
    with pytest.raises(Fatal, match="no round of these coins"):
        open_data([folder], intervals=(Interval.M15,))


def test_raw_frames_are_read_by_the_codec_of_live_sessions(folder: Path) -> None:
    write_jsonl(folder / "raw.jsonl.gz", frames("222", "DOWN"))
    data = open_data([folder])
    played = next(one.round for one in data.plan.rounds if one.round.slug == FIRST)
    assert played.down_token == "222"
    books = [one for one in events_of(data, ev.BookSnapshotted) if one.token_id == "222"]
    assert books[0].bids == ((500_000, 10_000_000), (530_000, 20_000_000))
    assert notes_of(data)[TWICE] == 1, "frames tell more than their top"


def levels(**more: Any) -> list[dict[str, Any]]:
    """A whole book, then a bid that grows and goes."""
    base = {"slug": FIRST, "side": "DOWN"}
    whole = [("bid", 0.45, 10), ("ask", 0.47, 20), ("bid", 0.4, 30)]
    later = [(1, "bid", 0.46, 5), (2, "bid", 0.46, 0), (200, "ask", 0.48, 7)]
    at_ms = OPENS_S * 1_000
    return [
        {"recv_ms": at_ms, **base, "book_side": side, "price": price, "size": size,
         "is_snapshot": True, **more}
        for side, price, size in whole
    ] + [
        {"recv_ms": at_ms + 1_000 * second, **base, "book_side": side, "price": price,
         "size": size, "is_snapshot": False, **more}
        for second, side, price, size in later
    ]  # fmt: skip


def test_levels_make_whole_books_and_changes_of_both_tokens(folder: Path) -> None:
    write_csv(folder / "levels.csv", levels())
    trade = {"recv_ms": OPENS_S * 1_000 + 1_500, "slug": FIRST, "side": "DOWN"}
    sold = [{**trade, "price": 0.46, "size": 2, "taker_side": "sell"}]
    write_csv(folder / "trades.csv", [*sold, *sold])
    data = open_data([folder])
    assert {"order books, level by level", "trades"} <= set(data.coverage.recorded)
    listed = data.plan.rounds[0].round
    up, down = listed.up_token, listed.down_token
    book, other = events_of(data, ev.BookSnapshotted)[:2]
    assert (book.token_id, book.bids) == (down, ((400_000, 30_000_000), (450_000, 10_000_000)))
    assert (other.token_id, other.asks) == (up, ((600_000, 30_000_000), (550_000, 10_000_000)))
    changes = [one.changes for one in events_of(data, ev.BookChanged)]
    assert [(one.token_id, one.side.value, one.price, one.shares) for one in changes[0]] == [
        (down, "buy", 460_000, 5_000_000),
        (up, "sell", 540_000, 5_000_000),
    ]
    assert [one[0].shares for one in changes] == [5_000_000, 0, 7_000_000]
    (printed,) = events_of(data, ev.TradePrinted)
    assert (printed.token_id, printed.price, printed.taker_side.value) == (down, 460_000, "sell")


def test_levels_that_begin_with_nothing_are_counted(folder: Path) -> None:
    write_csv(folder / "levels.csv", levels(is_snapshot=""))
    data = open_data([folder])
    first = events_of(data, ev.BookSnapshotted)[0]
    assert (first.bids, first.asks) == ((), ())
    assert notes_of(data)[FROM_NOTHING] == 1
    write_csv(folder / "levels.csv", changed(levels(), 5, price=1.2))
    with pytest.raises(Fatal, match=r"levels.csv, row 5: price 1.2 is outside"):
        moments_of(open_data([folder]))


# --- stand-ins ----------------------------------------------------------------------------------


def test_where_no_settlement_price_was_recorded_the_last_whole_candle_stands_in(
    tmp_path: Path,
) -> None:
    write_csv(tmp_path / "tops.csv", tops())
    write_csv(tmp_path / "klines.csv", candles())
    write_csv(tmp_path / "rounds.csv", winners())
    data = open_data([tmp_path])
    assert data.coverage.modelled == (STAND_IN,)
    points = {one.observed_ns: one for one in events_of(data, ev.ChainlinkPriced)}
    assert points[OPENS_NS].value == STRIKE, "the close of the minute before"
    assert points[OPENS_NS + 59 * NS_PER_S].value == STRIKE, "no minute is known before its end"
    assert points[OPENS_NS + 60 * NS_PER_S].value == STRIKE + 1
    assert all(one.received_ns > one.observed_ns for one in points.values())
    loaded = events_of(data, ev.CandlesLoaded)
    assert loaded
    assert all(one.candles[0].opens_ns + 60 * NS_PER_S < one.received_ns for one in loaded), (
        "a candle is heard when it is over"
    )


def test_a_recorded_settlement_price_is_not_stood_in_for(folder: Path) -> None:
    write_csv(folder / "klines.csv", candles())
    data = open_data([folder])
    assert data.coverage.modelled == ()
    values = {one.observed_ns: one.value for one in events_of(data, ev.ChainlinkPriced)}
    assert values[OPENS_NS + 30 * NS_PER_S] == STRIKE + 0.5


# --- winners ------------------------------------------------------------------------------------


def test_a_round_whose_winner_nobody_knows_is_not_played(folder: Path) -> None:
    write_csv(folder / "rounds.csv", winners(second=""))
    (folder / "btc_settlement.csv").unlink()
    write_csv(folder / "klines.csv", candles())
    data = open_data([folder])
    assert data.coverage.skipped == ((NO_WINNER_KNOWN, 1),)
    assert {one.round.slug for one in events_of(data, ev.RoundFound)} == {FIRST}


def test_a_winner_follows_from_the_settlement_price_and_from_no_exchange(folder: Path) -> None:
    (folder / "rounds.csv").unlink()
    data = open_data([folder])
    winners_found = [one.end.winner for one in data.plan.rounds]
    assert winners_found == [Outcome.UP, Outcome.UP]
    (folder / "btc_settlement.csv").unlink()
    write_csv(folder / "klines.csv", candles())
    with pytest.raises(Fatal, match="2: nobody knows who won"):
        open_data([folder])


def test_of_two_winners_nobody_is_believed(folder: Path) -> None:
    (folder / "btc_settlement.csv").unlink()
    write_csv(folder / "klines.csv", candles())
    write_csv(folder / "other.csv", winners(second="Up"))
    data = open_data([folder])
    assert data.coverage.skipped == ((NO_WINNER_KNOWN, 1),)
    assert notes_of(data)[DISAGREED] == 1


def test_the_venues_word_is_more_than_a_guess(folder: Path) -> None:
    guess = [{"slug": SECOND, "winner": "Up", "winner_kind": "inferred_from_final_book"}]
    write_csv(folder / "a.csv", guess)
    write_csv(folder / "rounds.csv", [{**row, "winner_kind": "official"} for row in winners()])
    data = open_data([folder])
    assert data.plan.rounds[1].end.winner is Outcome.DOWN
    assert DISAGREED not in notes_of(data)


# --- bad input ----------------------------------------------------------------------------------


def changed(rows: Sequence[Any], at: int, **cells: Any) -> list[Any]:
    return [{**row, **cells} if number == at else row for number, row in enumerate(rows, 1)]


def test_a_row_that_is_there_twice_counts_once(folder: Path) -> None:
    rows = tops()
    write_csv(folder / "tops.csv", [*rows, rows[3], rows[7], *tops(SECOND)])
    data = open_data([folder])
    assert len(events_of(data, ev.BookSnapshotted)) == 2 * 60
    assert notes_of(data)[REPEATED] == 2


def test_rows_may_stand_in_any_order(folder: Path) -> None:
    once = moments_of(open_data([folder]))
    write_csv(folder / "tops.csv", [*tops(SECOND), *tops()[::-1]])
    write_csv(folder / "btc_settlement.csv", ticks()[::-1])
    assert moments_of(open_data([folder])) == once


def test_of_two_recordings_of_one_time_the_fuller_is_played(folder: Path) -> None:
    write_csv(folder / "few.csv", tops(seconds=range(0, 300, 50)))
    data = open_data([folder])
    assert len(events_of(data, ev.BookSnapshotted)) == 2 * 60
    assert notes_of(data)[TWICE] == 1


def test_a_recording_goes_on_in_the_next_file(folder: Path) -> None:
    write_csv(folder / "tops.csv", tops(seconds=range(0, 150, 10)))
    write_csv(folder / "later.csv", tops(seconds=range(150, 300, 10)))
    data = open_data([folder])
    assert len(events_of(data, ev.BookSnapshotted)) == 2 * 30
    assert TWICE not in notes_of(data)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"best_ask": 1.2}, "tops.csv, row 5: best_ask 1.2 is outside [0, 1]"),
        ({"best_bid": -0.1}, "tops.csv, row 5: best_bid -0.1 is outside [0, 1]"),
        ({"bid_sz": -3}, "tops.csv, row 5: bid_sz -3 is less than nothing"),
        ({"best_bid": "much"}, "tops.csv, row 5: best_bid much is no number"),
        ({"side": "sideways"}, "tops.csv, row 5: side sideways is neither up nor down"),
        ({"recv_ms": "noon"}, "tops.csv, row 5: recv_ms noon is no moment"),
        ({"recv_ms": 17}, "tops.csv, row 5: recv_ms 17 is no moment after 2010"),
    ],
)
def test_a_row_that_cannot_be_is_named(folder: Path, cells: dict[str, Any], words: str) -> None:
    write_csv(folder / "tops.csv", changed(tops(), 5, **cells))
    with pytest.raises(Fatal) as raised:
        moments_of(open_data([folder]))
    assert words in str(raised.value)


def test_a_book_that_is_crossed_is_left_out(folder: Path) -> None:
    write_csv(folder / "tops.csv", [*changed(tops(), 5, best_bid=0.56), *tops(SECOND)])
    data = open_data([folder])
    assert len(events_of(data, ev.BookSnapshotted)) == 2 * 59
    assert notes_of(data)[CROSSED] == 1


def test_a_token_that_swaps_sides_is_named_with_its_row(folder: Path) -> None:
    rows = [*frames("111", "UP"), *frames("111", "DOWN", range(300, 301))]
    write_jsonl(folder / "raw.jsonl", rows)
    with pytest.raises(Fatal, match=r"raw.jsonl, row 31: token 111... is down of .* and was up"):
        open_data([folder])


def test_a_frame_of_another_token_than_its_row_says_is_named(folder: Path) -> None:
    rows = [{**row, "asset_id": "111"} for row in frames("111")]
    rows[4]["raw"] = frames("999")[4]["raw"]
    write_jsonl(folder / "raw.jsonl", rows)
    with pytest.raises(Fatal, match=r"raw.jsonl, row 5: the frame is of token 999"):
        moments_of(open_data([folder]))


def test_files_that_swap_a_rounds_tokens_are_named(folder: Path) -> None:
    write_jsonl(folder / "raw.jsonl", frames("111", "UP"))
    write_csv(folder / "rounds.csv", [{"slug": FIRST, "winner": "Up", "down_token": "111"}])
    with pytest.raises(Fatal, match=r"token 111... is up of .*raw.jsonl and down .*rounds.csv"):
        open_data([folder])
    write_jsonl(folder / "raw.jsonl", frames("222", "DOWN"))
    with pytest.raises(Fatal, match=r"down of .* is token 222... in .*raw.jsonl and 111... in"):
        open_data([folder])


def test_frames_that_cannot_be_believed_are_counted_and_told(folder: Path) -> None:
    rows = frames()
    rows[4]["raw"] = rows[4]["raw"].replace("0.53", "1.53")
    write_jsonl(folder / "raw.jsonl", rows)
    data = open_data([folder])
    assert len(events_of(data, ev.FrameRejected)) == 1
    assert notes_of(data)["frames that cannot be believed"] == 1


def test_a_clock_that_hears_things_before_they_were_said_is_named(folder: Path) -> None:
    write_csv(folder / "btc_settlement.csv", ticks(late_ms=-3_000))
    with pytest.raises(Fatal, match=r"btc_settlement.csv, row \d+: .*the recorder's clock"):
        open_data([folder])


def test_two_clocks_that_disagree_are_named(folder: Path) -> None:
    write_csv(folder / "btc_settlement.csv", ticks(late_ms=8_000))
    with pytest.raises(Fatal, match=r"disagree by 7.0 s: .*btc_settlement.csv .*tops.csv"):
        open_data([folder])


def test_a_recording_that_ends_in_mid_round_says_so_to_the_desk(folder: Path) -> None:
    write_csv(folder / "tops.csv", tops(seconds=range(20, 150, 10)))
    data = open_data([folder])
    down = [one for one in events_of(data, ev.FeedDown) if one.feed == ev.BOOK_FEED]
    assert [one.at_ns // NS_PER_S - OPENS_S for one in down] == [140]
    notes = notes_of(data)
    assert (notes[ENDS_EARLY], notes[STARTS_LATE]) == (1, 1)


def test_rounds_without_a_book_or_a_price_are_counted_with_why(folder: Path) -> None:
    write_csv(folder / "tops.csv", [*tops(), *tops(SECOND, seconds=range(-100, -10, 10))])
    assert open_data([folder]).coverage.skipped == ((NO_BOOK, 1),)
    write_csv(folder / "tops.csv", [*tops(), *tops(SECOND)])
    write_csv(folder / "btc_settlement.csv", ticks(range(-1_000, 299)))
    assert open_data([folder]).coverage.skipped == ((NO_PRICE, 1),)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(folder: Path) -> None:
    path = write_jsonl(folder / "raw.jsonl.gz", frames())
    path.write_bytes(path.read_bytes()[:-40])
    data = open_data([folder])
    assert notes_of(data)[CUT_OFF] == 1


@pytest.mark.parametrize("what", ["empty", "strangers"])
def test_a_folder_without_a_recording_is_refused(tmp_path: Path, what: str) -> None:
    if what == "strangers":
        (tmp_path / "README.md").write_text("nothing\n")
        write_csv(tmp_path / "prices.csv", [{"time": 1, "price": 2}])
    with pytest.raises(Fatal, match="there is no recording in"):
        open_data([tmp_path])


def test_a_named_file_says_at_once_which_columns_it_lacks(folder: Path) -> None:
    rows = [{key: row[key] for key in row if key != "best_ask"} for row in tops()]
    path = write_csv(folder / "tops.csv", rows)
    with pytest.raises(Fatal, match=r"tops.csv is of no schema .* top of book it lacks best_ask"):
        open_data([path])
    with pytest.raises(Fatal, match="is not there"):
        open_data([folder / "nowhere.csv"])


def test_a_stranger_in_a_folder_is_counted_and_our_own_word_is_none(folder: Path) -> None:
    (folder / "fetch.log").write_text("2026-11-27 18:18:00 fetched\n")
    assert STRANGERS not in notes_of(open_data([folder]))
    (folder / "notes.txt").write_text("bought too early\n")
    assert notes_of(open_data([folder]))[STRANGERS] == 1
