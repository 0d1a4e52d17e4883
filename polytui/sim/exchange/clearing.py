"""Makes trades of matches: who gave what to whom, promised at once and settled by the chain later.

Whoever takes makes one trade a price he pays. Where the crowd takes, each named maker it meets has
a trade of his own, for nobody names the crowd's orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import evolve, frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import Shares, Usd, cost_of, proceeds_of
from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.names import CROWD, hash_of, uuid_of
from polytui.sim.exchange.order_keeper import OrderKeeper
from polytui.sim.exchange.trade_lives import TradeLives
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade
from polytui.sim.world.matching import Match, MatchKind
from polytui.sim.world.world import World


@frozen
class _Taker:
    order_id: str
    api_key: str
    wallet: str
    outcome: Outcome
    side: Side


class Clearing:
    """State: how many trades there were, which gives them their names."""

    def __init__(self, world: World, keeper: OrderKeeper, lives: TradeLives) -> None:
        self._world = world
        self._keeper = keeper
        self._lives = lives
        self._count = 0

    def took(self, order: VenueOrder, listed: Round, matches: Sequence[Match]) -> VenueOrder:
        """Somebody named took. Answers his order with its fills, which is not kept yet."""
        taker = _Taker(order.order_id, order.api_key, order.maker, order.outcome, order.side)
        for bucket, (_, level) in enumerate(groupby(matches, lambda match: match.taker_price)):
            trade = self._trade(listed, taker, list(level), bucket)
            order = _fed(order, trade.shares, trade.cost, trade.trade_id, self._world.now_ns)
        return order

    def met_by_crowd(self, listed: Round, match: Match) -> None:
        """One of the crowd took from somebody who rests."""
        is_normal = match.kind is MatchKind.NORMAL
        outcome = match.maker_outcome if is_normal else match.maker_outcome.other
        side = match.maker_side.other if is_normal else match.maker_side
        name = hash_of(f"{self._world.seed}:crowd taker:{self._count}")
        self._trade(listed, _Taker(name, "", CROWD, outcome, side), [match], 0)

    def _trade(
        self, listed: Round, taker: _Taker, matches: Sequence[Match], bucket: int
    ) -> VenueTrade:
        now_ns = self._world.now_ns
        trade_id = uuid_of(f"{self._world.seed}:trade:{self._count}")
        self._count += 1
        parts = tuple(self._parts(listed, taker, trade_id, matches))
        trade = VenueTrade(
            trade_id=trade_id,
            taker_order_id=taker.order_id,
            taker_api_key=taker.api_key,
            taker_wallet=taker.wallet,
            slug=listed.slug,
            condition_id=listed.condition_id,
            token_id=listed.token_of(taker.outcome),
            outcome=taker.outcome,
            side=taker.side,
            price=matches[0].taker_price,
            shares=Shares(sum(part.shares for part in parts)),
            cost=Usd(sum(part.taker_usd for part in parts)),
            fee=Usd(sum(match.taker_fee for match in matches)),
            matched_ns=now_ns,
            updated_ns=now_ns,
            maker_parts=parts,
            bucket_index=bucket,
        )
        self._lives.begin(trade, listed)
        for match, part in zip(matches, parts, strict=True):
            self._feed_maker(match, part, trade_id)
        return trade

    def _parts(
        self, listed: Round, taker: _Taker, trade_id: str, matches: Sequence[Match]
    ) -> Iterator[MakerPart]:
        count = cost_of if taker.side is Side.BUY else proceeds_of
        for number, match in enumerate(matches):
            maker = self._keeper.file.get(match.maker_order_id)
            taker_usd = count(match.taker_price, match.shares)
            is_normal = match.kind is MatchKind.NORMAL
            yield MakerPart(
                order_id=match.maker_order_id or hash_of(f"{trade_id}:crowd:{number}"),
                api_key=maker.api_key if maker else "",
                maker=maker.maker if maker else CROWD,
                token_id=listed.token_of(match.maker_outcome),
                outcome=match.maker_outcome,
                side=match.maker_side,
                price=match.maker_price,
                shares=match.shares,
                usd=taker_usd if is_normal else Usd(match.shares - taker_usd),
                taker_usd=taker_usd,
            )

    def _feed_maker(self, match: Match, part: MakerPart, trade_id: str) -> None:
        maker = self._keeper.file.get(match.maker_order_id)
        if maker is None:
            return
        fed = _fed(maker, part.shares, part.usd, trade_id, self._world.now_ns)
        if not fed.remaining:
            fed = evolve(fed, status=OrderStatus.MATCHED)
        self._keeper.keep(fed, OrderChange.UPDATE)


def _fed(order: VenueOrder, shares: Shares, usd: Usd, trade_id: str, now_ns: int) -> VenueOrder:
    return evolve(
        order,
        matched=Shares(order.matched + shares),
        spent=Usd(order.spent + usd),
        trade_ids=(*order.trade_ids, trade_id),
        changed_ns=now_ns,
    )
