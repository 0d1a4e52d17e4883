"""Back through rounds that are over: asked for, drawn, and what is wrong said in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import START_NS, FakeEngine
from msgspec.structs import replace
from rich.cells import cell_len
from stage import Stage, perform

from polytui.model.query import Answer, Query, Subject
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels.asset import Look
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.past_round import PastSheet, past_round_panel
from polytui.tui.past import Row
from polytui.tui.screens.past_walk import PastWalk
from polytui.tui.styles import plain
from polytui.tui.theme import load_themes
from polytui.tui.told_rounds import ToldRounds, trace_of
from polytui.tui.traces import Traces

NIGHT = load_themes()["night"]
ROUNDS = (
    "slug", "asset", "interval", "opens_ns", "closes_ns", "strike", "winner", "winner_source",
    "settled_ns", "fills", "fees", "pnl",
)  # fmt: skip
_FIVE_NS = 300 * NS_PER_S


def a_round(back: int, *, is_settled: bool = True) -> tuple[str | int | float | None, ...]:
    opens_ns = START_NS - back * _FIVE_NS
    end = ("down", "clob", opens_ns + _FIVE_NS + NS_PER_S) if is_settled else (None, None, None)
    return (
        f"btc-{back}", "btc", "5m", opens_ns, opens_ns + _FIVE_NS, 92_000.0 + back, *end, 2,
        120_000, -1_720_000 if is_settled else None,
    )  # fmt: skip


def listed(*backs: int, more: str = "") -> Answer:
    return Answer(0, ROUNDS, tuple(a_round(back) for back in backs), more=more)


def row_of(back: int, **more: bool) -> Row:
    return dict(zip(ROUNDS, a_round(back, **more), strict=True))


def curve_of(back: int) -> Answer:
    opens_ns = START_NS - back * _FIVE_NS
    points = ",".join(
        f"[{after * 1000},{92_000 - after / 10},{92_001 - after / 10},0.4,0.38,0.42,"
        f"{91_970.5 if after > 240 else 'null'}]"
        for after in range(0, 300, 2)
    )
    columns = ("slug", "since_ns", "opens_ns", "window_s", "points")
    return Answer(0, columns, ((f"btc-{back}", opens_ns, opens_ns, 60, f"[{points}]"),))


FILLS = Answer(
    0,
    ("at_ns", "outcome", "side", "price", "shares", "is_reversed"),
    (
        (START_NS - _FIVE_NS + 90 * NS_PER_S, "up", "buy", 900_000, MICRO, 1),
        (START_NS - _FIVE_NS + 60 * NS_PER_S, "up", "buy", 620_000, 10 * MICRO, 0),
    ),
)
TRADES = Answer(
    0,
    ("opened_ns", "outcome", "strategy", "shares", "entry_px", "exit_px", "pnl", "edge_bps",
     "exit_reason", "ended"),
    ((START_NS - _FIVE_NS, "up", "confluence", 10 * MICRO, 620_000, 450_000, -1_720_000, 410.0,
      "", "settled"),),
)  # fmt: skip


class Asked:
    """Who is asked and answers when told to. State: the questions."""

    def __init__(self, told: ToldRounds) -> None:
        self.told, self.queries, self.hears = told, list[Query](), True

    def send(self, query: Query) -> bool:
        self.queries += [query] if self.hears else []
        return self.hears

    def answer(self, answer: Answer, subject: Subject = Subject.ROUNDS) -> None:
        last = next(one for one in reversed(self.queries) if one.subject is subject)
        self.told.hear(replace(answer, query_id=last.query_id))


KEY = ("btc", "5m")


def walk() -> tuple[PastWalk, Asked]:
    told = ToldRounds()
    return PastWalk(told, Traces()), Asked(told)


def test_back_and_forth_again_to_the_one_that_runs() -> None:
    past, asked = walk()
    past.step(-1, KEY, START_NS, asked.send)
    assert (past.is_away, asked.queries) == (False, [])
    past.step(1, KEY, START_NS, asked.send)
    assert (past.is_away, past.row) == (True, None)
    (query,) = asked.queries
    assert (query.asset, query.interval, query.until_ns) == ("btc", "5m", START_NS)
    past.step(1, KEY, START_NS, asked.send)  # before it is answered
    asked.answer(listed(1, 2, 3))
    past.settle(asked.send)
    assert (past.row or {})["slug"] == "btc-2"
    past.step(1, KEY, START_NS, asked.send)
    assert ((past.row or {})["slug"], past.is_first) == ("btc-3", True)
    past.step(1, KEY, START_NS, asked.send)
    assert ((past.row or {})["slug"], past.is_first) == ("btc-3", True)
    past.step(-2, KEY, START_NS, asked.send)
    assert ((past.row or {})["slug"], past.is_first) == ("btc-1", False)
    past.step(-1, KEY, START_NS, asked.send)
    assert (past.is_away, len(asked.queries)) == (False, 1)


def test_the_next_page_is_asked_for_where_the_last_one_ends() -> None:
    past, asked = walk()
    past.step(1, KEY, START_NS, asked.send)
    asked.answer(listed(1, 2, more="7:1"))
    past.settle(asked.send)
    past.step(3, KEY, START_NS, asked.send)
    past.settle(asked.send)
    assert [one.after for one in asked.queries] == ["", "7:1"], "asked once, however often looked"
    asked.answer(listed(3, 4))
    past.settle(asked.send)
    assert ((past.row or {})["slug"], past.back) == ("btc-4", 4)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Answer(0, error="no database yet"), "no database yet"), (Answer(0, ROUNDS, ()), "")],
)
def test_where_there_is_none_one_stays_and_is_told(answer: Answer, error: str) -> None:
    past, asked = walk()
    past.step(1, KEY, START_NS, asked.send)
    asked.answer(answer)
    past.settle(asked.send)
    assert (past.is_away, past.is_first, asked.told.error) == (False, True, error)


def test_a_round_is_asked_for_until_it_is_settled_and_not_again() -> None:
    past, asked = walk()
    past.step(1, KEY, START_NS, asked.send)
    asked.answer(Answer(0, ROUNDS, (a_round(1, is_settled=False),)))
    for at_s in (0.0, 0.1, 3.0):
        past.ask(at_s, asked.send)
    every = [Subject.FILLS, Subject.CURVES, Subject.TRADES, Subject.ROUNDS]
    assert [one.subject for one in asked.queries[1:]] == [*every, *every]
    asked.answer(listed(1))
    past.ask(6.0, asked.send)
    assert (past.row or {})["winner"] == "down"
    past.ask(100.0, asked.send)
    assert len(asked.queries) == 9


def test_what_nobody_hears_is_said() -> None:
    past, asked = walk()
    asked.hears = False
    past.step(1, KEY, START_NS, asked.send)
    assert asked.told.error == "no engine to ask"


# --- how it is drawn ------------------------------------------------------------------------------


def drawn(
    size: tuple[int, int], row: Row | None, error: str = "", *, has_curve: bool = True
) -> str:
    told = ToldRounds()
    asked = Asked(told)
    trace = None if row is None else trace_of(row)
    if trace is not None and has_curve:
        told.ask_past(trace, 0.0, asked.send, is_settled=True)
        asked.answer(curve_of(1), Subject.CURVES)
        asked.answer(FILLS, Subject.FILLS)
        asked.answer(TRADES, Subject.TRADES)
    trades = None if trace is None else told.trades(trace)
    sheet = PastSheet(row, trace, trades, 1, False, error, Ink.BRAILLE)
    lines = past_round_panel("btc", sheet, Look(NIGHT, 1), size)
    assert len(lines) == size[1]
    assert {sum(cell_len(part.text) for part in one) for one in lines} == {size[0]}
    return plain(lines)


def test_a_past_round_says_how_it_went_and_what_we_did() -> None:
    text = drawn((100, 30), row_of(1))
    for words in (
        "1 BTC  5m 13:10-13:15  2026-11-20", "1 back",
        "strike 92,001.00", "last 91,970.50 ▼ -30.50",
        "▼ Down won", "result ▼ -1.72  fills 2  fees 0.12", "▲ bought Up 0.62", "/60 s avg",
        "0.62 > 0.45  confluence  edge +4.1 c, settled", "the last 60 s are averaged",
    ):  # fmt: skip
        assert words in text, words
    assert "0.90" not in text, "a fill that was reversed never happened"
    assert "not settled yet" in drawn((100, 30), row_of(1, is_settled=False))


@pytest.mark.parametrize("size", [(10, 2), (30, 3), (40, 9), (80, 17), (120, 28), (250, 70)])
def test_at_every_size(size: tuple[int, int]) -> None:
    for row in (None, row_of(1), row_of(2, is_settled=False), {"slug": "x", "asset": "btc"}):
        for has_curve in (True, False):
            if row is None or "strike" in row or not has_curve:
                drawn(size, row, "busy", has_curve=has_curve)


def test_the_keys(tmp_path: Path) -> None:
    answers = {Subject.ROUNDS: listed(1, 2), Subject.CURVES: curve_of(1), Subject.FILLS: FILLS,
               Subject.TRADES: TRADES}  # fmt: skip

    async def play(stage: Stage) -> None:
        await stage.press("left_square_bracket")
        assert not any(one.subject is Subject.ROUNDS for one in stage.engine.questions)
        await stage.press("enter", "left_square_bracket")
        await stage.until(lambda: "1 back" in "\n".join(stage.rows))
        await stage.until(lambda: "▲ bought Up 0.62" in "\n".join(stage.rows))
        await stage.press("left_square_bracket")
        await stage.until(lambda: "2 back" in "\n".join(stage.rows))
        await stage.press("escape")
        await stage.until(lambda: "ask  0." in "\n".join(stage.rows))
        await stage.press("left_square_bracket", "K")
        await stage.until(lambda: "KILL: cancel every order" in "\n".join(stage.rows))
        assert stage.sent == []
        await stage.press("escape", "right_square_bracket")
        await stage.until(lambda: "back" not in "\n".join(stage.rows).split("Esc back")[0])

    perform(tmp_path, play, engine=FakeEngine(tmp_path / "s", answers=answers), size=(120, 36))
