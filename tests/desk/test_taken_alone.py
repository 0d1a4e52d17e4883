"""What most of a past is, a batch of one event, by the shorter way: the same desk comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from stories import CHEAP_BOOK, FAIR_BOOK, Story

from polytui.desk.mind import Mind
from polytui.model.effects import Effect, Place
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S


def test_a_batch_of_one_event_is_taken_alike() -> None:
    story = Story().a_minute_in()
    for book in (CHEAP_BOOK, FAIR_BOOK, CHEAP_BOOK):
        story.book(book)
        story.wait(2)
    other, effects, is_begun = Mind(), list[Effect](), False
    for asset, now_ns, event, is_last in story.said:
        if is_begun or not is_last:
            effects += other.take(asset, now_ns, event, is_last=is_last).effects
        else:
            effects += other.take_alone(asset, now_ns, event)
        is_begun = not is_last
    assert any(isinstance(one, Place) for one in effects)
    assert effects == story.effects
    assert other.digest() == story.mind.digest()


def test_a_desk_that_breaks_is_known_to_be_half_changed() -> None:
    story = Story().a_minute_in()
    no_event: Any = object()
    with pytest.raises(KeyError):
        story.mind.take_alone(Asset.BTC, story.now_ns + NS_PER_S, no_event)
    assert not story.desk().is_sound
