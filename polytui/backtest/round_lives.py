"""What no file says and every session hears: rounds that are listed, open, close and are settled,
feeds that come and go, and the seconds of the clock.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from polytui.backtest.moments import Moment
from polytui.backtest.play_plan import PlayedBooks, PlayPlan, window_of_play
from polytui.backtest.sources.recording import Windows
from polytui.model import events as ev
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S

_FOUND_NS = 120 * NS_PER_S
"""A round is listed a day ahead; a desk asks for it so long before."""
_SETTLED_NS = 60 * NS_PER_S
"""After the close: the median of 8,022 rounds was 54 s. With it the venue tells the final price,
which is the strike of the round that opened then."""
_HOLE_NS = 30 * NS_PER_S
"""Between two recordings of books: a shorter hole is none."""
_WITNESS = "recorded"
by_time = attrgetter("at_ns")

Told = tuple[int, int, Asset, ev.Event]
"""When, in which order at one moment, whom, and what."""


def lives(plan: PlayPlan) -> Iterator[Moment]:
    """All of it for the rounds of a plan, oldest first."""
    told: list[Told] = []
    by_asset: dict[Asset, list[PlayedBooks]] = defaultdict(list)
    for one in plan.rounds:
        told += _life(one)
        by_asset[one.round.asset].append(one)
    ticks = []
    for asset, played in by_asset.items():
        windows = Windows.of([window_of_play(one.round) for one in played])
        told += _feeds(asset, windows, played, plan.feeds[asset])
        if asset not in plan.stepped:
            ticks.append(_ticks(asset, windows))
    told.sort(key=lambda one: one[:3])
    said = (Moment(at_ns, asset, (event,)) for at_ns, _, asset, event in told)
    yield from heapq.merge(said, *ticks, key=by_time)


def _life(one: PlayedBooks) -> Iterable[Told]:
    listed, asset = one.round, one.round.asset
    yield listed.opens_ns - _FOUND_NS, 1, asset, ev.RoundFound(listed)
    yield listed.opens_ns, 1, asset, ev.RoundOpened(listed.slug, listed.opens_ns)
    if one.strike is not None:
        published_ns = listed.opens_ns + _SETTLED_NS
        yield published_ns, 1, asset, ev.StrikePublished(listed.slug, one.strike, ev.FINAL)
    yield listed.closes_ns, 1, asset, ev.RoundClosed(listed.slug, listed.closes_ns)
    winner = one.end.winner
    token = ev.NO_WINNER if winner is None else listed.token_of(winner)
    at_ns = listed.closes_ns + _SETTLED_NS
    yield at_ns, 1, asset, ev.RoundSettled(listed.condition_id, token, _WITNESS, at_ns)


def _feeds(
    asset: Asset, windows: Windows, played: Sequence[PlayedBooks], names: Sequence[str]
) -> Iterable[Told]:
    for begins, ends in windows.parts:
        for name in names:
            yield begins, 0, asset, ev.FeedUp(name, begins)
            yield ends, 2, asset, ev.FeedDown(name, "nothing is played until later", ends)
    books = [window for one in played for window in one.books]
    for begins, ends in Windows.of([(begin, end + _HOLE_NS) for begin, end in books]).parts:
        over_ns = ends - _HOLE_NS + 1
        begins = max(begins, windows.parts[0][0])
        yield begins, 0, asset, ev.FeedUp(ev.BOOK_FEED, begins)
        yield over_ns, 2, asset, ev.FeedDown(ev.BOOK_FEED, "the recording ends here", over_ns)


def _ticks(asset: Asset, windows: Windows) -> Iterator[Moment]:
    for begins, ends in windows.parts:
        for at_ns in range(begins, ends + 1, NS_PER_S):
            yield Moment(at_ns, asset, (ev.Ticked(at_ns),))
