"""The third-party recordings, as anybody would play them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

from polytui.backtest.data_set import open_data
from polytui.backtest.outcomes import INFERRED
from polytui.backtest.play_plan import NO_WINNER_KNOWN
from polytui.backtest.played_rounds import NO_BOOK, STAND_IN
from polytui.backtest.sources.book_file import CROSSED
from polytui.model.events import BookSnapshotted, ChainlinkPriced, RoundSettled

ROUNDS = "cronos_btc5m_rounds.csv"
CANDLES = "binance_klines_1m_BTC_ETH_SOL_XRP_2026-03-23_04-22.parquet"


def test_the_raw_books_of_a_round(recordings: Path) -> None:
    paths = [recordings / name for name in ("cronos_btc5m_raw_books_1round.jsonl.gz", ROUNDS)]
    data = open_data([*paths, recordings / CANDLES])
    kinds = Counter(type(event) for one in data.moments() for event in one.events)
    assert kinds[BookSnapshotted] == 2 * 4_362
    assert kinds[RoundSettled] == 1
    assert kinds[ChainlinkPriced] > 1_200
    coverage = data.coverage
    assert coverage.modelled == (STAND_IN,)
    assert (coverage.seen, coverage.used, coverage.skipped) == (1, 1, ())


def test_the_top_of_two_hundred_rounds(recordings: Path) -> None:
    outcomes = "rounds_outcomes_unique.csv.gz"
    paths = [recordings / name for name in ("cronos_btc5m_bbo_1s.parquet", outcomes, CANDLES)]
    data = open_data(paths)
    coverage = data.coverage
    assert (coverage.seen, coverage.used) == (209, 173)
    assert coverage.skipped == ((NO_BOOK, 1), (NO_WINNER_KNOWN, 35))
    assert f"173 {INFERRED}" in coverage.notes
    begun = list(islice(data.moments(), 20_000))
    assert sum(len(one.events) > 1 for one in begun) > 3_000
    assert any(CROSSED in note for note in data.coverage.notes)
