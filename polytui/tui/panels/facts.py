"""What is known of an asset's round, one fact a line. Every function returns whole lines."""

from __future__ import annotations

from attrs import evolve
from rich.style import Style

from polytui.model.curve import settling_age_ms, settling_prices
from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels import figures
from polytui.tui.panels.ladder import mid_of
from polytui.tui.panels.reasons import wrapped
from polytui.tui.styles import Line, Span, Styles, fitting, line, spread
from polytui.tui.traces import source_of

FAIR_OLD_MS, MID_OLD_MS = 1_000, 15_000
"""Session time after which a fair value, and a book that nobody touched, are called old."""


def current_round(view: AssetView, interval: str = "") -> RoundView | None:
    """The open round that closes first, the shorter of two; else the next to open; else the last
    that closed. Of one interval, or of all."""
    rounds = [one for one in view.rounds if interval in ("", one.interval)]
    opened = [one for one in rounds if one.opens_ns <= view.at_ns < one.closes_ns]
    if opened:
        return min(opened, key=lambda one: (one.closes_ns, -one.opens_ns))
    ahead = [one for one in rounds if one.opens_ns > view.at_ns]
    if ahead:
        return min(ahead, key=lambda one: (one.opens_ns, one.closes_ns))
    return max(rounds, key=lambda one: one.closes_ns, default=None)


# --- time ---------------------------------------------------------------------------------


def times_left(view: AssetView, shown: RoundView | None, styles: Styles) -> list[list[Span]]:
    """In full, and for little room."""
    full = time_left(view, shown, styles)
    if shown is None:
        return [full, []]
    if view.at_ns < shown.opens_ns:
        return [full, full[1:], [("in ", styles.dim), *full[2:]]]
    return [full, full[:2], full[1:2]]


def time_left(view: AssetView, shown: RoundView | None, styles: Styles) -> list[Span]:
    if shown is None:
        return [("no round yet", styles.dim)]
    head: Span = (f"{shown.interval} ", styles.dim)
    if view.at_ns < shown.opens_ns:
        return [
            head,
            ("opens in ", styles.dim),
            (figures.left(shown.opens_ns - view.at_ns), styles.text),
        ]
    if view.at_ns >= shown.closes_ns:
        return [head, ("settling", styles.warn)]
    word = (figures.left(shown.closes_ns - view.at_ns), urgency(view, shown, styles))
    return [head, word, (" left", styles.dim)]


def share_left(view: AssetView, shown: RoundView) -> float:
    length = max(1, shown.closes_ns - shown.opens_ns)
    return min(1.0, max(0.0, (shown.closes_ns - view.at_ns) / length))


def urgency(view: AssetView, shown: RoundView, styles: Styles) -> Style:
    share = share_left(view, shown)
    if share > 0.2:
        return styles.accent
    return styles.warn if share > 0.07 else styles.error


def time_bar(view: AssetView, shown: RoundView, styles: Styles, width: int) -> Line:
    """What is left of the round, as a line that gets shorter."""
    full = round(share_left(view, shown) * width)
    if view.at_ns < shown.opens_ns:
        return line([("─" * width, styles.border)], width, styles.text)
    spans: list[Span] = [
        ("━" * full, urgency(view, shown, styles)),
        ("─" * (width - full), styles.border),
    ]
    return line(spans, width, styles.text)


def price_now(view: AssetView, shown: RoundView) -> float | None:
    """What stands against the strike: the consensus in the terms of whoever settles the round, and
    without one the settling price itself."""
    settles, ours = settling_prices(view.consensus, shown.interval)
    return ours if ours is not None else settles


def away_from_strike(view: AssetView, shown: RoundView) -> float | None:
    """Dollars above the strike, below 0 under it; None while one of the two is unknown."""
    price = price_now(view, shown)
    return None if price is None or shown.strike is None else price - shown.strike


def signed_coin(value: float, like: float) -> str:
    return f"{figures.arrow(value)} {value:+,.{figures.coin_decimals(like)}f}"


