"""Everything that is held and still traded is sold at the best bid, at the venue itself.

For when no engine runs. Each sale is a FAK order at the bid of the moment: it sells what stands
there and rests nowhere; what is left is offered to the next bid. The venue takes no order below a
round's least size, so a small rest stays, and waits for the round's end.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio
from attrs import evolve, frozen

from polytui.execution.arming import Armed
from polytui.model.errors import NotNow, Rejected, Restricted, Retry, Unknown
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd, floor_to_lot, format_micro, proceeds_of
from polytui.tools.held_positions import HeldPosition, PositionState
from polytui.tools.venue_account import VenueAccount
from polytui.venues.polymarket.allowances import may_move
from polytui.venues.polymarket.plain_refusals import explained
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder

_BIDS_MOST = 5
"""So many bids in a row are sold to before a rest is left to a person."""
_TRIES = 4
_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_AGAIN_S = 0.3
_LOOKS, _APART_S = 2, 5.0
"""So many looks that find nothing, so far apart, prove that there is nothing."""


@frozen
class Sale:
    """What became of one position."""

    position: HeldPosition
    sold: Shares = Shares(0)
    usd: Usd = Usd(0)
    """Before fees."""
    why: str = ""
    """Why the rest of it was not sold."""

    @property
    def left(self) -> Shares:
        return Shares(self.position.shares - self.sold)


def why_not(position: HeldPosition) -> str:
    """Why nothing of it can be sold; empty where it can be tried."""
    listed = position.round
    if not position.shares:
        return "every share has its pair: together they are a dollar, whoever wins"
    if position.state is PositionState.REDEEMABLE:
        return "its round is decided: it is redeemed, not sold"
    if position.state is PositionState.LOST:
        return "its round is lost: it is worth nothing"
    if position.state is PositionState.WAITING or not listed.takes_orders:
        return "its round takes no orders any more: wait for the result"
    if floor_to_lot(position.shares) < listed.min_shares:
        return f"too little to sell: the venue takes no order below {_shares(listed.min_shares)}"
    if position.bid is None:
        return "nobody bids"
    return ""


def unpaired(positions: Sequence[HeldPosition]) -> list[HeldPosition]:
    """Without the shares that have one of the other outcome beside them: a pair is a dollar whoever
    wins, and selling both gives the spread away twice. An engine that flattens keeps them, too."""
    most = {
        (one.round.slug, one.outcome): one.shares
        for one in positions
        if one.state is PositionState.OPEN
    }
    return [
        evolve(one, shares=Shares(one.shares - min(one.shares, other)))
        for one in positions
        for other in (most.get((one.round.slug, one.outcome.other), 0),)
    ]


@frozen
class SellingOut:
    """Of one account; `armed` is the proof that its wallet may trade."""

    account: VenueAccount
    armed: Armed

    async def sell(self, position: HeldPosition) -> Sale:
        """To one bid after the other, until too little is left. Restricted goes up: nothing more
        may be traded then."""
        sold, usd, why = Shares(0), Usd(0), why_not(position)
        least = position.round.min_shares
        for number in range(_BIDS_MOST):
            offered = floor_to_lot(position.shares - sold)
            if why or offered < least:
                break
            try:
                price, got = await self._to_the_bid(position, offered, number)
            except Restricted:
                raise
            except (Retry, Rejected, Unknown) as error:
                why = explained(str(error)) or str(error)
            else:
                sold, usd = Shares(sold + got), Usd(usd + proceeds_of(price, got))
        left = position.shares - sold
        if left and not why:
            is_little = floor_to_lot(left) < least
            why = f"less than {_shares(least)} is left" if is_little else "the bids are too small"
        return Sale(position, sold, usd, why)

    async def _to_the_bid(
        self, position: HeldPosition, offered: Shares, number: int
    ) -> tuple[Price, Shares]:
        """One order: its price, and what of it was sold. Rejected with why none is sent."""
        await self._preflight(position, offered)
        bid = await self._bid(position.token_id)
        if bid is None:
            raise Rejected("nobody bids")
        order = self._order(position, bid, offered, number)
        return bid, await self._sent(OrderSigner(self.armed.wallet).sign(order, position.round))

    async def _preflight(self, position: HeldPosition, offered: Shares) -> None:
        """Rejected where the venue would refuse: shares that are not there yet, or that its
        exchange may not move."""
        token_id, listed, wallet = position.token_id, position.round, self.account.wallet
        await self.account.orders.refresh_shares(token_id, listed.protocol)
        funds = await self.account.orders.shares(token_id, listed.protocol)
        if funds.balance < offered:
            there = _shares(funds.balance)
            raise Rejected(f"only {there} are there: a trade is not settled yet, try again")
        if may_move(funds, wallet, listed.protocol, is_neg_risk=listed.is_neg_risk) is False:
            raise Rejected("not enough balance / allowance: the allowance is not enough")

    async def _bid(self, token_id: str) -> Price | None:
        books = await self.account.clob.books([token_id])
        return Price(books[0].bids[-1][0]) if books and books[0].bids else None

    def _order(self, position: HeldPosition, bid: Price, shares: Shares, number: int) -> Order:
        now_ns = self.account.clock.now_ns()
        return Order(
            f"{position.round.slug}-{position.outcome.value}-flatten-{now_ns}-{number}",
            position.round.slug,
            position.token_id,
            position.outcome,
            Side.SELL,
            bid,
            shares,
            TimeInForce.FAK,
            is_post_only=False,
            strategy="",
            placed_ns=now_ns,
        )

    async def _sent(self, signed: SignedOrder) -> Shares:
        """How much of it was sold, as the venue says afterwards. The same signed order is sent
        again only where nothing happened."""
        is_taken = False
        for attempt in range(_TRIES):
            try:
                await self.account.orders.post(signed)
                is_taken = True
                break
            except NotNow:
                raise
            except Retry as error:
                if attempt == _TRIES - 1:
                    raise
                await trio.sleep(min(error.after_s or _PAUSE_S, _LONGEST_PAUSE_S))
            except Restricted:
                raise
            except Rejected as error:
                if "no orders found to match" in str(error).lower():
                    return Shares(0)  # the bid went away: the next one is tried
                raise
            except Unknown:
                break  # the look tells
        return await self._looked(signed.venue_id, is_taken=is_taken)

    async def _looked(self, venue_id: str, *, is_taken: bool) -> Shares:
        """Unknown where the venue does not come to an end with it. One look that finds nothing
        proves nothing: an order may be on its way, or held. Two that are five seconds apart say
        that it never came, unless the venue itself had said that it took it."""
        missed = 0
        for _ in range(_TRIES):
            found = await self.account.orders.order(venue_id)
            if found is not None and found.is_over:
                return found.matched
            missed = missed + 1 if found is None else 0
            if missed == _LOOKS and not is_taken:
                return Shares(0)
            await trio.sleep(_APART_S if missed else _AGAIN_S)
        raise Unknown(f"order {venue_id} is still on its way; see `polytui orders --at-venue`")


def _shares(shares: int) -> str:
    return f"{format_micro(shares)} shares"
