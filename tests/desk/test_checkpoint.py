"""A mind that was written down and made again goes on as if nothing had happened: to the byte."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Any, get_args, get_type_hints

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import ASSETS, EVERYBODY, Chance, packed

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk import checkpoint
from polytui.desk.checkpoint import (
    BadCheckpoint,
    checkpoint_of,
    restored,
    restored_as,
    settings_left_out,
    where_they_differ,
)
from polytui.desk.graph import TEXT, texts_in
from polytui.desk.mind import Mind
from polytui.desk.shapes import declared_fields
from polytui.journal.codec import decode_effects
from polytui.model import events as ev
from polytui.model.effects import RecordedPlace, Stamp
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Fill, Quote, Side
from polytui.model.units import Price, Shares, Usd
from polytui.strategy.registry import STRATEGIES

CUTS = 12
LEFT_OUT = checkpoint._CACHES | checkpoint._OF_THE_PROGRAM
PLAIN = (int, float, str, bool, type(None))


@pytest.fixture(scope="module")
def lived() -> Chance:
    chance = Chance(seed=3)
    chance.play(rounds=2)
    return chance


@pytest.fixture(scope="module")
def state(lived: Chance) -> Any:
    """As it is read of a journal."""
    return msgspec.msgpack.decode(packed(checkpoint_of(lived.mind)))


def again(mind: Mind) -> Mind:
    """By way of bytes."""
    return restored(msgspec.msgpack.decode(packed(checkpoint_of(mind))))


def test_the_session_has_everything_in_it(lived: Chance) -> None:
    """What these tests are worth hangs on that."""
    effects = [each for told in lived.told for each in json.loads(told.effects)]
    names = Counter(name for name, _ in effects)
    placed = {fields["order"]["strategy"] for name, fields in effects if name == "Place"}
    accounts = [lived.mind.account.of(asset) for asset in ASSETS]
    followed = {name for each in accounts for name in each.shadow.results()}
    assert placed | followed >= {strategy.name for strategy in STRATEGIES}
    assert len(placed) >= len(STRATEGIES) - 1
    assert followed
    assert names["Credit"] == 4
    assert names.keys() >= {"Place", "Cancel", "CancelAll", "Explain", "Resync", "Credit"}
    assert sum(bool(told.raised) for told in lived.told) >= 2
    assert sum(each.fills for each in accounts) > 30
    assert any(each.entries for one in accounts for each in one.live.results().values())


def test_restored_anywhere_it_goes_on_the_same(lived: Chance) -> None:
    """At a dozen places of the session, also between the events of a batch and after a crash, the
    mind is replaced by what was written of it. All effects are those of the one that lived, and so
    is all state, some events later: before what it lacked could have been made anew."""
    rng, mind, twin = random.Random(5), Mind(), Mind()
    compare_at = 0
    raised = [at for at, told in enumerate(lived.told, start=1) if told.raised]
    cuts = {*rng.sample(range(1, len(lived.told)), CUTS), *raised}
    for at, told in enumerate(lived.told, start=1):
        assert told.take(mind) == (told.effects, told.raised), f"event {at}"
        if at <= compare_at:
            told.take(twin)
        if at == compare_at:
            differing = where_they_differ(checkpoint_of(mind), checkpoint_of(twin))
            assert differing == "", f"after event {at}"
        if at in cuts:
            twin, compare_at = mind, at + rng.randrange(1, 9)
            digest, written = mind.digest(), packed(checkpoint_of(mind))
            mind = restored_as(msgspec.msgpack.decode(written), digest)
            assert packed(checkpoint_of(mind)) == written, f"after event {at}"
    assert mind.digest() == lived.mind.digest()
    assert packed(checkpoint_of(mind)) == packed(checkpoint_of(lived.mind))


@pytest.mark.parametrize("share", [0.15, 0.6])
def test_restored_once_it_is_the_same_to_the_end(lived: Chance, share: float) -> None:
    """Without ever being replaced again: what no digest shows comes out some time."""
    cut = int(len(lived.told) * share)
    before = Mind()
    for told in lived.told[:cut]:
        told.take(before)
    after = again(before)
    for at, told in enumerate(lived.told[cut:], start=cut + 1):
        assert told.take(after) == (told.effects, told.raised), f"event {at}"
    assert after.digest() == lived.mind.digest()
    assert packed(checkpoint_of(after)) == packed(checkpoint_of(lived.mind))


# --- nothing is left out ------------------------------------------------------------------------


def parts(one: object) -> Iterator[tuple[str, object]]:
    """Everything that an object holds, found by Python's own means and not by ours."""
    if isinstance(one, dict):
        for at, (key, value) in enumerate(one.items()):
            yield from ((f"key {at}", key), (f"[{key!r}]", value))
    elif isinstance(one, list | tuple | deque):
        for at, value in enumerate(one):
            yield f"[{at}]", value
    elif isinstance(one, set):
        for at, value in enumerate(sorted(one)):
            yield f"<{at}>", value
    else:
        slots = [name for cls in type(one).__mro__ for name in getattr(cls, "__slots__", ())]
        slots += getattr(one, "__struct_fields__", ())
        made = {name for name, value in vars(type(one)).items() if hasattr(value, "attrname")}
        held = [name for name in getattr(one, "__dict__", {}) if name not in made]
        for name in sorted({*slots, *held} - {"__weakref__"}):
            yield f".{name}", getattr(one, name)


