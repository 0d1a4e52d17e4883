"""The page of trades: what the engine's database answered, how old that is, and what is wrong with
it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import START_NS, FakeEngine, account_at
from msgspec.structs import replace
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.link import AccountFrame
from polytui.model.query import Answer, Cell, Query, Subject
from polytui.model.units import MICRO, NS_PER_S
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.trades import Asking, trades_panel
from polytui.tui.past import Past
from polytui.tui.styles import plain

SIZES = [(80, 24), (120, 36), (200, 60)]
DAY_NS = START_NS // (86_400 * NS_PER_S) * 86_400 * NS_PER_S

_TRADES = (
    "opened_ns", "asset", "interval", "outcome", "strategy", "shares", "entry_px", "exit_px", "pnl",
    "result",
)  # fmt: skip
_WHYS = ("strategy", "is_shadow", "reason", "times", "mean", "limit_value", "unit")


def trade(
    at_s: int, pnl: int | None, result: str, strategy: str = "confluence"
) -> tuple[Cell, ...]:
    left = None if result == "open" else 610_000
    at_ns = START_NS + at_s * NS_PER_S
    return (at_ns, "btc", "5m", "up", strategy, 25 * MICRO, 570_000, left, pnl, result)


ANSWERS = {
    Subject.TRADES: Answer(
        0,
        _TRADES,
        (
            trade(70, None, "open", "settlement_sniper"),
            trade(60, 930_000, "win"),
            trade(50, -1_234_560_000, "loss", "momentum_score"),
        ),
        as_of_ns=START_NS + 30 * NS_PER_S,
    ),
    Subject.WHY: Answer(
        0,
        _WHYS,
        (
            ("confluence", 0, "edge small", 60, 41.234, 150.0, "bps"),
            ("probit", 1, "none", 900, 0.0, 0.0, ""),
            ("probit", 1, "book late", 140, 1_912.0, 1_000.0, "ms"),
            ("probit", 1, "no strike", 1, 0.0, 0.0, ""),
        ),
        as_of_ns=START_NS + 30 * NS_PER_S,
    ),
    Subject.DAYS: Answer(
        0,
        ("day", "asset", "fills", "fees", "wins", "losses", "pnl"),
        (
            ("2026-11-20", "btc", 20, 40_000, 3, 2, 1_500_000),
            ("2026-11-20", "eth", 4, 10_000, 1, 0, -250_000),
            ("2026-11-19", "eth", 900, 900_000, 99, 99, 99_000_000),
        ),
        as_of_ns=START_NS + 30 * NS_PER_S,
    ),
}


def told(answers: dict[Subject, Answer], at_s: float = 0.0) -> Past:
    """A past that has asked once and heard these."""
    past, sent = Past(), list[Query]()
    past.ask(DAY_NS, at_s, lambda query: sent.append(query) is None)
    for query in sent:
        if query.subject in answers:
            past.hear(replace(answers[query.subject], query_id=query.query_id), at_s)
    return past


def page(past: Past, now_s: float = 0.1, size: tuple[int, int] = (80, 19)) -> list[str]:
    asking = Asking(past, now_s, START_NS + 31 * NS_PER_S)
    return plain(trades_panel(asking, PageLook(PALETTES[0], "btc"), Scroll(), *size)).split("\n")


# --- the page -------------------------------------------------------------------------------------


def test_exact_cells_at_80_columns() -> None:
    assert page(told(ANSWERS)) == EXACT.strip("\n").split("\n")


EXACT = """
╭─ trades ──────────────────────────────────────────────────── 2026-11-20 UTC ─╮
│ as of 13:15:30                                    from the engine's database │
│ ▲ +1.25 settled  won 4  lost 2  fills 24  fees 0.05                          │
│ trades ────────────────────────────────────────────────────────────────────  │
│ at    asset   side strategy           shares entry  exit       pnl           │
│ 13:16 BTC 5m  up   settlement_sniper   25.00  0.57     –            open     │
│ 13:16 BTC 5m  up   confluence          25.00  0.57  0.61     +0.93  win      │
│ 13:15 BTC 5m  up   momentum_score      25.00  0.57  0.61 -1,234.56  loss     │
│ why not ─────────────────────────── times it became the reason, and the mean │
│      140  70%  book late: 1,912 > 1,000 ms                          ◇ probit │
│       60  30%  edge small: 0.412 < 1.5 c                        ◆ confluence │
│        1   0%  no strike                                            ◇ probit │
│                                                                              │
│                                                                              │
│                                                                              │
│                                                                              │
│                                                                              │
│                                                                              │
╰──────────────────────────────────────────────────────────────────────────────╯
"""


@pytest.mark.parametrize("width", [64, 80, 99, 100, 120, 200])
@pytest.mark.parametrize("height", [5, 19, 40])
def test_it_is_as_large_as_it_says_and_no_number_is_cut(width: int, height: int) -> None:
    rows = page(told(ANSWERS), size=(width, height))
    assert len(rows) == height
    assert all(cell_len(row) == width for row in rows)
    assert not [row for row in rows if "1,234" in row and "-1,234.56" not in row]


def test_nothing_is_claimed_before_an_answer() -> None:
    text = "\n".join(page(told({})))
    assert "asking the engine" in text
    assert "no trade yet" not in text, "nobody has said so"


def test_a_day_without_a_trade_is_said_once_it_is_known() -> None:
    empty = {subject: Answer(0, as_of_ns=START_NS) for subject in ANSWERS}
    text = "\n".join(page(told(empty)))
    assert "nothing traded yet" in text
    assert "no trade yet" in text
    assert "nothing was in the way yet" in text


def test_a_database_that_is_behind_says_by_how_much() -> None:
    late = {
        subject: replace(answer, as_of_ns=START_NS - 60 * NS_PER_S)
        for subject, answer in ANSWERS.items()
    }
    assert "◐ 91 s behind" in page(told(late))[1]
    assert "behind" not in page(told(ANSWERS))[1]


def test_answers_that_do_not_come_any_more_are_old() -> None:
    assert "◐ asked 12 s ago" in page(told(ANSWERS), 12.0)[1]


def test_what_is_wrong_is_said_and_a_table_of_before_is_called_old() -> None:
    off = {subject: Answer(0, error="the store is switched off") for subject in ANSWERS}
    rows = page(told(off))
    assert "! the store is switched off" in rows[1]
    assert "no trade yet" not in "\n".join(rows), "nobody knows"
    past = told(ANSWERS)
    sent: list[Query] = []
    past.ask(DAY_NS, 5.0, lambda query: sent.append(query) is None)
    past.hear(Answer(sent[0].query_id, error="busy: 1000 questions wait already"), 5.1)
    rows = page(past, 5.2)
    assert "! busy: 1000 questions wait already  what is below is older" in rows[1]
    assert "confluence" in "\n".join(rows)


def test_words_of_a_database_cannot_move_the_cursor() -> None:
    bad = Answer(0, _TRADES, (trade(1, 1, "\x1b[2J\x07", "a\u202eb"),), error="no\x1b[31m")
    text = "\n".join(page(told({Subject.TRADES: bad})))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_cells_of_another_type_are_dashes() -> None:
    """A newer database, or an older one: nothing is drawn of what is not understood."""
    odd = Answer(0, (*_TRADES, "new"), ((None, 7, None, 1.5, None, "x", "y", None, "z", None, 1),))
    page(told({Subject.TRADES: odd}))
    page(told({Subject.TRADES: Answer(0, ("what",), ((1,),)), Subject.DAYS: odd}))


# --- asking ---------------------------------------------------------------------------------------


def test_it_asks_again_after_a_while_and_waits_for_answers() -> None:
    past, sent = Past(), list[Query]()

    def send(query: Query) -> bool:
        sent.append(query)
        return True

    for tenth in range(160):
        past.ask(DAY_NS, tenth / 10, send)
    assert len(sent) == 6, "no answer: once more after 15 s"
    for query in sent[3:]:
        past.hear(replace(ANSWERS[query.subject], query_id=query.query_id), 15.0)
    past.ask(DAY_NS, 16.0, send)
    assert len(sent) == 6
    past.ask(DAY_NS, 17.0, send)
    assert len(sent) == 9
    assert len({query.query_id for query in sent}) == 9


def test_a_late_answer_to_a_question_of_before_is_let_go() -> None:
    past, sent = Past(), list[Query]()
    past.ask(DAY_NS, 0.0, lambda query: sent.append(query) is None)
    past.hear(replace(ANSWERS[Subject.WHY], query_id=sent[2].query_id), 1.0)
    past.ask(DAY_NS + 86_400 * NS_PER_S, 1.0, lambda query: sent.append(query) is None)
    past.hear(replace(ANSWERS[Subject.DAYS], query_id=sent[0].query_id), 1.0)
    assert past.told == {}, "of yesterday"


def test_nobody_to_ask_is_said() -> None:
    past = Past()
    past.ask(DAY_NS, 0.0, lambda _: False)
    assert "no engine to ask" in page(past)[1]


# --- in the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_key_opens_it_asks_and_closes_it(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = FakeEngine(tmp_path / "s", answers=dict(ANSWERS))

    async def play(stage: Stage) -> None:
        assert engine.questions == [], "nothing is asked before somebody looks"
        await stage.press("T")
        await stage.until(lambda: len(stage.app.state.past.told) == 3)
        rows = stage.rows
        assert len(rows) == size[1]
        assert all(cell_len(row) == size[0] for row in rows)
        await stage.until(lambda: "-1,234.56" in stage.text)
        assert "KILL" in rows[-1]
        assert {query.since_ns for query in engine.questions} == {DAY_NS}
        await stage.press("T")
        await stage.until(lambda: "-1,234.56" not in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine, size=size)


def test_while_it_is_open_it_is_kept_young(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answers=dict(ANSWERS))

    async def play(stage: Stage) -> None:
        await stage.press("T")
        await stage.until(lambda: len(stage.app.state.past.told) == 3)
        newer = replace(ANSWERS[Subject.TRADES], rows=(trade(90, 1_000_000, "win", "fresh"),))
        engine.answers[Subject.TRADES] = newer
        await stage.pass_time(2.5)
        await stage.until(lambda: "fresh" in "\n".join(stage.rows))
        asked = len(engine.questions)
        await stage.press("escape")
        await stage.pass_time(60.0)
        assert len(engine.questions) == asked, "nobody looks, nobody asks"

    perform(tmp_path, play, engine=engine)


def test_an_engine_that_dies_leaves_a_page_that_says_so(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answers=dict(ANSWERS))

    async def play(stage: Stage) -> None:
        await stage.press("T")
        await stage.until(lambda: len(stage.app.state.past.told) == 3)
        engine.die()
        await stage.until(lambda: not stage.app.has_engine)
        await stage.pass_time(30.0)
        await stage.until(lambda: "no engine to ask" in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine)


def test_a_new_day_is_asked_for_anew(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", answers=dict(ANSWERS))

    async def play(stage: Stage) -> None:
        await stage.press("T")
        await stage.until(lambda: len(stage.app.state.past.told) == 3)
        tomorrow_ns = DAY_NS + 86_400 * NS_PER_S
        engine.say(AccountFrame(evolve(account_at(0), at_ns=tomorrow_ns + NS_PER_S)))
        await stage.until(lambda: engine.questions[-1].since_ns == tomorrow_ns)

    perform(tmp_path, play, engine=engine)
