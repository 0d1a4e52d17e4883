"""What is shown of a recording is what was shown then: every figure but those of the engine's own
sockets, which are named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from recorded_session import Recorded

from polytui.model.instrument import Asset
from polytui.model.snapshot import AccountView, AssetView
from polytui.player.index import JournalIndex
from polytui.player.player import Player
from polytui.player.showing import account_of, asset_of

AS_OF_THE_LAST_LINE = {
    "AssetView.feeds.messages",
    "AssetView.feeds.ignored",
    "AssetView.feeds.duplicates",
    "AssetView.feeds.offset_ms",
    "AssetView.feeds.age_ms",
    "AccountView.lag_us",
    "AccountView.behind_ms",
}
"""What no event says: as old as the last line of figures before the moment, at most ten seconds. A
feed's age is that of its last data that an event came of."""
OF_THE_PLAYER = {"AccountView.mode"}


def opened(folder: Path) -> Player:
    index = JournalIndex(folder)
    while index.look():
        pass
    return Player(folder, index)


def arrived(player: Player) -> Player:
    while not player.work(10.0):
        pass
    return player


def differing(path: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every figure that is another one."""
    if attrs.has(type(was)) and type(was) is type(now):
        for field in attrs.fields(type(was)):
            name = field.name
            yield from differing(f"{path}.{name}", getattr(was, name), getattr(now, name))
    elif isinstance(was, tuple) and isinstance(now, tuple) and len(was) == len(now):
        for one, other in zip(was, now, strict=True):
            yield from differing(path, one, other)
    elif was != now:
        yield path, was, now


def shown_again(player: Player, view: AssetView | AccountView) -> AssetView | AccountView:
    if isinstance(view, AccountView):
        return account_of(player)
    return asset_of(player, Asset(view.asset))


def test_every_figure_is_what_a_terminal_saw_then(recorded: Recorded) -> None:
    views = [*recorded.assets, *recorded.accounts]
    assert len(recorded.accounts) >= 10
    assert any(view.orders and view.fills for view in recorded.assets), "something happened"
    found = Counter[str]()
    with closing(opened(recorded.folder)) as player:
        for view in sorted(views, key=lambda one: hash((one.at_ns, type(one).__name__))):
            player.go(view.at_ns)
            now = shown_again(arrived(player), view)
            for path, was, is_now in differing(type(view).__name__, view, now):
                assert path in AS_OF_THE_LAST_LINE | OF_THE_PLAYER, (view.at_ns, was, is_now)
                found[path] += 1
        assert not player.words
    assert set(found) >= OF_THE_PLAYER
    assert found["AssetView.feeds.age_ms"] < len(views), "mostly events say how old a feed is"


def test_the_log_is_the_one_that_people_read(recorded: Recorded) -> None:
    with closing(opened(recorded.folder)) as player:
        at_ns = recorded.accounts[6].at_ns
        player.go(recorded.accounts[2].at_ns)
        arrived(player)
        player.take_said()
        player.play_until(at_ns, 60.0)
        is_elsewhere, said = player.take_said()
        since_ns = recorded.accounts[2].at_ns
        assert not is_elsewhere
        assert said == [one for one in recorded.notices if since_ns < one.at_ns <= at_ns] != []
        player.go(recorded.accounts[1].at_ns)
        is_elsewhere, said = arrived(player).take_said()
        assert is_elsewhere
        assert said == [one for one in recorded.notices if one.at_ns <= player.at_ns]


def test_wherever_one_came_from_it_is_the_same_mind(recorded: Recorded) -> None:
    moments = [view.at_ns for view in recorded.accounts]
    with closing(opened(recorded.folder)) as straight, closing(opened(recorded.folder)) as wild:
        digests = {}
        for at_ns in moments:
            straight.play_until(at_ns, 600.0)
            digests[at_ns] = straight.recorded.mind.digest()
        for at_ns in random.Random(4).choices(moments, k=len(moments)):
            wild.go(at_ns)
            assert arrived(wild).recorded.mind.digest() == digests[at_ns]
        assert wild.jumps > 5


def test_steps_go_from_decision_to_decision_and_back(recorded: Recorded) -> None:
    with closing(opened(recorded.folder)) as player:
        player.go(recorded.accounts[4].at_ns)
        arrived(player)
        there = []
        for _ in range(5):
            player.step(1)
            arrived(player)
            there.append((player.cursor.seq, player.at_ns, player.recorded.mind.digest()))
        assert sorted(set(there)) == there, "each further than the one before"
        for expected in there[-2::-1]:
            player.step(-1)
            arrived(player)
            assert (player.cursor.seq, player.at_ns) == expected[:2]
            assert player.recorded.mind.digest() == expected[2]


def test_a_fill_is_found_with_what_it_made(recorded: Recorded) -> None:
    with closing(opened(recorded.folder)) as player:
        player.trade(1)
        arrived(player)
        account = account_of(player)
        assert account.fees > 0 or account.exposure > 0
        first = player.cursor.seq
        with pytest.raises(Exception, match="no fill of ours before"):
            player.trade(-1)
        player.trade(1)
        arrived(player)
        player.trade(-1)
        assert arrived(player).cursor.seq == first