def differences(one: object, other: object) -> Iterator[str]:
    """Where two graphs differ, or share what the other does not, caches apart."""
    pairs: dict[int, int] = {}
    waiting: list[tuple[str, object, object]] = [("mind", one, other)]
    while waiting:
        path, first, second = waiting.pop()
        if type(first) is not type(second):
            yield f"{path}: {type(first).__name__} {type(second).__name__}"
        elif isinstance(first, (*PLAIN, Enum)):
            if repr(first) != repr(second):
                yield f"{path}: {first!r} {second!r}"
        elif isinstance(first, Settings):
            if first != second:
                yield f"{path}: other settings"
        elif id(first) in pairs:
            if pairs[id(first)] != id(second) and type(first).__hash__ is None:
                yield f"{path}: shared by others"
        else:
            pairs[id(first)] = id(second)
            left, right = dict(parts(first)), dict(parts(second))
            if left.keys() != right.keys():
                yield f"{path}: {sorted(left.keys() ^ right.keys())}"
            caches = LEFT_OUT.get(type(first), {})
            waiting += [
                (path + name, left[name], right[name])
                for name in left.keys() & right.keys()
                if name[1:] not in caches
            ]


def test_whatever_the_mind_holds_is_held_again(lived: Chance) -> None:
    assert list(differences(lived.mind, again(lived.mind))) == []


def test_what_two_share_they_share_again(lived: Chance) -> None:
    mind = again(lived.mind)
    for asset in ASSETS:
        desk = mind.desks[asset]
        assert desk.account is mind.account
        assert desk.asset_account is mind.account.of(asset) is desk.ledger.asset_account
        assert desk.breakers is desk.asset_account.breakers
        assert desk.account is not lived.mind.account
    one, other = mind.desks.values()
    assert one.settings is other.settings


def test_settings_that_change_within_a_moment_are_heard_of_in_it() -> None:
    """What was said of the moment before is no part of the state: nothing may depend on it."""
    chance = Chance(seed=1)
    chance.play(rounds=0)
    prices, market = chance.mind.desks[Asset.BTC].prices, EVERYBODY.market
    now_ns, coin = chance.now_ns, chance.coins[0]
    chance._quote(coin, "binance", coin.price * 1.0002)
    before = prices.estimate(now_ns, market)
    changed = attrs.evolve(EVERYBODY, market=attrs.evolve(market, agreement_bps=0.01))
    chance._tell(Asset.BTC, ev.SettingsChanged(canonical_json(changed)), is_last=False)
    after = prices.estimate(now_ns, changed.market)
    assert before is not None
    assert after is not None
    assert after.trust < before.trust


def test_a_desk_without_features_still_has_none() -> None:
    """It is known by being that very object."""
    chance = Chance(seed=1)
    chance._begin(chance.coins[0])
    features = again(Mind()).desks, again(chance.mind).desks[Asset.BTC].prices.features
    assert features[0] == {}
    mine = chance.mind.desks[Asset.BTC].prices.features
    assert (features[1].latest is mine.latest) == (mine.latest.at_ns == 0)


class Forgotten:
    """A class of state that nobody put on the list."""


def spoil_class(mind: Mind) -> None:
    mind.desks[Asset.BTC].prices.lead = Forgotten()  # type: ignore[assignment]


def spoil_field(mind: Mind) -> None:
    mind.account.noted_later = 1  # type: ignore[attr-defined]


def spoil_part(mind: Mind) -> None:
    del mind.desks[Asset.BTC].prices.consensus._spot


def spoil_stamp(mind: Mind) -> None:
    quote = Quote(Outcome.UP, Side.BUY, Price(1), Shares(1))
    mind.desks[Asset.BTC]._feeds.by_name["x"] = Stamp.grant(quote, Usd(1))  # type: ignore[assignment]


