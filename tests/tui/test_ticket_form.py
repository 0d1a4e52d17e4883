"""A ticket as it is typed: exact numbers, faults in words, and nothing sent without both steps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from fake_engine import LOOK
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.instrument import Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.ticket import Ticket, TicketLook
from polytui.model.units import MICRO, Price
from polytui.tui.ticket_form import (
    CONFIRM_WITHIN_S,
    Confirmed,
    FormLine,
    KeyTaken,
    TicketForm,
    TicketStep,
)
from polytui.tui.ticket_text import price_of, shares_of

GOOD = evolve(LOOK, shares=10 * MICRO)
SLUG = "btc-updown-5m-1795180500"
MORE = ("ctrl+u", "escape", "x", "backspace", "left", "right", "space", "up", "shift+tab", "K")
KEYS = [*"buyselivdn0123456789. ", "enter", "tab", "down", *MORE]


def a_form(*, is_live: bool = False) -> TicketForm:
    return TicketForm(SLUG, "0000000a", is_live)


def press(
    form: TicketForm, *keys: str, look: TicketLook | None = GOOD, now_s: float = 0.0
) -> list[KeyTaken | Confirmed]:
    return [form.press(one, one if len(one) == 1 else None, look, now_s) for one in keys]


def confirmed(results: list[KeyTaken | Confirmed]) -> list[Ticket]:
    return [one.ticket for one in results if isinstance(one, Confirmed)]


FILLED = (*"52", "tab", *"10")


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "price"), [("52", 520_000), ("52.5", 525_000), ("0.1", 1_000), ("99.99", 999_900)]
)
def test_cents_are_prices(text: str, price: int) -> None:
    assert price_of(text) == price


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "type a price in cents"),
        ("0", "more than 0 and less than 100"),
        ("100", "more than 0 and less than 100"),
        ("105", "more than 0 and less than 100"),
        ("0.00001", "finer than any tick"),
        ("-5", "is not a price in cents"),
        ("5..5", "is not a price in cents"),
        ("٥٢", "is not a price in cents"),
        ("1e3", "is not a price in cents"),
    ],
)
def test_what_is_no_price_is_said_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        price_of(text)


def test_what_is_no_amount_is_said_in_words() -> None:
    price = Price(520_000)
    for text, why in (("", "type shares"), ("0", "above 0"), ("2000000", "a slip of the hand")):
        with pytest.raises(ValueError, match=why):
            shares_of(text, price, is_in_dollars=False)
    with pytest.raises(ValueError, match="type dollars"):
        shares_of(" ", price, is_in_dollars=True)


@given(st.integers(1, 99_999), st.decimals("0.01", "9999", places=2))
def test_dollars_buy_no_more_than_they_say_and_no_less_than_a_millionth(
    hundredths: int, dollars: Decimal
) -> None:
    price = Price(hundredths * 10)
    try:
        shares = shares_of(f"{dollars:f}", price, is_in_dollars=True)
    except ValueError as fault:
        assert "slip of the hand" in str(fault)  # noqa: PT017 - not every amount is one
        return
    wanted = int(dollars * MICRO) * MICRO
    assert price * (shares - 1) < wanted <= price * shares


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_fault_in_words(text: str) -> None:
    for reads in (price_of, lambda one: shares_of(one, Price(500_000), is_in_dollars=True)):
        try:
            assert reads(text) > 0
        except ValueError as fault:
            assert str(fault)  # noqa: PT017 - not every text is one


# --- steps ----------------------------------------------------------------------------------------


def test_the_whole_way() -> None:
    form = a_form()
    assert confirmed(press(form, *FILLED, "enter")) == []
    assert form.step is TicketStep.CONFIRM
    (ticket,) = confirmed(press(form, *"buy", "enter"))
    assert ticket == Ticket(
        "0000000a", SLUG, Outcome.UP, Side.BUY, Price(520_000), 10 * MICRO, TimeInForce.GTC
    )
    assert form.step is TicketStep.SENT
    assert confirmed(press(form, *["enter"] * 50, *"buy", "enter")) == [], "one order"


def test_enter_twice_or_held_down_sends_nothing() -> None:
    assert confirmed(press(a_form(), *FILLED, *["enter"] * 1_000)) == []


def test_real_money_wants_its_own_word() -> None:
    form = a_form(is_live=True)
    press(form, *FILLED, "enter")
    assert confirmed(press(form, *"buy", "enter")) == []
    press(form, *["backspace"] * 3)
    assert len(confirmed(press(form, *"live buy", "enter"))) == 1


def test_letters_choose_and_space_turns() -> None:
    form = a_form()
    press(form, "s", "d", "down", "down", "space", "down", "space", "space", "right")
    assert (form.side, form.outcome, form.is_in_dollars) == (Side.SELL, Outcome.DOWN, True)
    assert form.kind.tif is TimeInForce.FOK
    press(form, "up", "left", "u", "b")
    assert (form.side, form.outcome, form.is_in_dollars) == (Side.BUY, Outcome.UP, False)


def test_space_is_the_price_of_now_and_arrows_are_cents() -> None:
    form = a_form()

    def price(*keys: str, best: int = 715_000) -> str:
        for key in keys:
            form.press(key, None, GOOD, 0.0, best)
        return form.price

    assert price("space", best=0) == ""
    assert price("left") == "71.5", "from nothing: the price of now"
    assert price("left", "left", "right") == "70.5"
    assert price("space", best=720_000) == "72"
    assert price("ctrl+u", best=0) == ""
    assert price("right", best=0) == ""
    press(form, *"99.5")
    assert price("right", best=0) == "99.5", "no price above a dollar"


def test_what_the_engine_has_not_judged_or_would_refuse_is_not_shown_in_words() -> None:
    form = a_form()
    press(form, *FILLED, "enter", look=None)
    assert form.fault == "the engine has not said yet what would become of it"
    press(form, "enter", look=evolve(GOOD, refusal="order limit: 27 > 25 USD"))
    assert (form.step, form.fault) == (TicketStep.WRITE, "order limit: 27 > 25 USD")
    press(a_form(), "enter")
    empty = a_form()
    press(empty, "enter")
    assert empty.fault == "type a price in cents"


def test_a_refusal_or_a_long_wait_between_the_steps_goes_back() -> None:
    form = a_form()
    press(form, *FILLED, "enter", *"buy")
    killed = evolve(GOOD, refusal="kill switch")
    assert confirmed(press(form, "enter", look=killed)) == []
    assert form.step is TicketStep.WRITE
    assert form.fault == "refused meanwhile, nothing was sent: kill switch"
    press(form, "enter", *"buy")
    assert confirmed(press(form, "enter", now_s=CONFIRM_WITHIN_S)) == []
    assert form.fault == "not confirmed in time, nothing was sent"


def test_what_stands_in_words_is_what_is_sent() -> None:
    form = a_form()
    press(form, *FILLED, "enter")
    shown = form.ticket
    form.paste("99")
    press(form, *"9dx", "tab", *["backspace"] * 9, *"buy")
    assert confirmed(press(form, "enter")) == [shown]


def test_a_clipboard_of_a_megabyte_is_a_number_or_nothing() -> None:
    form = a_form()
    form.paste("9" * 1_000_000)
    assert len(form.price) == 12
    press(form, "ctrl+u")
    form.paste("52\nbuy\n" * 100_000)
    assert form.price == "52"
    press(form, "tab")
    form.paste("10")
    press(form, "enter")
    form.paste("buy\n")
    assert form.word == ""


def test_leaving_taking_back_and_another() -> None:
    form = a_form()
    assert press(form, "n") == [KeyTaken.TAKEN]
    sent = a_form()
    press(sent, *FILLED, "enter", *"buy", "enter")
    assert press(sent, "n") == [KeyTaken.ANOTHER]
    assert press(form, "x") == [KeyTaken.TAKES_BACK]
    assert press(form, "escape") == [KeyTaken.LEAVES]
    press(form, *FILLED, "enter")
    assert press(form, "escape") == [KeyTaken.TAKEN]
    assert (form.step, form.line) == (TicketStep.WRITE, FormLine.AMOUNT)


@given(st.lists(st.sampled_from(KEYS), max_size=60), st.booleans(), st.booleans())
def test_no_keys_send_an_order_without_the_two_steps(
    keys: list[str], is_live: bool, is_filled: bool
) -> None:
    """Whatever is pressed: before an order there was an Enter that showed it in words, and after
    that its word, and an Enter; and there is one order at most."""
    form, told = a_form(is_live=is_live), 0
    press(form, *(FILLED if is_filled else ()))
    shown_at, before = -1, form.step
    for at, key in enumerate(keys):
        (result,) = press(form, key)
        if form.step is TicketStep.CONFIRM and before is TicketStep.WRITE:
            assert key == "enter"
            shown_at = at
        if isinstance(result, Confirmed):
            told += 1
            assert key == "enter"
            typed = [one for one in keys[shown_at + 1 : at] if len(one) == 1 or one == "backspace"]
            assert shown_at >= 0
            assert word_of(typed).strip() == ("live buy" if is_live else "buy").replace(
                "buy", result.ticket.side.value
            )
        before = form.step
    assert told <= 1


def word_of(typed: list[str]) -> str:
    """What is left of what was typed."""
    word = ""
    for one in typed:
        word = word[:-1] if one == "backspace" else (word + one)[:16]
    return word


@given(st.lists(st.sampled_from(KEYS), max_size=30))
def test_the_two_steps_work_after_whatever_was_pressed(keys: list[str]) -> None:
    form = a_form()
    press(form, *keys)
    if form.step is TicketStep.SENT:
        return
    if form.step is TicketStep.CONFIRM:
        press(form, "escape")
    while form.line is not FormLine.PRICE:
        press(form, "tab")
    press(form, "ctrl+u", *"52", "tab", "ctrl+u", *"10", "enter")
    sent = confirmed(press(form, *form.wanted_word, "enter"))
    assert [one.price for one in sent] == [520_000]
