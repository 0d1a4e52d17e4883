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
from polytui.sim.world.paths import (
    BASES,
    E18,
    LIFELIKE,
    BasisSettings,
    ExchangePath,
    PathSettings,
    Smoothing,
    SyntheticPath,
)
from polytui.sim.world.recording import RecordedPath, read_prices
from polytui.sim.world.spans import Span
from polytui.sim.world.swings import Swings, SwingSettings
from polytui.sim.world.walk import PER_S, YEAR_S, WalkSettings

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
    """Over minutes: over seconds it moves less, for it is smoothed."""
    path = btc()
    prices = [path.price(float(START_S + second)) for second in range(0, 48 * 3_600, 60)]
    assert 0.95 < prices[0] / 92_000 < 1.05
    steps = [math.log(after / before) for before, after in pairwise(prices)]
    yearly = math.sqrt(sum(step * step for step in steps) / len(steps) / 60 * YEAR_S)
    assert path.sigma * math.sqrt(YEAR_S) == pytest.approx(0.4366, rel=1e-3)
    # 2,880 minutes whose kurtosis is 5 or so: the deviation strays by 1.9 %, and hours swing.
    assert path.sigma * math.sqrt(YEAR_S) == pytest.approx(yearly, rel=0.12)


def test_hours_meet_without_a_seam() -> None:
    even = WalkSettings(100.0, 0.45, jumps_per_day=0.0, quiet=0.0, swings=SwingSettings(0.0, 0.0))
    path = SyntheticPath(3, Asset.SOL, PathSettings(even, error=0.0), START_S)
    limit = 6 * path.sigma / math.sqrt(PER_S)
    for edge in range(START_S - 5 * 3_600, START_S + 6 * 3_600, 3_600):
        moments = [edge + quarter / PER_S for quarter in range(-8, 9)]
        for before, after in pairwise(moments):
            assert abs(math.log(path.price(after) / path.price(before))) < limit
        observed = [path.observed(second) for second in range(edge - 2, edge + 3)]
        for one, next_one in pairwise(observed):
            assert abs(math.log(next_one / one)) < 6 * path.sigma


def test_averages_have_forgotten_how_an_hour_began() -> None:
    """Both sides of a full hour come from one walk: the average there is that of the walk."""
    path = btc()
    smoothing = LIFELIKE[Asset.BTC].market
    edge = START_S - START_S % 3_600
    before = path._walk.block(edge // 3_600 - 1)
    after = path._walk.block(edge // 3_600)
    whole = smoothing.of(before + after, before[0])
    for step in (0, 1, 5, 100):
        shown = math.log(path.price(edge + (step + 1) / PER_S))
        assert shown == pytest.approx(whole[len(before) + step], abs=0.01 * path.sigma)


def test_a_history_that_is_rough_is_the_same_history() -> None:
    path = btc()
    apart = [
        abs(math.log(path.rough_price(at_s) / path.price(at_s + 4.0)))
        for at_s in range(START_S - 7_200, START_S, 5)
    ]
    assert max(apart) < 40 * path.sigma
    assert sum(apart) / len(apart) < 2 * path.sigma


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
    assert 0.95 <= exchange.lead_s <= path.lead_s <= 1.8
    at_s = START_S + 1_000
    basis = exchange.basis(at_s)
    assert 0.0005 < basis < 0.0011
    ahead = path.price(at_s + exchange.lead_s)
    assert exchange.mid(at_s * NS_PER_S) == pytest.approx(ahead * (1.0 + basis), rel=4e-5)
    assert exchange.plain(at_s * NS_PER_S) == pytest.approx(ahead, rel=4e-5)
    plain = ExchangePath(1, Asset.BTC, path, BasisSettings(bps=0.0, drift_bps=0.0, error_bps=0.0))
    assert plain.mid(at_s * NS_PER_S) == pytest.approx(ahead, rel=1e-12)


def test_no_exchange_knows_much_more_than_another() -> None:
    """Somebody who follows all of them must not see the future of somebody who follows one."""
    path = btc()
    leads = {
        venue: ExchangePath(1, Asset.BTC, path, settings, venue.value).lead_s
        for venue, settings in BASES.items()
    }
    assert len(set(leads.values())) == len(leads)
    assert all(path.lead_s - 0.3 <= lead <= path.lead_s for lead in leads.values())


def test_each_exchange_errs_by_itself_and_forgets_it() -> None:
    path = btc()
    seconds = range(START_S, START_S + 4_000)
    errors = {}
    for venue, settings in BASES.items():
        exchange = ExchangePath(1, Asset.BTC, path, settings, venue.value)
        errors[venue] = [
            exchange.plain(s * NS_PER_S) / path.price(s + exchange.lead_s) - 1.0 for s in seconds
        ]
        size = math.sqrt(sum(e * e for e in errors[venue]) / len(seconds))
        # Every other second lies between two draws and has a mean of both: half the variance.
        assert size == pytest.approx(settings.error_bps / 1e4 * math.sqrt(0.75), rel=0.06)
        later = sum(a * b for a, b in zip(errors[venue], errors[venue][6:], strict=False))
        assert abs(later) < 0.1 * size * size * len(seconds)
    one, other, *_ = errors.values()
    assert abs(sum(a * b for a, b in zip(one, other, strict=True))) < 0.1 * math.sqrt(
        sum(a * a for a in one) * sum(b * b for b in other)
    )


def test_what_is_shown_becomes_what_was_news() -> None:
    smoothing = Smoothing(0.75, 3.0)
    shown = list(smoothing.of([0.0, 1.0] + [1.0] * 200, 0.0))
    assert shown[0] == 0.0
    assert 0.75 < shown[1] < 0.8
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(1.0, abs=1e-6)
    assert sum(1.0 - value for value in shown[1:]) / PER_S == pytest.approx(
        smoothing.lag_s, rel=1e-3
    )


def test_swings_change_when_it_moves_and_not_how_much() -> None:
    swings = Swings("1:btc", SwingSettings())
    variances = [swings.variances(hour) for hour in range(400_000, 400_120)]
    means = [sum(each) / len(each) for each in variances]
    # 120 hours: their means have a deviation of about 0.55 (hours and what is left of minutes).
    assert sum(means) / len(means) == pytest.approx(1.0, abs=0.17)
    assert max(means) / min(means) > 3.0
    # Minutes are forgotten: five of them later the excess is a fifth (2^-2.5) of what it was.
    quick = [math.log(a / m) for each, m in zip(variances, means, strict=True) for a in each]
    middle = sum(quick) / len(quick)
    kept = sum((a - middle) * (b - middle) for a, b in zip(quick, quick[60:], strict=False))
    assert 0.05 < kept / sum((a - middle) ** 2 for a in quick) < 0.45


def test_what_is_expected_of_the_next_minutes_is_what_comes() -> None:
    swings = Swings("2:btc", SwingSettings(hours=0.0, minutes=0.5))
    said, came = [], []
    for hour in range(400_000, 400_150):
        variances = swings.variances(hour)
        for slot in range(0, 600, 60):
            said.append(swings.expected(hour * 3_600.0 + slot * 5.0 + 1.0, 300.0))
            came.append(sum(variances[slot : slot + 60]) / 60)
    mean = sum(came) / len(came)
    assert sum(said) / len(said) == pytest.approx(mean, rel=0.05)
    slope = sum((s - mean) * (c - mean) for s, c in zip(said, came, strict=True))
    assert slope / sum((s - mean) ** 2 for s in said) == pytest.approx(1.0, abs=0.2)


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
