"""The blotter: a hundred thousand trades a window at a time, sorted and found by the database, and
nothing cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define, field
from fake_engine import START_NS, FakeEngine
from kept import a_trade, sums_row, trades_told, with_id
from msgspec.structs import replace
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.query import EVERY_SESSION, MOST_ROWS, Answer, Query, Subject
from polytui.model.units import NS_PER_S
from polytui.tui.last_made import LastMade
from polytui.tui.panels.blotter import BlotterSheet, blotter_panel, shape_of
from polytui.tui.panels.columns import TableShape
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.told_state import DrawnAt
from polytui.tui.styles import plain, styles_of
from polytui.tui.told_blotter import ToldBlotter

SIZES = [(80, 24), (120, 36), (200, 60)]
LOOK = PageLook(PALETTES[0], "btc")
DAY_NS = START_NS // (86_400 * NS_PER_S) * 86_400 * NS_PER_S


@define
class Looked:
    """A blotter, somebody who looks at it, and a database that answers. State: all three."""

    answer: Callable[[Query], Answer | None]
    size: tuple[int, int] = (80, 24)
    told: ToldBlotter = field(factory=ToldBlotter)
    asked: list[Query] = field(factory=list)
    now_s: float = 0.0
    takes_s: float = 0.01
    hears: bool = True

    def turn(self) -> None:
        """A frame: what is due is asked for, answered, and drawn."""
        new: list[Query] = []
        self.told.ask(START_NS, self.now_s, lambda query: new.append(query) is None and self.hears)
        self.asked += new
        self.now_s += self.takes_s
        for query in new if self.hears else []:
            if (answer := self.answer(query)) is not None:
                self.told.hear(answer, self.now_s)
        self.rows()

    def rows(self) -> list[str]:
        sheet = BlotterSheet(self.told, DrawnAt(self.now_s, START_NS))
        lines = blotter_panel(sheet, LOOK, *self.size)
        assert len(lines) == self.size[1]
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {self.size[0]}
        return plain(lines).split("\n")

    @property
    def text(self) -> str:
        return "\n".join(self.rows())


def looked(count: int, size: tuple[int, int] = (80, 24)) -> Looked:
    made = Looked(trades_told(count), size)
    made.turn()
    made.turn()
    return made


# --- what is drawn --------------------------------------------------------------------------------


def test_every_number_of_a_trade_is_there_at_every_size() -> None:
    for size in SIZES:
        text = looked(300, size).text
        for words in (
            "300 trades", "▼ -1,234.57", "fees 3.70", "open 1", "15m", "▲ Up", "▼ Down", "0.57",
            "▲ +0.01", "settlement_sniper", "fair 0.612  edge +2.1 c", "paid 703.70  fees 1.23",
            "at 0.61: signal flipped", "trade 1 of 300",
        ):  # fmt: skip
            assert words in text, (size, words)
        assert "…" not in text


def test_columns_give_way_words_first_and_numbers_last() -> None:
    heads = {}
    for width in (200, 122, 105, 90, 80, 70, 64, 58, 50):
        made = looked(300, (width, 24))
        heads[width] = set(shape_of(made.told, styles_of(PALETTES[0]), width - 4).sortable)
    order = [
        next((width for width in heads if name not in heads[width]), 0)
        for name in ("round", "way out", "strategy", "shares", "fee", "fair", "exit", "edge")
    ]
    assert order == sorted(order, reverse=True), "what goes first is missing in wider tables too"
    assert all({"time", "asset", "side", "price", "result"} <= names for names in heads.values())
    assert heads[200] >= {"round", "way out", "strategy"}


def test_days_are_told_where_trades_are_of_several() -> None:
    assert "11-20 13:15:00" not in looked(30).text
    assert "11-20 13:15:00" in looked(5_000, (120, 30)).text or "11-20" in _of_two_days().text


def _of_two_days() -> Looked:
    made = Looked(trades_told(1_000), (120, 30))
    made.told.at = made.told.top = 700
    made.turn()
    made.turn()
    return made


def test_rows_are_measured_when_they_come_and_not_with_every_frame() -> None:
    made, shape = looked(300), LastMade[TableShape]()

    def measured(width: int = 120) -> TableShape | None:
        sheet = BlotterSheet(made.told, DrawnAt(made.now_s, START_NS), shape=shape)
        blotter_panel(sheet, LOOK, width, 30)
        return shape.last

    first = measured()
    made.now_s += 0.1
    assert measured() is first
    assert measured(80) is not first, "another screen"
    first = measured()
    made.answer = trades_told(299)
    made.now_s += 5.0
    made.turn()
    assert measured() is first, "the same rows, told once more"
    made.told.type("x", "x")
    made.turn()
    assert measured() is not first, "other rows"


def test_an_empty_day_is_said_once_it_is_known() -> None:
    made = Looked(lambda _: None)
    made.turn()
    assert "asking the engine" in made.text
    assert "no trade" not in made.text, "nobody has said so"
    assert "no trade in this session yet" in looked(0).text


def test_real_money_is_not_added_to_play_money_unseen() -> None:
    def answer(query: Query) -> Answer | None:
        told = trades_told(300)(query)
        if told is not None and query.subject is Subject.SUMS:
            told = replace(told, rows=(sums_row(300, sessions=3, modes="live,demo"),))
        return told

    made = Looked(answer, (120, 36))
    made.turn()
    made.turn()
    assert "! demo and live together" in made.text


def test_words_of_a_database_cannot_move_the_cursor() -> None:
    def answer(query: Query) -> Answer | None:
        told = trades_told(5)(query)
        if told is not None and query.subject is Subject.BLOTTER:
            bad = a_trade(0, strategy="\x1b[2J", exit_reason="a\u202eb", asset=None, edge_bps="x")
            told = replace(told, rows=(bad,))
        return told

    for size in SIZES:
        made = Looked(answer, size)
        made.turn()
        assert "\x1b" not in made.text
        assert "\u202e" not in made.text


# --- going through a hundred thousand -------------------------------------------------------------


def test_a_hundred_thousand_are_gone_through_a_window_at_a_time() -> None:
    made = looked(100_000)
    for steps in (10, 10_000_000, -500, -10_000_000, 777):
        made.told.move(steps)
        made.turn()
        made.now_s += 1.0
        made.turn()
        assert made.told.row(made.told.at) is not None
        shown = made.told.chosen
        assert shown is not None
        assert shown["slug"] == f"btc-updown-5m-{made.told.at}"
        assert f"trade {made.told.at + 1:,} of 100,000" in made.text
    assert all(query.limit <= MOST_ROWS for query in made.asked)
    assert made.told.at == 777


def test_the_window_stays_while_one_moves_within_it() -> None:
    made = looked(100_000)
    skips = set()
    for _ in range(120):
        made.told.move(1)
        made.turn()
        made.now_s += 3.0
        skips |= {query.skip for query in made.asked}
    assert skips == {0}


def test_the_chosen_trade_stays_chosen_where_others_come_in() -> None:
    made = looked(300)
    made.told.move(5)
    made.turn()
    chosen = made.told.chosen
    older = made.answer

    def newer(query: Query) -> Answer | None:
        told = older(query)
        if told is not None and query.subject is Subject.BLOTTER:
            new = tuple(a_trade(-2 + at) for at in range(2))
            told = replace(told, rows=(*new, *told.rows[:198]))
        return told

    made.answer = newer
    made.now_s += 5.0
    made.turn()
    assert made.told.at == 7
    assert made.told.chosen == chosen
    fresh = looked(300)
    fresh.answer = newer
    fresh.now_s += 5.0
    fresh.turn()
    assert fresh.told.at == 0, "who is at the newest stays there"


# --- scope, order, words --------------------------------------------------------------------------


def last(made: Looked, subject: Subject) -> Query:
    return next(one for one in reversed(made.asked) if one.subject is subject)


def test_what_is_asked_is_what_is_wanted() -> None:
    made = looked(300)
    assert (last(made, Subject.BLOTTER).session, last(made, Subject.BLOTTER).since_ns) == ("", 0)
    made.told.rescope()
    made.turn()
    assert last(made, Subject.BLOTTER).since_ns == last(made, Subject.SUMS).since_ns == DAY_NS
    made.told.rescope()
    made.turn()
    assert last(made, Subject.SUMS).session == EVERY_SESSION
    names = shape_of(made.told, styles_of(PALETTES[0]), 76).sortable
    made.told.resort(names, 1)
    made.turn()
    assert last(made, Subject.BLOTTER).sort == "asset"
    made.told.resort(names, -2)
    made.turn()
    assert last(made, Subject.BLOTTER).sort in ("-result", "session")
    made.told.reverse()
    made.turn()
    assert last(made, Subject.BLOTTER).sort in ("result", "-session")
    for letter in "btc >0":
        made.told.typed.is_open = True
        made.told.type(letter, letter)
    made.turn()
    assert last(made, Subject.BLOTTER).words == last(made, Subject.SUMS).words == "btc >0"


def test_what_is_no_filter_is_said_and_not_asked() -> None:
    made = looked(300)
    made.told.typed.begin()
    for letter in "size>3":
        made.told.type(letter, letter)
        made.turn()
    assert "no number is called size" in made.text
    assert "size>3" not in {query.words for query in made.asked}
    made.told.type("escape", None)
    assert made.told.typed.text == ""


def test_rows_of_the_question_before_are_quiet() -> None:
    made = looked(300)
    made.told.reverse()
    made.told.ask(START_NS, made.now_s, lambda _: True)
    assert not made.told.is_current
    lines = blotter_panel(BlotterSheet(made.told, DrawnAt(made.now_s, START_NS)), LOOK, 80, 24)
    prices = [part.style for part in lines[5] if "0.57" in part.text]
    assert [one.color.name for one in prices if one and one.color] == [PALETTES[0].colours.stale]


# --- asking ---------------------------------------------------------------------------------------


def test_a_slow_database_is_asked_less_often() -> None:
    made = looked(300)
    made.takes_s = 0.5
    made.asked.clear()
    for _ in range(100):
        made.turn()
    per_name = sum(query.subject is Subject.SUMS for query in made.asked)
    assert 4 <= per_name <= 7, "half a second each: a twentieth of fifty seconds and the first"


def test_whoever_types_fast_has_one_question_on_its_way() -> None:
    waiting: list[Query] = []

    def keeps_them_waiting(query: Query) -> None:
        waiting.append(query)

    made = Looked(keeps_them_waiting)
    made.turn()
    for letter in "confluence":
        made.told.typed.is_open = True
        made.told.type(letter, letter)
        made.turn()
    assert len(waiting) == 2
    for query in waiting:
        told = trades_told(300)(query)
        assert told is not None
        made.told.hear(with_id(told, query), made.now_s)
    made.turn()
    assert [query.words for query in waiting[2:]] == ["confluence", "confluence"]


def test_what_is_wrong_is_said_and_asked_again() -> None:
    locked = "the database runs/polytui.sqlite is locked by another program"
    made = looked(300)
    good = made.answer
    made.answer = lambda query: Answer(query.query_id, error=locked)
    made.now_s += 5.0
    made.turn()
    assert f"! {locked}" in made.text
    assert "▲ +0.01" in made.text, "what was known stays, and is called old"
    asked = len(made.asked)
    made.answer = good
    made.now_s += 3.0
    made.turn()
    assert len(made.asked) > asked
    assert "locked" not in made.text
    nobody = Looked(good, hears=False)
    nobody.turn()
    assert "! no engine to ask" in nobody.text


def test_how_far_it_goes_is_said() -> None:
    made = looked(300)
    late = blotter_panel(
        BlotterSheet(made.told, DrawnAt(made.now_s, START_NS + 90 * NS_PER_S)), LOOK, 120, 30
    )
    assert "as of 13:15:00  ◐ 90 s behind the session" in plain(late)
    old = blotter_panel(BlotterSheet(made.told, DrawnAt(made.now_s + 60, START_NS)), LOOK, 120, 30)
    assert "◐ asked 60 s ago" in plain(old)


# --- in the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = FakeEngine(tmp_path / "s", answer=trades_told(1_000))

    async def play(stage: Stage) -> None:
        told = stage.app.state.blotter
        await stage.press("b")
        await stage.until(lambda: "1,000 trades" in "\n".join(stage.rows))
        await stage.press("j", "j")
        await stage.until(lambda: "trade 3 of 1,000" in "\n".join(stage.rows))
        await stage.press("greater_than_sign", "v")
        await stage.until(lambda: engine.questions[-1].sort == "-asset" or told.sort == "-asset")
        await stage.press("slash", "x", "K", "escape", "escape")
        assert stage.sent == [], "K arms, and Esc lets go of it"
        await stage.press("slash", *"up", "enter")
        await stage.until(lambda: "100 trades" in "\n".join(stage.rows))
        assert "/up" in stage.rows[2 + (len(stage.rows[0]) == 0)] or "/up" in stage.text
        await stage.press("escape")
        await stage.until(lambda: "1,000 trades" in "\n".join(stage.rows))
        await stage.press("c", "c")
        await stage.until(lambda: "the whole database" in "\n".join(stage.rows))
        await stage.press("escape")
        await stage.until(lambda: "blotter" not in stage.rows[2])

    perform(tmp_path, play, engine=engine, size=size)


def test_enter_opens_the_round_at_that_moment_and_back_comes_back(tmp_path: Path) -> None:
    rounds = Answer(
        0,
        ("slug", "session", "asset", "interval", "opens_ns", "closes_ns", "strike", "winner",
         "winner_source", "settled_ns", "fills", "fees", "pnl"),
        (("btc-updown-5m-5", "demo-7", "btc", "5m", START_NS - 300 * NS_PER_S, START_NS,
          92_000.0, "down", "clob", START_NS + 1, 2, 1, 5),),
    )  # fmt: skip
    blotter = trades_told(30)

    def answer(query: Query) -> Answer | None:
        if query.subject is Subject.ROUNDS:
            return with_id(rounds, query)
        return blotter(query)

    engine = FakeEngine(tmp_path / "s", answer=answer)

    async def play(stage: Stage) -> None:
        await stage.press("b")
        await stage.until(lambda: stage.app.state.blotter.chosen)
        await stage.press("j", "j", "j", "j", "j", "enter")
        await stage.until(lambda: "┃ at 13:10:00" in "\n".join(stage.rows))
        await stage.until(lambda: "▼ Down won" in "\n".join(stage.rows))
        asked = {query.subject for query in engine.questions if query.slug == "btc-updown-5m-5"}
        assert asked == {Subject.FILLS, Subject.CURVES, Subject.TRADES, Subject.ROUNDS}
        await stage.press("escape")
        await stage.until(lambda: "trade 6 of 30" in "\n".join(stage.rows))
        await stage.press("enter", "left_square_bracket")
        await stage.until(
            lambda: any(
                query.subject is Subject.ROUNDS and query.until_ns == START_NS - 300 * NS_PER_S
                for query in engine.questions
            )
        )

    perform(tmp_path, play, engine=engine, size=(120, 36))


def test_x_writes_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = FakeEngine(tmp_path / "s", answer=trades_told(4_500))

    async def play(stage: Stage) -> None:
        await stage.press("b")
        await stage.until(lambda: stage.app.state.blotter.chosen)
        await stage.press("slash", *"btc", "enter", "x")
        await stage.until(lambda: "450 trades in" in "\n".join(stage.rows))
        written = [query for query in engine.questions if query.subject is Subject.TRADES]
        assert [query.words for query in written] == ["btc"] * 3
        words.append(stage.app.state.export.words)

    words: list[str] = []
    perform(tmp_path, play, engine=engine, size=(120, 36))
    (file,) = tmp_path.glob("*trades-*")
    lines = file.read_text().splitlines()
    assert len(lines) == 451
    assert lines[0].startswith("root,slug,strategy,number,session,asset")
    assert "2026-11-20T13:15:00.000Z" in lines[1]
    assert file.stat().st_mode & 0o777 == 0o600
    assert words == [f"450 trades in {file}"]
