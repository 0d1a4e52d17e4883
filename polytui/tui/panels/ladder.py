"""The Up token's book as a ladder: asks above bids, sizes as bars, our own orders marked."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style

from polytui.model.events import Level
from polytui.model.snapshot import BookView, OrderView, RoundView
from polytui.model.units import MICRO
from polytui.tui.panels import figures
from polytui.tui.panels.level_words import level_note
from polytui.tui.styles import Line, Span, Styles, filled, fitting, line
from polytui.tui.targets import noted

SizeWords = Callable[[int], str]

_WORKING = ("placing", "unknown", "live", "cancelling")
_PRICE, _SIZE = 5, 8
_FIXED = 4 + _PRICE + 1 + _SIZE + 1
_LEAST_BAR = 4


def mid_of(book: BookView | None) -> float | None:
    """Halfway between best bid and best ask in dollars; None with an empty side."""
    if book is None or not book.bids or not book.asks:
        return None
    return (book.bids[0][0] + book.asks[0][0]) / 2 / MICRO


def own_sizes(orders: tuple[OrderView, ...]) -> dict[int, int]:
    """Our working shares by price on the Up ladder: a Down order rests at the complement."""
    sizes: dict[int, int] = {}
    for order in orders:
        if order.state in _WORKING:
            at = order.price if order.outcome == "up" else MICRO - order.price
            sizes[at] = sizes.get(at, 0) + order.shares - order.filled
    return sizes


def ladder(view: RoundView, styles: Styles, width: int, height: int) -> list[Line]:
    """`height` lines: the asks nearest to the middle, the spread where it fits, the bids."""
    book = view.book
    if book is None or not (book.bids or book.asks):
        return filled(
            [line([("no book yet", styles.dim)], width, styles.text)], height, width, styles.text
        )
    has_middle = height > 0 and height % 2 == 1
    depth = max(0, height) // 2
    asks, bids = book.asks[:depth], book.bids[:depth]
    deepest = max((size for _, size in (*asks, *bids)), default=1)
    marks = _marks(own_sizes(view.orders), (*asks, *bids), width)

    def rows(levels: tuple[Level, ...], word: str, style: Style, shade: Style) -> list[Line]:
        words = [word] + [""] * depth
        made = [
            _row(
                words[at],
                level,
                book.tick,
                level[1] / deepest,
                marks,
                (styles, noted(style, level_note(view.slug, word, level[0])), shade),
                width,
            )
            for at, level in enumerate(levels)
        ]
        return filled(made, depth, width, styles.text)

    middle = [_middle(book, styles, width)] if has_middle else []
    upper = rows(asks, "ask", styles.down, styles.ask_bar)[::-1]
    return [*upper, *middle, *rows(bids, "bid", styles.up, styles.bid_bar)]


def _marks(own: dict[int, int], levels: tuple[Level, ...], width: int) -> dict[int, str]:
    """Our own size behind its level, or only an arrow where there is no room for the size."""
    mine = {price: own[price] for price, _ in levels if price in own}
    marks = {price: f" ◂{figures.shares(size)}" for price, size in mine.items()}
    widest = max(map(len, marks.values()), default=0)
    if width - _FIXED - widest >= _LEAST_BAR:
        return marks
    return dict.fromkeys(marks, " ◂")


def _row(
    word: str,
    level: Level,
    tick: int,
    share: float,
    marks: dict[int, str],
    drawn_with: tuple[Styles, Style, Style],
    width: int,
) -> Line:
    price, size = level
    styles, style, shade = drawn_with
    # Every bar of a ladder gets the same room, or their lengths could not be compared.
    room = max(0, width - _FIXED - max(map(len, marks.values()), default=0))
    spans: list[Span] = [
        (f"{word:<4}", styles.dim),
        (f"{figures.price(price, tick):>{_PRICE}} ", style),
        (f"{figures.shares(size):>{_SIZE}} ", styles.text),
        (f"{figures.bar(share, room):<{room}}", shade),
        (marks.get(price, ""), styles.accent),
    ]
    return line(spans, width, styles.text)


def _middle(book: BookView, styles: Styles, width: int) -> Line:
    """The spread between the two sides, or which side is missing."""
    if not book.bids or not book.asks:
        word = "no bids" if not book.bids else "no asks"
        return line([("    ", styles.dim), (word, styles.warn)], width, styles.text)
    spread = book.asks[0][0] - book.bids[0][0]
    mid = f"{(book.asks[0][0] + book.bids[0][0]) / 2 / MICRO:.4f}".rstrip("0")
    middle: list[Span] = [("    ", styles.dim), (f"mid {mid}", styles.dim)]
    apart: list[Span] = [(f"   spread {figures.price(spread, book.tick)}", styles.dim)]
    unsettled: list[Span] = [] if book.is_settled else [("   unsettled", styles.warn)]
    ways = ([*middle, *apart, *unsettled], [*middle, *unsettled], middle)
    return fitting([(one, []) for one in ways], width, styles.text)


def touch(view: RoundView, styles: Styles, width: int) -> Line:
    """Best bid and ask with their sizes, for panels without room for a ladder."""
    book = view.book
    if book is None:
        return line([("no book yet", styles.dim)], width, styles.text)

    def side(levels: tuple[Level, ...], style: Style, size: SizeWords | None) -> list[Span]:
        if not levels:
            return [("none", styles.warn)]
        best, shares = levels[0]
        behind: list[Span] = [(f" x{size(shares)}", styles.dim)] if size else []
        return [(figures.price(best, book.tick), style), *behind]

    def both(size: SizeWords | None) -> list[Span]:
        bid, ask = side(book.bids, styles.up, size), side(book.asks, styles.down, size)
        return [("bid ", styles.dim), *bid, ("  ask ", styles.dim), *ask]

    sizes = (figures.shares, figures.whole_shares, None)
    return fitting(((both(size), []) for size in sizes), width, styles.text)
