"""Who plays: our strategies, and those of others that were loaded; and which of these are halted.

A strategy of others is code that nobody here has read. What it raises, what it answers that is no
opinion, and an answer that was not waited for halt it, in all assets, until the next session or
another version of it. What it holds leaves by the exits, which ask none of its code.
"""

from __future__ import annotations

from functools import partial

from attrs import frozen

from polytui.config.schema import Settings
from polytui.desk.step import Step
from polytui.model import events as ev
from polytui.model.effects import HaltStrategy, Reason, Why
from polytui.strategy.entry import abstain
from polytui.strategy.own import NoOpinion, PlayedStrategy, words_of
from polytui.strategy.proposal import Proposal, Strategy, View
from polytui.strategy.registry import STRATEGIES, own_strategy


@frozen
class HaltedStrategy:
    """Which version of it, and why."""

    digest: str
    why: Why
    words: str


class Roster:
    """State: of strategies that are not ours those that were loaded, by which session, and those of
    them that are halted."""

    def __init__(self) -> None:
        self.loaded: tuple[ev.LoadedStrategy, ...] = ()
        self.halted: dict[str, HaltedStrategy] = {}
        self._session = ""

    def load(self, event: ev.StrategiesLoaded) -> None:
        digests = {one.name: one.digest for one in event.strategies}
        is_new = event.session != self._session
        for name, halted in list(self.halted.items()):
            if is_new or digests.get(name) != halted.digest:
                del self.halted[name]
        if event.strategies != self.loaded:
            self.loaded = event.strategies
        self._session = event.session

    def halted_words(self, name: str) -> str:
        """Why a strategy is halted; empty while it is asked."""
        halted = self.halted.get(name)
        return "" if halted is None else f"{halted.why.reason.value}: {halted.words}"

    def words(self) -> list[str]:
        """Of each of others which version it is, and why it is halted."""
        said = []
        for one in self.loaded:
            halted = self.halted_words(one.name)
            version = f"{one.name} is {one.digest} of {one.origin}"
            said.append(f"{version}: {halted}" if halted else version)
        return said

    def strategies(self) -> tuple[Strategy, ...]:
        """In the order in which they are asked. Of those that were loaded when a journal was
        written, the ones that are here as well."""
        if not self.loaded:
            return STRATEGIES
        others = [own_strategy(one.name) for one in self.loaded]
        return (*STRATEGIES, *[one for one in others if one is not None])

    def reads_features(self, settings: Settings) -> bool:
        """Whether one of those who are asked does: all of them, or those that trade."""
        is_everybody_asked = settings.deciding.is_shadow_followed
        return any(
            not isinstance(one, PlayedStrategy) or one.reads_features
            for one in self.strategies()
            if is_everybody_asked or one.thresholds(settings).is_enabled
        )

    def ask(
        self, step: Step, strategy: Strategy, slug: str, view: View, settings: Settings
    ) -> Proposal:
        """What it proposes; or that it is halted, which it may be from now on."""
        if not isinstance(strategy, PlayedStrategy):
            return strategy.propose(view, settings)
        name = strategy.name
        if (halted := self.halted.get(name)) is not None:
            return abstain(halted.why)
        question = partial(strategy.propose, view, settings)
        try:
            said = step.patience.ask(name, slug, question)
        except NoOpinion as error:
            return self._halt(step, name, Reason.OWN_WRONG, str(error))
        except (Exception, SystemExit) as error:
            return self._halt(step, name, Reason.OWN_RAISED, words_of(error, strategy.file_name))
        if said is None:
            return self._halt(step, name, Reason.OWN_SLOW, f"no answer in time, in {slug}")
        return said

    def dawdled(self, step: Step, event: ev.StrategyDawdled) -> bool:
        """Whether it is halted by that."""
        name = event.strategy
        if name in self.halted or all(one.name != name for one in self.loaded):
            return False
        words = (
            f"{event.slow} answers of more than {event.limit_ms:g} ms within a minute,"
            f" the slowest {event.worst_ms:.1f} ms"
        )
        self._halt(step, name, Reason.OWN_SLOW, words)
        return True

    def _halt(self, step: Step, name: str, reason: Reason, words: str) -> Proposal:
        digest = next((one.digest for one in self.loaded if one.name == name), "")
        why = Why(reason)
        self.halted[name] = HaltedStrategy(digest, why, words)
        step.effects.append(HaltStrategy(name, f"{reason.value}: {words}"))
        return abstain(why)

    def state(self) -> tuple[object, ...]:
        """Nothing where nobody but ours ever played: digests stay what they were."""
        if not self.loaded:
            return ()
        loaded = [(one.name, one.digest) for one in self.loaded]
        halted = sorted((name, one.why.reason.value) for name, one in self.halted.items())
        return (("own", self._session, loaded, halted),)
