"""What a price of the ladder means, for the mouse that rests on it."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.model.events import Level
from polytui.model.snapshot import AssetView, RoundView
from polytui.model.units import MICRO
from polytui.tui.panels import figures

_KIND = "level"


def level_note(slug: str, side: str, price: int) -> str:
    """The mark of a price on the ladder of a round; the same for as long as it stands there."""
    return f"{_KIND} {side} {price} {slug}"


def words_of_note(note: str, views: Iterable[AssetView]) -> str:
    """What is to be said of a mark now; empty where its round or its price is gone."""
    kind, _, rest = note.partition(" ")
    side, _, rest = rest.partition(" ")
    price, _, slug = rest.partition(" ")
    if kind != _KIND or not price.isdigit():
        return ""
    rounds = (one for view in views for one in view.rounds if one.slug == slug)
    shown = next(rounds, None)
    return "" if shown is None else level_words(shown, side, int(price))


def level_words(shown: RoundView, side: str, price: int) -> str:
    """How much rests as far as this price (in millionths of a dollar), and what a share that is
    bought there wins: Up of an ask, Down of a bid, for a bid for Up is an offer of Down."""
    book = shown.book
    levels = () if book is None else (book.asks if side == "ask" else book.bids)
    reached = [one for one in levels if (one[0] <= price) == (side == "ask") or one[0] == price]
    if book is None or not any(one[0] == price for one in levels):
        return ""
    own, outcome = (price, "Up") if side == "ask" else (MICRO - price, "Down")
    head = f"{side} {figures.price(price, book.tick)}: {_depth(reached, side)}"
    costs, wins = figures.price(own, book.tick), figures.price(MICRO - own, book.tick)
    return f"{head}\na share of {outcome} costs {costs} here and wins {wins} if {outcome}, less fee"


def _depth(levels: Iterable[Level], side: str) -> str:
    """Dollars at the price of the share that one would buy."""
    shares = dollars = 0.0
    for price, size in levels:
        own = price if side == "ask" else MICRO - price
        shares += size / MICRO
        dollars += own / MICRO * size / MICRO
    return f"{shares:,.0f} shares, ${dollars:,.2f} as far as here"
