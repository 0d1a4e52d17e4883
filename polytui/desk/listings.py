"""What is said of one asset's rounds until they are settled: found, open, closed, their strikes,
what of ours has not arrived."""

from __future__ import annotations

from typing import get_args

from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.round import may_say
from polytui.desk.round_phase import Move
from polytui.desk.rounds import DeskRounds
from polytui.model import events as ev

RoundWord = (
    ev.RoundFound
    | ev.RoundOpened
    | ev.RoundClosed
    | ev.StrikePublished
    | ev.AcceptanceChanged
    | ev.InTransit
)
ROUND_WORDS = get_args(RoundWord)


class Listings:
    """Stateless: the rounds remember, and the account counts those that opened."""

    def __init__(self, rounds: DeskRounds, ledger: AssetLedger) -> None:
        self._rounds = rounds
        self._ledger = ledger
        self._arrivals = ledger.asset_account.arrivals

    def told(self, event: RoundWord, now_ns: int) -> None:
        """A word on a round; on one that is not known only that it was found counts."""
        if isinstance(event, ev.RoundFound):
            self._found(event, now_ns)
            return
        has_arrived = isinstance(event, ev.InTransit) and self._arrivals.take(event)
        market_round = self._rounds.get(event.slug)
        if market_round is None:
            return
        match event:
            case ev.RoundOpened(is_late=is_late):
                market_round.move(Move.OPENS)
                if not is_late:
                    self._ledger.asset_account.note_opened(market_round.round)
            case ev.RoundClosed():
                market_round.move(Move.CLOSES)
            case ev.StrikePublished(strike=strike, source=source):
                if may_say(source, market_round.round.settlement):
                    market_round.know_strike(strike, source)
            case ev.AcceptanceChanged(takes_orders=takes_orders):
                market_round.takes_orders = takes_orders
            case ev.InTransit() if has_arrived:
                # Who could not sell all of it sells the rest now, and waits for nothing else.
                market_round.last_exits.clear()

    def _found(self, event: ev.RoundFound, now_ns: int) -> None:
        """Also one that is known: it may take orders no more, or again."""
        self._rounds.find(event.round).takes_orders = event.round.takes_orders
        if self._ledger.asset_account.strays:
            self._ledger.place_strays(now_ns, self._rounds.place_of)