def spoil_call(mind: Mind) -> None:
    mind.desks[Asset.BTC]._feeds.by_name["x"] = print  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_class, "Forgotten is no part of a checkpoint"),
        (spoil_field, "other fields than its example: noted_later"),
        (spoil_part, "Consensus has other fields than its example: _spot"),
        (spoil_stamp, "Stamp is no part of a checkpoint"),
        (spoil_call, "is no part of a checkpoint"),
    ],
)
def test_state_that_would_be_missed_is_refused(
    lived: Chance, spoil: Callable[[Mind], None], says: str
) -> None:
    mind = again(lived.mind)
    spoil(mind)
    with pytest.raises(BadCheckpoint, match=says):
        checkpoint_of(mind)


def test_every_class_that_a_field_may_hold_is_on_the_list() -> None:
    """Also what no session has shown: a field is declared to hold something that cannot be
    written."""
    shapes = checkpoint._shapes()
    known = {*shapes._classes.values(), *shapes.texts, *PLAIN, list, tuple, dict, set, deque}
    missing = set()
    for cls in shapes._classes.values():
        if declared_fields(cls) and (attrs.has(cls) or issubclass(cls, msgspec.Struct)):
            held = [each for hint in get_type_hints(cls).values() for each in classes_in(hint)]
            missing |= {f"{cls.__name__}: {each}" for each in held if each not in known}
    assert missing == set()


def classes_in(hint: Any) -> Iterator[Any]:
    hint = getattr(hint, "__supertype__", hint)
    if inner := get_args(hint):
        for each in inner:
            yield from classes_in(each)
    elif isinstance(hint, type):
        yield hint


# --- what cannot be read ------------------------------------------------------------------------


def test_another_version_is_refused_in_words(state: Any) -> None:
    with pytest.raises(BadCheckpoint, match="it is of version 7, this program reads"):
        restored([7, *state[1:]])


def rowed(state: Any, name: str) -> tuple[Any, list[str]]:
    changed = msgspec.msgpack.decode(packed(state))
    return changed, next(row for row in changed[1] if row[0] == name)


def test_a_class_that_had_another_field_is_named(state: Any) -> None:
    changed, row = rowed(state, "market.book.TokenBook")
    row[row.index("venue_ns")] = "exchange_ns"
    with pytest.raises(BadCheckpoint, match=r"TokenBook had other .*: exchange_ns, venue_ns"):
        restored(changed)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "desk.asset_account.AssetAccount",
            "fields of desk.asset_account.AssetAccount had other types",
        ),
        ("model.instrument.Outcome", "fields of model.instrument.Outcome had other types"),
    ],
)
def test_a_class_whose_fields_were_others_is_named(state: Any, name: str, says: str) -> None:
    changed, row = rowed(state, name)
    row[1] = "00000000"
    with pytest.raises(BadCheckpoint, match=says):
        restored(changed)


@pytest.mark.parametrize("name", ["market.book.NoBook", "model.effects.Stamp", "desk.os.system"])
def test_a_class_that_is_not_ours_to_make_is_refused(state: Any, name: str) -> None:
    changed, row = rowed(state, "market.book.TokenBook")
    row[0] = name
    with pytest.raises(BadCheckpoint, match=f"there is no {name} in this version"):
        restored(changed)


