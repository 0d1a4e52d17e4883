"""The user channel for one client: who hears what, and what a wrong word gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from desk_values import CONDITION, OTHER_CONDITION, START_NS, order_told, placed, signed, trade_told
from desk_values import trade as make_trade

from polytui.sim.exchange.account_events import OrderChange
from polytui.sim.exchange.api_keys import ApiKeys, KeyKind, VenueKey
from polytui.sim.wire.desk.user_channel import UserChannelSettings, UserSession
from polytui.sim.world.world_events import WorldEvent

ANNA, BERT = "0x" + "a1" * 20, "0x" + "b2" * 20


class Venue:
    """Two people with keys, and a session for whoever asks."""

    def __init__(self, settings: UserChannelSettings | None = None) -> None:
        self.keys = ApiKeys(7)
        self.settings = settings or UserChannelSettings()
        self.anna = self.key(ANNA)
        self.bert = self.key(BERT)

    def key(self, address: str, nonce: int = 0) -> VenueKey:
        key = self.keys.create(address, nonce, START_NS)
        assert key is not None
        return key

    def session(self, key: VenueKey | None = None, **frame: Any) -> UserSession:
        session = UserSession(self.keys, self.settings)
        if key is not None:
            assert say(session, type="user", auth=auth(key), **frame) == []
        return session

    def order(self, key: VenueKey, condition: str = CONDITION) -> WorldEvent:
        return order_told(placed(signed(api_key=key.api_key), condition_id=condition))

    def trade(self, taker: VenueKey, maker: VenueKey) -> WorldEvent:
        made = make_trade(taker_api_key=taker.api_key)
        (part,) = made.maker_parts
        return trade_told(evolve(made, maker_parts=(evolve(part, api_key=maker.api_key),)))


def auth(key: VenueKey) -> dict[str, str]:
    return {"apiKey": key.api_key, "secret": key.secret, "passphrase": key.passphrase}


def say(session: UserSession, **frame: Any) -> list[str]:
    return session.receive(json.dumps(frame))


def heard(session: UserSession, world_event: WorldEvent) -> list[dict[str, Any]]:
    return [json.loads(text) for text in session.publish(world_event)]


def test_an_account_hears_its_own_and_nobody_elses() -> None:
    venue = Venue()
    anna, bert, stranger = venue.session(venue.anna), venue.session(venue.bert), venue.session()
    (frame,) = heard(anna, venue.order(venue.anna))
    assert (frame["event_type"], frame["owner"]) == ("order", venue.anna.api_key)
    assert heard(bert, venue.order(venue.anna)) == []
    assert heard(stranger, venue.order(venue.anna)) == []


def test_both_sides_hear_the_whole_of_a_trade() -> None:
    venue = Venue()
    told = venue.trade(venue.anna, venue.bert)
    (taken,) = heard(venue.session(venue.anna), told)
    (made,) = heard(venue.session(venue.bert), told)
    assert (taken.pop("trader_side"), made.pop("trader_side")) == ("TAKER", "MAKER")
    assert taken == made
    assert made["maker_orders"][0]["owner"] == venue.bert.api_key


def test_a_trade_with_oneself_comes_once_as_its_taker() -> None:
    venue = Venue()
    second = venue.key(ANNA, nonce=1)
    for maker in (venue.anna, second):
        (frame,) = heard(venue.session(venue.anna), venue.trade(venue.anna, maker))
        assert frame["trader_side"] == "TAKER"


def test_a_trade_of_the_crowd_and_another_is_none_of_its_business() -> None:
    venue = Venue()
    told = trade_told(make_trade(taker_api_key="", maker_parts=()))
    assert heard(venue.session(venue.anna), told) == []


def test_every_key_of_an_address_is_the_same_account() -> None:
    venue = Venue()
    second = venue.key(ANNA, nonce=1)
    reader = venue.keys.create_other(ANNA, KeyKind.READ_ONLY, START_NS)
    assert reader is not None
    for key in (venue.anna, second, reader):
        assert len(heard(venue.session(key), venue.order(second))) == 1
    venue.keys.delete(second.api_key, START_NS)
    assert len(heard(venue.session(venue.anna), venue.order(second))) == 1


def test_markets_narrow_what_is_heard_and_none_left_are_all() -> None:
    venue = Venue()
    session = venue.session(venue.anna, markets=[CONDITION.upper().replace("0X", "0x")])

    def hears() -> tuple[int, int]:
        here, there = venue.order(venue.anna), venue.order(venue.anna, OTHER_CONDITION)
        return len(heard(session, here)), len(heard(session, there))

    assert hears() == (1, 0)
    assert say(session, operation="subscribe", markets=[OTHER_CONDITION]) == []
    assert hears() == (1, 1)
    say(session, operation="unsubscribe", markets=[CONDITION])
    assert hears() == (0, 1)
    say(session, operation="unsubscribe", markets=[OTHER_CONDITION])
    assert hears() == (1, 1)
    say(session, operation="subscribe", markets=[CONDITION])
    assert hears() == (1, 0)


def test_a_market_narrows_trades_too() -> None:
    venue = Venue()
    session = venue.session(venue.anna, markets=[OTHER_CONDITION])
    assert heard(session, venue.trade(venue.anna, venue.bert)) == []


WRONG = [
    {"type": "user"},
    {"type": "user", "auth": None},
    {"type": "user", "auth": {"apiKey": 1, "secret": 2, "passphrase": 3}},
    {"type": "user", "auth": {"apiKey": "nobody", "secret": "s", "passphrase": "p"}},
]


@pytest.mark.parametrize("frame", WRONG)
def test_wrong_credentials_end_it(frame: dict[str, Any]) -> None:
    session = Venue().session()
    assert say(session, **frame) == []
    assert session.closing == (1008, "invalid credentials")


@pytest.mark.parametrize("name", ["secret", "passphrase"])
def test_a_key_alone_is_not_enough(name: str) -> None:
    venue = Venue()
    session = venue.session()
    say(session, type="user", auth={**auth(venue.anna), name: "x"})
    assert session.closing is not None
    assert heard(session, venue.order(venue.anna)) == []


def test_wrong_credentials_may_be_met_with_silence() -> None:
    venue = Venue(UserChannelSettings(closes_on_wrong_key=False))
    session = venue.session()
    say(session, **WRONG[3])
    assert session.closing is None
    assert heard(session, venue.order(venue.anna)) == []


def test_a_builders_key_hears_nothing() -> None:
    venue = Venue()
    key = venue.keys.create_other(ANNA, KeyKind.BUILDER, START_NS)
    assert key is not None
    session = venue.session()
    say(session, type="user", auth=auth(key))
    assert session.closing is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "ping",
        '{"operation":"subscribe"}',
        '{"operation":"subscribe","markets":"0x1"}',
        '{"operation":"subscribe","markets":[1]}',
        '{"operation":"dance","markets":["0x1"]}',
        "[" * 5000,
    ],
)
def test_what_means_nothing_is_said_so(text: str) -> None:
    venue = Venue()
    known = venue.session(venue.anna)
    expected = [] if text == '{"operation":"subscribe"}' else ["INVALID OPERATION"]
    assert known.receive(text) == expected
    assert venue.session().receive(text) == ["INVALID OPERATION"]
    assert len(heard(known, venue.order(venue.anna))) == 1


def test_ping_is_answered_before_and_after() -> None:
    venue = Venue()
    assert venue.session().receive("PING") == ["PONG"]
    assert venue.session(venue.anna).receive("PING") == ["PONG"]


def test_who_says_nothing_is_cut_and_whether_protocol_pings_are_enough_is_a_switch() -> None:
    venue = Venue()
    session = venue.session()
    assert (session.quiet_limit_s, session.hears_pings) == (30.0, True)
    assert venue.session(venue.anna).quiet_limit_s == 60.0
    strict = UserSession(venue.keys, venue.settings, hears_pings=False)
    assert not strict.hears_pings


def test_the_usual_forms_come_in_the_order_of_what_happened() -> None:
    venue = Venue()
    session = venue.session(venue.anna)
    for change in OrderChange:
        told = order_told(placed(signed(api_key=venue.anna.api_key)), change)
        assert [frame["type"] for frame in heard(session, told)] == [change.value]


def test_markets_are_bounded() -> None:
    venue = Venue()
    session = venue.session(venue.anna, markets=[f"0x{number}" for number in range(999)])
    assert say(session, operation="subscribe", markets=["0xa", "0xb"]) == ["INVALID OPERATION"]
    assert say(session, operation="subscribe", markets=["0xa"]) == []
    assert say(session, operation="subscribe", markets=["0x" + "a" * 65]) == ["INVALID OPERATION"]
    assert say(session, operation="unsubscribe", markets=["0x1"] * 1_001) == ["INVALID OPERATION"]
