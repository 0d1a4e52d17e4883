"""The last word on every order, in one call: cut to what there is room for, checked, and stamped.

    wanted -> what no venue takes -> depth of the book -> limits -> cooldown -> stamp
                                                             |
                                        too little room: cut to the tightest of them, asked again

A purchase for which there is too little room is cut, as long as what is left is an order that the
venue takes; otherwise nothing goes, and the limit in the way is the reason. A sale is cut to what
has arrived, and by nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from attrs import evolve, frozen
from msgspec import Struct
from msgspec.structs import replace

from polytui.model.amounts import CENT, least_shares, market_shares, shares_within
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.instrument import FeeSchedule
from polytui.model.orders import LEAST_LIFE_NS, Quote, Side, TimeInForce
from polytui.model.units import (
    LOT,
    MICRO,
    NS_PER_S,
    Price,
    Shares,
    Usd,
    cost_of,
    floor_to_lot,
    is_on_tick,
    proceeds_of,
)
from polytui.risk.limits import Adds, AtStake, Exposure, Limits, shown


class PreTrade(Struct, frozen=True, kw_only=True):
    """A wanted order, and what there is to know of it beside what is at stake."""

    quote: Quote
    now_ns: int
    tick: Price
    fees: FeeSchedule
    min_shares: Shares
    offered: Shares | None = None
    """Shares offered inside the limit price now; None where depth is not asked for."""
    last_entry_ns: int = 0
    """When a signal was last followed in the round; 0 before the first."""
    is_killed: bool = False
    is_exit: bool = False
    """It only closes what is held. A purchase then buys the other outcome: the pair is worth one
    dollar whoever wins. What is held bears that out, or it is refused."""
    is_rung: bool = False
    """Of a quote set: it rests, and is moved with the market. It is not counted among the orders of
    its round, and keeps no distance in time."""
    is_by_hand: bool = False
    """A person's: it neither begins nor keeps a distance in time, which is for signals."""
    ramp: Why | None = None
    """Why a purchase that opens anything is of the smallest size; None where it is not."""


@frozen
class Approved:
    """A stamped order, and why it is smaller than it was wanted; None where it is not."""

    stamp: Stamp
    why: Why | None


@frozen
class Refused:
    """By us, before it went. `model/events.py` has the same word for the venue's answer: whoever
    refuses, it never lived."""

    why: Why


class _Asked(NamedTuple):
    """An order as limits see it."""

    mine: AtStake
    """The outcome that it makes more of: a sale of Up leaves more of Down."""
    cost: int
    """Dollars: a purchase may cost its price, a sale what its shares would have paid less its
    price; fees included."""
    covered: int
    """Dollars that the round loses already if that outcome wins, and does not lose as well if the
    order does."""

    @property
    def rise(self) -> int:
        """What the round can lose more."""
        return max(0, self.cost - self.covered)


_OF_REDUCING = frozenset({Reason.LIMIT_ORDER, Reason.LIMIT_CASH})
"""Asked of a purchase that pairs what is held."""
_OF_RUNG_SALE = frozenset(
    {
        Reason.LIMIT_DAILY_LOSS,
        Reason.LIMIT_ORDERS,
        Reason.LIMIT_ROUND_RUNGS,
        Reason.LIMIT_NET,
        Reason.LIMIT_CLOSING,
    }
)
"""Asked of a sale that is no exit: of half a pair it opens the other half."""
_NOT_OF_RUNG = frozenset({Reason.LIMIT_ROUND_ORDERS})
"""Requotes would eat up what signals may send."""
_ON_ITS_WAY_NS = 2 * NS_PER_S
"""To the venue, which knows whole seconds alone."""
_NOT_OF_SIGNAL = frozenset({Reason.LIMIT_ROUND_RUNGS})


def fit(wanted: PreTrade, exposure: Exposure, limits: Limits) -> Approved | Refused:
    """An order as large as book and limits leave it, with its stamp; or the limit in the way."""
    malformed = _malformed(wanted.quote, wanted.tick, wanted.now_ns)
    if malformed is not None:
        return Refused(malformed)
    if wanted.ramp is None or wanted.is_exit or wanted.quote.side is Side.SELL:
        return _fitted(wanted, exposure, limits)
    smallest = _smallest(wanted, exposure)
    if smallest is None:
        return Refused(wanted.ramp)
    fitted = _fitted(replace(wanted, quote=smallest), exposure, limits)
    if isinstance(fitted, Approved) and smallest.shares < wanted.quote.shares:
        return evolve(fitted, why=fitted.why or wanted.ramp)
    return fitted


