"""What a person types on a ticket, as exact numbers: cents, shares, dollars."""

from __future__ import annotations

from polytui.model.units import MICRO, Price, Shares, parse_micro

CENTS = 100
CENT = MICRO // CENTS
"""Of a price, in millionths of a dollar."""
LONGEST = 12
"""Characters of a price or an amount; nobody has more to say."""
_MOST_SHARES = 1_000_000 * MICRO


def price_of(cents: str) -> Price:
    """ "52" or "52.5" as a price. ValueError, in words, for what is none."""
    hundredfold = _number(cents, "a price in cents")
    if hundredfold % CENTS:
        raise ValueError("finer than any tick")
    price = Price(hundredfold // CENTS)
    if not 0 < price < MICRO:
        raise ValueError("a share costs more than 0 and less than 100 cents")
    return price


def shares_of(amount: str, price: Price, *, is_in_dollars: bool) -> Shares:
    """Shares, or as many as so many dollars buy at this price, before the fee. ValueError, in
    words, for what is no amount."""
    number = _number(amount, "dollars" if is_in_dollars else "shares")
    if number <= 0:
        raise ValueError("an amount above 0")
    # To the next millionth of a share: what is sent is cut to lots or cents from there, below it.
    shares = -(-number * MICRO // price) if is_in_dollars else number
    if shares > _MOST_SHARES:
        raise ValueError("more than a million shares: a slip of the hand?")
    return Shares(shares)


def is_of_number(character: str | None) -> bool:
    """Whether a key may stand in a price or an amount."""
    return character is not None and len(character) == 1 and character in "0123456789."


def _number(text: str, wanted: str) -> int:
    """In millionths."""
    if not text.strip():
        raise ValueError(f"type {wanted}")
    try:
        return parse_micro(text.strip())
    except ValueError:
        raise ValueError(f"{text[:LONGEST]!r} is not {wanted}") from None
