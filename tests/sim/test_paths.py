from __future__ import annotations

import gzip
import math
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.paths import (
    E18,
    LIFELIKE,
    YEAR_S,
    BasisSettings,
    ExchangePath,
    PathSettings,
    SyntheticPath,
)
from polytui.sim.recording import RecordedPath, read_prices
from polytui.sim.spans import Span

START_S = 1_795_200_000


def btc(seed: int = 1) -> SyntheticPath:
    return SyntheticPath(seed, Asset.BTC, LIFELIKE[Asset.BTC], START_S)


def test_a_price_covers_the_seconds_since_the_one_before() -> None:
    span = Span(100, [10, None, None, 40, 50])
    assert span.covering == [10, 40, 40, 40, 50]
    assert span.total(99, 104) == 10 + 3 * 40 + 50
    assert span.total(100, 102) == 80


def test_any_second_is_the_same_whoever_asks_first() -> None:
    seconds = list(range(START_S - 9_000, START_S + 9_000, 37))
    forward, scattered = btc(), btc()
    expected = {second: forward.value_e18(second) for second in seconds}
    Random(5).shuffle(seconds)
    assert {second: scattered.value_e18(second) for second in seconds} == expected
    assert btc(2).value_e18(START_S) != forward.value_e18(START_S)


def test_the_path_moves_as_its_settings_say() -> None:
    path = btc()
    prices = [path.price(float(second)) for second in range(START_S, START_S + 6 * 3_600)]
    assert 0.95 < prices[0] / 92_000 < 1.05
    steps = [math.log(after / before) for before, after in pairwise(prices)]
    yearly = math.sqrt(sum(step * step for step in steps) / len(steps) * YEAR_S)
    assert 0.42 < yearly < 0.50
    assert path.sigma * math.sqrt(YEAR_S) == pytest.approx(yearly, rel=0.1)


def test_hours_meet_without_a_seam() -> None:
    calm = PathSettings(100.0, 0.45, jumps_per_day=0.0)
    path = SyntheticPath(3, Asset.SOL, calm, START_S)
    limit = 7 * path.sigma
    for edge in range(START_S - 5 * 3_600, START_S + 6 * 3_600, 3_600):
        for second in range(edge - 2, edge + 3):
            step = math.log(path.price(second + 1.0) / path.price(float(second)))
            assert abs(step) < limit


def test_no_hour_repeats_another() -> None:
    path = btc()
    shapes = set()
    for start in range(START_S, START_S + 4 * 3_600, 3_600):
        prices = [path.price(float(start + second)) for second in range(60)]
        steps = [math.log(after / before) for before, after in pairwise(prices)]
        shapes.add(tuple(round((step - steps[0]) * 1e6) for step in steps))
    assert len(shapes) == 4


def test_two_percent_of_the_seconds_are_skipped_but_no_boundary() -> None:
    path = btc()
    day = range(START_S, START_S + 86_400)
    skipped = [second for second in day if path.value_e18(second) is None]
    assert 0.015 < len(skipped) / len(day) < 0.025
    assert not [second for second in skipped if second % 300 == 0]
    observed = set(day) - set(skipped)
    after = min(second for second in observed if second > skipped[0])
    assert path.next_observed(skipped[0]) == after
    assert path.next_observed(after) == after


def test_publication_is_one_to_two_seconds_late_and_in_order() -> None:
    path = btc()
    sent = [path.published_ns(second) for second in range(START_S, START_S + 4_000)]
    delays = [at - second * NS_PER_S for second, at in enumerate(sent, START_S)]
    assert min(delays) >= 1_100 * NS_PER_MS
    assert max(delays) < 1_800 * NS_PER_MS
    assert sent == sorted(sent)


def slow_twap(path: SyntheticPath | RecordedPath, end_s: int, window_s: int) -> int:
    total = 0
    for second in range(end_s - window_s + 1, end_s + 1):
        covering = path.next_observed(second)
        assert covering is not None
        value = path.value_e18(covering)
        assert value is not None
        total += value
    return total // window_s


def test_the_average_over_the_seam_of_two_hours() -> None:
    path = btc()
    seam = START_S - START_S % 3_600 + 3_600
    for end_s in (seam - 1, seam, seam + 1, seam + 17, seam + 60, seam + 61):
        assert path.twap_e18(end_s * NS_PER_S, 60) == slow_twap(path, end_s, 60)
        mean = path.mean(end_s - 60, end_s)
        assert mean == pytest.approx(slow_twap(path, end_s, 60) / E18)


