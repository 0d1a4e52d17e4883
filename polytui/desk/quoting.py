"""From what is wanted to effects: what is not wanted is cancelled, what is missing placed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from msgspec.structs import replace

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.pretrade import fit
from polytui.desk.round import DeskRound
from polytui.desk.selection import WantedQuote
from polytui.desk.step import Step
from polytui.ledger.diff import changes
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Cancel, Place, Reason, Stamp, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Order, Side
from polytui.model.units import NS_PER_S, Shares, Usd
from polytui.risk.limits import Exposure, PreTrade

REQUOTE_TICKS = 2
"""A working order is moved only when its price is off by more."""


class Quoter:
    """Stateless but for what it points at: one asset's ledger, and the account of all."""

    def __init__(self, asset: Asset, account: Account, ledger: AssetLedger) -> None:
        self._asset = asset
        self._account = account
        self._ledger = ledger

    def want(
        self, step: Step, market_round: DeskRound, wanted: Sequence[WantedQuote], settings: Settings
    ) -> dict[str, Why]:
        """Make the working orders of a round what is wanted; by strategy, why one is not placed, or
        is smaller than it wanted."""
        working = self._ledger.of_round(market_round.slug)
        if not wanted and not working:
            return {}
        quotes = tuple([one.quote for one in wanted])
        owned_by = tuple([one.strategy for one in wanted])
        change = changes(quotes, working, REQUOTE_TICKS * market_round.round.tick, owned_by)
        for order_id in change.cancel:
            self._ledger.ask_cancel(order_id)
            step.effects.append(Cancel(order_id))
        # By identity: two strategies may want the very same.
        owners = {id(one.quote): one for one in wanted}
        whys: dict[str, Why] = {}
        for quote in change.place:
            one = owners[id(quote)]
            why = self._place_if_allowed(step, market_round, one, settings)
            if why is not None:
                whys[one.strategy] = why
        return whys

    def _place_if_allowed(
        self, step: Step, market_round: DeskRound, wanted: WantedQuote, settings: Settings
    ) -> Why | None:
        hurried = _hurry(market_round, wanted, step.now_ns, settings)
        if hurried is not None:
            return hurried
        approved = fit(
            market_round,
            wanted.quote,
            lambda quote: self.pre_trade(market_round, replace(wanted, quote=quote), step.now_ns),
            settings,
            is_exit=wanted.is_exit,
        )
        if isinstance(approved, Why):
            return approved
        self._place(step, market_round, replace(wanted, quote=approved.stamp.quote), approved.stamp)
        return approved.why

    def pre_trade(self, market_round: DeskRound, wanted: WantedQuote, now_ns: int) -> PreTrade:
        """What is at stake before an order, everything that works counted as if filled."""
        quote, ledger = wanted.quote, self._ledger
        working = ledger.of_round(market_round.slug)
        position, other = ledger.positions.of(market_round.slug), quote.outcome.other
        buying = sum([each.left for each in working if _buys(each, quote.outcome)])
        free_other = position.shares(other) - ledger.selling(market_round.slug, other)
        return PreTrade(
            **attrs.asdict(self.exposure(now_ns, market_round, quote.outcome)),
            now_ns=now_ns,
            is_killed=self._account.kill_switch.is_on,
            tick=market_round.round.tick,
            fee=market_round.round.fees.fee(quote.price, quote.shares),
            held=position.shares(quote.outcome),
            selling=ledger.selling(market_round.slug, quote.outcome),
            last_entry_ns=market_round.last_entry_ns,
            is_round_open=bool(working or position.up or position.down),
            is_reducing=wanted.is_exit and quote.side is Side.BUY,
            unpaired=Shares(max(0, free_other - position.shares(quote.outcome) - buying)),
        )

    def exposure(
        self, now_ns: int, market_round: DeskRound | None = None, outcome: Outcome | None = None
    ) -> Exposure:
        """What is at stake now; of a round and an outcome only where they are named, of intervals
        and closing times the one with the most where no round is."""
        account, asset_account = self._account, self._ledger.asset_account
        outcome_usd = round_usd = 0
        if market_round is not None:
            position = self._ledger.positions.of(market_round.slug)
            working = self._ledger.of_round(market_round.slug)
            round_usd = position.total_cost + sum([each.reserved for each in working])
            if outcome is not None:
                reserved = sum([each.reserved for each in working if _buys(each, outcome)])
                outcome_usd = position.cost(outcome) + reserved
        return Exposure(
            outcome_usd=Usd(outcome_usd),
            round_usd=Usd(round_usd),
            asset_usd=Usd(asset_account.position_cost + asset_account.reserved),
            closing_usd=self._closing_usd(market_round),
            account_usd=account.exposure,
            free_cash=account.free_cash,
            open_rounds=account.open_rounds,
            interval_rounds=self._interval_rounds(market_round),
            asset_rounds=len(asset_account.open),
            working_orders=asset_account.working,
            round_orders=0 if market_round is None else market_round.entries,
            trades_today=account.trades_today(now_ns),
            realised_today=account.realised_today(now_ns),
            at_stake=account.at_stake,
            drawdown=account.drawdown,
            drawdown_pct=account.drawdown_pct,
            losses_in_a_row=asset_account.losses_in_a_row,
        )

    def _closing_usd(self, market_round: DeskRound | None) -> Usd:
        account = self._account
        times = account.closings() if market_round is None else [market_round.round.closes_ns]
        return max((account.at_stake_at(each) for each in times), default=Usd(0))

    def _interval_rounds(self, market_round: DeskRound | None) -> int:
        intervals = list(Interval) if market_round is None else [market_round.round.interval]
        return max(self._account.open_rounds_of(each) for each in intervals)

    def _place(
        self, step: Step, market_round: DeskRound, wanted: WantedQuote, allowed: Stamp
    ) -> None:
        quote = wanted.quote
        market_round.entries += 1
        order = Order(
            order_id=f"{market_round.slug}-{step.seq}-{market_round.entries}",
            slug=market_round.slug,
            token_id=market_round.round.token_of(quote.outcome),
            outcome=quote.outcome,
            side=quote.side,
            price=quote.price,
            shares=quote.shares,
            tif=quote.tif,
            is_post_only=quote.is_post_only,
            strategy=wanted.strategy,
            placed_ns=step.now_ns,
            worth=quote.worth,
        )
        if wanted.is_exit:
            market_round.last_exits[wanted.strategy] = step.now_ns
        elif quote.side is Side.BUY:
            market_round.last_entry_ns = step.now_ns
            self._ledger.asset_account.signals += 1
            self._account.note_trade(step.now_ns)
        self._ledger.place(order, market_round.round)
        step.effects.append(Place(order, allowed))


def _hurry(
    market_round: DeskRound, wanted: WantedQuote, now_ns: int, settings: Settings
) -> Why | None:
    """Whether the last order that was to leave is too young: where nobody was found, nobody is
    found a moment later, and a venue that is asked ten times a second stops listening."""
    tried_ns = market_round.last_exits.get(wanted.strategy, 0) if wanted.is_exit else 0
    since_s = (now_ns - tried_ns) / NS_PER_S
    if tried_ns and since_s < settings.exits.retry_s:
        return Why(Reason.COOLDOWN, since_s, settings.exits.retry_s, "s between exits")
    return None


def _buys(working: WorkingOrder, outcome: Outcome) -> bool:
    return working.order.side is Side.BUY and working.order.outcome is outcome
