"""The inbox: bounded, in order, and never deaf to people."""

from __future__ import annotations

import pytest
import trio

from polytui.model.events import Ticked
from polytui.runtime.inbox import Inbox, InboxFull, Item

pytestmark = pytest.mark.trio


def item(number: int) -> Item:
    return Item(Ticked(number))


def numbers(items: list[Item]) -> list[int]:
    return [one.event.at_ns for one in items if isinstance(one.event, Ticked)]


async def test_a_batch_is_everything_that_waits_in_order() -> None:
    inbox = Inbox(10)
    for number in range(4):
        inbox.put(item(number))
    assert numbers(await inbox.batch()) == [0, 1, 2, 3]
    assert inbox.take_nowait() == []


async def test_a_batch_waits_for_something(autojump_clock: trio.testing.MockClock) -> None:
    inbox = Inbox(10)
    got: list[list[int]] = []

    async def take() -> None:
        got.append(numbers(await inbox.batch()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await trio.sleep(5)
        assert got == []
        inbox.put(item(7))
    assert got == [[7]]


async def test_what_does_not_wake_is_taken_with_the_next_that_does(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inbox = Inbox(10)
    with trio.move_on_after(1):
        inbox.put(item(1), wakes=False)
        assert numbers(await inbox.batch()) == [1], "it waits already: nobody needs to be woken"
    inbox.put(item(2), wakes=False)
    inbox.wake()
    assert numbers(await inbox.batch()) == [2]


async def test_a_full_inbox_is_an_error_and_empties_with_the_next_batch() -> None:
    inbox = Inbox(2)
    inbox.put(item(0))
    inbox.put(item(1))
    with pytest.raises(InboxFull, match=r"2 events wait; raise queues\.inbox"):
        inbox.put(item(2))
    assert numbers(await inbox.batch()) == [0, 1]
    inbox.put(item(3))
    assert numbers(await inbox.batch()) == [3]


async def test_people_are_heard_however_full_it_is() -> None:
    inbox = Inbox(1)
    inbox.put(item(0))
    inbox.insist(item(1))
    assert numbers(await inbox.batch()) == [0, 1]


async def test_what_is_given_back_comes_first() -> None:
    inbox = Inbox(10)
    for number in range(3):
        inbox.put(item(number))
    batch = await inbox.batch()
    inbox.put(item(3))
    inbox.give_back(batch[1:])
    assert numbers(await inbox.batch()) == [1, 2, 3]
