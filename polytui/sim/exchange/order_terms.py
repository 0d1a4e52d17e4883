"""What a signed order means: its price, found from two amounts, and why it may mean nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from polytui.model.amounts import CENT, share_decimals
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import TimeInForce
from polytui.model.units import MICRO, Price, format_micro, is_on_tick
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.refusals import too_exact

_TIF = {
    OrderType.GTC: TimeInForce.GTC,
    OrderType.GTD: TimeInForce.GTC,
    OrderType.FOK: TimeInForce.FOK,
    OrderType.FAK: TimeInForce.FAK,
}


@frozen
class OrderTerms:
    """What the book is asked, or the venue's words why it is not."""

    asked: MatchOrder | None = None
    words: str = ""


def terms_of(signed: SignedOrder, listed: Round, outcome: Outcome, tick: Price) -> OrderTerms:
    """The order as the book takes it. What depends on the book itself the book refuses."""
    if signed.maker_amount <= 0 or signed.taker_amount <= 0:
        return OrderTerms(words="Invalid order payload")
    if signed.is_for_dollars:
        price = _market_price(signed, tick)
        if not _has_exact_amounts(signed, tick):
            return OrderTerms(words=too_exact(tick))
    else:
        price = _exact_price(signed)
    if price is None or not is_on_tick(price, tick):
        return OrderTerms(words=_off_tick(signed, tick))
    asked = MatchOrder(
        signed.order_id,
        signed.maker,
        outcome,
        signed.side,
        price,
        signed.shares,
        _TIF[signed.order_type],
        signed.is_post_only,
    )
    return OrderTerms(asked)


def _exact_price(signed: SignedOrder) -> Price | None:
    """Dollars by shares; None where that is no whole number of millionths."""
    price, rest = divmod(signed.dollars * MICRO, signed.shares)
    return None if rest else Price(price)


def _market_price(signed: SignedOrder, tick: Price) -> Price | None:
    """The price on the grid from which such shares follow, rounded either way to the decimals of
    the tick: their quotient is a little beside it."""
    steps = Fraction(signed.dollars * MICRO, signed.shares * tick)
    price = round(steps) * tick
    step = 10 ** (6 - share_decimals(tick))
    is_near = abs(signed.dollars * MICRO - price * signed.shares) < step * price
    return Price(price) if is_near else None


def _has_exact_amounts(signed: SignedOrder, tick: Price) -> bool:
    """Whole cents, and no more decimals of a share than the tick allows."""
    step = 10 ** (6 - share_decimals(tick))
    return signed.dollars % CENT == 0 and signed.shares % step == 0


def _off_tick(signed: SignedOrder, tick: Price) -> str:
    shown = f"{Decimal(signed.dollars) / Decimal(signed.shares):f}"
    words = f"Price ({shown}) breaks minimum tick size rule: {format_micro(tick)}"
    return f"order {signed.order_id} is invalid. {words}"
