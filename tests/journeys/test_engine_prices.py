"""Recorded prices: the winners of a demo are those of the rule, worked out from the file alone."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

from program import CONFIG, events_of, run

from polytui.model.events import RoundFound, RoundSettled


def observed_values(path: Path) -> dict[int, int]:
    """Dollars x 10^18 by whole second."""
    with gzip.open(path, "rt") as file:
        return {
            int(row["feed_ts_ms"]) // 1000: int(row["full_accuracy_value"])
            for row in csv.DictReader(file)
        }


def average_until(values: dict[int, int], end_s: int) -> int:
    """Sixty times the mean of the 60 s that end here; a gap has the value that comes after it."""
    total, last = 0, max(values)
    for second in range(end_s - 59, end_s + 1):
        observed = second
        while observed not in values:
            observed += 1
            assert observed <= last
        total += values[observed]
    return total


def test_winners_are_those_of_the_rule(recordings: Path, tmp_path: Path) -> None:
    prices = recordings / "chainlink_BTCUSD_2026-06-08.csv.gz"
    ended = run(
        tmp_path, "demo", "--in-process", "--config", CONFIG, "--assets", "btc", "--rounds", "2",
        "--messages", "0.005", "--prices", prices, "--json", "-",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert summary["rounds_settled"] == 2
    journal = tmp_path / summary["journal"]
    values = observed_values(prices)
    rounds = {
        event.round.condition_id: event.round
        for _, event in events_of(journal, RoundFound)
        if isinstance(event, RoundFound)
    }
    checked = 0
    for _, event in events_of(journal, RoundSettled):
        assert isinstance(event, RoundSettled)
        listed = rounds[event.condition_id]
        strike, final = (
            average_until(values, at_ns // 10**9) for at_ns in (listed.opens_ns, listed.closes_ns)
        )
        winner = listed.up_token if final >= strike else listed.down_token
        assert event.winning_token_id == winner, listed.slug
        checked += 1
    assert checked >= 2