def price_line(view: AssetView, shown: RoundView, styles: Styles, width: int) -> Line:
    """The consensus, how far it is from the strike, and the strike."""
    gap = away_from_strike(view, shown)
    price: list[Span] = [(figures.coin(price_now(view, shown)), styles.strong)]
    away: list[Span] = []
    if gap is not None and shown.strike is not None:
        away = [(" " + signed_coin(gap, shown.strike), styles.sign(gap))]
    strike: Span = (
        figures.coin(shown.strike) if shown.strike is not None else "unknown", styles.text,
    )  # fmt: skip
    label: Span = ("strike ", styles.dim)
    ways: list[tuple[list[Span], list[Span]]] = [
        ([*price, *away], [label, strike]), ([*price, *away], [("vs ", styles.dim), strike]),
        (price, [label, strike]), ([*price, *away], []), (price, []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def price_lines(view: AssetView, shown: RoundView, styles: Styles, width: int) -> list[Line]:
    """Consensus, strike, the price that settles, and fair value against the market, in columns."""
    gap = away_from_strike(view, shown)
    bps = None if gap is None or not shown.strike else gap / shown.strike * 10_000
    away: list[Span] = (
        [] if gap is None else [(signed_coin(gap, shown.strike or 0.0), styles.sign(gap))]
    )
    rate: list[Span] = [] if bps is None else [(f"{bps:+.1f} bps", styles.sign(bps))]
    settles, ours = settling_prices(view.consensus, shown.interval)
    lag: list[Span] = []
    if (age_ms := settling_age_ms(view.consensus, shown.interval)) >= 0:
        lag = [(f"{figures.age(age_ms / 1000)} old", styles.dim)]
    consensus = _fact("consensus", figures.coin(ours), away, styles, width, is_strong=True)
    strike = figures.coin(shown.strike) if shown.strike is not None else "unknown"
    return [
        consensus,
        _fact("strike", strike, rate, styles, width),
        _fact(source_of(shown.interval), figures.coin(settles), lag, styles, width),
        *_values(shown, styles, width),
    ]


def _values(shown: RoundView, styles: Styles, width: int) -> list[Line]:
    """Fair value of Up, and the market's, in columns."""
    fair, market, away = _value_words(shown, styles)
    old, old_mid = fair_age(shown), mid_age(shown)
    return [
        _fact(
            "fair", fair, _aged(old, styles) or away, _dimmed(styles, old), width, is_strong=True
        ),
        _fact("market", market, _aged(old_mid, styles), _dimmed(styles, old_mid), width),
    ]


def _aged(age: str, styles: Styles) -> list[Span]:
    return [(f"◐ {age} old", styles.stale)] if age else []


def _dimmed(styles: Styles, age: str) -> Styles:
    """What is old is in the quiet colour, label and all."""
    return (
        evolve(styles, text=styles.stale, strong=styles.stale, dim=styles.stale) if age else styles
    )


def fair_age(shown: RoundView) -> str:
    """Empty while it is made with every look; else how long ago that was the last time."""
    is_new = shown.fair_up is None or shown.fair_age_ms < FAIR_OLD_MS
    return "" if is_new else figures.age(shown.fair_age_ms / 1000)


def mid_age(shown: RoundView) -> str:
    """Empty while the book moves."""
    book = shown.book
    is_new = book is None or book.age_ms < MID_OLD_MS
    return "" if book is None or is_new else figures.age(book.age_ms / 1000)


def _fact(
    label: str,
    value: str,
    extra: list[Span],
    styles: Styles,
    width: int,
    *,
    is_strong: bool = False,
) -> Line:
    left: list[Span] = [
        (f"{label:<9}", styles.dim),
        (f"{value:>11}", styles.strong if is_strong else styles.text),
    ]
    short = [(text.removesuffix(" old"), style) for text, style in extra]
    return fitting([(left, extra), (left, short), (left, [])], width, styles.text)


def fair_line(shown: RoundView, styles: Styles, width: int) -> Line:
    """The same two in one line."""
    fair, market, away = _value_words(shown, styles)
    old, old_mid = fair_age(shown), mid_age(shown)
    ours, theirs = _dimmed(styles, old), _dimmed(styles, old_mid)
    left: list[Span] = [
        ("fair ", ours.dim), (fair, ours.strong), ("  market ", theirs.dim), (market, theirs.text),
    ]  # fmt: skip
    ages = [_aged(old, styles), [(f"◐ {old}", styles.stale)]] if old else []
    if not old and old_mid:
        ages = [_aged(old_mid, styles), [(f"◐ {old_mid}", styles.stale)]]
    return fitting([(left, one) for one in (*ages, away if not ages else [])], width, styles.text)


def _value_words(shown: RoundView, styles: Styles) -> tuple[str, str, list[Span]]:
    """Our probability of Up as a price, the market's, and the difference."""
    mid = mid_of(shown.book)
    fair = "–" if shown.fair_up is None else f"{shown.fair_up:.3f}"
    market = "–" if mid is None else f"{mid:.3f}"
    if shown.fair_up is None or mid is None or fair_age(shown) or mid_age(shown):
        # What is left of an old number and a new one is no difference.
        return fair, market, []
    gap = round((shown.fair_up - mid) * 100, 1)
    return fair, market, [(f"{figures.arrow(gap)} {gap:+.1f} c", styles.sign(gap))]


def detail_lines(detail: str, styles: Styles, width: int, rows: int) -> list[Line]:
    """Why the asset is halted, paused or restarting; nothing where there is nothing to say."""
    lines = wrapped(detail, width - 2, rows) if detail else []
    return [
        line([(("  " if at else "! ") + one, styles.warn)], width, styles.text)
        for at, one in enumerate(lines)
    ]


def position_line(shown: RoundView, styles: Styles, width: int) -> Line:
    """Shares of both outcomes, how many of them cannot be sold yet, and what the round stands at
    now."""
    sides = (
        ("Up", shown.up_shares, shown.up_awaited, styles.up),
        ("Down", shown.down_shares, shown.down_awaited, styles.down),
    )
    held, told = list[Span](), list[Span]()
    for name, shares, awaited, style in sides:
        if not shares:
            continue
        said: list[Span] = [("  ", styles.dim)] if held else []
        said.append((f"{name} {figures.shares(shares)}", style))
        held += said
        told += said
        if awaited:
            told.append((f", {figures.shares(awaited)} to come", styles.dim))
    gain = _gain(shown.marked_pnl, styles)
    label: Span = ("round ", styles.dim)
    if not held:
        return fitting([([("flat", styles.dim)], [label, gain])], width, styles.text)
    cost: Span = (f" cost {figures.money(shown.cost)}", styles.dim)
    is_one = not (shown.up_shares and shown.down_shares)
    ways = [([*told, cost], [label, gain])] if is_one else []
    for words in (told, held):
        ways += [(words, [label, gain]), (words, [gain])]
    ways.append((held, []))
    return fitting(ways, width, styles.text)


def _gain(micro: int, styles: Styles) -> Span:
    return (figures.signed_money(micro), styles.sign(micro))


def session_line(view: AssetView, styles: Styles, width: int) -> Line:
    """PnL of settled rounds, and of the whole session with its holdings marked."""
    left: list[Span] = [("realised ", styles.dim), _gain(view.realised_pnl, styles)]
    gain = _gain(view.marked_pnl, styles)
    ways: list[tuple[list[Span], list[Span]]] = [
        (left, [("session ", styles.dim), gain]), (left, [gain]), (left, []), (left[1:], []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def count_line(view: AssetView, shown: RoundView, styles: Styles, width: int) -> Line:
    words = f"orders {len(shown.orders)}   fills {view.fills}"
    return spread(
        [(words, styles.dim)], [(f"settled {view.rounds_settled}", styles.dim)], width, styles.text
    )


def other_rounds(view: AssetView, shown: RoundView, styles: Styles, width: int) -> list[Line]:
    return [round_line(view, one, styles, width) for one in view.rounds if one.slug != shown.slug]


def round_line(view: AssetView, one: RoundView, styles: Styles, width: int) -> Line:
    """A round in one line: interval, time, fair against mid, PnL."""
    time = "".join(text for text, _ in time_left(view, one, styles)[1:])
    mid = mid_of(one.book)
    fair = "  –  " if one.fair_up is None else f"{one.fair_up:.3f}"
    market = "  –  " if mid is None else f"{mid:.3f}"
    left: list[Span] = [
        (f"{one.interval:<4}", styles.text), (f"{time:<15}", styles.dim), (f"{fair} ", styles.text),
        (f"{market} ", styles.dim),
    ]  # fmt: skip
    return spread(left, [_gain(one.marked_pnl, styles)], width, styles.text)


def order_lines(shown: RoundView, styles: Styles, width: int) -> list[Line]:
    """Working orders, one a line: what, how much of it is filled, and its state."""
    lines = []
    for order in shown.orders:
        is_up = order.outcome == "up"
        left: list[Span] = [
            (f"{order.side} ", styles.dim),
            ("Up " if is_up else "Down ", styles.up if is_up else styles.down),
            (
                f"{figures.shares(order.shares)} @ {figures.price(order.price, 1_000).rstrip('0')}",
                styles.text,
            ),
        ]
        filled_words = f"filled {figures.shares(order.filled)}  " if order.filled else ""
        right: list[Span] = [(f"{filled_words}{order.state}", styles.dim)]
        lines.append(spread(left, right, width, styles.text))
    return lines
