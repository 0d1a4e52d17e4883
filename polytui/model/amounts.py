"""The two amounts of a market purchase, as the venue counts them.

A FAK or FOK buy is taken as "spend so much": the dollars are exact to the cent, and the shares that
go with them, dollars / price, carry a few decimals by the tick. Cheaper shares than the price are
then more shares, not fewer dollars. Every other order is a number of shares in whole lots.

Source of the decimals: the order rules of the venue's papers and clients (2026-10); amounts with
more are refused.
"""

from __future__ import annotations

from polytui.model.instrument import FeeSchedule
from polytui.model.units import LOT, MICRO, Price, Shares, Usd, cost_of, floor_to_lot

CENT = Usd(10_000)
MIN_MARKETABLE_USD = Usd(MICRO)
"""The venue takes no marketable buy worth less than a dollar."""
_DECIMALS = {100_000: 3, 10_000: 4, 5_000: 5, 2_500: 6, 1_000: 5, 100: 6}
"""Of the shares that a market purchase asks for, by tick in millionths of a dollar."""


def share_decimals(tick: Price) -> int:
    """Decimals of the shares of a market purchase; all six on a grid that we do not know."""
    return _DECIMALS.get(tick, 6)


def dollars_for(price: Price, shares: Shares) -> Usd:
    """What a market purchase of so many shares at this price spends, to the nearest cent."""
    step = MICRO * CENT
    return Usd((2 * price * shares + step) // (2 * step) * CENT)


def are_amounts_exact(price: Price, shares: Shares, tick: Price) -> bool:
    """Whether the venue would take the two amounts of a market purchase: whole cents, and the
    shares that they buy at this price, rounded to the decimals of the tick either way."""
    step = _step(tick)
    missed = dollars_for(price, shares) * MICRO - price * shares
    return shares % step == 0 and abs(missed) < step * price


def market_shares(price: Price, most: Shares, tick: Price) -> Shares:
    """What to ask for so as to buy no more than `most` shares at this price: those that the whole
    cents in their cost bring, rounded up to the decimals of the tick."""
    cents = price * most // MICRO // CENT
    step = _step(tick)
    return Shares(-(-cents * CENT * MICRO // (price * step)) * step)


def least_shares(price: Price, min_shares: Shares) -> Shares:
    """The fewest that a purchase may be for: a marketable one under a dollar is refused as well, so
    the dearer of the two minimums counts."""
    return Shares(max(min_shares, -(-MIN_MARKETABLE_USD * MICRO // price)))


def shares_within(room: Usd, price: Price, fees: FeeSchedule) -> Shares:
    """The most whole lots whose cost and fee fit into `room`; none where it is spent."""
    all_in = price + fees.per_share(price / MICRO) * MICRO
    # Floats come within a lot; the venue rounds costs up and fees down, so whole numbers decide.
    shares = Shares(floor_to_lot(max(0, int(room * MICRO / all_in))) + LOT)
    while shares and cost_of(price, shares) + fees.fee(price, shares) > room:
        shares = Shares(shares - LOT)
    return shares


def _step(tick: Price) -> int:
    """The smallest part of a share that the amounts may carry, in millionths."""
    return int(10 ** (6 - share_decimals(tick)))
