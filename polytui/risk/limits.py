"""The last word on every order: a stamp, or the limit it would break with its number.

Everything that works counts as if it were filled; an order in an unknown state works.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.schema import Settings
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, is_on_tick, usd_from_float


@frozen
class Standing:
    """What is at stake before the order in question; dollars in millionths."""

    now_ns: int
    is_killed: bool
    tick: Price
    fee: Usd
    """What the order would pay as a taker."""
    held: Shares
    selling: Shares
    """Shares of the outcome already offered by working orders."""
    last_entry_ns: int
    round_usd: Usd
    asset_usd: Usd
    account_usd: Usd
    free_cash: Usd
    working_orders: int
    realised_today: Usd


def stamp(quote: Quote, standing: Standing, settings: Settings) -> Stamp | Why:
    """Allow this order, or say which limit is in the way."""
    if not is_on_tick(quote.price, standing.tick):
        return Why(Reason.OFF_TICK, quote.price / MICRO, standing.tick / MICRO, "USD tick")
    if quote.side is Side.SELL:
        return _stamp_sale(quote, standing)
    cost = Usd(-(-quote.price * quote.shares // MICRO) + standing.fee)
    why = _entry_block(standing, settings) or _money_block(cost, standing, settings)
    return why or Stamp.grant(quote, Usd(standing.account_usd + cost))


def _stamp_sale(quote: Quote, standing: Standing) -> Stamp | Why:
    """A sale lowers what is at stake: only what is held and not yet offered can be sold."""
    free = standing.held - standing.selling
    if quote.shares > free:
        return Why(Reason.NOT_HELD, quote.shares / MICRO, free / MICRO, "shares")
    return Stamp.grant(quote, standing.account_usd)


def _entry_block(standing: Standing, settings: Settings) -> Why | None:
    if standing.is_killed:
        return Why(Reason.KILL_SWITCH)
    loss, most = -standing.realised_today, usd_from_float(settings.risk.max_daily_loss_usd)
    if loss >= most:
        return Why(Reason.LIMIT_DAILY_LOSS, loss / MICRO, most / MICRO, "USD")
    most_orders = settings.risk.max_working_orders
    if standing.working_orders >= most_orders:
        return Why(Reason.LIMIT_ORDERS, standing.working_orders + 1, most_orders, "orders")
    since_s = (standing.now_ns - standing.last_entry_ns) / NS_PER_S
    if standing.last_entry_ns and since_s < settings.gates.cooldown_s:
        return Why(Reason.COOLDOWN, since_s, settings.gates.cooldown_s, "s")
    return None


def _money_block(cost: Usd, standing: Standing, settings: Settings) -> Why | None:
    risk = settings.risk
    checks = (
        (Reason.LIMIT_ORDER, cost, usd_from_float(risk.max_order_usd)),
        (Reason.LIMIT_ROUND, standing.round_usd + cost, usd_from_float(risk.max_round_usd)),
        (Reason.LIMIT_ASSET, standing.asset_usd + cost, usd_from_float(risk.max_asset_usd)),
        (Reason.LIMIT_ACCOUNT, standing.account_usd + cost, usd_from_float(risk.max_account_usd)),
        (Reason.LIMIT_CASH, cost, standing.free_cash),
    )
    for reason, value, most in checks:
        if value > most:
            return Why(reason, value / MICRO, most / MICRO, "USD")
    return None
