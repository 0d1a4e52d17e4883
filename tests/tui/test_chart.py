"""The round as a chart: colours and signs by the strike, holes, fills, the average, any size."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from fake_engine import START_NS, asset_at, consensus_at
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from polytui.model.snapshot import AssetView, AverageView, RoundView, SignalView
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.ink import ink_of
from polytui.tui.panels.asset import Look, asset_panel
from polytui.tui.panels.chart import ChartLook, round_chart
from polytui.tui.panels.dots import Dots, Ink
from polytui.tui.panels.holding import ends_line, even_price
from polytui.tui.panels.round_page import PageShape, Sheet, round_panel
from polytui.tui.panels.worths import LEAST_GAP, worth_signs
from polytui.tui.styles import Line, plain, styles_of
from polytui.tui.theme import load_themes
from polytui.tui.traces import POINTS, Mark, Trace, TracePoint, Traces

NIGHT = load_themes()["night"]
STYLES = styles_of(NIGHT)
OPENS_NS, CLOSES_NS = START_NS, START_NS + 300 * NS_PER_S
STRIKE = 92_000.0


def trace_of(*prices: tuple[int, float], **more: object) -> Trace:
    """(seconds after the opening, price)."""
    trace = Trace("btc-updown-5m-1", "btc", "5m", OPENS_NS, CLOSES_NS, strike=STRIKE, **more)  # type: ignore[arg-type]
    trace.fill_in(
        TracePoint(OPENS_NS + after * NS_PER_S, price, price, 0.5, 0.4, 0.6)
        for after, price in prices
    )
    return trace


def drawn(
    trace: Trace | None,
    width: int = 90,
    height: int = 20,
    after_s: int = 300,
    ink: Ink = Ink.BRAILLE,
) -> list[Line]:
    return round_chart(trace, ChartLook(STYLES, ink, OPENS_NS + after_s * NS_PER_S), width, height)


def letters(lines: list[Line], style: Style) -> str:
    return "".join(part.text for one in lines for part in one if part.style is style).replace(
        " ", ""
    )


# --- dots -----------------------------------------------------------------------------------------


def test_dots_are_the_letters_of_unicode() -> None:
    dots = Dots(2, 1, Ink.BRAILLE)
    for y in range(4):
        dots.dot(0, y, STYLES.up)
    dots.dot(3, 3, STYLES.down)
    dots.dot(4, 0, STYLES.down)  # outside
    (line,) = dots.lines(STYLES.text)
    assert [(part.text, part.style) for part in line] == [("⡇", STYLES.up), ("⢀", STYLES.down)]


def test_dots_in_plain_letters() -> None:
    dots = Dots(3, 1, Ink.ASCII)
    for x, y in ((0, 0), (1, 1), (2, 0), (2, 1)):
        dots.dot(x, y, STYLES.up)
    assert plain(dots.lines(STYLES.text)) == "'.:"


def test_a_curve_has_no_gap_where_it_jumps() -> None:
    dots = Dots(1, 2, Ink.BRAILLE)
    dots.curve([0.0, 7.0], lambda _: STYLES.up)
    assert plain(dots.lines(STYLES.text)) == "⢱\n⢸"


@pytest.mark.parametrize(
    ("charts", "term", "encoding", "ink"),
    [
        ("auto", "xterm-256color", "UTF-8", Ink.BRAILLE),
        ("auto", "xterm", "utf8", Ink.BRAILLE),
        ("auto", "linux", "UTF-8", Ink.ASCII),
        ("auto", "xterm", "ANSI_X3.4-1968", Ink.ASCII),
        ("ascii", "xterm", "UTF-8", Ink.ASCII),
        ("braille", "linux", "ascii", Ink.BRAILLE),
    ],
)
def test_what_a_terminal_can_show(charts: str, term: str, encoding: str, ink: Ink) -> None:
    assert ink_of(charts, {"TERM": term}, encoding) is ink


# --- the chart ------------------------------------------------------------------------------------


def test_above_and_below_the_strike_differ_in_colour_and_in_sign() -> None:
    above = drawn(trace_of((0, STRIKE + 10), (2, STRIKE + 12)), height=11)
    below = drawn(trace_of((0, STRIKE - 10), (2, STRIKE - 12)), height=11)
    assert "▲92,012.00" in letters(above[1:], STYLES.up)
    assert letters(above[1:], STYLES.down) == ""
    assert "▼91,988.00" in letters(below[1:], STYLES.down)
    assert letters(below[1:], STYLES.up) == ""
    assert "K 92,000.00" in plain(above)


def rows_of(lines: list[Line], words: str) -> int:
    return next(at for at, one in enumerate(plain(lines).split("\n")) if words in one)


def test_who_sees_no_colour_sees_on_which_side_of_the_strike_the_price_is() -> None:
    for gap, is_above in ((20.0, True), (-20.0, False)):
        lines = drawn(trace_of((0, STRIKE), (100, STRIKE + gap)), height=11)
        price = rows_of(lines, f"{STRIKE + gap:,.2f}")
        assert (price < rows_of(lines, "K 92,000.00")) is is_above


def test_a_hole_is_no_straight_line() -> None:
    whole = letters(drawn(trace_of(*((s, STRIKE + 5) for s in range(300))), height=9), STYLES.up)
    holed = letters(
        drawn(trace_of(*((s, STRIKE + 5) for s in range(300) if not 100 < s < 200)), height=9),
        STYLES.up,
    )
    assert len(holed) < len(whole) * 0.75


def test_the_average_that_is_locked_in_and_where_its_seconds_begin() -> None:
    trace = trace_of(
        (0, STRIKE), (280, STRIKE + 30), window_s=60, observed_s=34.2, average=STRIKE + 8
    )
    text = plain(drawn(trace, after_s=275))
    assert "34/60 s avg" in text
    assert "the last 60 s are averaged" in text
    assert "averaged" not in plain(drawn(trace_of((0, STRIKE)), after_s=275))


def test_our_fills_stand_on_the_curve_where_they_happened() -> None:
    trace = trace_of(*((s, STRIKE + s / 10) for s in range(300)))
    trace.tell(
        (
            Mark(OPENS_NS + 75 * NS_PER_S, "up", "buy", 0.62, 10.0),
            Mark(OPENS_NS + 225 * NS_PER_S, "up", "sell", 0.81, 10.0),
        ),
        CLOSES_NS,
    )
    lines = plain(drawn(trace, width=90)).split("\n")
    chart, words = lines[1:], lines[0]
    assert "○ sold Up 0.81" in words
    cells = 90 - 12
    at = [row.index("▲") for row in chart if "▲" in row[:cells]]
    assert len(at) == 2  # the price's part and the value's
    assert all(abs(one - cells / 4) <= 1 for one in at)
    assert sum("○" in row for row in chart) == 2


@pytest.mark.parametrize("ink", Ink)
@pytest.mark.parametrize(
    "size", [(10, 2), (1, 1), (24, 4), (39, 7), (76, 15), (120, 12), (250, 60)]
)
def test_every_size_gives_exactly_that_many_cells(ink: Ink, size: tuple[int, int]) -> None:
    width, height = size
    many = trace_of(*((s, STRIKE + s % 7) for s in range(200)), window_s=60, observed_s=1.0)
    for trace in (None, trace_of(), trace_of((0, STRIKE)), many):
        lines = drawn(trace, width, height, 200, ink)
        assert len(lines) == height
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}
        if ink is Ink.ASCII and trace is many:
            assert plain(lines).replace("…", "").isascii()


# --- what it is worth to single strategies --------------------------------------------------------


def worths_of(*worths: tuple[str, float]) -> Trace:
    """The same of every second of the first half, at a fair value of 0.5."""
    trace = trace_of()
    trace.fill_in(
        TracePoint(OPENS_NS + s * NS_PER_S, STRIKE, STRIKE, 0.5, 0.4, 0.6, worths)
        for s in range(150)
    )
    return trace


def test_who_thinks_otherwise_has_a_letter_where_it_thinks_so_and_a_colour() -> None:
    trace = worths_of(("distance_fade", 0.97), ("momentum_score", 0.03), ("predictor", 0.5))
    lines = drawn(trace)
    words, *rows, _ = plain(lines[-8:]).split("\n")
    assert "D distance_fade M momentum_score" in words
    assert "predictor" not in words, "it says what fair value says"
    assert "D" in rows[0]
    assert "M" in rows[-1]
    assert "D" not in "".join(rows[1:])
    colours = {part.style for one in lines[-7:] for part in one if set(part.text) & set("DM")}
    assert len(colours) == 2


def test_no_letter_is_given_twice_and_none_where_all_agree() -> None:
    told = (("sniper", 0.9), ("score", 0.1), ("s", 0.2))
    signs = worth_signs(worths_of(*told).points, STYLES)
    assert [one.letter for one in signs] == ["S", "C", "N"]
    assert worth_signs(worths_of(("sniper", 0.5 + LEAST_GAP / 2)).points, STYLES) == []


def test_where_there_is_no_room_for_names_letters_are_left_and_then_nothing() -> None:
    trace = worths_of(("distance_fade", 0.97), ("momentum_score", 0.03))
    words = {width: plain(drawn(trace, width)).split("\n")[-8] for width in (90, 44, 33)}
    assert "D distance_fade M momentum_score" in words[90]
    assert "spread DM" in words[44]
    assert "fair" in words[33]


def test_a_view_says_up_s_price_of_either_direction() -> None:
    signals = (
        SignalView("a", "up", None, "", worth=0.7), SignalView("b", "down", None, "", worth=0.7),
        SignalView("c", "", None, ""), SignalView("d", "up", 1.0, ""),
    )  # fmt: skip
    assert seen(Traces(), 10, signals=signals).points[-1].worths == (("a", 0.7), ("b", 1 - 0.7))


# --- what was seen --------------------------------------------------------------------------------


def seen(traces: Traces, after_s: float, **changes: object) -> Trace:
    at_ns = OPENS_NS + round(after_s * NS_PER_S)
    view: AssetView = evolve(asset_at("btc", 0), at_ns=at_ns, consensus=consensus_at(92_010.0))
    first: RoundView = evolve(view.rounds[0], **changes)
    traces.see(evolve(view, rounds=(first,)))
    found = traces.named(first.slug)
    assert found is not None
    return found


def test_a_round_is_a_bounded_number_of_points() -> None:
    traces = Traces()
    for tenth in range(2_990):
        trace = seen(traces, tenth / 10)
    assert len(trace.points) == 598 <= POINTS
    assert seen(traces, 300.5).points[-1].at_ns < CLOSES_NS


def test_shares_that_change_are_fills_and_merged_pairs_are_none() -> None:
    traces = Traces()
    held = {"up_shares": 0, "down_shares": 0, "cost": 0}
    seen(traces, 10, **held)
    seen(traces, 20, **held | {"up_shares": 10 * MICRO, "cost": 6 * MICRO})
    seen(
        traces, 30, **held | {"up_shares": 10 * MICRO, "down_shares": 4 * MICRO, "cost": 7 * MICRO}
    )
    seen(traces, 40, **held | {"up_shares": 6 * MICRO, "cost": 3 * MICRO})
    trace = seen(traces, 50, **held)
    told = [(one.outcome, one.side, one.price, one.shares) for one in trace.fills]
    assert told == [("up", "buy", 0.6, 10.0), ("down", "buy", 0.25, 4.0), ("up", "sell", None, 6.0)]
    known = Mark(OPENS_NS + 20 * NS_PER_S, "up", "buy", 0.61, 10.0)
    trace.tell((known,), OPENS_NS + 35 * NS_PER_S)
    assert [one.price for one in trace.fills] == [0.61, None]  # what is kept, and what came since


def test_a_candle_round_is_drawn_in_the_terms_of_its_exchange() -> None:
    traces = Traces()
    point = seen(traces, 10, interval="1h", closes_ns=OPENS_NS + 3_600 * NS_PER_S).points[-1]
    assert point.price == pytest.approx(92_010.0 * 1.0008)
    assert point.consensus == pytest.approx(92_010.0 * 1.0008)
    assert seen(Traces(), 10).points[-1].price == pytest.approx(92_010.0 * 0.99999)


# --- what is held ---------------------------------------------------------------------------------

_SHARES = st.integers(0, 10_000 * MICRO)


@given(_SHARES, _SHARES, st.integers(-10_000 * MICRO, 10_000 * MICRO))
def test_at_the_break_even_price_a_round_comes_to_nothing(up: int, down: int, flow: int) -> None:
    shown = evolve(asset_at("btc", 0).rounds[0], up_shares=up, down_shares=down, flow=flow)
    price = even_price(shown)
    if price is None:
        return
    sure = price if up > down else 1 - price
    assert abs(sure * (flow + up) + (1 - sure) * (flow + down)) <= 1


def test_both_ends_of_a_round_in_words() -> None:
    shown = evolve(
        asset_at("btc", 0).rounds[0], up_shares=0, down_shares=50_910_000, flow=-17_590_000
    )
    assert plain(ends_line(shown, STYLES, 60)) == "if Up -17.59 · if Down +33.32  break-even 0.346"
    assert "break-even" not in plain(ends_line(shown, STYLES, 60, has_even=False))
    assert plain(ends_line(shown, STYLES, 34)) == "if Up -17.59 · if Down +33.32"
    assert ends_line(evolve(shown, down_shares=0, flow=0), STYLES, 60) == []


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", PageShape)
@pytest.mark.parametrize("size", [(10, 2), (30, 3), (40, 9), (80, 17), (120, 28), (250, 70)])
def test_a_page_of_every_shape_fits_its_place(shape: PageShape, size: tuple[int, int]) -> None:
    view = asset_at("btc", 137)
    averaged = evolve(
        view.rounds[0], average=AverageView(60, 12.0, 92_001.0), up_shares=MICRO, flow=-1
    )
    traces = Traces()
    for shown in (
        None,
        view,
        evolve(view, rounds=()),
        evolve(view, rounds=(averaged,), detail="why"),
    ):
        if shown is not None:
            traces.see(shown)
        trace = traces.named(view.rounds[0].slug)
        sheet = Sheet(shape, trace, Ink.BRAILLE)
        lines = round_panel("btc", shown, Look(NIGHT, 1), "", sheet, size)
        assert len(lines) == size[1]
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}


# --- on a card ------------------------------------------------------------------------------------


def test_a_card_with_room_has_a_spark_and_one_without_has_its_numbers() -> None:
    view = asset_at("btc", 900)
    traces = Traces()
    for step in range(0, 901, 20):
        traces.see(asset_at("btc", step))

    def card(width: int, height: int, seen: Traces | None) -> list[str]:
        look = Look(NIGHT, 1, traces=seen)
        return plain(asset_panel("btc", view, look, width, height)).split("\n")

    tall, bare = card(98, 22, traces), card(98, 22, None)
    rows = [row for row in tall if re.search("[\u2800-\u28ff]", row)]
    assert rows == tall[-3:-1]
    assert "Chainlink against its strike since 13:15:00" in tall[-4]
    assert [row[:46] for row in tall] == [row[:46] for row in bare], "no fact gave way"
    assert all(f"{word}  0." in "".join(tall) for word in ("ask", "bid"))
    assert card(60, 13, traces) == card(60, 13, None)


def test_the_words_above_a_spark_are_never_cut() -> None:
    view, traces = asset_at("btc", 900), Traces()
    for step in range(0, 901, 20):
        traces.see(asset_at("btc", step))
    said = []
    for width in (59, 78, 98):
        look = Look(NIGHT, 1, traces=traces)
        rows = plain(asset_panel("btc", view, look, width, 22)).split("\n")
        said += [row for row in rows if "since 13:15:00" in row]
    assert len(said) == 3
    assert "…" not in "".join(said)
