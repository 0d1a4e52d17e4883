"""The page of equity: the curve, its falls, and tables of which no number is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import START_NS, FakeEngine
from kept import SUM_COLUMNS, sums_row
from msgspec.structs import replace
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.query import EVERY_SESSION, Answer, Cell, Query, Subject
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.equity import equity_panel
from polytui.tui.panels.equity_curve import equity_curves
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.reliability import reliability_table
from polytui.tui.panels.slices import hit_words, slice_table
from polytui.tui.panels.told_state import DrawnAt
from polytui.tui.past import Row
from polytui.tui.styles import Line, plain, styles_of
from polytui.tui.told_equity import ToldEquity

SIZES = [(80, 24), (120, 36), (200, 60)]
LOOK = PageLook(PALETTES[0], "btc")
STYLES = styles_of(PALETTES[0])
CURVE_COLUMNS = ("at_ns", "equity", "fall", "fall_share", "fall_ns", "start")
RELIABLE_COLUMNS = ("tenth", "moments", "rounds", "said", "came", "errors", "market_errors")
_MINUTE_NS = 60 * NS_PER_S


def a_point(at: int, usd: float, fall: float = 0.0) -> tuple[Cell, ...]:
    at_ns = START_NS + at * _MINUTE_NS
    return at_ns, round(usd * MICRO), round(fall * MICRO), fall / 1_000, at_ns, 1_000 * MICRO


POINTS = tuple(a_point(at, 1_000 + usd, fall) for at, (usd, fall) in enumerate(
    ((0.0, 0.0), (12.5, 0.0), (-20.25, 32.75), (-5.0, 17.5), (24.98, 0.0))
))  # fmt: skip
RELIABLE = ((3, 400, 40, 0.351, 0.342, 88.0, 90.0), (7, 500, 45, 0.748, 0.82, 92.0, 91.0))


def answer(query: Query) -> Answer | None:
    if query.subject is Subject.EQUITY_CURVE:
        return Answer(query.query_id, CURVE_COLUMNS, POINTS, as_of_ns=START_NS)
    if query.subject is Subject.RELIABILITY:
        return Answer(query.query_id, RELIABLE_COLUMNS, RELIABLE, as_of_ns=START_NS)
    labels: dict[str, tuple[Cell, ...]] = {
        "": ("",), "strategy": ("confluence", "settlement_sniper"), "interval": ("5m", "15m"),
        "minutes left": ("", "under 1", "over 60"), "hour": (0, 9, 23),
        "way out": ("", "settled", "signal flipped"),
    }  # fmt: skip
    rows = tuple(sums_row(1_234, label) for label in labels[query.by])
    return Answer(query.query_id, SUM_COLUMNS, rows, as_of_ns=START_NS)


def told() -> ToldEquity:
    made, asked = ToldEquity(), list[Query]()
    made.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    for query in asked:
        found = answer(query)
        assert found is not None
        made.asking.hear(found, 0.1)
    return made


def drawn(made: ToldEquity, size: tuple[int, int], scroll: Scroll | None = None) -> str:
    at = DrawnAt(0.2, START_NS)
    lines = equity_panel(made, at, LOOK, scroll or Scroll(), size)
    assert len(lines) == size[1]
    assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}
    return plain(lines)


def every_line(made: ToldEquity, size: tuple[int, int]) -> str:
    scroll, pages = Scroll(), []
    for _ in range(40):
        pages.append(drawn(made, size, scroll))
        scroll.move(5)
    return "\n".join(pages)


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_is_there_at_every_size_and_nothing_is_cut(size: tuple[int, int]) -> None:
    text = every_line(told(), size)
    for words in (
        "equity  this session", "equity 1,024.98  ▲ +24.98", "deepest fall -32.75 3.3% at 13:17",
        "by strategy", "settlement_sniper", "by interval", "15m", "by minutes left at entry",
        "over 60", "unknown", "by hour of entry", "23-00", "1,234", "-1,234.57", "0.500", "0.556",
        "reliability of fair value", "0.3-0.4", "0.351", "0.342", "+0.072",
        "Brier 0.2000  market 0.2011", "▲ 1,024.98", "▼ -32.75", "13:15", "13:19",
        "by way out", "signal flipped", "open  ",
    ):  # fmt: skip
        assert words in text, words
    assert "…" not in text


def test_nothing_is_claimed_before_an_answer() -> None:
    text = drawn(ToldEquity(), (80, 24))
    assert "asking the engine" in text
    assert "no minute of this account yet" in text


def test_a_database_has_no_one_curve() -> None:
    made, asked = ToldEquity(), list[Query]()
    made.rescope()
    made.rescope()
    made.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    assert {query.session for query in asked} == {EVERY_SESSION}
    assert Subject.EQUITY_CURVE not in {query.subject for query in asked}
    assert "a curve is of one: c goes back to it" in drawn(made, (120, 36))


def test_what_is_of_another_scope_is_not_shown() -> None:
    made = told()
    made.rescope()
    assert "1,024.98" not in drawn(made, (120, 36))


@pytest.mark.parametrize("ink", list(Ink))
@pytest.mark.parametrize("size", [(30, 4), (76, 8), (300, 30)])
def test_the_curve_is_above_its_start_where_it_gained(ink: Ink, size: tuple[int, int]) -> None:
    width, height = size
    points: list[Row] = [dict(zip(CURVE_COLUMNS, one, strict=True)) for one in POINTS]
    lines = equity_curves(points, STYLES, ink, width, (height, 3))
    assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}
    assert len(lines) == height + 4
    last, first = _inked(lines[:height], width - 15), _inked(lines[:height], 0)
    assert min(last) < min(first), "it ends higher than it began"
    fallen = [any(part.text.strip() for part in one[:-2]) for one in lines[height : height + 3]]
    assert all(fallen), "the deepest fall reaches the ground"


def _inked(lines: list[Line], at: int) -> list[int]:
    """Rows that have ink in a column of cells."""
    texts = ["".join(part.text for part in one) for one in lines]
    return [row for row, text in enumerate(texts) if text[at] not in " ⠀"]


def test_a_fall_between_two_columns_is_drawn() -> None:
    points: list[Row] = [
        dict(zip(CURVE_COLUMNS, a_point(at, 1_000.0, 40.0 if at == 901 else 0.0), strict=True))
        for at in range(1_800)
    ]
    lines = equity_curves(points, STYLES, Ink.ASCII, 60, (4, 4))
    drawn_at = [at for at in range(45) if _inked(lines[4:8], at)]
    assert len(drawn_at) == 1, "one column of all, from above to the ground"
    assert _inked(lines[4:8], drawn_at[0]) == [0, 1, 2, 3]


def test_who_never_fell_has_no_fall() -> None:
    rising = (a_point(0, 1_000.0), a_point(1, 1_001.0))
    points: list[Row] = [dict(zip(CURVE_COLUMNS, one, strict=True)) for one in rising]
    assert "never fell" in plain(equity_curves(points, STYLES, Ink.BRAILLE, 80, (5, 3)))


def test_hit_rates_stand_beside_what_breaks_even() -> None:
    row: Row = dict(zip(SUM_COLUMNS, sums_row(100, "x", held=8, held_wins=6, held_stake=5_000_000,
                                              held_shares=10_000_000), strict=True))  # fmt: skip
    assert hit_words(row) == ("0.750", "0.500")
    assert hit_words({**row, "held": 0}) == ("–", "–")
    text = plain(slice_table("by strategy", "strategy", [row], STYLES, 76))
    assert "0.750 0.500" in text


def test_few_rounds_are_called_few() -> None:
    rows: list[Row] = [dict(zip(RELIABLE_COLUMNS, one, strict=True)) for one in RELIABLE]
    assert "few" not in plain(reliability_table(rows, STYLES, 76))
    few = [{**row, "rounds": 4} for row in rows]
    assert "4 rounds are few" in plain(reliability_table(few, STYLES, 76))


def test_the_key_opens_it_and_c_goes_on_to_the_day(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answer=answer)

    async def play(stage: Stage) -> None:
        assert engine.questions == []
        await stage.press("h")
        await stage.until(lambda: "deepest fall -32.75" in "\n".join(stage.rows))
        await stage.press("c")
        await stage.until(lambda: "equity  today" in "\n".join(stage.rows))
        await stage.until(lambda: "deepest fall -32.75" in "\n".join(stage.rows))
        day_ns = START_NS // (86_400 * NS_PER_S) * 86_400 * NS_PER_S
        assert engine.questions[-1].since_ns == day_ns
        await stage.press("j", "pagedown", "end")
        await stage.until(lambda: "Brier 0.2000" in "\n".join(stage.rows))
        engine.answer = lambda query: Answer(query.query_id, error="busy: ask again")
        await stage.pass_time(6.0)
        words = "! busy: ask again  what is below is older"
        await stage.until(lambda: words in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine)


def test_odd_cells_draw_nothing_wrong() -> None:
    """A newer database, or an older one."""
    made, asked = ToldEquity(), list[Query]()
    made.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    for query in asked:
        found = answer(query)
        assert found is not None
        odd = tuple(tuple("\x1b[2J" if n % 2 else None for n, _ in enumerate(row))
                    for row in found.rows)  # fmt: skip
        made.asking.hear(replace(found, rows=odd), 0.1)
    for size in SIZES:
        assert "\x1b" not in drawn(made, size)
