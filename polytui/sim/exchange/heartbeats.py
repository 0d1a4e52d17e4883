"""The dead man's switch: whoever began to beat and stops, loses his open orders.

A chain of ids holds each key's beats together: a beat names the id that the last one was answered
with. A beat that names another one is refused, and does not put off the end.
"""

from __future__ import annotations

from attrs import define, frozen

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.names import uuid_of
from polytui.sim.exchange.rules import ExchangeRules


@frozen
class BeatAnswer:
    heartbeat_id: str
    """What the next beat must name."""
    is_accepted: bool = True


@define
class _Chain:
    expected: str
    deadline_ns: int | None
    """None once it was missed: the orders are gone, and the next beat begins anew."""
    count: int = 0


class Heartbeats:
    """State: a chain by key."""

    def __init__(self, seed: int, rules: ExchangeRules) -> None:
        self._seed = seed
        self._lasts_ns = int(rules.heartbeat_s * NS_PER_S)
        self._chains: dict[str, _Chain] = {}

    def beat(self, api_key: str, heartbeat_id: str, now_ns: int) -> BeatAnswer:
        """An empty id begins a chain, where none is alive."""
        chain = self._chains.get(api_key)
        is_alive = chain is not None and chain.deadline_ns is not None
        if chain is None:
            chain = self._chains[api_key] = _Chain("", None)
        may_begin = not heartbeat_id and not is_alive
        if heartbeat_id != chain.expected and not may_begin:
            return BeatAnswer(chain.expected, is_accepted=False)
        chain.count += 1
        chain.expected = uuid_of(f"{self._seed}:{api_key}:beat:{chain.count}")
        chain.deadline_ns = now_ns + self._lasts_ns
        return BeatAnswer(chain.expected)

    def touch(self, api_key: str, now_ns: int) -> None:
        """The older beat, without an id: it belongs to any chain."""
        chain = self._chains.setdefault(api_key, _Chain("", None))
        chain.deadline_ns = now_ns + self._lasts_ns

    def expire(self, api_key: str) -> None:
        """As if its last beat had been too long ago: the next look finds it."""
        chain = self._chains.get(api_key)
        if chain is not None and chain.deadline_ns is not None:
            chain.deadline_ns = 0

    @property
    def is_any_alive(self) -> bool:
        return any(chain.deadline_ns is not None for chain in self._chains.values())

    def missed(self, now_ns: int) -> list[str]:
        """Keys whose beat is overdue, each told once."""
        found = []
        for api_key, chain in self._chains.items():
            if chain.deadline_ns is not None and chain.deadline_ns <= now_ns:
                chain.deadline_ns = None
                found.append(api_key)
        return found
