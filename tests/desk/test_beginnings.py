"""A beginning that stories share is lived once: whoever goes on with it does so by itself, as if it
had been lived."""

from __future__ import annotations

from sessions import packed
from stories import PLAIN, Story

from polytui.desk.checkpoint import checkpoint_of
from polytui.model.instrument import Asset, Outcome

BOTH = (Asset.BTC, Asset.ETH)


def gone_on(story: Story) -> tuple[bytes, list[object]]:
    """A day of it: bought, filled, waited for and settled; what is known then and what was done."""
    for asset in BOTH:
        story.holding(asset)
    story.wait(30, *BOTH)
    story.settle(Outcome.UP)
    story.wait(5, *BOTH)
    return packed(checkpoint_of(story.mind)), list(story.effects)


def test_it_goes_on_as_one_that_was_lived_and_leaves_nothing_for_the_next() -> None:
    lived = gone_on(Story(PLAIN, BOTH).live_a_minute(BOTH))
    first, second = (Story(assets=BOTH).a_minute_in(*BOTH) for _ in range(2))
    untouched = packed(checkpoint_of(second.mind))
    assert gone_on(first) == lived
    assert packed(checkpoint_of(second.mind)) == untouched
    assert gone_on(second) == lived
    assert gone_on(Story(assets=BOTH).a_minute_in(*BOTH)) == lived
