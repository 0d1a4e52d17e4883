"""What the screen shows, as sentences: for screen readers, and where nothing can be drawn."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.model.snapshot import AccountView, AssetState, AssetView, RoundView, SignalView
from polytui.model.units import MICRO
from polytui.tui.panels import figures
from polytui.tui.panels.account import live_name
from polytui.tui.panels.facts import away_from_strike, current_round, fair_age, mid_age, price_now
from polytui.tui.panels.holding import even_price
from polytui.tui.panels.ladder import mid_of
from polytui.tui.panels.reasons import sentence
from polytui.tui.panels.signals import why_of
from polytui.tui.panels.state import trouble_of
from polytui.tui.styles import clean
from polytui.tui.traces import source_of


def account_words(view: AccountView) -> str:
    """Mode, time and money in one sentence."""
    name = live_name(view) or view.mode.upper()
    kill = ". KILLED" if view.is_killed else ""
    orders = f"{view.working_orders} working order{'' if view.working_orders == 1 else 's'}"
    return (
        f"{name} {figures.clock(view.at_ns)} UTC: cash {figures.money(view.cash)}, result"
        f" {figures.signed_money(view.marked_pnl)}, of it realised"
        f" {figures.signed_money(view.realised_pnl)}, at stake {figures.money(view.exposure)},"
        f" {orders}{kill}."
    )


def asset_words(view: AssetView) -> list[str]:
    """Its state, and a sentence or two for each round that can be traded now."""
    return [state_sentence(view), *(round_words(view, one) for one in rounds_now(view))]


def state_sentence(view: AssetView) -> str:
    """ "BTC trading." and why not where it is not."""
    word = "flattened" if view.is_flattened else view.state.value
    why = trouble_of(view)
    told = f": {sentence(why)}" if why and view.state is not AssetState.TRADING else ""
    return f"{view.asset.upper()} {word}{told}."


def rounds_now(view: AssetView) -> list[RoundView]:
    """The current round of each interval, the one that closes first before the others."""
    found = (current_round(view, one) for one in dict.fromkeys(r.interval for r in view.rounds))
    return sorted((one for one in found if one is not None), key=lambda one: one.closes_ns)


def round_name(view: AssetView, shown: RoundView) -> str:
    """ "BTC 5m 15:00-15:05", UTC."""
    span = figures.span(shown.opens_ns, shown.closes_ns)
    return f"{view.asset.upper()} {shown.interval} {span}"


def round_words(view: AssetView, shown: RoundView) -> str:
    parts = [_time(view, shown), _price(view, shown), _value(shown), _book(shown), _held(shown)]
    return f"{round_name(view, shown)}: {', '.join(part for part in parts if part)}."


def _time(view: AssetView, shown: RoundView) -> str:
    if view.at_ns < shown.opens_ns:
        return f"opens in {figures.left(shown.opens_ns - view.at_ns)}"
    if view.at_ns >= shown.closes_ns:
        return "settling"
    return f"{figures.left(shown.closes_ns - view.at_ns)} left"


def _price(view: AssetView, shown: RoundView) -> str:
    gap = away_from_strike(view, shown)
    if gap is None or shown.strike is None:
        known = figures.coin(price_now(view, shown))
        return f"price {known}, strike unknown" if shown.strike is None else "price unknown"
    side = "above" if gap > 0 else "below" if gap < 0 else "at"
    far = "" if gap == 0 else f"{abs(gap):,.{figures.coin_decimals(shown.strike)}f} "
    return f"{far}{side} the strike {figures.coin(shown.strike)} of {source_of(shown.interval)}"


def _value(shown: RoundView) -> str:
    mid = mid_of(shown.book)
    fair = "unknown" if shown.fair_up is None else f"{shown.fair_up:.3f}"
    market = "unknown" if mid is None else f"{mid:.3f}"
    old = f", {fair_age(shown)} old" if fair_age(shown) else ""
    old_mid = f", {mid_age(shown)} old" if mid_age(shown) else ""
    return f"fair {fair}{old}, market {market}{old_mid}"


def _book(shown: RoundView) -> str:
    book = shown.book
    if book is None:
        return "no book"
    bid = figures.price(book.bids[0][0], book.tick) if book.bids else "none"
    ask = figures.price(book.asks[0][0], book.tick) if book.asks else "none"
    return f"bid {bid}, ask {ask}"


def _held(shown: RoundView) -> str:
    sides = ((shown.up_shares, "Up"), (shown.down_shares, "Down"))
    held = " and ".join(f"{figures.shares(count)} {name}" for count, name in sides if count)
    if not held:
        return "nothing held"
    even = even_price(shown)
    price = "" if even is None else f", break-even {even:.3f}"
    cost, gain = figures.money(shown.cost), figures.signed_money(shown.marked_pnl)
    return f"holding {held} for {cost}, the round stands at {gain}{price}"


# --- why, and orders ----------------------------------------------------------------------------


def why_words(view: AssetView) -> list[str]:
    """What each strategy wants in each round of now, and what is in its way."""
    return [
        f"{round_name(view, shown)}: {_signal(signal)}."
        for shown in rounds_now(view)
        for signal in shown.signals
    ] or [f"{view.asset.upper()}: no strategy has been asked yet."]


def _signal(signal: SignalView) -> str:
    does = "trades" if signal.is_live else "watches"
    wants = f"wants {signal.direction.capitalize()}" if signal.direction else "wants nothing"
    sure = "" if signal.confidence is None else f", {signal.confidence:.0%} sure"
    edge = "" if signal.edge_bps is None else f", edge {signal.edge_bps / 100:+.1f} cents"
    why = why_of(signal)
    told = f"; in the way: {sentence(why)}" if why else ""
    return f"{clean(signal.strategy)} {does}, {wants}{sure}{edge}{told}"


def order_words(views: Iterable[AssetView]) -> list[str]:
    """Every working order."""
    return [
        f"{round_name(view, shown)}: {one.side} {one.outcome.capitalize()}"
        f" {figures.shares(one.shares)} at {one.price / MICRO:g}, filled"
        f" {figures.shares(one.filled)}, {one.state}."
        for view in views
        for shown in view.rounds
        for one in shown.orders
    ] or ["No order works."]
