"""Who won: everybody who may know is asked at once, and who is trusted most has the word.

The order of trust is the venue's own: what was paid on the chain (Data API), then what the
exchange says (CLOB), then the listing (Gamma), whose answers are cached for up to a minute and
more. One that is away, slow or talks nonsense keeps nobody waiting for longer than a deadline, and
no other unheard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio
from attrs import field, frozen

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Round
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma

_AWAY = (Retry, Rejected, Unknown)
_MOST_WORDS = 120


@frozen
class Witness:
    """One who may know: its name in the journal, and how it is asked."""

    name: str
    ask: Callable[[Round], Awaitable[str | None]]
    """The winning token, NO_WINNER of a cancelled round, or None while it does not know."""


@frozen
class WinnerAnswer:
    """What came of one question."""

    winner_token: str | None
    source: str
    faults: dict[str, str] = field(factory=dict)
    """Why a witness said nothing, by its name."""
    others: dict[str, str] = field(factory=dict)
    """Witnesses who named somebody else, and whom."""


@frozen
class Winners:
    """The witnesses, the most trusted first, and the real seconds each of them has."""

    witnesses: Sequence[Witness]
    answer_s: float

    async def ask(self, listed: Round) -> WinnerAnswer:
        """Ask all of them; as soon as one knows whom nobody more trusted can overrule, it is
        decided."""
        said: dict[str, str | None] = {}
        faults: dict[str, str] = {}
        async with trio.open_nursery() as nursery:

            async def hear(witness: Witness) -> None:
                try:
                    said[witness.name] = await self._heard(witness, listed)
                except _AWAY as fault:
                    faults[witness.name] = str(fault)[:_MOST_WORDS]
                if self._is_decided(said, faults):
                    nursery.cancel_scope.cancel()

            for witness in self.witnesses:
                nursery.start_soon(hear, witness)
        return self._verdict(said, faults)

    def _verdict(self, said: dict[str, str | None], faults: dict[str, str]) -> WinnerAnswer:
        for witness in self.witnesses:
            winner = said.get(witness.name)
            if winner is not None:
                others = {n: t for n, t in said.items() if t is not None and t != winner}
                return WinnerAnswer(winner, witness.name, faults, others)
        return WinnerAnswer(None, "", faults)

    async def _heard(self, witness: Witness, listed: Round) -> str | None:
        token: str | None = None
        with trio.move_on_after(self.answer_s) as deadline:
            token = await witness.ask(listed)
        if deadline.cancelled_caught:
            raise Retry(f"no answer within {self.answer_s:g} s")
        if token is not None and token != NO_WINNER and listed.outcome_of(token) is None:
            raise Rejected(f"names {token[:20]}, which is no outcome of {listed.slug}")
        return token

    def _is_decided(self, said: dict[str, str | None], faults: dict[str, str]) -> bool:
        for witness in self.witnesses:
            if said.get(witness.name) is not None:
                return True
            if witness.name not in said and witness.name not in faults:
                return False
        return True


def winners_of(data: DataApi, clob: Clob, gamma: Gamma, answer_s: float) -> Winners:
    """The venue's three, in its own order of trust."""

    async def ask_clob(listed: Round) -> str | None:
        return await clob.winner(listed.condition_id)

    async def ask_gamma(listed: Round) -> str | None:
        return (await gamma.look(listed.slug)).winner_token

    witnesses = (
        Witness("data", data.winner),
        Witness("clob", ask_clob),
        Witness("gamma", ask_gamma),
    )
    return Winners(witnesses, answer_s)
