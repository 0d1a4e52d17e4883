"""What a wallet has, as the venue tells it: shares by its balances, costs by its trades.

Which outcomes to ask about is learned from the trades and, for older ones, from the Data API, whose
word is minutes old and decides nothing: shares are those of the CLOB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import trio
from attrs import define, field, frozen

from polytui.execution.live_fills import fill_of
from polytui.ledger.positions import Positions
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import HALF, NS_PER_S, Price, Shares, Usd, proceeds_of
from polytui.tools.venue_account import VenueAccount
from polytui.venues.polymarket.gamma_events import RoundLook
from polytui.venues.polymarket.user_channel import TradeStatus, UserTrade

_AT_ONCE = 4
_LOOKS_MOST = 4
_FOREIGN = (Retry, Rejected, Unknown)


class PositionState(str, Enum):
    """What can be done with shares."""

    OPEN = "open"
    WAITING = "waiting"
    """The round is over, and nobody has won yet."""
    REDEEMABLE = "redeemable"
    LOST = "lost"


@frozen
class HeldPosition:
    """Shares of one outcome, on the chain or on their way there. Money in millionths."""

    round: Round
    outcome: Outcome
    shares: Shares
    state: PositionState
    cost: Usd | None
    """With fees; None where the trades that were read do not come to these shares."""
    bid: Price | None
    """The best; None where nobody bids, or nothing is traded any more."""
    payout: Usd = Usd(0)
    """Of a round that is decided."""

    @property
    def token_id(self) -> str:
        return self.round.token_of(self.outcome)

    @property
    def value(self) -> Usd:
        if self.state in (PositionState.REDEEMABLE, PositionState.LOST):
            return self.payout
        return Usd(0) if self.bid is None else proceeds_of(self.bid, self.shares)


@define
class HeldAnswer:
    """Every position that could be read, and what could not."""

    positions: list[HeldPosition] = field(factory=list)
    unread: list[str] = field(factory=list)


async def held_positions(account: VenueAccount, days: float) -> HeldAnswer:
    """Of rounds that were traded within so many days, and of those that the index knows besides.

    Errors as in `net/http.py` where the account itself cannot be read.
    """
    answer = HeldAnswer()
    since_s = account.clock.now_ns() // NS_PER_S - int(days * 86_400)
    trades = await account.orders.trades(after_s=since_s)
    slugs = await _slugs_of_index(account, answer)
    conditions = {one.condition_id for one in trades} - {condition for condition, _ in slugs}
    limiter = trio.CapacityLimiter(_AT_ONCE)

    async def look(condition_id: str, slug: str) -> None:
        async with limiter:
            try:
                name = slug or await account.clob.slug_of(condition_id)
                found = await account.gamma.look(name)
                answer.positions += await _in_round(account, found)
            except _FOREIGN as error:
                answer.unread.append(f"{slug or condition_id}: {error}")

    async with trio.open_nursery() as nursery:
        for condition_id, slug in [*slugs, *((one, "") for one in conditions)]:
            nursery.start_soon(look, condition_id, slug)
    answer.positions.sort(key=lambda one: (one.round.closes_ns, one.round.slug, one.outcome.value))
    return answer


async def _slugs_of_index(account: VenueAccount, answer: HeldAnswer) -> set[tuple[str, str]]:
    """Of the Data API: what it cannot say is said, and no reason to stop."""
    try:
        rows = await account.data.held(account.wallet.funder)
    except _FOREIGN as error:
        answer.unread.append(f"older positions are not known: {error}")
        return set()
    return {(one.condition_id.lower(), one.slug) for one in rows}


async def _in_round(account: VenueAccount, found: RoundLook) -> list[HeldPosition]:
    listed = found.round
    trades, held = await _at_one_moment(account, listed)
    tokens = [listed.token_of(outcome) for outcome, shares in held.items() if shares]
    if not tokens:
        return []
    costs = costs_of(listed, trades)
    bids = await _bids(account, tokens) if found.winner_token is None else {}
    is_over = account.clock.now_ns() >= listed.closes_ns
    return [
        position_of(found, outcome, shares, costs, bids.get(listed.token_of(outcome)), is_over)
        for outcome, shares in held.items()
        if shares
    ]


async def _at_one_moment(
    account: VenueAccount, listed: Round
) -> tuple[list[UserTrade], dict[Outcome, Shares]]:
    """The trades of a round, and the shares: those on the chain and what is on its way there. A
    trade may be mined while we look, so it is looked until nothing moved meanwhile."""
    trades = await account.orders.trades(condition_id=listed.condition_id)
    for _ in range(_LOOKS_MOST):
        before = trades
        on_chain = {one: await _on_chain(account, listed, one) for one in Outcome}
        trades = await account.orders.trades(condition_id=listed.condition_id)
        if _statuses(before) == _statuses(trades):
            break
    else:
        raise Retry(f"{listed.slug} is traded while it is looked at; look again")
    return trades, {
        one: Shares(shares + _on_its_way(trades, listed.token_of(one)))
        for one, shares in on_chain.items()
    }


async def _on_chain(account: VenueAccount, listed: Round, outcome: Outcome) -> Shares:
    """The venue's picture of the chain is renewed where somebody looks."""
    token_id = listed.token_of(outcome)
    await account.orders.refresh_shares(token_id, listed.protocol)
    return Shares((await account.orders.shares(token_id, listed.protocol)).balance)


