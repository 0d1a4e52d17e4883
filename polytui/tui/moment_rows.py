"""A moment of the screen as rows of one table: what a person would copy off it, with every digit.

Money, prices and shares are written as dollars and shares, never rounded; probabilities from 0 to
1; what nobody knew is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

from polytui.model.curve import settling_age_ms, settling_prices
from polytui.model.snapshot import AccountView, AssetView, BookView, RoundView, SignalView
from polytui.model.table_cells import cell_head, cell_text, spreadsheet_text, time_text
from polytui.model.units import NS_PER_S, format_micro
from polytui.tui.panels.holding import even_price
from polytui.tui.panels.ladder import mid_of
from polytui.tui.panels.reasons import sentence
from polytui.tui.panels.signals import why_of
from polytui.tui.past import Row
from polytui.tui.traces import Trace, TracePoint, source_of

_USD, _CHANCE, _MS = "USD", "0 to 1", "ms"
HEAD = ("at", "asset", "round", "part", "name", "side", "price", "shares", "value", "unit", "words")


@frozen
class MomentRow:
    """One line; all cells as they are written."""

    part: str
    """Of the screen: account, asset, price, round, book, position, order, strategy, curve, fill."""
    name: str
    value: str = ""
    unit: str = ""
    words: str = ""
    side: str = ""
    price: str = ""
    """Dollars a share; of a strategy what a share of its side is worth to it."""
    shares: str = ""
    at_ns: int = 0
    asset: str = ""
    slug: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of HEAD."""
        words = (self.asset, self.slug, self.part, self.name, self.side)
        return (
            time_text(self.at_ns), *map(spreadsheet_text, words), self.price, self.shares,
            self.value, self.unit, spreadsheet_text(self.words),
        )  # fmt: skip


def account_rows(view: AccountView) -> Iterator[MomentRow]:
    """The header's."""
    state = "KILLED" if view.is_killed else "ready"
    made = [
        MomentRow("account", "mode", words=view.mode),
        MomentRow("account", "speed", _number(view.speed)),
        MomentRow("account", "kill switch", words=f"{state}: {view.kill_why}".rstrip(": ")),
        _money("account", "cash", view.cash),
        _money("account", "exposure", view.exposure),
        _money("account", "realised", view.realised_pnl),
        _money("account", "pnl", view.marked_pnl),
        _money("account", "fees", view.fees),
        MomentRow("account", "working orders", str(view.working_orders)),
    ]
    return (evolve(one, at_ns=view.at_ns) for one in made)


def asset_rows(view: AssetView, rounds: Iterable[RoundView]) -> Iterator[MomentRow]:
    """An asset, and these of its rounds."""
    for one in (*_asset(view), *_prices(view)):
        yield evolve(one, at_ns=view.at_ns, asset=view.asset)
    for shown in rounds:
        for one in _round(view, shown):
            yield evolve(one, at_ns=view.at_ns, asset=view.asset, slug=shown.slug)


def past_rows(row: Row, at_ns: int) -> Iterator[MomentRow]:
    """A round that is over, as the database has it."""
    known = {name: cell_text(name, value) for name, value in row.items()}
    asset, slug = known.pop("asset", ""), known.pop("slug", "")
    for name, text in known.items():
        yield MomentRow("round", cell_head(name), text, at_ns=at_ns, asset=asset, slug=slug)


def trace_rows(trace: Trace) -> Iterator[MomentRow]:
    """A round's chart: its points, the oldest first, and our fills."""
    made = [row for point in trace.points for row in _point(point, source_of(trace.interval))]
    made += [
        MomentRow("fill", one.side, side=one.outcome, price=_number(one.price),
                  shares=_number(one.shares), at_ns=one.at_ns)
        for one in trace.fills
    ]  # fmt: skip
    return (evolve(one, asset=trace.asset, slug=trace.slug) for one in made)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _money(part: str, name: str, micro: int, words: str = "") -> MomentRow:
    return MomentRow(part, name, format_micro(micro), _USD, words)


# --- an asset ------------------------------------------------------------------------------------


def _asset(view: AssetView) -> Iterator[MomentRow]:
    yield MomentRow("asset", "state", words=f"{view.state.value}: {view.detail}".rstrip(": "))
    yield _money("asset", "realised", view.realised_pnl)
    yield _money("asset", "pnl", view.marked_pnl)
    counts = {"rounds settled": view.rounds_settled, "orders": view.orders, "fills": view.fills}
    for name, count in counts.items():
        yield MomentRow("asset", name, str(count))
    for breaker in view.breakers:
        until = f", until {time_text(breaker.until_ns)}" if breaker.until_ns else ""
        yield MomentRow("asset", "breaker", words=f"{breaker.reason}{until}")
    for feed in view.feeds:
        age = str(feed.age_ms) if feed.age_ms >= 0 else ""
        yield MomentRow("feed", feed.name, age, f"{_MS} old", feed.state.value)


