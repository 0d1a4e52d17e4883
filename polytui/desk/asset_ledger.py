"""What one asset has: working orders and positions, and its share of the account kept true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from polytui.config.deciding import ClaimSettings
from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_account import AssetAccount
from polytui.ledger.attribution import NOBODY
from polytui.ledger.bookings import (
    Booking,
    Line,
    Merged,
    Reckoning,
    Restored,
    SettledRound,
    book,
    enters,
    without,
)
from polytui.ledger.claims import Beliefs
from polytui.ledger.positions import Positions
from polytui.ledger.working import MOVES, LookRule, WorkingOrders
from polytui.model import events as ev
from polytui.model.effects import Effect, LookUp, Reason, Warn, Why
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Fill, Order, OrderMove, Side
from polytui.model.units import MICRO, Usd

_MOST_STRAYS, _MOST_COUNTED = 1_000, 4_000

Place = tuple[Round, Outcome]
"""What a token is."""
FindPlace = Callable[[str], Place | None]
"""The round and outcome of a token that the desk follows."""


class AssetLedger:
    """State: the two ledgers of one asset. Every change of either is told to the exposure, which is
    kept in the account and outlives a desk."""

    def __init__(self, asset: Asset, account: Account) -> None:
        self._asset = asset
        self._account = account
        self.asset_account: AssetAccount = account.of(asset)
        self.exposure = self.asset_account.exposure
        self.positions = Positions()
        self.orders = WorkingOrders(self.asset_account.contradictions)
        self._listed: dict[str, Round] = {}
        """Every round that something was ordered or held in, by slug."""
        self._counted: dict[ev.Trade, None] = {}
        """Fills that were in what the venue said at the beginning of this life and are booked
        nowhere here, oldest first: of rounds that are over, or heard of by no life before."""
        self.configure(Settings())

    def configure(self, settings: Settings) -> None:
        execution = settings.execution
        self._rules = [LookRule.of(settings, is_live=is_live) for is_live in (False, True)]
        self._cancel_again_ns = execution.cancel_again_ns
        self._keep_settled_ns = execution.keep_settled_ns
        self._ramp_rounds = settings.live.ramp_rounds

    @property
    def _rule(self) -> LookRule:
        return self._rules[self._account.is_live]

    # --- a life begins ----------------------------------------------------------------------------

    def begin(self, event: ev.DeskOpened, now_ns: int) -> None:
        """What was realised is what the venue says, not what a crash left us. What was settled
        meanwhile is a result like any other."""
        self.asset_account.is_traded = True
        self._account.starting_cash = event.cash
        self._account.is_live = self._account.is_live or event.is_live
        self.asset_account.feeds.begin(now_ns, is_live=event.is_live)
        self.asset_account.arrivals.begin(event.in_transit)
        missed = Usd(event.realised - self.asset_account.realised)
        self._account.realise(self._asset, missed, now_ns)
        self._account.note_settled(self._asset, missed)
        self.exposure.clear()
        for held in event.held:
            self._restore(held, now_ns)
        self._forget_unheld([held.round.slug for held in event.held])
        booked = self.asset_account.bookings.keys()  # a round that was just forgotten is in none
        kept = [key for key in event.counted if key not in booked]
        self._counted = dict.fromkeys(kept[-_MOST_COUNTED:])
        for key in self._counted:
            self.asset_account.strays.pop(key, None)

    def _restore(self, held: ev.HeldRound, now_ns: int) -> None:
        slug = held.round.slug
        self._listed[slug] = held.round
        if held.holdings or held.cash_flow or slug in self.asset_account.live.rounds:
            self.positions.restore(held)
            self.asset_account.live.restore(held, now_ns)
            self.asset_account.bookings.add(slug, Restored(held, now_ns))
            self._held_is_now(slug)
        for found in held.working:
            self._adopt(found, held.round)

    def _adopt(self, found: ev.FoundOrder, listed: Round) -> None:
        order = found.order
        self._listed[listed.slug] = listed
        working = self.orders.adopt(found, listed.fees.fee(order.price, order.shares))
        self.exposure.work(listed, working)

    def _forget_unheld(self, held: list[str]) -> None:
        """A round that was settled while nobody listened: its result is in the realised one."""
        for slug in self.asset_account.live.rounds:
            if slug not in held:
                self.asset_account.live.forget(slug)
                self.asset_account.bookings.forget_open(slug)

    def counted(self) -> list[ev.Trade]:
        """Every fill that is in what stands here, told as this life began or booked later."""
        bookings = self.asset_account.bookings
        told = [key for key in self._counted if not bookings.has_failed(key)]
        return [*told, *sorted(bookings.keys().difference(told))]

    # --- our own moves ----------------------------------------------------------------------------

    def place(self, order: Order, listed: Round) -> None:
        self._listed[listed.slug] = listed
        working = self.orders.add(order, listed.fees.fee(order.price, order.shares))
        self.asset_account.orders += 1
        self.exposure.work(listed, working)

    def ask_cancel(self, order_id: str, now_ns: int) -> bool:
        """Whether a cancel is to go out: not where the venue refused one a moment ago."""
        working = self.orders.get(order_id)
        refused_ns = 0 if working is None else working.cancel_refused_ns
        if refused_ns and now_ns < refused_ns + self._cancel_again_ns:
            return False
        self.orders.move(order_id, OrderMove.CANCEL_ASKED)
        return True

    def ask_cancel_all(self) -> None:
        for each in self.orders.working():
            self.orders.move(each.order.order_id, OrderMove.CANCEL_ASKED)

    def due_looks(self, now_ns: int) -> list[Effect]:
        """Whom the venue is to be asked about now."""
        looks = self.orders.due_looks(now_ns, self._rule)
        strays, again_ns = self.asset_account.stray_orders, self._rule.again_ns
        for order_id, asked_ns in strays.items():
            if now_ns >= asked_ns + again_ns:
                strays[order_id] = now_ns
                looks.append(order_id)
        return [LookUp(order_id) for order_id in looks]

    # --- what the venue says ----------------------------------------------------------------------

    def reported(self, event: Any, now_ns: int, place: FindPlace) -> list[Effect]:
        """One report of the execution client; what people must know of it, and what must be asked.
        Nothing that a venue says raises."""
        before = self.asset_account.contradicted
        effects = self._take(event, now_ns, place)
        working = self.orders.get(event.order_id)
        if working is not None:
            self.exposure.work(self._listed[working.order.slug], working)
        count = self.asset_account.contradicted
        if count > before:
            effects.append(Warn(Why(Reason.CONTRADICTED, count, 0.0, "answers")))
        return effects

    def _take(self, event: Any, now_ns: int, place: FindPlace) -> list[Effect]:
        match event:
            case ev.Filled():
                return self._filled(event, now_ns, place)
            case ev.Reversed():
                return self._reversed(event, now_ns, place)
            case ev.OrderFound(found):
                return self._found(found, place)
            case ev.NotFound(order_id, looked_ns):
                self.orders.missed(order_id, looked_ns, self._rule)
            case _:
                self.orders.move(event.order_id, MOVES[type(event)], now_ns)
        self.asset_account.stray_orders.pop(event.order_id, None)
        return []

    def _found(self, found: ev.FoundOrder, place: FindPlace) -> list[Effect]:
        """It works. One that nobody wants is cancelled like any other."""
        order_id = found.order.order_id
        self.asset_account.stray_orders.pop(order_id, None)
        if self.orders.get(order_id) is not None:
            self.orders.move(order_id, OrderMove.ACCEPTED)
        elif (known := place(found.order.token_id)) is not None:
            self._adopt(found, known[0])
        else:
            self.asset_account.unplaced += 1
        return []

    def _filled(self, event: ev.Filled, now_ns: int, place: FindPlace) -> list[Effect]:
        key = (event.order_id, event.trade_id)
        bookings = self.asset_account.bookings
        if key in self._counted or bookings.has_failed(key):
            return []
        working = self.orders.get(event.order_id)
        if working is None:
            return self._stray(event, now_ns, place)
        is_first, fill = not working.filled, _fill_of(event)
        if not bookings.knows_of(working.order.slug, key) and self.orders.fill(
            event.order_id, fill
        ):
            order = working.order
            whose = (order.slug, order.order_id, order.outcome, order.side, order.strategy)
            is_rung = bool(order.rung) and order.side is Side.BUY
            if is_rung and is_first:
                self._account.note_trade(now_ns)
            self._book(Booking(*whose, fill, now_ns, order.worth, is_rung))
        return []

    def _stray(self, event: ev.Filled, now_ns: int, place: FindPlace) -> list[Effect]:
        """A fill of an order nobody knows: of an earlier process, or of a life before this. The
        money has moved, so it counts at once; the venue is asked what else the order may do."""
        key, account = (event.order_id, event.trade_id), self.asset_account
        if key in account.strays or account.bookings.knows(key):
            return []
        account.stray_fills += 1
        account.stray_orders[event.order_id] = now_ns
        if not self._book_stray(event, now_ns, place):
            account.strays[key] = event
            if len(account.strays) > _MOST_STRAYS:
                del account.strays[next(iter(account.strays))]
                account.unplaced += 1
        why = Why(Reason.STRAY_FILL, event.shares / MICRO, 0.0, "shares")
        return [Warn(why), LookUp(event.order_id)]

    def place_strays(self, now_ns: int, place: FindPlace) -> None:
        """A round was found: perhaps the one that they belong to."""
        strays = self.asset_account.strays
        for key in [key for key, event in strays.items() if place(event.token_id) is not None]:
            self._book_stray(strays.pop(key), now_ns, place)

    def _book_stray(self, event: ev.Filled, now_ns: int, place: FindPlace) -> bool:
        """False where nobody knows what was filled."""
        if event.side is None:
            return False
        known, bookings = place(event.token_id), self.asset_account.bookings
        if known is not None:
            self._listed[known[0].slug] = known[0]
            slug, outcome = known[0].slug, known[1]
        elif (ended := bookings.settled_token(event.token_id)) is not None:
            slug, outcome = ended
        else:
            return False
        whose = (slug, event.order_id, outcome, event.side, NOBODY)
        self._book(Booking(*whose, _fill_of(event), now_ns))
        return True

    def _book(self, line: Booking) -> None:
        """One fill into everything that counts fills."""
        account, slug = self.asset_account, line.slug
        account.fees = Usd(account.fees + line.fill.fee)
        account.fills += 1
        self._account.ramp.traded(slug, self._account.ramp_rounds(self._ramp_rounds))
        if account.bookings.settled_of(slug) is not None:
            lines = account.bookings.lines(slug)
            self._reckon_anew(slug, lines, [*lines, line], line.at_ns)
            return
        if line.side is Side.SELL and line.fill.shares > self.positions.of(slug).shares(
            line.outcome
        ):
            self.orders.contradict("sold more than is held")
        if enters(line, account.live):
            account.note_entered(slug, line.strategy, line.outcome)
        book(line, self.positions, account.live)
        account.bookings.add(slug, line)
        self._held_is_now(slug)

    def merged(self, event: ev.PairsMerged, now_ns: int) -> bool:
        """Pairs became dollars; False if that is counted, or its round forgotten and paid."""
        line = Merged(event.slug, event.shares, event.key, now_ns)
        bookings, lines = self.asset_account.bookings, self.asset_account.bookings.lines(event.slug)
        is_known = line.key in self._counted or bookings.counts(line.key)
        if lines and not is_known:
            self._reckon_anew(event.slug, lines, [*lines, line], now_ns)
        return bool(lines) and not is_known

    # --- what never happened ----------------------------------------------------------------------

    def _reversed(self, event: ev.Reversed, now_ns: int, place: FindPlace) -> list[Effect]:
        """A trade failed in the end: everything as if this fill had never been. It is not waited
        for any more either, should it only come now."""
        key, account = (event.order_id, event.trade_id), self.asset_account
        line = account.bookings.find(key)
        if not account.bookings.fail(key):
            return []
        account.reversals += 1
        self.orders.reverse(*key)
        account.strays.pop(key, None)
        if line is not None:
            account.fees = Usd(account.fees - line.fill.fee)
            account.fills -= 1
            fill = line.fill
            event = evolve(
                event, side=line.side, price=fill.price, shares=fill.shares, fee=fill.fee
            )
        where = self._where(event, line, place) if line or key in self._counted else None
        if where is not None:
            slug, outcome = where
            lines = account.bookings.lines(slug)
            kept = without(lines, event, outcome)
            self._reckon_anew(slug, lines, kept, now_ns)
            if line is not None and line.is_rung and not _fills(kept, line.order_id):
                self._account.forget_trade(line.at_ns)
        elif key in self._counted:
            account.unplaced += 1
        return []

    def _where(
        self, event: ev.Reversed, line: Booking | None, place: FindPlace
    ) -> tuple[str, Outcome] | None:
        if line is not None:
            return line.slug, line.outcome
        known = place(event.token_id)
        if known is None:
            return None
        self._listed[known[0].slug] = known[0]
        return known[0].slug, known[1]

    def _reckon_anew(self, slug: str, before: list[Line], after: list[Line], now_ns: int) -> None:
        """A round whose fills are others than we thought, open or settled not long ago."""
        account = self.asset_account
        was, now = Reckoning.of(slug, before), Reckoning.of(slug, after)
        account.bookings.replace(slug, after)
        settled = account.bookings.settled_of(slug)
        if settled is None:
            self.positions.replace(slug, now.position)
            account.enter_anew(slug, now.entered)
            self._held_is_now(slug)
        else:
            pnls = [each.settle(settled.winner) for each in (was, now)]
            delta = Usd(pnls[1] - pnls[0])
            self._account.correct(self._asset, delta, now_ns, settled.peak_before)
        account.live.rebook(slug, was.attribution, now.attribution)

    # --- a round ends -----------------------------------------------------------------------------

    def settle(
        self, listed: Round, winner: Outcome | None, now_ns: int, claims: ClaimSettings
    ) -> tuple[Usd, Usd]:
        """(payout, realised PnL) of a round, booked; what was filled is kept for a while."""
        slug = listed.slug
        self._keep_settled(listed, winner, now_ns)
        payout, pnl = self.positions.settle(slug, winner)
        self._account.realise(self._asset, pnl, now_ns, slug)
        asset_account = self.asset_account
        for attribution in (asset_account.live, asset_account.shadow):
            said, results = attribution.claims(slug), attribution.settle(slug, winner)
            if winner is not None:  # a void round proves nobody right or wrong
                self._account.claims.settle(self._asset, said, results, claims)
        self._account.note_settled(self._asset, pnl)
        asset_account.forget_round(slug)
        self.orders.forget_round(slug)
        self._listed.pop(slug, None)
        self.exposure.forget(slug)
        return payout, pnl

    def _keep_settled(self, listed: Round, winner: Outcome | None, now_ns: int) -> None:
        bookings, tokens = self.asset_account.bookings, (listed.up_token, listed.down_token)
        bookings.forget_settled(now_ns - self._keep_settled_ns)
        peak = self._account.peak
        bookings.settle(SettledRound(listed.slug, winner, now_ns, peak, tokens))

    def beliefs(self, strategy: str, claims: ClaimSettings) -> Beliefs:
        """How much of what a strategy claims on this asset is believed."""
        return self._account.claims.beliefs(self._asset, strategy, claims)

    def closing_of_others(self, listed: Round, strategy: str) -> Usd:
        """What the account can lose at this round's closing time, without what the strategy itself
        has in the round."""
        positions, working = (
            self.asset_account.live.open(listed.slug),
            self.orders.of_round(listed.slug),
        )
        held = sum(each.cost for each in positions if each.strategy == strategy)
        wanted = sum(each.reserved for each in working if each.order.strategy == strategy)
        return Usd(max(0, self._account.at_risk.at_stake_at(listed.closes_ns) - held - wanted))

    def _held_is_now(self, slug: str) -> None:
        self.exposure.hold(self._listed[slug], self.positions.of(slug))

    def state(self) -> tuple[object, ...]:
        return (self.positions.state(), self.orders.state(), sorted(self._counted))


def _fill_of(event: ev.Filled) -> Fill:
    return Fill(event.trade_id, event.price, event.shares, event.fee, event.is_taker)


def _fills(lines: list[Line], order_id: str) -> bool:
    """Whether any fill of the order is among them."""
    return any(isinstance(line, Booking) and line.order_id == order_id for line in lines)
