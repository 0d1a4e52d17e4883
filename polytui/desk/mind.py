"""All desks and their account behind one door: the order of taking is the order of the world.

Whoever runs the desks (the engine, a replay, a backtest) calls `take` and nothing else, so the
same calls give the same effects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from polytui.desk.account import Account
from polytui.desk.desk import Desk
from polytui.desk.patience import ENDLESS, Patience
from polytui.desk.step import Ready, Step
from polytui.model.effects import Effect
from polytui.model.events import DeskOpened, Event
from polytui.model.instrument import Asset
from polytui.strategy.proposal import QuotingStrategy
from polytui.strategy.registry import QUOTING


class Taken(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands in the order of all desks, and what came of it."""

    seq: int
    effects: tuple[Effect, ...]


class Mind:
    """State: the account, one desk an asset, and the number of the last event taken."""

    def __init__(self, quoting: Sequence[QuotingStrategy] = QUOTING) -> None:
        self._quoting = tuple(quoting)
        self.account = Account()
        self.desks: dict[Asset, Desk] = {}
        self.seq = 0
        self.at_ns = 0
        """When the last event was taken."""

    def take(
        self,
        asset: Asset,
        now_ns: int,
        event: Event,
        *,
        is_last: bool,
        ready: Ready | None = None,
        patience: Patience = ENDLESS,
    ) -> Taken:
        """Give one event to its desk. DeskOpened makes a new desk: a life begins with it."""
        if type(event) is DeskOpened:
            self._open(asset, now_ns)
        self.seq = seq = self.seq + 1
        self.at_ns = now_ns
        desk = self.desks[asset]
        try:
            return Taken(seq, desk.step(Step(seq, now_ns, patience), event, is_last, ready))
        except Exception:
            desk.is_sound = False
            raise

    def take_alone(self, asset: Asset, now_ns: int, event: Event) -> tuple[Effect, ...]:
        """The same of an event that is a batch by itself, as most of a past are; its number is
        `seq`. What is passed by name and what is made to be unpacked cost a tenth of an event."""
        if type(event) is DeskOpened:
            self._open(asset, now_ns)
        self.seq = seq = self.seq + 1
        self.at_ns = now_ns
        desk = self.desks[asset]
        try:
            return desk.step(Step(seq, now_ns), event, True)
        except Exception:
            desk.is_sound = False
            raise

    def _open(self, asset: Asset, now_ns: int) -> None:
        """The market goes on while nobody lives, and what is known of it is only older: a new desk
        begins with what the one before knew. Not with what a desk was doing when it broke, which
        might break the next one as well."""
        desk, before = Desk(asset, self.account, self._quoting), self.desks.get(asset)
        if before is not None and before.is_sound:
            desk.inherit(before, now_ns)
        self.desks[asset] = desk

    def quote_by(self, quoting: Sequence[QuotingStrategy]) -> None:
        """These quote from here on: they are the program's, and no part of the state."""
        self._quoting = tuple(quoting)
        for desk in self.desks.values():
            desk.quote_sets.strategies = self._quoting

    @property
    def book_lag_ns(self) -> int:
        """How late the newest frame of books was read, of the asset that is worst."""
        return max([desk.rounds.lag_ns for desk in self.desks.values()], default=0)

    def digest(self) -> str:
        """Sixteen hex digits over everything that decides what comes next."""
        return hashlib.blake2b(msgspec.json.encode(self.state()), digest_size=8).hexdigest()

    def state(self) -> tuple[object, ...]:
        """What a digest is made of: of what is over nothing is in it but its sums."""
        desks = [desk.state() for _, desk in sorted(self.desks.items())]
        return (self.seq, self.at_ns, self.account.state(), desks)
