"""The consensus page: what it says of prices, votes, averages and features, at every size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import FEATURES, START_NS, asset_at, consensus_at
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from test_terminal import Stage, perform

from polytui.model.events import Action
from polytui.model.link import AssetFrame
from polytui.model.score_views import ForecastView
from polytui.model.snapshot import (
    NO_CONSENSUS,
    AssetView,
    AverageView,
    ConsensusView,
    FeatureView,
    FeedState,
    FeedView,
    RoundView,
    VenuePriceView,
)
from polytui.model.units import NS_PER_S
from polytui.tui.panels.asset import Look
from polytui.tui.panels.consensus import consensus_panel, trust_word
from polytui.tui.styles import Line, plain, styles_of
from polytui.tui.theme import contrast, load_themes

THEMES = load_themes()
NIGHT = THEMES["night"]
SIZES = [(80, 24), (120, 36), (200, 60)]
PANEL_SIZES = [(80, 17), (120, 25), (200, 43)]
"""What the board leaves of those screens for the page."""
STRIKE, MID = 91_990.0, 92_013.4
EXCHANGES = ("binance", "bybit", "coinbase")
NAMES_OF_FEATURES = (
    "rsi_14", "macd_bps", "macd_signal_bps", "macd_histogram_bps", "vwap_gap_bps", "bollinger_b",
    "bollinger_width_bps", "atr_14_bps", "heikin_ashi_bps", "imbalance", "depth_imbalance",
    "spread_bps", "micro_gap_bps", "order_flow", "trade_intensity", "trade_flow",
    "volume_momentum_bps", "velocity_bps_s", "acceleration_bps_s2", "divergence_bps",
    "dollar_gap_bps", "lead_lag",
)  # fmt: skip


def lines_of(
    view: AssetView | None, width: int = 120, height: int = 25, **look: object
) -> list[Line]:
    return consensus_panel("btc", view, Look(NIGHT, 1, **look), width, height)  # type: ignore[arg-type]


def page(view: AssetView | None, width: int = 120, height: int = 25, **look: object) -> str:
    return plain(lines_of(view, width, height, **look))


def row(text: str, word: str) -> str:
    """The first line that says `word`."""
    return next(line for line in text.split("\n") if word in line)


def view_of(
    consensus: ConsensusView | None = None,
    features: tuple[FeatureView, ...] = FEATURES,
    feeds: tuple[FeedView, ...] | None = None,
    rounds: tuple[RoundView, ...] | None = None,
    at_s: float = 250.0,
) -> AssetView:
    """BTC `at_s` seconds into its round of 5 minutes; no averages unless rounds say so."""
    view = asset_at("btc", 0)
    made = consensus_at(MID) if consensus is None else consensus
    return evolve(
        view,
        at_ns=START_NS + int(at_s * NS_PER_S),
        consensus=made,
        features=features,
        feeds=view.feeds if feeds is None else feeds,
        rounds=view.rounds if rounds is None else rounds,
    )


def averaged(
    observed_s: float, average: float | None, strike: float | None = STRIKE, **changes: object
) -> RoundView:
    """A round of 5 minutes that settles on the average over its last 60 seconds."""
    first = asset_at("btc", 0).rounds[0]
    return evolve(first, strike=strike, average=AverageView(60, observed_s, average), **changes)


def with_venue(**changes: object) -> ConsensusView:
    """Three exchanges, of which Bybit is changed."""
    consensus = consensus_at(MID)
    first, second, third = consensus.venues
    return evolve(consensus, venues=(first, evolve(second, **changes), third))


def feed(name: str, state: FeedState) -> FeedView:
    return FeedView(name, state, 12_000, 5, 0, 0, 0)


def all_features() -> tuple[FeatureView, ...]:
    return tuple(
        FeatureView(name, 1.5 * at - 9.0, 400, False) for at, name in enumerate(NAMES_OF_FEATURES)
    )


# --- every size -----------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [*PANEL_SIZES, (64, 5), (63, 20), (118, 25), (30, 3)])
def test_every_size_gives_exactly_that_many_cells(width: int, height: int) -> None:
    rounds = (averaged(11.0, 92_001.0), averaged(0.0, None, None), averaged(60.0, 1.0))
    views = [
        view_of(rounds=rounds, features=all_features()),
        view_of(with_venue(is_outlier=True, weight=0.0)),
        view_of(NO_CONSENSUS, (), (), ()),
        None,
    ]
    for view in views:
        for age_s in (0.0, 5.0):
            lines = lines_of(view, width, height, age_s=age_s)
            assert len(lines) == height
            widths = {sum(cell_len(segment.text) for segment in one) for one in lines}
            assert widths == {width}


@pytest.mark.parametrize(("width", "height"), PANEL_SIZES)
def test_what_matters_is_whole_at_every_size(width: int, height: int) -> None:
    view = view_of(rounds=(averaged(11.0, 92_001.0),), features=all_features())
    text = page(view, width, height)
    for words in (
        "1 BTC  ● trading", "5m 00:50 left", "92,013.40", "0.82 whole stakes",
        "0.9 s old  by polybolt",
        "▲ +0.10 bps", "exchanges apart 0.40 bps", "basis bps", "adjusted", "strike 91,990.00",
        "11 of 60 s observed", "average 92,001.00  ▲ +1.20 bps", "turns it", "● binance",
    ):  # fmt: skip
        assert words in text, words
    binance = row(text, " binance ")
    for words in ("92,087.01", "+8.00", "92,013.40", "0.1 s", "40 ms", "50%"):
        assert words in binance, words
    body = [line for line in text.split("\n") if "●" not in line or "%" in line]
    assert "…" not in "\n".join(body)


@pytest.mark.parametrize(("width", "height"), [(120, 27), (200, 43), (80, 30)])
def test_all_features_are_there_where_they_fit(width: int, height: int) -> None:
    text = page(view_of(rounds=(averaged(0.0, None),), features=all_features()), width, height)
    for name in NAMES_OF_FEATURES:
        assert re.search(rf"(^|\s){name}\s", text), name
    assert "taller" not in text


def test_features_that_do_not_fit_are_counted() -> None:
    view = view_of(rounds=(averaged(11.0, 92_001.0),), features=all_features())
    text = page(view, 80, 17)
    assert "features, 4 of 22: a taller screen shows more" in text
    assert sum(name in text for name in ("rsi_14", "macd_bps", "lead_lag")) == 2
    beside = page(view, 120, 12)
    assert "features, 9 of 22" in beside


def test_two_columns_are_read_downwards() -> None:
    text = page(view_of(rounds=(averaged(0.0, None),), features=all_features()), 80, 30)
    assert NAMES_OF_FEATURES[11] in row(text, "rsi_14")
    assert NAMES_OF_FEATURES[12] in row(text, "macd_bps")
    assert NAMES_OF_FEATURES[10] in row(text, "lead_lag")


def test_a_wide_screen_keeps_a_value_near_its_name() -> None:
    line = row(page(view_of(), 200, 43), "rsi_14")
    assert len(line[line.index("rsi_14") :].split("12 s")[0].rstrip()) < 50


# --- the price ------------------------------------------------------------------------------


def test_nothing_yet_is_said_not_guessed() -> None:
    text = page(view_of(NO_CONSENSUS, (), ()))
    for words in (
        "no price yet", "not heard yet", "no exchange has a vote", "none has quoted yet",
        "no open round settles on an average", "none yet",
    ):  # fmt: skip
        assert words in text, words
    assert "trust" not in text
    assert "waiting for the engine" in page(None)
    assert "no round yet" in page(view_of(rounds=()))


@pytest.mark.parametrize(
    ("trust", "word"),
    [(1.0, "whole stakes"), (0.8, "whole stakes"), (0.79, "smaller stakes"),
     (0.41, "smaller stakes"), (0.4, "no stakes"), (0.0, "no stakes")],
)  # fmt: skip
def test_trust_is_a_word_where_stakes_change(trust: float, word: str) -> None:
    assert trust_word(trust) == word
    text = page(view_of(evolve(consensus_at(MID), trust=trust)))
    assert f" {trust:.2f} {word}" in row(text, "consensus ")


def test_trust_is_no_share_of_a_hundred_that_could_be_read_as_odds() -> None:
    line = row(page(view_of(evolve(consensus_at(MID), trust=0.93))), "consensus ")
    assert "trust" in line
    assert "%" not in line


def test_an_old_chainlink_is_called_stale() -> None:
    fresh = evolve(consensus_at(MID), settlement_age_ms=8_000)
    old = evolve(fresh, settlement_age_ms=8_001)
    assert "STALE" not in page(view_of(fresh))
    assert "STALE 8.0 s old  by polybolt" in page(view_of(old))
    silent = evolve(old, settlement_feed="", settlement_age_ms=75_000)
    assert "STALE 75 s old  no relay is up" in page(view_of(silent))


def test_the_relay_that_serves_is_named() -> None:
    assert "by rtds" in page(view_of(evolve(consensus_at(MID), settlement_feed="rtds")))


def test_a_lead_has_a_sign_a_shape_and_no_false_direction() -> None:
    def lead(bps: float) -> str:
        return row(page(view_of(evolve(consensus_at(MID), lead_bps=bps))), "leads")

    assert "▲ +1.20 bps" in lead(1.2)
    assert "▼ -1.20 bps" in lead(-1.2)
    assert "= " in lead(-0.001)
    assert "▼" not in lead(-0.001)


# --- exchanges ------------------------------------------------------------------------------


def test_a_voted_out_exchange_is_marked_and_has_no_share() -> None:
    line = row(page(view_of(with_venue(is_outlier=True, weight=0.0))), " bybit ")
    assert "✗ bybit" in line
    assert "OUTLIER" in line
    assert "%" not in line.split("│")[1][:72]


@pytest.mark.parametrize(
    ("state", "adjusted", "word"),
    [
        (FeedState.STALE, MID, "stale"),
        (FeedState.DOWN, MID, "down"),
        (FeedState.CONNECTING, MID, "connecting"),
        (FeedState.UP, None, "no basis"),
        (FeedState.UP, MID, "too old"),
    ],
)
def test_an_exchange_without_a_vote_says_why(
    state: FeedState, adjusted: float | None, word: str
) -> None:
    changes = {"weight": 0.0, "adjusted": adjusted, "age_ms": 12_000}
    if adjusted is None:
        changes["basis_bps"] = None
    text = page(view_of(with_venue(**changes), feeds=(feed("bybit", state),)))
    line = row(text, "○ bybit")[:75].rstrip()
    assert line.endswith(f" {word}")
    assert "12 s" in line
    assert "●" in row(text, " binance ")


def test_a_vote_counts_whatever_a_single_stream_of_the_feed_says() -> None:
    """A feed is stale when its trades are; its quotes may well have a vote."""
    line = row(page(view_of(feeds=(feed("bybit", FeedState.STALE),))), " bybit ")
    assert "30%" in line
    assert "● bybit" in line


def test_an_exchange_without_stamps_has_no_lateness() -> None:
    line = row(page(view_of(with_venue(latency_ms=None))), " bybit ")
    assert " – " in line
    assert " ms" not in line


@pytest.mark.parametrize("width", [72 + 4, 80, 119, 120, 200])
def test_headings_stand_over_the_right_edges_of_their_columns(width: int) -> None:
    text = page(view_of(), width, 30)
    heading, line = row(text, "exchanges ─"), row(text, " binance ")
    ends = [
        heading.index(word) + len(word) for word in ("basis bps", "adjusted", "age", "late", "vote")
    ]
    words = ("+8.00", "92,013.40", "0.1 s", "40 ms", "50%")
    assert [line.index(word) + len(word) for word in words] == ends


def test_where_there_is_little_room_the_basis_goes_and_the_vote_stays() -> None:
    text = page(view_of(), 70, 20)
    assert "basis" not in text
    assert "50%" in row(text, " binance ")


def test_a_panel_too_narrow_for_columns_shows_the_round_instead() -> None:
    assert "exchanges" in page(view_of(), 64, 20)
    narrow = page(view_of(), 63, 20)
    assert "exchanges" not in narrow
    assert "fair" in narrow


@given(
    price=st.floats(1e-6, 1e9),
    age_ms=st.integers(0, 10**10),
    weight=st.floats(0, 1),
    basis=st.one_of(st.none(), st.floats(-1e4, 1e4)),
    late=st.one_of(st.none(), st.floats(-1e6, 1e6)),
    is_outlier=st.booleans(),
    width=st.integers(64, 210),
)
def test_any_exchange_fits_its_line(
    price: float, age_ms: int, weight: float, basis: float | None, late: float | None,
    is_outlier: bool, width: int,
) -> None:  # fmt: skip
    adjusted = None if basis is None else price
    venue = VenuePriceView("bybit", price, adjusted, basis, age_ms, late, weight, is_outlier)
    consensus = evolve(consensus_at(MID), venues=(venue,))
    lines = lines_of(view_of(consensus), width, 20)
    assert {sum(cell_len(segment.text) for segment in one) for one in lines} == {width}
    said = "OUTLIER" if is_outlier else ("%" if weight > 0 else "no basis|too old")
    assert re.search(said, row(plain(lines), "bybit"))


def test_names_from_outside_cannot_move_the_cursor() -> None:
    evil = (FeatureView("a\x1b[2Jb", 1.0, 0, False),)
    text = page(view_of(with_venue(venue="by\x1bbit"), evil))
    assert "\x1b" not in text
    assert "a\\x1b[2Jb" in text


# --- closing averages -----------------------------------------------------------------------


def test_before_the_window_the_page_says_when_it_begins() -> None:
    text = page(view_of(rounds=(averaged(0.0, None),), at_s=100.0))
    assert "the last 60 s count, in 02:20" in text
    assert "━" not in text
    assert "turns" not in text
    assert "average " not in text
    missed = page(view_of(rounds=(averaged(0.0, None),), at_s=301.0))
    assert "0 of 60 s observed" in missed


def test_two_intervals_leave_a_row_for_features_on_a_small_screen() -> None:
    long = averaged(0.0, None, slug="15m", closes_ns=START_NS + 900 * NS_PER_S)
    view = view_of(rounds=(averaged(0.0, None), long), features=all_features(), at_s=100.0)
    text = page(view, 80, 17)
    assert "the last 60 s count, in 02:20" in text
    assert "the last 60 s count, in 12:20" in text
    assert "features, 2 of 22" in text


def test_the_line_fills_as_the_average_is_observed() -> None:
    def filled(observed_s: float) -> int:
        text = page(view_of(rounds=(averaged(observed_s, STRIKE + 5),)))
        return row(text, "observed").count("━")

    lengths = [filled(seconds) for seconds in (3.0, 15.0, 30.0, 45.0, 60.0)]
    assert lengths == sorted(set(lengths))
    whole = row(page(view_of(rounds=(averaged(60.0, STRIKE + 5),))), "observed")
    assert "60 of 60 s observed" in whole
    assert lengths[2] == pytest.approx(lengths[4] / 2, abs=1)


@pytest.mark.parametrize(
    ("observed_s", "average", "words"),
    [
        # (91,990 x 60 - average x observed) / left
        (30.0, STRIKE + 10.0, ("▲ +1.09 bps", "rest below 91,980.00", "(-3.6 bps)", "turns it")),
        (45.0, STRIKE - 10.0, ("▼ -1.09 bps", "rest above 92,020.00", "(+0.7 bps)", "turns it")),
        (60.0, STRIKE + 0.5, ("▲ +0.05 bps", "whole: ▲ Up")),
        (60.0, STRIKE, ("= +0.00 bps", "whole: ▲ Up")),
        (60.0, STRIKE - 0.5, ("▼ -0.05 bps", "whole: ▼ Down")),
        (59.0, STRIKE * 2, ("nothing can turn it",)),
    ],
)
def test_what_would_turn_a_round(observed_s: float, average: float, words: tuple[str, ...]) -> None:
    line = row(page(view_of(rounds=(averaged(observed_s, average),))), "average ")
    for one in words:
        assert one in line, (one, line)


@given(
    observed_s=st.floats(1.0, 59.0),
    average=st.floats(91_900.0, 92_100.0),
)
def test_what_would_turn_a_round_turns_it(observed_s: float, average: float) -> None:
    """The rest at exactly what the page names gives an average of exactly the strike."""
    line = row(page(view_of(rounds=(averaged(observed_s, average),))), "average ")
    found = re.search(r"rest (above|below) ([\d,.]+)", line)
    assert found is not None
    needed = float(found[2].replace(",", ""))
    whole = (average * observed_s + needed * (60.0 - observed_s)) / 60.0
    # Half a cent of rounding, over what is left of the minute.
    assert whole == pytest.approx(STRIKE, abs=0.006)
    assert (found[1] == "below") == (average >= STRIKE)


def test_the_distance_gives_way_before_the_average_does() -> None:
    """Six digits before the point, and a difference of four: all of it is wider than the line."""
    view = view_of(rounds=(averaged(30.0, 123_500.0, 121_990.0),))
    line = row(page(view, 76, 20), "average ")
    assert "average 123,500.00  ▲ +123.78 bps" in line
    assert "rest below 120,480.00 turns it" in line


def test_an_estimated_strike_is_marked_until_somebody_says_it() -> None:
    said = page(view_of(rounds=(averaged(11.0, 92_001.0),)))
    assert "strike 91,990.00" in said
    assert "estimated" not in said
    for width in (80, 120, 200):
        guessed = view_of(rounds=(averaged(11.0, 92_001.0, is_strike_estimated=True),))
        assert "estimated strike 91,990.00" in page(guessed, width)


def test_an_unknown_strike_turns_nothing() -> None:
    text = page(view_of(rounds=(averaged(30.0, 92_001.0, None),)))
    assert "strike unknown" in text
    assert "average 92,001.00" in text
    assert "turns" not in text


def test_rounds_that_can_be_traded_come_before_those_that_settle() -> None:
    """A screen of 24 rows has room for two; one that has not opened has nothing to say."""
    last = averaged(
        60.0, 91_000.0, slug="last", opens_ns=START_NS - 300 * NS_PER_S, closes_ns=START_NS
    )
    now = averaged(11.0, 92_001.0)
    ahead = averaged(
        0.0, None, 77_777.0,
        slug="next", opens_ns=START_NS + 300 * NS_PER_S, closes_ns=START_NS + 600 * NS_PER_S,
    )  # fmt: skip
    text = page(view_of(rounds=(last, now, ahead)), 80, 17)
    assert text.index("00:50 left    fair") < text.index("settling")
    assert "whole: ▼ Down" in text
    assert "77,777" not in text


# --- features -------------------------------------------------------------------------------


def test_a_stale_feature_is_marked_dim_and_explained() -> None:
    text = page(view_of())
    assert re.search(r"◐\s+0\.400\s+9\.0 s", row(text, "trade_flow"))
    assert "◐ stale" in text
    assert "◐" not in row(text, "rsi_14")
    assert "57.250" in row(text, "rsi_14")
    fresh = page(view_of(features=FEATURES[:2]))
    assert "◐" not in fresh


def test_a_feature_that_cannot_be_made_is_a_dash_not_a_zero() -> None:
    line = row(page(view_of()), "vwap_gap_bps")
    assert line.count("–") == 2
    assert "0.000" not in line
    assert "◐" not in line


@pytest.mark.parametrize(
    ("value", "words"),
    [(-0.0001, " 0.000"), (1234.5, "1,234.500"), (123_456.7, "123,457"), (-0.31, "-0.310")],
)
def test_values_have_their_decimals_under_each_other(value: float, words: str) -> None:
    feature = FeatureView("order_flow", value, 0, False)
    assert f" {words} " in row(page(view_of(features=(feature,))), "order_flow")


# --- colours --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(THEMES))
def test_everything_that_is_read_stands_out_in_every_theme(name: str) -> None:
    palette = THEMES[name]
    consensus = evolve(with_venue(is_outlier=True, weight=0.0), trust=0.1, settlement_feed="")
    views = [view_of(consensus), view_of(rounds=(averaged(11.0, 91_001.0),)), view_of(NO_CONSENSUS)]
    quiet = {styles_of(palette).border.color}
    for view in views:
        for one in consensus_panel("btc", view, Look(palette, 1), 120, 25):
            for segment in one:
                style = segment.style
                if style is None or not segment.text.strip("│╭╮╰╯─━ "):
                    continue
                assert style.color is not None
                assert style.bgcolor is not None
                assert style.bgcolor.name == palette.colours.background
                assert style.color not in quiet, segment.text
                assert contrast(style.color.name, style.bgcolor.name) >= 4.0, segment.text


def test_old_views_lose_their_colours_but_not_their_faults() -> None:
    consensus = with_venue(is_outlier=True, weight=0.0)
    lines = lines_of(view_of(consensus), age_s=3.2)
    assert "3.2 s old" in plain(lines)
    colours = {
        segment.style.color.name
        for one in lines
        for segment in one
        if segment.style is not None and segment.style.color is not None
    }
    assert NIGHT.colours.up not in colours
    assert NIGHT.colours.good not in colours
    assert {NIGHT.colours.stale, NIGHT.colours.error} <= colours


# --- on the board ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_o_opens_the_page_and_leaves_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("o")
        await stage.until(lambda: "exchanges apart" in stage.text)
        for words in ("1 BTC", "features", "0.82 whole stakes", *EXCHANGES):
            assert words in stage.text, words
        assert "2 ETH" not in stage.text
        await stage.press("o")
        await stage.until(lambda: "exchanges apart" not in stage.text)
        assert "2 ETH" not in stage.text
        await stage.press("o")
        await stage.until(lambda: "exchanges apart" in stage.text)
        await stage.press("escape")
        await stage.until(lambda: "2 ETH" in stage.text)
        assert "exchanges apart" not in stage.text
        assert stage.sent == []

    perform(tmp_path, play, size=size)


def test_the_page_follows_the_chosen_asset_and_its_news(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("o", "3")
        await stage.until(lambda: "3 SOL" in stage.text and "exchanges apart" in stage.text)
        quiet = evolve(asset_at("sol", 3), consensus=NO_CONSENSUS)
        stage.engine.say(AssetFrame(quiet))
        await stage.until(lambda: "none has quoted yet" in stage.text)
        await stage.press("p")
        await stage.until(lambda: stage.sent)
        assert stage.sent == [(Action.PAUSE, "sol")]

    perform(tmp_path, play, size=(120, 36))


def test_an_engine_that_is_silent_makes_the_page_old(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("o")
        await stage.pass_time(4.0)
        assert "4.0 s old" in stage.text
        assert "exchanges apart" in stage.text

    perform(tmp_path, play)


def test_the_page_from_the_zoom_and_back_to_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("2", "enter")
        await stage.until(lambda: "Chainlink ▲ above" in stage.text)
        await stage.press("o")
        await stage.until(lambda: "exchanges apart" in stage.text and "2 ETH" in stage.text)
        await stage.press("o")
        await stage.until(lambda: "Chainlink ▲ above" in stage.text)

    perform(tmp_path, play, size=(120, 40))


# --- how well it was foreseen ---------------------------------------------------------------


def test_what_came_is_a_number_for_every_horizon_at_every_size() -> None:
    """On the smallest screen a line of them, in full where there is room."""
    view = view_of(rounds=(averaged(11.0, 92_001.0),))
    small = row(page(view, 80, 17), "closing averages")
    assert "sd  10s 1.04  30s 1.11  60s !1.31  120s 1.40 " in small
    assert "300s" not in small, "nothing has come of it yet"
    for width, height in ((120, 29), (200, 43)):
        text = page(view, width, height)
        assert row(text, "sd, 1 is right")[2:74].split()[4:] == [
            "1.04",
            "1.11",
            "!1.31",
            "1.40",
            "–",
        ]
        assert row(text, "samples")[2:74].split()[1:] == ["2,140", "714", "358", "51", "–"]
        assert row(text, "Brier")[2:74].split()[1:] == ["0.214", "0.171", "0.118", "0.070", "–"]
        assert row(text, "of these came")[2:74].split()[3:] == ["100%", "93%", "96%", "98%", "–"]
        assert "! does not fit: confidence falls" in text


def test_the_widest_numbers_of_a_forecast_are_whole_on_the_smallest_screen() -> None:
    off = tuple(ForecastView(s, 99_999.0, 5.99, True) for s in (10, 30, 60, 120, 300))
    text = page(evolve(view_of(rounds=(averaged(11.0, 92_001.0),)), forecasts=off), 80, 17)
    words = "sd  10s !5.99  30s !5.99  60s !5.99  120s !5.99  300s !5.99 │"
    assert row(text, "closing averages").endswith(words)


def test_nothing_that_came_yet_is_said() -> None:
    text = page(evolve(view_of(), forecasts=(), said=()), 120, 29)
    assert "nothing has come yet" in text
    assert "does not fit" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_terminal_of_hardly_a_row_is_drawn_as_far_as_it_goes(width: int) -> None:
    for height in range(6):
        lines_of(view_of(), width, height)
