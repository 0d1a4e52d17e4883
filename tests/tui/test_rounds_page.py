"""The page of rounds: what is listed, open and settled, and why nobody entered."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import define, evolve, field
from fake_engine import NAMES, START_NS, FakeEngine, asset_at
from kept import with_id
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.query import MOST_ROWS, Answer, Cell, Query, Subject
from polytui.model.snapshot import AssetView
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.rounds_page import INTERVALS, RoundsSheet, rounds_panel
from polytui.tui.panels.told_state import DrawnAt
from polytui.tui.styles import plain
from polytui.tui.told_round_list import ToldRoundList

SIZES = [(80, 24), (120, 36), (200, 60)]
LOOK = PageLook(PALETTES[0], "btc")
COLUMNS = (
    "root", "slug", "session", "asset", "interval", "opens_ns", "closes_ns", "opened_ns", "strike",
    "winner", "winner_source", "settled_ns", "fills", "fees", "payout", "pnl", "positions", "why",
)  # fmt: skip
FIVE_NS = 300 * NS_PER_S
WHYS = Answer(
    0,
    ("strategy", "is_shadow", "reason", "times", "mean", "limit_value", "unit"),
    (
        ("probit", 1, "book late", 140, 1_912.0, 1_000.0, "ms"),
        ("confluence", 0, "edge small", 60, 41.234, 150.0, "bps"),
        ("confluence", 0, "none", 900, 0.0, 0.0, ""),
    ),
)


def a_round(back: int, **more: Cell) -> tuple[Cell, ...]:
    """`back` rounds before the one that opens now; below 0 it is only listed. Every third was
    traded."""
    opens_ns = START_NS - back * FIVE_NS
    is_over, is_traded = back > 0, back % 3 == 1
    row: dict[str, Cell] = {
        "root": "own", "slug": f"btc-updown-5m-{opens_ns // NS_PER_S}", "session": "demo-7",
        "asset": "btc", "interval": "5m", "opens_ns": opens_ns, "closes_ns": opens_ns + FIVE_NS,
        "opened_ns": opens_ns if back >= 0 else None,
        "strike": 92_000.0 + back if back >= 0 else None,
        "winner": ("up", "down", "nobody")[back % 3] if is_over else None,
        "winner_source": "clob" if is_over else None, "settled_ns": opens_ns if is_over else None,
        "fills": 2 if is_traded else None, "fees": 120_000 if is_traded else None, "payout": None,
        "pnl": -1_234_560_000 if is_over and is_traded else None,
        "positions": 1 if is_traded else 0,
        "why": "" if is_traded else "edge small" if back >= 0 else None,
    }  # fmt: skip
    return tuple((row | more)[name] for name in COLUMNS)


@define
class Looked:
    """A list, somebody who looks at it, and a database of so many rounds. State: all of it."""

    count: int
    told: ToldRoundList = field(factory=ToldRoundList)
    asked: list[Query] = field(factory=list)
    views: dict[str, AssetView] = field(factory=dict)
    now_s: float = 0.0
    error: str = ""

    def turn(self, size: tuple[int, int] = (80, 24)) -> str:
        new: list[Query] = []
        self.told.ask(START_NS, self.now_s, lambda query: new.append(query) is None)
        self.asked += new
        self.now_s += 0.01
        for query in new:
            self.told.hear(self.answer(query), self.now_s)
        return self.drawn(size)

    def answer(self, query: Query) -> Answer:
        if self.error:
            return Answer(query.query_id, error=self.error)
        if query.subject is Subject.WHY:
            return with_id(WHYS, query)
        backs = range(-2, self.count)
        if query.until_ns:
            backs = range((START_NS - query.until_ns) // FIVE_NS + 1, self.count)
        rows = tuple(a_round(back) for back in backs[: query.limit])
        more = "x" if len(backs) > query.limit else ""
        return Answer(query.query_id, COLUMNS, rows, more, START_NS)

    def drawn(self, size: tuple[int, int]) -> str:
        sheet = RoundsSheet(self.told, DrawnAt(self.now_s, START_NS), self.views)
        lines = rounds_panel(sheet, LOOK, *size)
        assert len(lines) == size[1]
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}
        return plain(lines)


@pytest.mark.parametrize("size", SIZES)
def test_what_a_round_is_stands_in_its_line_at_every_size(size: tuple[int, int]) -> None:
    made = Looked(8)
    made.turn(size)
    text = made.turn(size)
    for words in (
        "BTC   5m 13:25-13:30 listed, in 10:00", "BTC   5m 13:15-13:20 ● open, 05:00",
        "13:10-13:15 ▼ Down won", "13:05-13:10 cancelled", "13:00-13:05 ▲ Up won", "92,000.00",
        "▼ -1,234.56", "edge small", "rounds 1-10 of 10", "Enter: its chart",
    ):  # fmt: skip
        assert words in text, words
    assert "▸ BTC   5m 13:15-13:20" in text, "the one that runs is chosen first"
    assert ("clob" in text) is (size[0] > 80)


def test_the_chosen_round_says_what_kept_each_strategy_out() -> None:
    made = Looked(8)
    made.turn((120, 36))
    text = made.turn((120, 36))
    assert "edge small: 0.412 < 1.5 c" in text
    assert "book late: 1,912 > 1,000 ms" in text
    assert text.index("◆ confluence") < text.index("◇ probit"), "those that may trade come first"
    assert "none" not in text
    made.told.move(1)
    assert "asking what stood in the way" in made.drawn((120, 36)), "nothing of another round"
    made.turn()
    assert made.asked[-1].slug == str((made.told.chosen or {})["slug"])
    text = made.drawn((120, 36))
    assert "2 fills  ▼ -1,234.56" in text


def test_what_runs_says_what_stands_in_the_way_now() -> None:
    made = Looked(4)
    view = asset_at("btc", 0)
    slug = f"btc-updown-5m-{START_NS // NS_PER_S}"
    running = evolve(view.rounds[0], slug=slug, block="book late: 1912 > 1000 ms")
    made.views["btc"] = evolve(view, rounds=(running,))
    made.turn((120, 36))
    line = next(one for one in made.turn((120, 36)).split("\n") if "● open" in one)
    assert "book late: 1912 > 1000 ms" in line


def test_thousands_are_gone_through_as_far_as_one_scrolls() -> None:
    made = Looked(1_000)
    made.turn()
    assert len(made.told.rows) == MOST_ROWS
    assert "of 200 and more" in made.turn()
    for _ in range(200):
        made.told.move(20)
        made.turn()
    assert len(made.told.rows) == 1_002
    slugs = [row["slug"] for row in made.told.rows]
    assert len(set(slugs)) == len(slugs)
    assert slugs == sorted(slugs, reverse=True)
    assert "of 1,002" in made.turn()
    assert made.told.is_whole
    asked = len(made.asked)
    made.told.move(1)
    made.turn()
    older = [query for query in made.asked[asked:] if query.until_ns]
    assert older == [], "there is none before the first"


def test_a_page_that_ends_within_a_moment_loses_no_round_of_it() -> None:
    told, asked = ToldRoundList(), list[Query]()
    told.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    btc, eth = a_round(1), a_round(1, slug="eth-updown-5m-1", asset="eth")
    told.hear(Answer(asked[0].query_id, COLUMNS, (a_round(0), btc), "x"), 0.1)
    told.ask(START_NS, 0.2, lambda query: asked.append(query) is None)
    older = next(query for query in asked if query.until_ns)
    opens_ns = START_NS - FIVE_NS
    assert opens_ns < older.until_ns, "those of the last moment are told once more"
    told.hear(Answer(older.query_id, COLUMNS, (btc, eth)), 0.3)
    assert [row["asset"] for row in told.rows] == ["btc", "btc", "eth"]


def test_a_round_that_is_settled_meanwhile_is_so_in_its_line() -> None:
    made = Looked(4)
    made.turn()
    running = made.told.chosen or {}
    settled = a_round(0, winner="up", winner_source="clob", settled_ns=START_NS)
    good = made.answer

    def now_settled(query: Query) -> Answer:
        told = good(query)
        is_list = query.subject is Subject.ROUND_LIST
        return Answer(query.query_id, COLUMNS, (settled,), "x", START_NS) if is_list else told

    asked: list[Query] = []
    made.told.ask(START_NS, 10.0, lambda query: asked.append(query) is None)
    for query in asked:
        made.told.hear(now_settled(query), 10.0)
    chosen = made.told.chosen or {}
    assert (chosen["slug"], chosen["winner"]) == (running["slug"], "up")


def test_filters_ask_anew_and_are_said() -> None:
    made = Looked(8)
    made.turn()
    made.told.reasset(NAMES)
    made.told.reinterval(INTERVALS)
    made.turn()
    asked = next(query for query in reversed(made.asked) if query.subject is Subject.ROUND_LIST)
    assert (asked.asset, asked.interval) == ("btc", "5m")
    assert "only BTC 5m" in made.turn()
    for _ in range(4):
        made.told.reasset(NAMES)
    assert made.told.asset == ""


def test_a_database_that_cannot_be_read_is_said() -> None:
    made = Looked(8, error="the database is locked by another program")
    text = made.turn()
    assert "! the database is locked by another program" in text
    assert "no round yet" not in text, "nobody knows"
    made.error = ""
    made.now_s += 5.0
    made.turn()
    assert "● open" in made.turn()
    made.error = "busy"
    made.now_s += 5.0
    text = made.turn()
    assert "! busy" in text
    assert "● open" in text


def test_odd_cells_draw_nothing_wrong() -> None:
    told, asked = ToldRoundList(), list[Query]()
    told.ask(START_NS, 0.0, lambda query: asked.append(query) is None)
    odd: tuple[Cell, ...] = ("\x1b[2J", None, 1.5)
    rows = tuple(tuple(odd[(n + at) % 3] for n in range(len(COLUMNS))) for at in range(3))
    told.hear(Answer(asked[0].query_id, COLUMNS, rows), 0.1)
    for size in SIZES:
        sheet = RoundsSheet(told, DrawnAt(0.1, START_NS), {})
        assert "\x1b" not in plain(rounds_panel(sheet, LOOK, *size))


# --- in the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    made = Looked(8)
    rounds = (
        "slug", "asset", "interval", "opens_ns", "closes_ns", "strike", "winner", "settled_ns",
    )  # fmt: skip

    def answer(query: Query) -> Answer | None:
        if query.subject in (Subject.ROUND_LIST, Subject.WHY):
            return made.answer(query)
        if query.subject is Subject.ROUNDS:
            row = dict(zip(COLUMNS, a_round(1), strict=True))
            return Answer(query.query_id, rounds, (tuple(row[name] for name in rounds),))
        return None

    engine = FakeEngine(tmp_path / "s", answer=answer)

    async def play(stage: Stage) -> None:
        assert engine.questions == []
        await stage.press("O")
        await stage.until(lambda: "▼ Down won" in "\n".join(stage.rows))
        await stage.press("j", "enter")
        await stage.until(lambda: "BTC  5m 13:10-13:15" in "\n".join(stage.rows))
        await stage.until(lambda: "▼ Down won" in "\n".join(stage.rows))
        await stage.press("escape")
        await stage.until(lambda: "why nobody entered" in "\n".join(stage.rows))
        await stage.press("a", "v")
        await stage.until(lambda: "only BTC 5m" in "\n".join(stage.rows))
        assert stage.sent == []
        await stage.press("O")
        await stage.until(lambda: "why nobody entered" not in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine, size=size)


def test_money_of_a_round_is_whole() -> None:
    made = Looked(8)
    made.turn((64, 24))
    text = made.turn((64, 24))
    assert f"{-1_234_560_000 / MICRO:,.2f}" in text
