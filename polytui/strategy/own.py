"""A strategy that somebody else writes, outside of this package.

It says as little as one must: a side, what a share of it is worth and how sure that is, or why it
has no opinion. Edge, gates, size and exits are the common ones (`entry.py`), so it cannot ask for
an order that ours could not.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar, Generic, TypeVar

from polytui.config.deciding import GateSettings, StrategySettings
from polytui.config.schema import Settings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.plain_text import plain
from polytui.strategy.entry import Valuation, abstain, enter
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.window import EntryWindow, usual_window

Table = TypeVar("Table", bound=StrategySettings)

_MOST_WORDS = 60
_MOST_SAID = 200
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
"""Of an object in memory: another one in each process, and no replay could say it again."""


class OwnStrategy(ABC, Generic[Table]):
    """Inherit from it, and put one object of your class into `STRATEGY` of your file. It keeps
    nothing from view to view: the same view and settings always give the same opinion."""

    name: ClassVar[str]
    """Small letters, digits and _: its name in settings, journals, the database and the terminal.
    """
    settings: ClassVar[type[StrategySettings]] = StrategySettings
    """The class of its table [own.NAME]."""
    reads_features: ClassVar[bool] = True
    """False for one that looks at no feature: while nobody who is asked does, new ones are no
    reason to ask anybody. They are made with whatever else decides, once a second at least."""

    @abstractmethod
    def opinion(self, view: View, own: Table) -> Valuation | Why:
        """A side with its worth and confidence, or why there is none (`no_opinion`)."""

    def window(self, own: Table, gates: GateSettings) -> EntryWindow:
        """When it may enter; that of the gates unless it has hours of its own."""
        return usual_window(gates)


class NoOpinion(TypeError):
    """What a strategy answered is none, in words."""


def no_opinion(words: str, value: float = 0.0, limit: float = 0.0) -> Why:
    """Why it stays out, for people: "gap too small", 3, 5."""
    return Why(Reason.OWN, float(value), float(limit), plain(words, _MOST_WORDS))


class PlayedStrategy:
    """One of others as desks play it. Stateless but for the object that was loaded."""

    def __init__(self, own: OwnStrategy[Any], file_name: str = "") -> None:
        """`file_name`: of its source, for who reads why it was halted."""
        self.name = own.name
        self.file_name = file_name
        self._own = own
        self.kind = own.settings
        self.reads_features = bool(own.reads_features)
        self._usual = own.settings()

    def __deepcopy__(self, _: object) -> PlayedStrategy:
        """A mind is copied; the code that it asks is not."""
        return self

    def thresholds(self, settings: Settings) -> StrategySettings:
        found = settings.own.get(self.name)
        # Settings of a journal may be of a time when it had no table.
        return found if isinstance(found, self.kind) else self._usual

    def window(self, settings: Settings) -> EntryWindow:
        said: object = self._own.window(self.thresholds(settings), settings.gates)
        return said if isinstance(said, EntryWindow) else usual_window(settings.gates)

    def propose(self, view: View, settings: Settings) -> Proposal:
        """NoOpinion for an answer that is none; whatever its code raises."""
        own = self.thresholds(settings)
        said: object = self._own.opinion(view, own)
        if isinstance(said, Why):
            return abstain(_judged_why(said))
        opinion = _judged(said)
        return enter(view, opinion, own, settings, self.window(settings))


def _judged(said: object) -> Valuation:
    if not isinstance(said, Valuation):
        kind = type(said).__name__
        raise NoOpinion(f"opinion() gave {plain(kind, _MOST_WORDS)}, not a Valuation or a Why")
    if not isinstance(said.outcome, Outcome):
        raise NoOpinion("the outcome of its Valuation is neither Outcome.UP nor Outcome.DOWN")
    if type(said.worth) is float and type(said.confidence) is float:
        return said
    for name, value in (("worth", said.worth), ("confidence", said.confidence)):
        # One of numpy is made a plain one: journals hold nothing else.
        if isinstance(value, bool) or not _is_number(value):
            raise NoOpinion(f"the {name} of its Valuation is no number")
    return Valuation(said.outcome, float(said.worth), float(said.confidence))


def _is_number(value: object) -> bool:
    return isinstance(value, Real)


def _judged_why(said: Why) -> Why:
    try:
        unit = plain(said.unit, _MOST_WORDS)
        return Why(Reason(said.reason), float(said.value), float(said.limit), unit)
    except (TypeError, ValueError):
        raise NoOpinion("opinion() gave a Why whose parts are none") from None


def words_of(error: BaseException, file_name: str) -> str:
    """ "ZeroDivisionError: division by zero (line 31)": the last line of its own file."""
    try:
        text = str(error)
    except Exception:
        text = ""
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    line, at = 0, error.__traceback__
    while at is not None:
        if file_name and at.tb_frame.f_code.co_filename == file_name:
            line = at.tb_lineno
        at = at.tb_next
    where = f" (line {line})" if line else ""
    return plain(_ADDRESS.sub("0x…", said), _MOST_SAID) + where
