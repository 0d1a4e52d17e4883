"""What is known of an asset's round, one fact a line. Every function returns whole lines."""

from __future__ import annotations

from rich.style import Style

from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.ink import Ink, Line, Span, clean, line, spread
from polytui.tui.panels import figures
from polytui.tui.panels.ladder import mid_of


def current_round(view: AssetView) -> RoundView | None:
    """The open round that closes first; else the next to open; else the last that closed."""
    opened = [one for one in view.rounds if one.opens_ns <= view.at_ns < one.closes_ns]
    if opened:
        return min(opened, key=lambda one: one.closes_ns)
    ahead = [one for one in view.rounds if one.opens_ns > view.at_ns]
    if ahead:
        return min(ahead, key=lambda one: one.opens_ns)
    return max(view.rounds, key=lambda one: one.closes_ns, default=None)


# --- time ---------------------------------------------------------------------------------


def time_left(view: AssetView, shown: RoundView | None, ink: Ink) -> list[Span]:
    if shown is None:
        return [("no round yet", ink.dim)]
    head: Span = (f"{shown.interval} ", ink.dim)
    if view.at_ns < shown.opens_ns:
        return [head, ("opens in ", ink.dim), (figures.left(shown.opens_ns - view.at_ns), ink.text)]
    if view.at_ns >= shown.closes_ns:
        return [head, ("settling", ink.warn)]
    word = (figures.left(shown.closes_ns - view.at_ns), urgency(view, shown, ink))
    return [head, word, (" left", ink.dim)]


def share_left(view: AssetView, shown: RoundView) -> float:
    length = max(1, shown.closes_ns - shown.opens_ns)
    return min(1.0, max(0.0, (shown.closes_ns - view.at_ns) / length))


def urgency(view: AssetView, shown: RoundView, ink: Ink) -> Style:
    share = share_left(view, shown)
    if share > 0.2:
        return ink.accent
    return ink.warn if share > 0.07 else ink.error


def time_bar(view: AssetView, shown: RoundView, ink: Ink, width: int) -> Line:
    """What is left of the round, as a line that gets shorter."""
    full = round(share_left(view, shown) * width)
    if view.at_ns < shown.opens_ns:
        return line([("─" * width, ink.border)], width, ink.text)
    spans: list[Span] = [
        ("━" * full, urgency(view, shown, ink)),
        ("─" * (width - full), ink.border),
    ]
    return line(spans, width, ink.text)


def _difference(view: AssetView, shown: RoundView) -> float | None:
    oracle = view.oracle
    price = oracle.price if oracle.price is not None else oracle.settlement
    return None if price is None or shown.strike is None else price - shown.strike


def _signed_coin(value: float, like: float) -> str:
    return f"{figures.arrow(value)} {value:+,.{figures.coin_decimals(like)}f}"


def price_line(view: AssetView, shown: RoundView, ink: Ink, width: int) -> Line:
    """The oracle price, how far it is from the strike, and the strike."""
    gap = _difference(view, shown)
    left: list[Span] = [(figures.coin(view.oracle.price), ink.strong)]
    if gap is not None and shown.strike is not None:
        left.append((" " + _signed_coin(gap, shown.strike), ink.sign(gap)))
    strike = figures.coin(shown.strike) if shown.strike is not None else "unknown"
    return spread(left, [("strike ", ink.dim), (strike, ink.text)], width, ink.text)


