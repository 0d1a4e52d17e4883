"""The end of a round: what it paid, what came of it, and that nobody asks after it any more."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.round_phase import Move
from polytui.desk.rounds import DeskRounds
from polytui.desk.step import Step
from polytui.model.effects import VOID, Credit, Reason, Warn, Why
from polytui.model.events import RoundSettled
from polytui.model.instrument import Outcome


def settle(
    step: Step, event: RoundSettled, rounds: DeskRounds, ledger: AssetLedger, settings: Settings
) -> Credit | None:
    """What is credited, once; None for a round that is not ours to know, or settled already."""
    known = rounds.winner_of(event)
    if known is None or not known[0].move(Move.SETTLES):
        return None
    market_round, winner = known
    payout, pnl = ledger.settle(market_round.round, winner, step.now_ns, settings.claims)
    if winner is None:
        step.effects.append(Warn(Why(Reason.ROUND_VOID, 0.5, 1.0, "USD a share")))
    is_up = None if winner is None else winner is Outcome.UP
    ledger.asset_account.watch.settle(market_round.slug, is_up, step.now_ns, settings.watch)
    credit = Credit(market_round.slug, VOID if winner is None else winner.value, payout, pnl)
    step.effects.append(credit)
    rounds.forget(market_round)
    return credit
