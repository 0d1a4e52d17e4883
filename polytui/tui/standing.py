"""Questions that are asked again and again while somebody looks, and what was answered last."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, evolve, field, frozen
from msgspec.structs import replace

from polytui.model.query import Answer, Query
from polytui.tui.past import Known, Send, next_number

_AGAIN_S = 2.0
_TIMES = 20.0
"""A question that takes long is asked less often: of the engine's time it may have a twentieth."""
_WAIT_S = 15.0
"""For an answer: an engine that has not given one by then is asked again."""


@frozen
class StandingAnswer:
    """What was answered, and to what."""

    query: Query
    known: Known
    took_s: float


@frozen
class _OnItsWay:
    number: int
    query: Query
    at_s: float


@define
class StandingQuestions:
    """State: by name, the question on its way, the last answer, and when it is due again."""

    again_s: float = _AGAIN_S
    told: dict[str, StandingAnswer] = field(factory=dict)
    unsent: str = ""
    """Why nobody was asked."""
    _asked: dict[str, _OnItsWay] = field(factory=dict)
    _due_s: dict[str, float] = field(factory=dict)

    def ask(self, wanted: Mapping[str, Query], now_s: float, send: Send) -> None:
        """Whatever of `wanted` is new, or due again. One of a name is on its way at a time, so that
        whoever types fast asks only for what is written in the end."""
        for name in [name for name in self._asked if name not in wanted]:
            del self._asked[name]
        for name, query in wanted.items():
            if not self._is_due(name, query, now_s):
                continue
            number = next_number()
            if not send(replace(query, query_id=number)):
                self.unsent = "no engine to ask"
                return
            self.unsent = ""
            self._asked[name] = _OnItsWay(number, query, now_s)

    def _is_due(self, name: str, query: Query, now_s: float) -> bool:
        asked = self._asked.get(name)
        if asked is not None:
            return now_s - asked.at_s >= _WAIT_S
        told = self.told.get(name)
        return told is None or told.query != query or now_s >= self._due_s.get(name, 0.0)

    def hurry(self) -> None:
        """What is known is old: ask for all of it now."""
        self._due_s.clear()

    def forget(self) -> None:
        """What is known answers another question: nothing of it is shown any more."""
        self.told.clear()
        self._asked.clear()
        self._due_s.clear()

    def hear(self, answer: Answer, now_s: float) -> None:
        """Take an answer; one that nobody waits for any more is let go."""
        found = next(
            (pair for pair in self._asked.items() if pair[1].number == answer.query_id), None
        )
        if found is None:
            return
        name, asked = found
        del self._asked[name]
        took_s = now_s - asked.at_s
        self._due_s[name] = now_s + max(self.again_s, _TIMES * took_s)
        before = self.told.get(name)
        if answer.error and before is not None and before.query == asked.query:
            # What was known stays beside what is wrong now, and gets older.
            known = evolve(before.known, error=answer.error)
        else:
            known = Known.of(answer, now_s)
        self.told[name] = StandingAnswer(asked.query, known, took_s)

    # --- what is known --------------------------------------------------------------------------

    def known(self, name: str) -> Known | None:
        told = self.told.get(name)
        return None if told is None else told.known

    def answers(self, name: str, query: Query) -> bool:
        """Whether the last answer is one to this very question."""
        told = self.told.get(name)
        return told is not None and told.query == query

    @property
    def slowest_again_s(self) -> float:
        """After so long an answer is replaced by the next one, at the latest."""
        return max(
            (max(self.again_s, _TIMES * one.took_s) for one in self.told.values()), default=0
        )

    @property
    def trouble(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        errors = (one.known.error for one in self.told.values() if one.known.error)
        return self.unsent or next(errors, "")
