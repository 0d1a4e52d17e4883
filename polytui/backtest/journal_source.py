"""A journal as a source of moments: the market that a session heard, batch for batch.

What the venue answered to that session's own orders is left out, with what they showed in its
books, and what its account was told:
whoever plays it has orders and an account of its own. So is the life of its desks. What people
commanded and which settings came later are played only where the session is to be lived again as
it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

from attrs import frozen

from polytui.backtest.moments import Moment
from polytui.backtest.own_displayed import OwnDisplayed
from polytui.backtest.replay import event_of, orders_of
from polytui.config.load import from_canonical_json
from polytui.config.schema import Settings
from polytui.journal.codec import BadJournal
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset

OWN = frozenset(
    (
        *get_args(ev.Report),
        ev.DeskOpened,
        ev.RiskStateRestored,
        ev.AssetHalted,
        ev.StrategiesLoaded,
        ev.StrategyDawdled,
        ev.CashMoved,
        ev.PairsMerged,
        ev.WinnersRedeemed,
        ev.InTransit,
        ev.Reconciled,
    )
)
"""Of the session's own account and desks."""
SAID = frozenset(
    (ev.Commanded, ev.SettingsChanged, ev.ModelLoaded, ev.TicketSent, ev.TicketWithdrawn)
)
"""By people, or of their files."""
_OF_ACCOUNT = frozenset(ev.ACCOUNT_FEEDS)
_OF_FEEDS = (ev.FeedUp, ev.FeedStale, ev.FeedDown, ev.FeedGapped, ev.FeedMended, ev.FeedRefused)


class JournalSource:
    """State: which desks have begun. `is_as_then`: with what people said, and the settings of each
    moment, but for those of the beginning (`beginning_of`), which whoever plays it makes. Segments
    that were thinned are passed over. Fatal for what is no journal, in words that name the file and
    the line."""

    def __init__(
        self,
        path: Path,
        *,
        is_as_then: bool = False,
        assets: tuple[Asset, ...] = (),
        rounds: frozenset[str] | None = None,
        until_ns: int = (1 << 63) - 1,
    ) -> None:
        """`assets`: of these alone; all where none is named. `rounds`: the slugs of those that are
        announced; without the announcement nobody looks at a round. `until_ns`: up to then, and
        with all that was heard at that moment."""
        self._path = path
        self._is_as_then = is_as_then
        self._assets = frozenset(assets or Asset)
        self._rounds, self._until_ns = rounds, until_ns
        self._begun: set[Asset] = set()
        self.thinned = 0
        """Segments that were passed over."""
        self.set_back = 0
        """Batches that were heard while the session's clock stood before what it had said."""

    def moments(self) -> Iterator[Moment]:
        """A batch ends where its desk decided. Events that broke a desk are played as any other. A
        clock that was set back stands still until it is where it was: nothing is played earlier
        than what came before it."""
        latest_ns = self.set_back = 0
        for moment in self._heard():
            if moment.at_ns < latest_ns:
                self.set_back += 1
                moment = Moment(latest_ns, moment.asset, moment.events)
            latest_ns = moment.at_ns
            yield moment

    def _heard(self) -> Iterator[Moment]:
        waiting: dict[Asset, list[ev.Event]] = {}
        thinned, own = set[int](), OwnDisplayed()
        try:
            with closing(JournalReader(self._path)) as journal:
                for record in journal:
                    if journal.header.thinned:
                        thinned.add(journal.header.segment)
                        self.thinned = len(thinned)
                        continue
                    if not record.is_event:
                        continue
                    if record.at > self._until_ns:
                        return
                    asset, event = event_of(record)
                    if asset not in self._assets:
                        continue
                    batch = waiting.setdefault(asset, [])
                    left = own.without(event, record.at)
                    own.sent(orders_of(record))
                    if left is not None and self._is_wanted(asset, left):
                        batch.append(left)
                    if record.last:
                        self._begun.add(asset)
                        if batch:
                            yield Moment(record.at, asset, tuple(batch))
                            waiting[asset] = []
        except BadJournal as error:
            raise Fatal(str(error)) from error

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """What is written does not answer."""

    def _is_wanted(self, asset: Asset, event: ev.Event) -> bool:
        kind = type(event)
        if kind in OWN:
            return False
        if isinstance(event, ev.RoundFound) and self._rounds is not None:
            return event.round.slug in self._rounds
        if kind in SAID:
            return self._is_as_then and asset in self._begun
        return not (isinstance(event, _OF_FEEDS) and event.feed in _OF_ACCOUNT)


@frozen
class FirstWords:
    """What the first desk of a session began with."""

    settings: Settings
    model: ev.ModelLoaded | None


def beginning_of(path: Path) -> FirstWords:
    """Fatal where no desk began."""
    settings: Settings | None = None
    try:
        with closing(JournalReader(path)) as journal:
            for record in journal:
                event = event_of(record)[1] if record.is_event else None
                if isinstance(event, ev.SettingsChanged):
                    settings = from_canonical_json(event.settings_json)
                elif isinstance(event, ev.ModelLoaded) and settings is not None:
                    return FirstWords(settings, event)
                if record.last and settings is not None:
                    return FirstWords(settings, None)
    except BadJournal as error:
        raise Fatal(str(error)) from error
    raise Fatal(f"{path}: no desk began in it")