def _prices(view: AssetView) -> Iterator[MomentRow]:
    known = view.consensus
    yield MomentRow("price", "consensus", _number(known.price), _USD)
    yield MomentRow("price", "trust", _number(known.trust), _CHANCE)
    yield MomentRow("price", "Chainlink", _number(known.settlement), _USD, known.settlement_feed)
    for one in known.venues:
        words = "outlier" if one.is_outlier else ""
        yield MomentRow("price", one.venue, _number(one.price), _USD, words)
        yield MomentRow("price", f"{one.venue} less its basis", _number(one.adjusted), _USD)
        yield MomentRow("price", f"{one.venue} weight", _number(one.weight), _CHANCE)


# --- a round -------------------------------------------------------------------------------------


def _round(view: AssetView, shown: RoundView) -> Iterator[MomentRow]:
    yield from _worth(view, shown)
    if shown.book is not None:
        yield from _book(shown.book)
    yield from _held(shown)
    for one in shown.orders:
        filled = f"{one.state}, filled {format_micro(one.filled)}"
        yield MomentRow("order", one.order_id, words=filled, side=f"{one.side} {one.outcome}",
                        price=format_micro(one.price), shares=format_micro(one.shares))  # fmt: skip
    for signal in shown.signals:
        yield from _signal(signal)


def _worth(view: AssetView, shown: RoundView) -> Iterator[MomentRow]:
    settles, ours = settling_prices(view.consensus, shown.interval)
    left_s = (shown.closes_ns - view.at_ns) / NS_PER_S
    yield MomentRow("round", "left", _number(left_s), "s", shown.phase)
    guess = "our own reckoning" if shown.is_strike_estimated else ""
    yield MomentRow("round", "strike", _number(shown.strike), _USD, guess)
    yield MomentRow("round", "consensus", _number(ours), _USD)
    age_ms = settling_age_ms(view.consensus, shown.interval)
    old = f"{age_ms} ms old" if age_ms >= 0 else ""
    yield MomentRow("round", source_of(shown.interval), _number(settles), _USD, old)
    if (known := shown.average) is not None:
        words = f"of {known.observed_s:g} of {known.window_s} s"
        yield MomentRow("round", "average", _number(known.average), _USD, words)
    yield MomentRow("round", "fair Up", _number(shown.fair_up), _CHANCE)
    yield MomentRow("round", "market Up", _number(mid_of(shown.book)), _CHANCE)
    yield MomentRow("round", "sigma", _number(shown.sigma), _USD)
    block = sentence(shown.block) if shown.block else "nothing is in the way of all"
    yield MomentRow("round", "entries", words=block)


def _book(book: BookView) -> Iterator[MomentRow]:
    """Of the Up token, best first."""
    words = "" if book.is_settled else "unsettled"
    yield MomentRow("book", "age", str(book.age_ms), _MS, words)
    for name, levels in (("ask", book.asks), ("bid", book.bids)):
        for at, (price, shares) in enumerate(levels, 1):
            yield MomentRow("book", f"{name} {at}", side=name, price=format_micro(price),
                            shares=format_micro(shares))  # fmt: skip


def _held(shown: RoundView) -> Iterator[MomentRow]:
    for side, shares in (("up", shown.up_shares), ("down", shown.down_shares)):
        yield MomentRow("position", "held", side=side, shares=format_micro(shares))
    yield _money("position", "cost", shown.cost)
    yield _money("position", "pnl", shown.marked_pnl)
    yield _money("position", "if Up wins", shown.flow + shown.up_shares)
    yield _money("position", "if Down wins", shown.flow + shown.down_shares)
    yield MomentRow("position", "break-even", _number(even_price(shown)), _USD)


def _signal(signal: SignalView) -> Iterator[MomentRow]:
    """What it wants with its edge in cents a share; then how sure it is, and how much it stakes."""
    why = why_of(signal)
    idle = "nothing in the way" if signal.direction else "no edge"
    does = "trades" if signal.is_live else "watches"
    cents = None if signal.edge_bps is None else signal.edge_bps / 100
    words = f"{does}: {sentence(signal.reason) if why else idle}"
    yield MomentRow("strategy", signal.strategy, _number(cents), "cents", words, signal.direction,
                    price=_number(signal.worth))  # fmt: skip
    yield MomentRow("strategy", f"{signal.strategy} sure", _number(signal.confidence), _CHANCE)
    yield MomentRow("strategy", f"{signal.strategy} stake", _number(signal.size_usd), _USD)


def _point(point: TracePoint, source: str) -> Iterator[MomentRow]:
    drawn = {
        source: (point.price, _USD), "consensus": (point.consensus, _USD),
        "fair Up": (point.fair, _CHANCE), "best bid": (point.bid, _USD),
        "best ask": (point.ask, _USD),
    }  # fmt: skip
    for name, (value, unit) in drawn.items():
        if value is not None:
            yield MomentRow("curve", name, _number(value), unit, at_ns=point.at_ns)