def with_settings(state: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """As a version with other settings would have written it."""
    changed = msgspec.msgpack.decode(packed(state))
    assert list(texts_in(changed[2]))
    waiting = [changed[2]]
    while waiting:
        one = waiting.pop()
        if one and one[:2] == [TEXT, "config.schema.Settings"] and type(one[2]) is str:
            told = json.loads(one[2])
            change(told)
            one[2] = json.dumps(told, sort_keys=True, separators=(",", ":"))
        waiting += [part for part in one if isinstance(part, list)]
    return changed


def test_a_setting_that_the_version_before_had_not_is_as_it_is_unless_said(
    state: Any, lived: Chance
) -> None:
    def older(told: dict[str, Any]) -> None:
        del told["journal"]["recover_within_s"], told["latency"]

    mind = restored_as(with_settings(state, older), lived.mind.digest())
    had = mind.desks[Asset.BTC].settings
    assert had == lived.mind.desks[Asset.BTC].settings
    assert (had.journal, had.latency) == (Settings().journal, Settings().latency)
    assert settings_left_out(with_settings(state, older)) == ()


def test_a_setting_that_this_version_has_not_is_named_and_left_out(
    state: Any, lived: Chance
) -> None:
    def other(told: dict[str, Any]) -> None:
        told["gates"] |= {"max_moons": 3, "max_oracle_age_ms": 7}
        told["astrology"] = {"is_enabled": True}

    changed = with_settings(state, other)
    mind = restored_as(changed, lived.mind.digest())
    assert mind.desks[Asset.BTC].settings == lived.mind.desks[Asset.BTC].settings
    assert set(settings_left_out(changed)) == {
        "gates.max_moons",
        "gates.max_oracle_age_ms (is gates.max_chainlink_age_ms now)",
        "astrology",
    }


def test_a_setting_that_cannot_be_is_refused_in_words(state: Any) -> None:
    def wrong(told: dict[str, Any]) -> None:
        told["risk"]["max_order_usd"] = "all"

    with pytest.raises(BadCheckpoint, match=r"its settings are none: .* @ risk\.max_order_usd"):
        restored(with_settings(state, wrong))


def test_a_state_of_before_settings_came_back_by_name_is_read(state: Any, lived: Chance) -> None:
    """A text had the shape of its class in front of it."""
    changed = msgspec.msgpack.decode(packed(state))
    waiting = [changed[2]]
    while waiting:
        one = waiting.pop()
        if one and one[:2] == [TEXT, "config.schema.Settings"]:
            one.insert(2, "0a1b2c3d")
        waiting += [part for part in one if isinstance(part, list)]
    mind = restored_as(changed, lived.mind.digest())
    assert mind.desks[Asset.ETH].settings == lived.mind.desks[Asset.ETH].settings


def test_a_digest_of_another_state_is_refused(state: Any, lived: Chance) -> None:
    assert restored_as(state, lived.mind.digest()).seq == lived.mind.seq
    with pytest.raises(BadCheckpoint, match="its digest is "):
        restored_as(state, "0" * 16)


@pytest.mark.parametrize("what", [None, 1, [], {}, "x", [1], [1, [], None], [1, [], []], [1, 2, 3]])
def test_what_is_no_checkpoint_is_refused(what: Any) -> None:
    with pytest.raises(BadCheckpoint):
        restored(what)


def test_a_graph_of_something_else_is_no_mind() -> None:
    with pytest.raises(BadCheckpoint, match="it holds no mind"):
        restored([checkpoint.VERSION, [], [11, 1, 2]])


SPOILT: list[Any] = [None, -1, 2**63, 0.5, "x", [], {}, [0, 0], [7, 0], [7, 999], [9, "x", "", ""]]


@settings(max_examples=2 * settings().max_examples)
@given(data=st.data())
def test_data_that_was_spoilt_is_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    """Any place of it, any value: a mind or a refusal, never another error."""
    spoilt = msgspec.msgpack.decode(SMALL)
    at: Any = spoilt
    while True:
        place = data.draw(st.integers(0, len(at) - 1))
        if not isinstance(at[place], list) or not at[place] or data.draw(st.integers(0, 3)) == 0:
            break
        at = at[place]
    at[place] = data.draw(st.sampled_from(SPOILT))
    with suppress(BadCheckpoint):
        restored_as(spoilt, "0" * 16)


def _small() -> bytes:
    chance = Chance(seed=1)
    for coin in chance.coins:
        chance._second(coin, 1)
        chance._begin(coin)
    return packed(checkpoint_of(chance.mind))


SMALL = _small()


def test_where_two_states_differ_is_told_by_fields(lived: Chance, state: Any) -> None:
    assert where_they_differ(state, state) == ""
    other = again(lived.mind)
    other.account.of(Asset.ETH).fills += 1
    found = where_they_differ(state, msgspec.msgpack.decode(packed(checkpoint_of(other))))
    assert ".account" in found
    assert ".fills: " in found


def test_a_working_order_keeps_its_trades(lived: Chance) -> None:
    """And what fills them, by trade."""
    mind = again(lived.mind)
    effects = (decode_effects(msgspec.Raw(told.effects)) for told in lived.told)
    order = next(each.order for one in effects for each in one if isinstance(each, RecordedPlace))
    orders = mind.desks[Asset.BTC].ledger.orders
    fill = Fill("trade", order.price, Shares(1), Usd(0), is_taker=False)
    orders.add(order).fills.update({f"trade {at}": fill for at in range(40)})
    copy = again(mind).desks[Asset.BTC].ledger.orders.get(order.order_id)
    assert copy == orders.get(order.order_id)
    assert orders.get(order.order_id) in orders.working()


def test_types_are_called_as_they_are_written_whoever_has_resolved_them() -> None:
    """cattrs resolves those that it meets, in one process and not in another."""
    before = declared_fields(ev.HeldRound)
    attrs.resolve_types(ev.HeldRound)
    assert declared_fields(ev.HeldRound) == before
    assert before is not None
    assert before["round"] == "Round"