def test_the_exchange_sees_the_price_first_and_above() -> None:
    path = btc()
    exchange = ExchangePath(1, Asset.BTC, path, BasisSettings())
    assert 1.0 <= exchange.lead_s <= 2.0
    at_s = START_S + 1_000
    basis = exchange.basis(at_s)
    assert 0.0005 < basis < 0.0011
    ahead = path.price(at_s + exchange.lead_s)
    assert exchange.mid(at_s * NS_PER_S) == pytest.approx(ahead * (1.0 + basis), rel=1e-12)
    plain = ExchangePath(1, Asset.BTC, path, BasisSettings(bps=0.0, drift_bps=0.0))
    assert plain.mid(at_s * NS_PER_S) == pytest.approx(ahead, rel=1e-12)


# --- recorded ticks -----------------------------------------------------------------------------

HEAD = "feed_ts_ms,value,full_accuracy_value,server_ts_ms,recv_ms"


def row(second: int, dollars: int, late_ms: int = 1_200) -> str:
    at_ms = second * 1_000
    return f"{at_ms},{dollars}.0,{dollars * E18},{at_ms + late_ms},{at_ms + late_ms + 200}"


def write(path: Path, *lines: str) -> Path:
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["ticks.csv", "ticks.csv.gz"])
def test_a_recording_keeps_its_gaps_and_its_own_times(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, HEAD, row(100, 10), row(101, 20, 900), row(104, 50))
    path = read_prices(file)
    assert (path.first_s, path.last_s) == (100, 104)
    assert [path.value_e18(s) for s in (99, 100, 102, 104, 105)] == [
        None,
        10 * E18,
        None,
        50 * E18,
        None,
    ]
    assert path.next_observed(102) == 104
    assert path.next_observed(105) is None
    assert path.published_ns(101) == 101_900 * NS_PER_MS
    # (100, 104]: 101 for itself, then the observation of 104 for three seconds.
    assert path.twap_e18(104 * NS_PER_S, 4) == (20 + 3 * 50) * E18 // 4
    # An instant in the gap is covered by the observation after it.
    assert path.twap_e18(103 * NS_PER_S, 2) == 50 * E18
    assert path.twap_e18(105 * NS_PER_S, 2) is None
    assert path.twap_e18(104 * NS_PER_S, 5) is None
    assert path.price(100.5) == pytest.approx(15.0)
    assert (path.price(0.0), path.price(900.0)) == (10.0, 50.0)


def test_publication_in_a_recording_never_goes_back(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", HEAD, row(100, 10, 2_500), row(101, 20, 900))
    assert read_prices(file).published_ns(101) == 102_500 * NS_PER_MS


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no column feed_ts_ms"),
        (["feed_ts_ms,value", "100000,1"], "no column full_accuracy_value, server_ts_ms"),
        ([HEAD], "fewer than two observations"),
        ([HEAD, row(100, 10)], "fewer than two observations"),
        ([HEAD, row(100, 10), row(100, 10)], "row 2 is not later"),
        ([HEAD, row(100, 10), "102000,1"], "row 2 holds something other"),
        ([HEAD, row(100, 10), "102000,1,1.5,102500,1"], "row 2 holds something other"),
        ([HEAD, row(100, 10), "102500,1,1,103500,1"], "row 2 is not an observation"),
        ([HEAD, row(100, 10), row(102, 0)], "row 2 is not an observation"),
        ([HEAD, row(100, 10), row(102, 1, -5)], "row 2 is not an observation"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(
    tmp_path: Path, lines: list[str], words: str
) -> None:
    file = write(tmp_path / "bad.csv", *lines)
    with pytest.raises(Fatal) as caught:
        read_prices(file)
    text = str(caught.value)
    assert words in text
    assert str(file) in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("torn.csv.gz", gzip.compress(b"feed_ts_ms" * 99, mtime=0)[:-12]),
        ("plain.csv.gz", b"feed_ts_ms\n"),
        ("binary.csv", b"\xff\xfe\x00"),
    ],
)
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Fatal, match="cannot read prices from"):
        read_prices(tmp_path / name)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no price file at"):
        read_prices(tmp_path / "nowhere.csv")
    with pytest.raises(Fatal, match="cannot read prices from"):
        read_prices(tmp_path)
