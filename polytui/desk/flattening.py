"""A person's wish to hold nothing more: what is sold for it, and when it is fulfilled."""

from __future__ import annotations

from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.rounds import DeskRounds
from polytui.ledger.diff import WantedQuote
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.units import floor_to_lot

FLATTEN = "flatten"
"""In place of a strategy's name, on the orders of a person who sells everything."""


class Flattening:
    """The wish stands in the asset's account, through a crash of the desk."""

    def __init__(self, ledger: AssetLedger) -> None:
        self._ledger = ledger
        self._asset_account = ledger.asset_account

    @property
    def is_asked(self) -> bool:
        return self._asset_account.is_flattening

    def end_when_done(self, rounds: DeskRounds) -> None:
        if self.is_asked and not self._is_more_left(rounds):
            self._asset_account.is_flattening = False

    def sales(self, market_round: DeskRound) -> list[WantedQuote]:
        """Sell what is held to whoever bids; what is too little to sell is held to settlement."""
        position = self._ledger.positions.of(market_round.slug)
        paired = min(position.up, position.down)  # worth a dollar each, whoever wins
        wanted = []
        for outcome in Outcome:
            book = market_round.book(outcome)
            shares = floor_to_lot(position.shares(outcome) - paired)
            if shares >= market_round.round.min_shares and book.is_settled and book.best_bid:
                quote = Quote(outcome, Side.SELL, book.best_bid, shares, TimeInForce.FAK)
                wanted.append(WantedQuote(FLATTEN, quote, is_exit=True))
        return wanted

    def _is_more_left(self, rounds: DeskRounds) -> bool:
        """Whether something is on its way out or still enough to be sold."""
        positions = self._ledger.positions
        return bool(self._asset_account.working) or any(
            abs(position.up - position.down) >= market_round.round.min_shares
            for market_round in rounds
            if market_round.phase is Phase.OPEN
            for position in (positions.of(market_round.slug),)
        )
