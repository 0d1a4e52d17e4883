"""A venue on its bad days."""

from __future__ import annotations

from polytui.model.instrument import Asset, Interval
from polytui.sim.server.hostility import on_bad_days
from polytui.sim.server.venue import VenueSettings
from polytui.sim.wire.rounds.quirks import NO_QUIRKS
from polytui.sim.world.world import WorldSettings

USUAL = VenueSettings(world=WorldSettings(7, 1, (Asset.BTC,), (Interval.M5,)))


def test_every_oddity_is_on_at_once_and_the_world_is_the_same() -> None:
    bad = on_bad_days(USUAL)
    assert bad.world == USUAL.world
    assert bad.desk.user_channel.is_hostile
    assert not bad.desk.user_channel.closes_on_wrong_key
    assert bad.desk.linger_s > 0
    assert bad.rules.failures > 0
    assert bad.rules.retries > 0
    assert not bad.rules.is_rest_told
    assert bad.quirks.hydration_s > 0
    assert bad.quirks.zombies > 0
    assert bad.quirks.needs_text_pings


def test_a_usual_venue_has_none_of_it() -> None:
    assert not USUAL.desk.user_channel.is_hostile
    assert (USUAL.rules.failures, USUAL.rules.retries, USUAL.desk.linger_s) == (0, 0, 0)
    assert USUAL.quirks == NO_QUIRKS
