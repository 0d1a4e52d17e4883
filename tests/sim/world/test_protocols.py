"""Rounds of the venue's second protocol: which they are, and what their ids are made of."""

from __future__ import annotations

import json

import pytest

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.rounds.documents import event_of
from polytui.sim.world.world import World, WorldSettings
from polytui.venues.polymarket.gamma_events import parse_event

START_NS = 1_795_204_920 * NS_PER_S
_KEPT_ZERO = ((1 << 64) - 1) << 40


def world_of(v2_share: float) -> World:
    return World(
        WorldSettings(
            5, START_NS, tuple(Asset), (Interval.M5,), rounds_ahead_s=14_400, v2_share=v2_share
        )
    )


def test_nobody_asked_for_it() -> None:
    assert {one.protocol for one in world_of(0.0).rounds.values()} == {"v1"}


def test_a_share_of_the_rounds() -> None:
    protocols = [one.protocol for one in world_of(0.25).rounds.values()]
    assert len(protocols) > 150
    assert 0.15 < protocols.count("v2") / len(protocols) < 0.35


def test_what_is_of_the_first_protocol_is_as_it_would_be_without_the_second() -> None:
    plain, mixed = world_of(0.0).rounds, world_of(0.5).rounds
    first = {slug: one for slug, one in mixed.items() if one.protocol == "v1"}
    assert first
    assert all(plain[slug] == one for slug, one in first.items())


def test_a_position_is_its_condition_and_an_outcome() -> None:
    rounds = world_of(1.0).rounds.values()
    for one in rounds:
        condition = int(one.condition_id, 16)
        assert one.condition_id == f"0x{condition:064x}"
        assert condition >> 248 == 1
        assert condition & 0xFF == 0
        assert (int(one.up_token), int(one.down_token)) == (condition, condition + 1)
        assert condition & _KEPT_ZERO == 0
    assert len({one.condition_id for one in rounds}) == len(rounds)


@pytest.mark.parametrize("v2_share", [0.5, 1.0])
def test_gamma_shows_them_as_the_venue_does(v2_share: float) -> None:
    world = world_of(v2_share)
    for one in list(world.rounds.values())[:40]:
        event = event_of(world, one)
        market = event["markets"][0]
        assert event["version"] == market["version"] == one.protocol
        if one.protocol == "v2":
            assert len(market["conditionId"]) == 64
            assert market["positionIds"] == [one.up_token, one.down_token]
            assert market["clobTokenIds"] is None
            assert market["resolutionStatus"] == "active"
        assert parse_event(json.dumps(event)) == (one,)
