"""The one loop over the past: moments into desks, their orders to an exchange on paper, and what
came of each event to whoever listens.

    source --moment--> [what is due on paper before it] -> mind.take -> effects -> paper, source
                                                               `-> sinks

What trades live is what runs here: the desk, its limits and its ledger are `Mind.take`, the fills
those of `polytui demo` and `polytui paper`. One source, one list of settings and one seed give one
course of events, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen

from polytui.backtest.moments import Source
from polytui.config.load import canonical_json
from polytui.config.schema import PaperSettings, Settings
from polytui.desk.mind import Mind
from polytui.execution.client import VenueMoney
from polytui.execution.paper import FOLLOWED, PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import money_of
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S, usd_from_float
from polytui.strategy.registry import loaded_words

SENT = (Place, Cancel, CancelAll, LookUp)
"""Effects that go to an exchange."""


class Sink(Protocol):
    """Somebody who is told what happened, to look and not to touch."""

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        """Every event after its desk has taken it (its number is `mind.seq`), with what it led to.
        `is_last`: with it the batch ends, and the desk has decided."""


@frozen
class Driven:
    """What a drive came to."""

    mind: Mind
    venue: VenueMoney
    """As the exchange on paper counts it, apart from the mind's ledger."""
    ended_ns: int


class Drive:
    """State: the mind, one exchange on paper an asset, their one purse, and the time."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        sinks: Sequence[Sink] = (),
        *,
        model: ev.ModelLoaded | None = None,
        mind: Mind | None = None,
        account: PaperAccount | None = None,
        exchange: Callable[[PaperSettings, PaperAccount], PaperSimulator] = PaperSimulator,
    ) -> None:
        """`model`: the learned one, where the settings ask for it. `mind`: one with strategies of
        its own. `account`: the purse of all assets; a new one where none is given. `exchange` makes
        the exchange on paper of an asset."""
        self._settings = settings
        self._source = source
        self._heed = source.heed
        self._sinks = tuple(sink.heard for sink in sinks)
        self._exchange = exchange
        cash = usd_from_float(settings.paper.starting_cash_usd)
        self._account = PaperAccount(cash) if account is None else account
        self._mind = Mind() if mind is None else mind
        changed = ev.SettingsChanged(canonical_json(settings))
        self._first: list[ev.Event] = [*loaded_words(), changed]
        if model is not None:
            self._first.append(model)
        self._exchanges: dict[Asset, PaperSimulator] = {}
        self._stopped: dict[Asset, int] = {}
        """When each desk was told that this is the end."""
        self._now_ns = 0
        self._due_ns: int | None = None
        """When something happens next on paper."""

    def play(self) -> Driven:
        """To the end of the source; then desks that were not told to stop are, and what is on its
        way arrives. Fatal where the source goes back in time."""
        exchanges, mind, sinks = self._exchanges, self._mind, self._sinks
        take = mind.take_alone
        for moment in self._source.moments():
            now_ns, asset, batch = moment.at_ns, moment.asset, moment.events
            if now_ns < self._now_ns:
                raise Fatal(f"the moments of {asset.value} go back in time, to {now_ns}")
            if self._due_ns is not None and self._due_ns <= now_ns:
                self._run_exchanges(now_ns)
            self._now_ns = now_ns
            exchange = exchanges.get(asset) or self._open(asset, now_ns)
            kind = type(batch[0])
            if len(batch) != 1 or kind is ev.Commanded:
                met = _met(batch, exchange)
                self._note_due(exchange)
                self._take(asset, exchange, met, now_ns)
                continue
            if kind in FOLLOWED and (told := exchange.observe(batch[0])):
                self._note_due(exchange)
                self._take(asset, exchange, [*batch, *told], now_ns)
                continue
            effects = take(asset, now_ns, batch[0])
            if effects:
                self._act(asset, exchange, effects, now_ns)
            for heard in sinks:
                heard(mind, asset, batch[0], effects, now_ns, True)
        self._stop()
        return Driven(self._mind, money_of(self._account), self._now_ns)

    def _open(self, asset: Asset, now_ns: int) -> PaperSimulator:
        """A desk begins right before its first moment."""
        made = self._exchanges[asset] = self._exchange(self._settings.paper, self._account)
        self._take(asset, made, [made.opening(asset, 1), *self._first], now_ns)
        return made

    def _stop(self) -> None:
        for asset, exchange in self._exchanges.items():
            if asset not in self._stopped:
                stop = ev.Commanded(ev.Action.STOP, "session")
                self._take(asset, exchange, [stop], self._now_ns)
        if self._stopped:
            self._run_exchanges(max(self._stopped.values()) + grace_ns(self._settings.paper))

    def _run_exchanges(self, until_ns: int) -> None:
        """Everything on paper that is due by then, the earliest first; at one time, of the desk
        that opened first."""
        while True:
            due_ns: int | None = None
            for asset, exchange in self._exchanges.items():
                own_ns = exchange.next_due_ns
                if own_ns is not None and (due_ns is None or own_ns < due_ns):
                    due_ns, whose = own_ns, asset
            self._due_ns = due_ns
            if due_ns is None or due_ns > until_ns:
                return
            self._now_ns = due_ns = max(due_ns, self._now_ns)
            exchange = self._exchanges[whose]
            self._take(whose, exchange, exchange.advance(due_ns), due_ns)

    def _take(
        self, asset: Asset, exchange: PaperSimulator, batch: Sequence[ev.Event], now_ns: int
    ) -> None:
        """One batch through the mind; its orders are on their way when it is over."""
        mind, sinks, last = self._mind, self._sinks, len(batch) - 1
        for at, event in enumerate(batch):
            effects = mind.take(asset, now_ns, event, is_last=at == last).effects
            if effects:
                self._act(asset, exchange, effects, now_ns)
            if type(event) is ev.Commanded and event.action is ev.Action.STOP:
                self._stopped[asset] = now_ns
            for heard in sinks:
                heard(mind, asset, event, effects, now_ns, at == last)

    def _act(
        self, asset: Asset, exchange: PaperSimulator, effects: tuple[Effect, ...], now_ns: int
    ) -> None:
        for effect in effects:
            if isinstance(effect, SENT):
                exchange.perform(effect, now_ns)
                self._note_due(exchange)
        self._heed(asset, effects, now_ns)

    def _note_due(self, exchange: PaperSimulator) -> None:
        """What it was told may be due sooner than anything else."""
        due_ns = exchange.next_due_ns
        if due_ns is not None and (self._due_ns is None or due_ns < self._due_ns):
            self._due_ns = due_ns


def grace_ns(paper: PaperSettings) -> int:
    """How long after the end what is on its way is waited for, and its cancel: at latencies twice
    the medians."""
    return NS_PER_S + 4 * paper.taker_ns


def _met(batch: Sequence[ev.Event], exchange: PaperSimulator) -> Sequence[ev.Event]:
    """Each event, and right behind it what it did to our resting orders."""
    whole: list[ev.Event] | None = None
    for at, event in enumerate(batch):
        told = exchange.observe(event) if type(event) in FOLLOWED else ()
        if told and whole is None:
            whole = list(batch[:at])
        if whole is not None:
            whole += (event, *told)
    return batch if whole is None else whole
