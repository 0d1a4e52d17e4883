"""The terminal line by line: what is new once, as sentences without signs; words with Enter, and
dangers asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import NAMES, FakeEngine, asset_at, notice_at, story

from polytui.model.events import Action
from polytui.model.snapshot import AssetState, SignalView
from polytui.tui.ink import is_drawn
from polytui.tui.line_terminal import HELP, LineTerminal
from polytui.tui.news import TerminalNews
from polytui.tui.spoken import asset_words, order_words, why_words
from polytui.tui.state import LinkState, TerminalState

SIGNS = "▲▼●◐○◌◆◇■‖◂▸█━─│╭╮╰╯…µ–"


# --- what is told -------------------------------------------------------------------------------


def known(step: int = 340) -> TerminalState:
    state = TerminalState()
    for message in story(step):
        state.hear(message, 100.0)
    return state


def test_a_round_is_a_sentence_with_every_number_of_its_card() -> None:
    view = asset_at("btc", 137)
    first, fifteen = asset_words(view)[1:]
    assert first.startswith("BTC 5m 13:15-13:20: 04:47 left, 54.16 above the strike 91,985.80 of")
    assert "fair 0.759, market 0.735, bid 0.73, ask 0.74" in first
    assert "holding 25.00 Up for 14.25, the round stands at +1.73" in first
    assert fifteen.startswith("BTC 15m 13:15-13:30: ")
    hour = evolve(view, rounds=(evolve(view.rounds[0], interval="1h"),))
    assert "of Binance" in asset_words(hour)[1]


def test_nothing_known_is_said_so() -> None:
    view = asset_at("btc", 0)
    bare = evolve(view.rounds[0], strike=None, fair_up=None, book=None, up_shares=0, signals=())
    words = " ".join(asset_words(evolve(view, rounds=(bare,))))
    assert "strike unknown, fair unknown, market unknown, no book, nothing held." in words
    assert why_words(evolve(view, rounds=())) == ["BTC: no strategy has been asked yet."]
    assert order_words(()) == ["No order works."]


def test_why_is_a_sentence_for_each_strategy() -> None:
    view = asset_at("xrp", 137)
    words = why_words(view)
    assert words[3] == (
        "XRP 5m 13:15-13:20: settlement_sniper trades, wants Up, 97% sure, edge +1.3 cents;"
        " in the way: it is too early in the round: 214 > 75 s left."
    )
    assert "predictor watches, wants nothing; in the way: no learned model is loaded." in words[4]
    nobody = SignalView("x\x1b[31m", "down", None, "", None, 0.0)
    told = why_words(evolve(view, rounds=(evolve(view.rounds[0], signals=(nobody,)),)))
    assert "\x1b" not in told[0]


def test_what_is_told_has_no_signs_to_be_spelled() -> None:
    state = known()
    news = TerminalNews().take(state)
    told = [*news, *(one for name in NAMES for one in asset_words(state.assets[name]))]
    assert not [line for line in told if any(sign in line for sign in SIGNS)]


def test_news_are_told_once() -> None:
    state, news = known(), TerminalNews()
    first = news.take(state)
    assert first[0] == "Attached to session demo-7."
    assert "BTC trading." in first
    assert "BTC 5m 13:15-13:20 is open, strike 91,985.80." in first
    assert any(line.endswith("warning: XRP binance stale 3.2 s") for line in first)
    assert news.take(state) == []
    for message in story(341)[2:7]:  # views alone: numbers moved, and nothing happened
        state.hear(message, 100.1)
    assert news.take(state) == []
    state.hear(notice_at(342, "warn", "xrp", "binance stale 3.2 s"), 100.2)
    assert news.take(state) == [], "said again it is no news"
    state.assets["btc"] = evolve(state.assets["btc"], state=AssetState.HALTED, detail="3 crashes")
    assert news.take(state) == ["BTC halted: 3 crashes."]
    state.end(LinkState.LOST, "broken", 100.3, 1)
    assert news.take(state) == ["ENGINE LOST: broken. What was told is from before."]


def test_the_next_round_is_told_once_its_strike_is_known() -> None:
    state, news = known(), TerminalNews()
    news.take(state)
    view = asset_at("btc", 3_100)
    unknown = evolve(view, rounds=(evolve(view.rounds[0], strike=None), view.rounds[1]))
    state.assets["btc"] = unknown
    assert news.take(state) == []
    state.assets["btc"] = view
    assert news.take(state) == ["BTC 5m 13:20-13:25 is open, strike 91,985.80."]


# --- words that are typed -----------------------------------------------------------------------

Play = Callable[[LineTerminal, FakeEngine, list[str]], Awaitable[None]]


def play(folder: Path, act: Play, *, owns_engine: bool = True) -> tuple[LineTerminal, int]:
    """A terminal whose engine is attached, and what it wrote; both after `act`."""

    async def run() -> tuple[LineTerminal, int]:
        told: list[str] = []
        async with FakeEngine(folder / "s") as engine, asyncio.timeout(60):
            terminal = LineTerminal(
                engine.path, told.append, owns_engine=owns_engine, clock=lambda: 100.0
            )
            running = asyncio.create_task(terminal.run())
            await until(lambda: len(terminal.state.assets) == 4)
            await act(terminal, engine, told)
            return terminal, await running

    return asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 — a loop that only lets others run
        await asyncio.sleep(0)


def sent(engine: FakeEngine) -> list[tuple[Action, str]]:
    return [(one.action, one.asset) for one in engine.commands]


def test_no_line_alone_sends_a_danger_and_yes_sends_one(tmp_path: Path) -> None:
    async def act(terminal: LineTerminal, engine: FakeEngine, told: list[str]) -> None:
        for line in ("kill", "kill", "rearm", "flatten btc", "flatten", "flatten nobody", "yes no"):
            terminal.take(line)
        terminal.take("kill", is_alone=False)
        terminal.take("yes", is_alone=False)
        terminal.take("all")
        assert sent(engine) == []
        assert "KILL: cancel every order and stop trading, all assets. Type yes to do it." in told
        terminal.take("flatten eth")
        terminal.take("yes")
        await until(lambda: engine.commands)
        terminal.take("yes")
        assert told[-1].startswith("Nothing was asked")
        assert sent(engine) == [(Action.FLATTEN, "eth")]
        terminal.take("kill")
        terminal.take("yes")
        await until(lambda: engine.is_killed)
        terminal.take("quit")
        terminal.take("stop")

    _, code = play(tmp_path, act)
    assert code == 0


def test_pause_and_resume_mean_what_they_say(tmp_path: Path) -> None:
    async def act(terminal: LineTerminal, engine: FakeEngine, told: list[str]) -> None:
        terminal.take("resume btc")
        assert told[-1] == "BTC is not paused."
        terminal.take("pause btc")
        await until(lambda: engine.paused == {"btc"})
        engine.show(1)
        await until(lambda: terminal.state.assets["btc"].state is AssetState.PAUSED)
        terminal.take("pause btc")
        assert told[-1] == "BTC is paused already."
        terminal.take("resume btc")
        await until(lambda: not engine.paused)
        engine.show(2)
        await until(lambda: terminal.state.assets["btc"].state is AssetState.TRADING)
        terminal.take("pause all")
        await until(lambda: engine.paused == set(NAMES))
        assert sent(engine) == [
            (Action.PAUSE, "btc"), (Action.RESUME, "btc"), (Action.PAUSE, "")
        ]  # fmt: skip
        terminal.take("pause dog")
        assert "Not understood. Assets: btc eth sol xrp." in told
        terminal.end()

    play(tmp_path, act)


def test_questions_are_answered_here(tmp_path: Path) -> None:
    async def act(terminal: LineTerminal, engine: FakeEngine, told: list[str]) -> None:
        for word, answer in (
            ("all", "XRP 15m 13:15-13:30"), ("BTC", "BTC 5m 13:15-13:20: "),
            ("why btc", "in the way: "), ("orders", "buy Up 25.00 at "), ("help", HELP[0]),
            ("every 5", "The account is told every 5 s."), ("every 0", "told no more."),
            ("\x1b[A", "Not understood."), ("", ""), ("x" * 5_000, "Not understood."),
        ):  # fmt: skip
            before = len(told)
            terminal.take(word)
            assert answer in "\n".join(told[before:]), word
        assert engine.commands == []
        terminal.take("quit")
        terminal.take("stay")
        assert not engine.is_detached
        terminal.take("quit")
        terminal.take("leave")

    terminal, code = play(tmp_path, act)
    assert code == 0
    assert terminal.parting_words.endswith("polytui attach demo-7")


def test_asked_twice_quit_does_what_is_usual_and_a_lost_engine_is_an_error(tmp_path: Path) -> None:
    async def leave(terminal: LineTerminal, engine: FakeEngine, told: list[str]) -> None:
        terminal.leave()
        terminal.leave()
        await until(lambda: engine.is_detached)

    play(tmp_path, leave, owns_engine=False)

    async def lose(terminal: LineTerminal, engine: FakeEngine, told: list[str]) -> None:
        engine.die()
        await until(lambda: any(line.startswith("ENGINE LOST") for line in told))

    _, code = play(tmp_path, lose)
    assert code == 1


@pytest.mark.parametrize(
    ("form", "term", "drawn"),
    [("auto", "xterm", True), ("auto", "dumb", False), ("screen", "dumb", True),
     ("lines", "xterm-256color", False), ("auto", "", True)],
)  # fmt: skip
def test_whether_a_screen_is_drawn(form: str, term: str, *, drawn: bool) -> None:
    assert is_drawn(form, {"TERM": term}) is drawn


def test_orders_are_told_with_what_is_filled() -> None:
    (line, *_) = order_words([asset_at("btc", 137)])
    assert line == "BTC 5m 13:15-13:20: buy Up 25.00 at 0.73, filled 5.00, live."