def price_lines(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    """Oracle, strike, settlement oracle, and fair value against the market, in columns."""
    gap = _difference(view, shown)
    bps = None if gap is None or not shown.strike else gap / shown.strike * 10_000
    away: list[Span] = (
        [] if gap is None else [(_signed_coin(gap, shown.strike or 0.0), ink.sign(gap))]
    )
    rate: list[Span] = [] if bps is None else [(f"{bps:+.1f} bps", ink.sign(bps))]
    lag: list[Span] = []
    if view.oracle.settlement_age_ms >= 0:
        lag = [(f"{figures.age(view.oracle.settlement_age_ms / 1000)} old", ink.dim)]
    settling = figures.coin(view.oracle.settlement)
    oracle = _fact("oracle", figures.coin(view.oracle.price), away, ink, width, is_strong=True)
    strike = figures.coin(shown.strike) if shown.strike is not None else "unknown"
    return [
        oracle,
        _fact("strike", strike, rate, ink, width),
        _fact("settles", settling, lag, ink, width),
        *_values(shown, ink, width),
    ]


def _values(shown: RoundView, ink: Ink, width: int) -> list[Line]:
    """Fair value of Up, and the market's, in columns."""
    fair, market, away = _value_words(shown, ink)
    return [
        _fact("fair", fair, away, ink, width, is_strong=True),
        _fact("mid", market, [], ink, width),
    ]


def _fact(
    label: str, value: str, extra: list[Span], ink: Ink, width: int, *, is_strong: bool = False
) -> Line:
    left: list[Span] = [
        (f"{label:<8}", ink.dim),
        (f"{value:>11}", ink.strong if is_strong else ink.text),
    ]
    return spread(left, extra, width, ink.text)


def fair_line(shown: RoundView, ink: Ink, width: int) -> Line:
    """The same two in one line."""
    fair, market, away = _value_words(shown, ink)
    left: list[Span] = [
        ("fair ", ink.dim), (fair, ink.strong), ("  mid ", ink.dim), (market, ink.text),
    ]  # fmt: skip
    return spread(left, away, width, ink.text)


def _value_words(shown: RoundView, ink: Ink) -> tuple[str, str, list[Span]]:
    """Our probability of Up as a price, the market's, and the difference."""
    mid = mid_of(shown.book)
    fair = "–" if shown.fair_up is None else f"{shown.fair_up:.3f}"
    market = "–" if mid is None else f"{mid:.3f}"
    if shown.fair_up is None or mid is None:
        return fair, market, []
    gap = round(shown.fair_up - mid, 3)
    return fair, market, [(f"{figures.arrow(gap)} {gap:+.3f}", ink.sign(gap))]


def detail_line(detail: str, ink: Ink, width: int) -> Line:
    """Why the asset is halted, paused or restarting."""
    return line([("! " + clean(detail), ink.warn)], width, ink.text)


def position_line(shown: RoundView, ink: Ink, width: int) -> Line:
    """Shares of both outcomes, and what the round stands at now."""
    held: list[Span] = []
    if shown.up_shares:
        held.append((f"Up {figures.shares(shown.up_shares)}", ink.up))
    if shown.down_shares:
        held += [
            ("  " if held else "", ink.dim),
            (f"Down {figures.shares(shown.down_shares)}", ink.down),
        ]
    if not held:
        held = [("flat", ink.dim)]
    elif width >= 36 and not (shown.up_shares and shown.down_shares):
        held.append((f" cost {figures.money(shown.cost)}", ink.dim))
    return spread(held, [("round ", ink.dim), _gain(shown.marked_pnl, ink)], width, ink.text)


def _gain(micro: int, ink: Ink) -> Span:
    return (figures.signed_money(micro), ink.sign(micro))


def session_line(view: AssetView, ink: Ink, width: int) -> Line:
    """PnL of settled rounds, and of the whole session with its holdings marked."""
    left: list[Span] = [("realised ", ink.dim), _gain(view.realised_pnl, ink)]
    return spread(left, [("session ", ink.dim), _gain(view.marked_pnl, ink)], width, ink.text)


def count_line(view: AssetView, shown: RoundView, ink: Ink, width: int) -> Line:
    words = f"orders {len(shown.orders)}   fills {view.fills}"
    return spread(
        [(words, ink.dim)], [(f"settled {view.rounds_settled}", ink.dim)], width, ink.text
    )


def other_rounds(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    return [round_line(view, one, ink, width) for one in view.rounds if one.slug != shown.slug]


def round_line(view: AssetView, one: RoundView, ink: Ink, width: int) -> Line:
    """A round in one line: interval, time, fair against mid, PnL."""
    time = "".join(text for text, _ in time_left(view, one, ink)[1:])
    mid = mid_of(one.book)
    fair = "  –  " if one.fair_up is None else f"{one.fair_up:.3f}"
    market = "  –  " if mid is None else f"{mid:.3f}"
    left: list[Span] = [
        (f"{one.interval:<4}", ink.text), (f"{time:<15}", ink.dim), (f"{fair} ", ink.text),
        (f"{market} ", ink.dim),
    ]  # fmt: skip
    return spread(left, [_gain(one.marked_pnl, ink)], width, ink.text)


def order_lines(shown: RoundView, ink: Ink, width: int) -> list[Line]:
    """Working orders, one a line: what, how much of it is filled, and its state."""
    lines = []
    for order in shown.orders:
        is_up = order.outcome == "up"
        left: list[Span] = [
            (f"{order.side} ", ink.dim),
            ("Up " if is_up else "Down ", ink.up if is_up else ink.down),
            (
                f"{figures.shares(order.shares)} @ {figures.price(order.price, 1_000).rstrip('0')}",
                ink.text,
            ),
        ]
        filled_words = f"filled {figures.shares(order.filled)}  " if order.filled else ""
        right: list[Span] = [(f"{filled_words}{order.state}", ink.dim)]
        lines.append(spread(left, right, width, ink.text))
    return lines
