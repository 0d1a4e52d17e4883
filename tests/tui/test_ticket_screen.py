"""The ticket on the board: opened where it is wanted, drawn at every size, sent once, told back."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import LOOK, FakeEngine, asset_at
from rich.cells import cell_len
from stage import PALETTES, Stage, perform
from textual.events import Key

from polytui.config.schema import Settings, TicketSettings
from polytui.model.link import TicketAnswer, TicketBack, TicketOrder
from polytui.model.snapshot import OrderView
from polytui.model.units import MICRO
from polytui.tui.known_tickets import KnownTickets, SentTicket
from polytui.tui.panels.ticket import TicketSight, ticket_lines
from polytui.tui.screens.ticket import TicketScreen
from polytui.tui.styles import plain
from polytui.tui.ticket_form import TicketForm, TicketStep

ON = Settings(ticket=TicketSettings(is_enabled=True))
FILLED = (*"52", "tab", *"10")


def engine(folder: Path, mode: str = "demo", **more: object) -> FakeEngine:
    return FakeEngine(folder / "s", mode, settings=ON, **more)


async def opened(stage: Stage, *keys: str) -> TicketScreen:
    """The ticket with these keys pressed, and an answer of the engine to what stands in it."""
    await stage.until(lambda: stage.app.state.settings.value("ticket.is_enabled") == "true")
    await stage.press("i", *keys)
    screen = stage.app.screen
    assert isinstance(screen, TicketScreen)
    if screen.form.ticket is not None:
        await stage.until(lambda: stage.app.state.tickets.look(screen.form.ticket))
    return screen


def test_it_is_not_there_until_it_is_switched_on(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("i")
        await stage.until(lambda: "tickets are off" in "\n".join(stage.rows))
        assert not isinstance(stage.app.screen, TicketScreen)
        assert stage.engine.tickets == []

    perform(tmp_path, play)


def test_an_order_in_two_steps_is_sent_once_and_told_back(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        screen = await opened(stage, *FILLED)
        await stage.until(lambda: "would go now" in stage.text)
        for words in ("52 c", "10▏ shares", "costs 5.20", "fee 0.17", "if Up +4.63", "edge +2.1 c"):
            assert words in stage.text
        await stage.press("enter")
        assert "Buy 10.00 Up at 52 c or less," in stage.text
        assert "in BTC 5m 13:15-13:20." in stage.text
        await stage.press("enter", "enter", *"buy", "enter", "enter", "enter")
        await stage.until(lambda: "done, #4100" in stage.text)
        (sent,) = stage.engine.tickets
        assert isinstance(sent, TicketOrder)
        view = stage.app.state.assets["btc"]
        assert (sent.asset, sent.seen_ns) == ("btc", view.at_ns)
        assert (sent.ticket.price, sent.ticket.shares) == (520_000, 10 * MICRO)
        assert sent.ticket.ticket_id == screen.form.ticket_id
        assert "the whole round, all of us" in stage.text or not view.rounds[0].up_shares
        await stage.press("n", *FILLED)
        assert screen.form.ticket_id != sent.ticket.ticket_id, "another ticket"
        await stage.press("escape")
        assert not isinstance(stage.app.screen, TicketScreen)
        assert stage.sent == []

    perform(tmp_path, play, engine=engine(tmp_path))


def test_what_is_typed_in_one_burst_is_typed_on_the_ticket(tmp_path: Path) -> None:
    """As a terminal gives them when somebody is quick: all before any of them was taken."""

    async def play(stage: Stage) -> None:
        await stage.until(lambda: stage.app.state.settings.value("ticket.is_enabled") == "true")
        for key in ("i", *FILLED):
            stage.app.post_message(Key(key, key if len(key) == 1 else None))
        await stage.until(lambda: isinstance(stage.app.screen, TicketScreen))
        form = stage.app.screen.form
        await stage.until(lambda: form.amount == "10")
        assert form.price == "52"
        assert stage.app.board.cards.chosen.asset == "btc", "Tab was the ticket's"

    perform(tmp_path, play, engine=engine(tmp_path))


def test_there_is_one_ticket_however_often_it_is_asked_for(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage)
        for _ in range(3):
            stage.app.board.perform("ticket")
        await stage.press("i", "i", "escape")
        await stage.until(lambda: stage.app.screen is stage.app.board)

    perform(tmp_path, play, engine=engine(tmp_path))


def test_what_the_engine_refuses_is_said(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage, *FILLED)
        stage.engine.refuses = "order limit: 27 > 25 USD"
        await stage.press("enter", *"buy", "enter")
        await stage.until(lambda: "NOT done: order limit: 27 > 25 USD" in stage.text)
        lines = [one.text for one in stage.app.state.notices]
        assert "buy 10.00 Up at 52 c: NOT done: order limit: 27 > 25 USD" in lines

    perform(tmp_path, play, engine=engine(tmp_path))


@pytest.mark.parametrize("before", [(), ("enter",), ("enter", *"buy")])
def test_k_between_the_steps_arms_the_kill_and_sends_nothing(
    tmp_path: Path, before: tuple[str, ...]
) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage, *FILLED)
        await stage.press(*before, "K", "enter")
        await stage.until(lambda: len(stage.sent) == 1)
        assert stage.engine.tickets == []

    perform(tmp_path, play, engine=engine(tmp_path))


def test_an_engine_that_is_lost_between_the_steps_gets_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage, *FILLED)
        await stage.press("enter", *"buy")
        stage.engine.die()
        await stage.until(lambda: not stage.app.has_engine)
        await stage.press("enter")
        await stage.until(lambda: "NOT done: no engine" in stage.text)
        assert stage.engine.tickets == []

    perform(tmp_path, play, engine=engine(tmp_path))


def test_on_a_picture_that_stands_still_nothing_is_sent(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage, *FILLED)
        await stage.press("enter", *"buy")
        await stage.pass_time(3.0)
        await stage.press("enter")
        await stage.until(lambda: "NOT done: what you see is 3 s old" in stage.text)
        assert stage.engine.tickets == []

    perform(tmp_path, play, engine=engine(tmp_path))


def test_a_working_order_is_shown_and_taken_back(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage)
        view = asset_at("btc", 0)
        mine = [
            OrderView(f"hand-{number}", "up", "buy", 500_000, 10 * MICRO, 0, state, is_by_hand=True)
            for number, state in ((1, "live"), (2, "cancelling"))
        ]
        rounds = (evolve(view.rounds[0], orders=(*view.rounds[0].orders, *mine)), *view.rounds[1:])
        stage.show(evolve(view, rounds=rounds))
        await stage.until(lambda: "works: buy up 10.00 at 50 c, live" in stage.text)
        await stage.press("x")
        await stage.until(lambda: len(stage.engine.tickets) == 1)
        assert isinstance(back := stage.engine.tickets[0], TicketBack)
        assert (back.asset, back.order_id) == ("btc", "hand-1")

    perform(tmp_path, play, engine=engine(tmp_path))


def test_real_money_is_seen_and_wants_its_word(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await opened(stage, *FILLED)
        assert "LIVE 0x1d" in stage.text
        await stage.press("enter")
        assert "“live buy”" in stage.text
        await stage.press(*"buy", "enter")
        assert stage.engine.tickets == []
        await stage.press(*["backspace"] * 3, *"live", "space", *"buy", "enter")
        await stage.until(lambda: len(stage.engine.tickets) == 1)

    perform(tmp_path, play, engine=engine(tmp_path, "live"))


@pytest.mark.parametrize("size", [(66, 20), (80, 24), (40, 10), (10, 2), (120, 36)])
@pytest.mark.parametrize("step", TicketStep)
def test_every_line_is_as_wide_as_it_says(size: tuple[int, int], step: TicketStep) -> None:
    form = TicketForm("btc-updown-5m-1795180500", "0000000a", is_live=True, step=step)
    form.price, form.amount, form.word = "52", "10", "live bu"
    shown = asset_at("btc", 0).rounds[0]
    last = SentTicket(1, "buy 10.00 Up at 52 c")
    sight = TicketSight(form, shown, None, "btc restarts", last, "LIVE 0x12ab..90ef", "10 s")
    lines = ticket_lines(sight, PALETTES[0], *size)
    assert len(lines) == size[1]
    assert {cell_len(one) for one in plain(lines).split("\n")} == {size[0]}


def test_an_answer_to_an_earlier_ticket_is_not_believed() -> None:
    known, form = KnownTickets(), TicketForm("btc-updown-5m-1", "0000000a")
    form.price, form.amount = "52", "10"
    first = known.question("btc", form.ticket, 0.0)
    assert first is not None
    assert known.question("btc", form.ticket, 0.1) is None
    form.amount = "11"
    second = known.question("btc", form.ticket, 0.1)
    known.hear(TicketAnswer(first.question_id, LOOK))
    assert known.look(form.ticket) is None
    known.hear(TicketAnswer(second.question_id, LOOK))
    assert known.look(form.ticket) is LOOK
    assert known.question("btc", form.ticket, 0.2) is None
    assert known.question("btc", form.ticket, 0.4) is not None