def _statuses(trades: Iterable[UserTrade]) -> dict[str, TradeStatus]:
    return {one.trade_id: one.status for one in trades}


def _on_its_way(trades: Iterable[UserTrade], token_id: str) -> int:
    """Matched and not mined: shares that come, less those that go."""
    return sum(
        match.shares if match.side is Side.BUY else -match.shares
        for trade in trades
        if trade.status in (TradeStatus.MATCHED, TradeStatus.RETRYING)
        for match in trade.matches
        if match.token_id == token_id
    )


async def _bids(account: VenueAccount, tokens: Sequence[str]) -> dict[str, Price]:
    """The best of each; a book that is not there any more has none."""
    try:
        books = await account.clob.books(tokens)
    except Rejected:
        return {}
    return {one.token_id: Price(max(one.bids)[0]) for one in books if one.bids}


def costs_of(listed: Round, trades: Iterable[UserTrade]) -> Positions:
    """What the trades of a round came to, the oldest first; those that failed never were."""
    booked = Positions()
    for trade in sorted(trades, key=lambda one: one.venue_ns):
        if trade.status is TradeStatus.FAILED:
            continue
        for match in trade.matches:
            outcome = listed.outcome_of(match.token_id)
            if outcome is not None:
                made = fill_of(match, match.order_id, trade.trade_id, outcome, listed.fees)
                booked.fill(listed.slug, outcome, match.side, made.fill)
    return booked


def position_of(
    found: RoundLook,
    outcome: Outcome,
    shares: Shares,
    costs: Positions,
    bid: Price | None,
    is_over: bool,
) -> HeldPosition:
    """With the cost that the trades give, where they come to these shares."""
    listed = found.round
    booked = costs.of(listed.slug)
    cost = booked.cost(outcome) if booked.shares(outcome) == shares else None
    state, payout = PositionState.OPEN, Usd(0)
    if found.winner_token == NO_WINNER:
        state, payout = PositionState.REDEEMABLE, proceeds_of(HALF, shares)
    elif found.winner_token is not None:
        has_won = found.winner_token == listed.token_of(outcome)
        state = PositionState.REDEEMABLE if has_won else PositionState.LOST
        payout = Usd(shares) if has_won else Usd(0)
    elif is_over:
        state = PositionState.WAITING
    return HeldPosition(listed, outcome, shares, state, cost, bid, payout)