def _smallest(wanted: PreTrade, exposure: Exposure) -> Quote | None:
    """As few shares as the venue takes, once an outcome: None while any are held or on their way,
    for a stake bought in small orders is a whole stake."""
    quote, own = wanted.quote, exposure.stake(wanted.quote.outcome)
    if own.shares >= LOT or own.buying:
        return None
    least = least_shares(quote.price, wanted.min_shares)
    if quote.tif.spends(quote.side):
        # A cent more, of which the shares are enough.
        least = Shares(least + -(-CENT * MICRO // quote.price))
    return _cut(wanted, quote, Shares(-(-least // LOT) * LOT))


def _fitted(wanted: PreTrade, exposure: Exposure, limits: Limits) -> Approved | Refused:
    quote = wanted.quote
    shallow = _too_shallow(wanted, limits)
    if shallow is not None:
        less = _cut(wanted, quote, Shares(int((wanted.offered or 0) / limits.min_depth)))
        if less is None:
            return Refused(shallow)
        quote = less
    late = _not_here(quote, exposure)
    if late is not None:
        here = exposure.stake(quote.outcome).here()
        arrived = what_is_here(quote, here, wanted.min_shares)
        if arrived is None:
            return Refused(late)
        quote = arrived
    why = _in_the_way(wanted, quote, exposure, limits)
    if why is None:
        return Approved(_stamp(wanted, quote, exposure), shallow or late)
    tightest = _tightest(wanted, quote, exposure, limits, why.reason)
    if tightest is None:
        return Refused(why)
    room, why = tightest
    cut = _cut(wanted, quote, shares_within(room, quote.price, wanted.fees))
    if cut is None:
        return Refused(why)
    still = _in_the_way(wanted, cut, exposure, limits)
    return Refused(still) if still else Approved(_stamp(wanted, cut, exposure), why)


def _stamp(wanted: PreTrade, quote: Quote, exposure: Exposure) -> Stamp:
    cost = _cost(wanted, quote) if quote.side is Side.BUY else 0
    return Stamp.grant(quote, Usd(exposure.account_usd + cost))


def _cost(wanted: PreTrade, quote: Quote) -> int:
    """At its limit price, as a taker."""
    return cost_of(quote.price, quote.shares) + wanted.fees.fee(quote.price, quote.shares)


# --- what is in the way ---------------------------------------------------------------------------


def _too_shallow(wanted: PreTrade, limits: Limits) -> Why | None:
    """Whether too few shares are offered inside the limit price of a purchase, now."""
    offered, need = wanted.offered, limits.min_depth * wanted.quote.shares
    if offered is None or wanted.quote.side is Side.SELL or need <= 0.0 or offered >= need:
        return None
    return Why(Reason.DEPTH_THIN, offered / MICRO, need / MICRO, "shares")


def _in_the_way(wanted: PreTrade, quote: Quote, exposure: Exposure, limits: Limits) -> Why | None:
    if quote.side is Side.SELL:
        return _sale_block(wanted, quote, exposure, limits)
    if wanted.is_killed:
        return Why(Reason.KILL_SWITCH)
    if wanted.is_exit:
        return _not_reducing(quote, exposure) or _full(wanted, quote, exposure, limits)
    return _full(wanted, quote, exposure, limits) or _cooling_down(wanted, limits)


def _malformed(quote: Quote, tick: Price, now_ns: int) -> Why | None:
    """What no venue would take; the tick may have changed since the decision."""
    if not is_on_tick(quote.price, tick):
        return Why(Reason.OFF_TICK, quote.price / MICRO, tick / MICRO, "USD tick")
    if quote.shares < LOT:
        return Why(Reason.STAKE_SMALL, quote.shares / MICRO, LOT / MICRO, "shares")
    least_s = (LEAST_LIFE_NS + _ON_ITS_WAY_NS) / NS_PER_S if quote.tif is TimeInForce.GTD else 0.0
    left_s = (quote.expires_ns - now_ns) / NS_PER_S if quote.expires_ns else 0.0
    if left_s < least_s or (left_s and not least_s):
        return Why(Reason.EXPIRY, left_s, least_s, "s left")
    return None


def _sale_block(wanted: PreTrade, quote: Quote, exposure: Exposure, limits: Limits) -> Why | None:
    """Only what is held and not yet offered can be sold. That lowers what is at stake, so nothing
    keeps an exit; a rung may sell half of a pair, and is asked what that opens."""
    free = exposure.stake(quote.outcome).free()
    if quote.shares > free:
        return Why(Reason.NOT_HELD, quote.shares / MICRO, free / MICRO, "shares")
    return _full(wanted, quote, exposure, limits) if wanted.is_rung else None


def _not_here(quote: Quote, exposure: Exposure) -> Why | None:
    """Whether a sale of what is held and free wants shares that are on their way."""
    stake = exposure.stake(quote.outcome)
    if quote.side is Side.BUY or not stake.here() < quote.shares <= stake.free():
        return None
    return Why(Reason.NOT_HERE, max(0, stake.here()) / MICRO, quote.shares / MICRO, "shares")


def _not_reducing(quote: Quote, exposure: Exposure) -> Why | None:
    """A share more than the other side has would be a position of its own: held there, not offered,
    and not matched yet by what is held or being bought of the order's own."""
    own = exposure.stake(quote.outcome)
    unpaired = max(0, exposure.stake(quote.outcome.other).free() - own.shares - own.buying)
    if quote.shares > unpaired:
        return Why(Reason.NOT_HELD, quote.shares / MICRO, unpaired / MICRO, "shares")
    return None


def _cooling_down(wanted: PreTrade, limits: Limits) -> Why | None:
    since_s = (wanted.now_ns - wanted.last_entry_ns) / NS_PER_S
    is_asked = not (wanted.is_rung or wanted.is_by_hand)
    if wanted.last_entry_ns and since_s < limits.cooldown_s and is_asked:
        return Why(Reason.COOLDOWN, since_s, limits.cooldown_s, "s")
    return None


# --- limits ---------------------------------------------------------------------------------------


def _is_asked(wanted: PreTrade, reason: Reason) -> bool:
    """Whether this order has to pass that limit."""
    if wanted.quote.side is Side.SELL:
        return reason in _OF_RUNG_SALE
    if wanted.is_exit:
        return reason in _OF_REDUCING
    return reason not in (_NOT_OF_RUNG if wanted.is_rung else _NOT_OF_SIGNAL)


def _asked(wanted: PreTrade, quote: Quote, exposure: Exposure) -> _Asked:
    if quote.side is Side.BUY:
        more_of, cost = quote.outcome, _cost(wanted, quote)
    else:
        more_of, brings = quote.outcome.other, proceeds_of(quote.price, quote.shares)
        cost = max(0, quote.shares - brings + wanted.fees.fee(quote.price, quote.shares))
    mine = exposure.stake(more_of)
    return _Asked(mine, cost, exposure.round_at_stake - mine.net)


def _full(wanted: PreTrade, quote: Quote, exposure: Exposure, limits: Limits) -> Why | None:
    """The first limit that has no room for this order."""
    asked = _asked(wanted, quote, exposure)
    # In the order of `Adds`. A result that is just reached is over: the smallest step more.
    adds = (asked.cost, asked.rise, 1, 0 if exposure.is_round_open else 1, 1)
    for limit, allowed in limits.rows:
        used = limit.used(exposure, asked.mine)
        most = exposure.account_usd + exposure.free_cash if allowed is None else allowed
        if used + adds[limit.adds] <= most or not _is_asked(wanted, limit.reason):
            continue
        value = used if limit.adds is Adds.REACHED else used + adds[limit.adds]
        return Why(limit.reason, shown(value, limit.unit), shown(most, limit.unit), limit.unit)
    return None


def _tightest(
    wanted: PreTrade, quote: Quote, exposure: Exposure, limits: Limits, reason: Reason
) -> tuple[Usd, Why] | None:
    """Dollars that all limits leave for a purchase which `reason` stopped, and the one that leaves
    no more, of equals the first in the order they are asked; None where it was no limit of dollars
    at stake, so that no smaller order would pass it either."""
    if quote.side is Side.SELL:
        return None
    asked = _asked(wanted, quote, exposure)
    tightest: tuple[Usd, Why] | None = None
    is_of_usd = False
    for limit, allowed in limits.rows:
        if not limit.adds.is_usd or not _is_asked(wanted, limit.reason):
            continue
        is_of_usd = is_of_usd or limit.reason is reason
        used = limit.used(exposure, asked.mine)
        most = exposure.account_usd + exposure.free_cash if allowed is None else allowed
        is_rise = limit.adds is Adds.RISE
        room = most - used + (asked.covered if is_rise and used <= most else 0)
        if tightest is None or room < tightest[0]:
            after = used + (asked.rise if is_rise else asked.cost)
            numbers = shown(after, limit.unit), shown(most, limit.unit)
            tightest = Usd(room), Why(limit.reason, *numbers, limit.unit)
    return tightest if is_of_usd else None


# --- cutting --------------------------------------------------------------------------------------


def _cut(wanted: PreTrade, quote: Quote, most: Shares) -> Quote | None:
    """So many shares at most, in whole lots, or as whole cents bring them where the order is for
    dollars; None for fewer than the venue takes."""
    shares = floor_to_lot(min(most, quote.shares))
    if quote.tif.spends(quote.side):
        shares = market_shares(quote.price, shares, wanted.tick)
    if shares < least_shares(quote.price, wanted.min_shares):
        return None
    return evolve(quote, shares=shares)


def what_is_here(quote: Quote, here: int, least: Shares) -> Quote | None:
    """A sale of what has arrived of it (`here`), which leaves no rest that nobody could sell; None
    where the venue takes no such order. `least`: shares that it takes."""
    shares = floor_to_lot(Shares(min(here, quote.shares - least)))
    return evolve(quote, shares=shares) if shares >= max(least, LOT) else None
