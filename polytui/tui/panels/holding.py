"""What a round comes to if Up wins, if Down wins, and from which price on it pays."""

from __future__ import annotations

from polytui.model.snapshot import RoundView
from polytui.model.units import MICRO
from polytui.tui.panels import figures
from polytui.tui.styles import Line, Span, Styles, fitting


def ends_line(shown: RoundView, styles: Styles, width: int, *, has_even: bool = True) -> list[Line]:
    """ "if Up +33.32 · if Down -17.59"; nothing where nothing was traded. `has_even`: and the price
    from which on it pays, where no other line says it."""
    if not (shown.flow or shown.up_shares or shown.down_shares):
        return []
    up, down = shown.flow + shown.up_shares, shown.flow + shown.down_shares
    spans: list[Span] = [
        ("if Up ", styles.dim), (figures.signed_money(up), styles.sign(up)),
        (" · if Down ", styles.dim), (figures.signed_money(down), styles.sign(down)),
    ]  # fmt: skip
    price = even_price(shown)
    even: list[Span] = []
    if price is not None and has_even:
        even = [("  break-even ", styles.dim), (f"{price:.3f}", styles.text)]
    short: list[Span] = [
        ("Up ", styles.dim), (figures.signed_dollars(up), styles.sign(up)),
        (" Down ", styles.dim), (figures.signed_dollars(down), styles.sign(down)),
    ]  # fmt: skip
    return [fitting([([*spans, *even], []), (spans, []), (short, [])], width, styles.text)]


def even_price(shown: RoundView) -> float | None:
    """How sure the side that is held must be for the round to come to nothing, as a price in
    dollars; None where both sides end alike, or one outcome cannot be lost or won with."""
    net = shown.up_shares - shown.down_shares
    if not net:
        return None
    least = shown.flow + min(shown.up_shares, shown.down_shares)
    price = -least / abs(net)
    return price if 0 < price < 1 else None


def even_line(shown: RoundView, styles: Styles, width: int) -> list[Line]:
    """The break-even price beside what the market pays for such a share now."""
    price = even_price(shown)
    if price is None:
        return []
    side = "Up" if shown.up_shares > shown.down_shares else "Down"
    left: list[Span] = [("break-even ", styles.dim), (f"{side} {price:.3f}", styles.text)]
    bid = _bid(shown, is_up=side == "Up")
    right: list[Span] = []
    if bid is not None:
        right = [("bid ", styles.dim), (f"{bid:.3f}", styles.sign(bid - price))]
    return [fitting([(left, right), (left, [])], width, styles.text)]


def _bid(shown: RoundView, *, is_up: bool) -> float | None:
    """What a share of this outcome sells for."""
    book = shown.book
    if book is None:
        return None
    if is_up:
        return book.bids[0][0] / MICRO if book.bids else None
    return 1 - book.asks[0][0] / MICRO if book.asks else None
