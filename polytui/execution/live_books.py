"""The account as the venue tells it: one path of truth, whoever asked or listened.

The user channel, the answers to orders, looks, reconciles and the beginning of a desk all bring the
same `UserOrder` and `UserTrade` here, twice, late or out of order, and get reports out of it: each
fill of each order once, its reversal once, each order's life and end once.

Pure: no awaits, no clock. It keeps its own cash and shares apart from the ledgers', so that they
can be compared to the millionth.
"""

from __future__ import annotations

from collections.abc import Sequence

from polytui.execution.client import Carried, VenueMoney
from polytui.execution.live_orders import LiveOrders
from polytui.execution.live_purse import LivePurse
from polytui.execution.live_rounds import LiveMerge, LiveRound, LiveRounds, TokenPlace
from polytui.execution.live_trades import LiveTrades, Say, Told
from polytui.execution.live_transit import LiveTransit
from polytui.execution.order_names import OrderNames
from polytui.ledger.bookings import MERGE
from polytui.model.events import DeskOpened, FoundOrder, HeldRound, PairsMerged, RoundSettled
from polytui.model.instrument import Asset, Round
from polytui.model.units import Shares, Usd
from polytui.venues.polymarket.user_channel import UserOrder, UserTrade

_KEPT_SETTLED = 64
"""Rounds of an asset whose trades are still known after their end."""
_TOLD_OF = 4
"""Settled rounds of which a desk that begins anew is told what was counted: what a crash left in an
inbox is not older."""


def _nobody_listens(_level: str, _asset: str, _text: str) -> None:
    """Where no people are."""


class LiveBooks:
    """State: rounds, orders and trades that were told, money."""

    def __init__(self, carried: Carried | None = None, say: Say = _nobody_listens) -> None:
        self.names = OrderNames()
        self.purse = LivePurse.of(carried)
        self.rounds = LiveRounds()
        self.trades = LiveTrades(self.rounds, self.names, self.purse, say)
        self.transit = LiveTransit(self.rounds, self.trades)
        self.orders = LiveOrders(self.rounds, self.names, self.trades, say)
        self._realised = dict.fromkeys(Asset, 0)
        """Of rounds that are known no more, and of earlier sessions."""
        for asset, desk in ({} if carried is None else carried.desks).items():
            self._realised[asset] = desk.realised
            for held in desk.held:
                self.rounds.list_round(held.round).carried = held
            self.trades.count_already(asset, desk.counted)
        for asset, failed in ({} if carried is None else carried.failed).items():
            self.trades.failed_already(asset, failed)

    # --- what comes in ----------------------------------------------------------------------------

    def list_round(self, listed: Round) -> Told:
        """A round was found; what was told of its tokens before is told now."""
        self.rounds.list_round(listed)
        return self.transit.around(self.trades.listed(listed))

    def place_of(self, token_id: str) -> TokenPlace | None:
        return self.rounds.place_of(token_id)

    def take_trade(self, trade: UserTrade) -> Told:
        """One message or row about one trade; what is new in it."""
        told = self.trades.take(trade)
        for match in trade.matches:
            told += self.orders.complete(match.order_id)
        return self.transit.around(told)

    def take_order(self, order: UserOrder) -> Told:
        """One message or row about one order; what is new in it."""
        return self.orders.take(order)

    def accepted(self, order_id: str) -> Told:
        """The answer to an order said that it was taken."""
        return self.orders.accepted(order_id)

    def refused(self, order_id: str) -> None:
        """The answer to an order proved that it never lived: whoever answered says so."""
        self.orders.refused(order_id)

    def answer_look(self, order: UserOrder) -> Told:
        """What the venue said of an order that somebody asked for; its fills were taken already."""
        return self.orders.answer_look(order)

    def set_aside(self, key: str, slug: str, shares: Shares) -> Told:
        """So many pairs of a round are on their way to be merged, and cannot be sold."""
        self.transit.set_aside(key, slug, shares)
        return self.transit.around([])

    def let_go(self, key: str) -> Told:
        """What was set aside under this key is gone, as the ledgers know by now, or back."""
        self.transit.let_go(key)
        return self.transit.around([])

    def settle(self, event: RoundSettled) -> Told:
        """Nothing to report: its orders end by the venue's own word."""
        for live in self.rounds:
            if live.settled is None and event.settles(live.listed):
                live.settled = event
                self.purse.pay_out(live.payout)
                self.trades.changes += 1
                self._forget_old(live.listed.asset)
                break
        return []

    def merge(self, merged: PairsMerged) -> Told:
        """Pairs of ours became dollars on the chain: they are set aside no more. Nothing to report
        where that is known, or nobody knows its round."""
        self.transit.let_go(merged.key)
        key, live = (MERGE, merged.key), self.rounds.get(merged.slug)
        if live is None or not self.trades.note_merge(key, live.listed):
            return self.transit.around([])
        paid = live.payout
        live.merges[key] = LiveMerge(merged.shares, len(live.fills))
        self.purse.trade(merged.shares, live.payout - paid)
        self.trades.changes += 1
        return self.transit.around([(live.listed.asset, merged)])

    def _forget_old(self, asset: Asset) -> None:
        """Beyond the last of them a settled round is only its result."""
        ended = self.rounds.settled(asset)
        for live in ended[: max(0, len(ended) - _KEPT_SETTLED)]:
            slug = live.listed.slug
            self._realised[asset] += _result(live)
            self.trades.forget_round(slug)
            for venue_id in self.names.forget_round(slug):
                self.orders.forget(venue_id)
            self.rounds.forget(slug)

    # --- what a desk begins with ------------------------------------------------------------------

    def opening(self, asset: Asset, life: int, working: Sequence[FoundOrder] = ()) -> DeskOpened:
        """`working`: what the venue was asked for just now, or may be on its way to it."""
        by_slug: dict[str, list[FoundOrder]] = {}
        for found in working:
            by_slug.setdefault(found.order.slug, []).append(found)
        held = []
        for live in self.rounds.of(asset):
            found_here = tuple(by_slug.get(live.listed.slug, ()))
            if live.settled is None and (found_here or not live.is_empty):
                one = live.held()
                held.append(HeldRound(one.round, one.holdings, one.cash_flow, found_here))
        old = {one.listed.slug for one in self.rounds.settled(asset)[:-_TOLD_OF]}
        counted = tuple(self.trades.counted(asset, but=old))
        cash = self.purse.starting_cash
        return DeskOpened(
            asset,
            life,
            cash,
            self.realised(asset),
            tuple(held),
            counted,
            is_live=True,
            in_transit=self.transit.of_asset(asset),
        )

    def found(self, order_id: str, *, is_certain: bool = True) -> FoundOrder:
        """An order that somebody here knows, by our name for it, with the fills that were told."""
        return self.orders.found(self.names.venue(order_id), is_certain=is_certain)

    def realised(self, asset: Asset) -> Usd:
        return Usd(self._realised[asset] + sum(map(_result, self.rounds.settled(asset))))

    # --- money ------------------------------------------------------------------------------------

    def money(self) -> VenueMoney:
        return self.purse.money()

    def begin_with(self, collateral: Usd) -> None:
        """The first session of an account, which has so much now: what was traded in rounds that
        are open was paid out of more."""
        moved = self.purse.traded - sum(fill.flow for fill in self.trades.on_the_way())
        self.purse.begin_with(Usd(collateral - moved))


def _result(live: LiveRound) -> int:
    """Of a settled round."""
    return live.flow + live.payout
