"""The user channel: how our own orders and trades are told, with all the venue's spellings."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.orders import Side
from polytui.model.units import Price, Shares
from polytui.venues.feed import IGNORED, NOTHING, WIRE_FAULTS, Parsed
from polytui.venues.polymarket.user_channel import (
    OrderChange,
    TradeStatus,
    UserChannel,
    UserEvent,
    UserMatch,
    UserOrder,
    UserTrade,
)

OURS, OTHERS = "9180014b-33c8-9240-a14b-bdca11c0a465", "d7a1d9e2-0000-4000-8000-5ab8a3c0ffee"
ORDER_ID, TAKER_ID = "0xff" + "35" * 31, "0x06" + "bc" * 31
CONDITION, UP, DOWN = "0xbd" + "31" * 31, "5211" * 19, "4840" * 19
ORDER: dict[str, Any] = {
    "event_type": "order",
    "id": ORDER_ID,
    "owner": OURS,
    "market": CONDITION,
    "asset_id": UP,
    "side": "SELL",
    "order_owner": OURS,
    "original_size": "10",
    "size_matched": "0",
    "price": "0.57",
    "associate_trades": None,
    "outcome": "Up",
    "type": "PLACEMENT",
    "created_at": "1672290687",
    "expiration": "1234567",
    "order_type": "GTD",
    "status": "LIVE",
    "maker_address": "0x1234",
    "timestamp": "1782753357257",
}
ENTRY: dict[str, Any] = {
    "order_id": ORDER_ID,
    "owner": OURS,
    "maker_address": "0x5678",
    "matched_amount": "10",
    "price": "0.57",
    "fee_rate_bps": "0",
    "asset_id": UP,
    "outcome": "Up",
    "outcome_index": 0,
    "side": "SELL",
}
TRADE: dict[str, Any] = {
    "event_type": "trade",
    "type": "TRADE",
    "id": "28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e",
    "taker_order_id": TAKER_ID,
    "market": CONDITION,
    "asset_id": UP,
    "side": "BUY",
    "size": "10",
    "price": "0.57",
    "fee_rate_bps": "0",
    "status": "MATCHED",
    "matchtime": "1672290701",
    "last_update": "1672290701",
    "outcome": "Up",
    "owner": OURS,
    "trade_owner": OURS,
    "maker_address": "0x5678",
    "transaction_hash": "",
    "bucket_index": 0,
    "maker_orders": [{**ENTRY, "owner": OTHERS}],
    "trader_side": "TAKER",
    "timestamp": "1782753357257",
}
KEY = ApiKey(OURS, Secret("c2VjcmV0IG9mIG91cnM="), Secret("words-that-pass"))


def read(*messages: Any, key: ApiKey | None = KEY) -> tuple[tuple[UserEvent, ...], Parsed]:
    frame = json.dumps(messages[0] if len(messages) == 1 else messages)
    found = UserChannel(key).read(frame)
    assert found == UserChannel(key).read(frame.encode())
    return found


def order(**changes: Any) -> UserOrder:
    (event,), parsed = read({**ORDER, **changes})
    assert parsed == Parsed(is_data=True)
    assert isinstance(event, UserOrder)
    return event


def trade(key: ApiKey | None = KEY, **changes: Any) -> UserTrade:
    (event,), parsed = read({**TRADE, **changes}, key=key)
    assert parsed == Parsed(is_data=True)
    assert isinstance(event, UserTrade)
    return event


def reason(message: Any) -> str:
    events, parsed = read(message)
    assert events == ()
    return parsed.rejected


# --- the greeting ---------------------------------------------------------------------------------


def test_the_whole_account_is_asked_for_since_rounds_roll() -> None:
    (text,) = UserChannel(KEY).hello()
    auth = {"apiKey": OURS, "secret": "c2VjcmV0IG9mIG91cnM=", "passphrase": "words-that-pass"}
    assert json.loads(text) == {"type": "user", "auth": auth}


def test_nobody_prints_the_key_and_without_one_it_only_reads() -> None:
    for shown in (repr(KEY), str(KEY), repr(UserChannel(KEY))):
        assert not any(text in shown for text in (OURS, "c2VjcmV0", "words-that-pass"))
    assert UserChannel().hello() == ()


# --- orders ---------------------------------------------------------------------------------------


def test_a_placement() -> None:
    assert order() == UserOrder(
        order_id=ORDER_ID,
        change=OrderChange.PLACED,
        condition_id=CONDITION,
        token_id=UP,
        side=Side.SELL,
        price=570_000,  # type: ignore[arg-type]
        original=10_000_000,  # type: ignore[arg-type]
        matched=0,  # type: ignore[arg-type]
        status="LIVE",
        venue_ns=1_782_753_357_257_000_000,
        order_type="GTD",
    )


def test_what_is_matched_is_the_sum_so_far() -> None:
    trades = {"associate_trades": [TRADE["id"]], "type": "UPDATE"}
    part = order(size_matched="3.25", status="LIVE", **trades)
    whole = order(size_matched="10", status="MATCHED", **trades)
    assert [one.change for one in (part, whole)] == [OrderChange.MATCHED] * 2
    assert [one.matched for one in (part, whole)] == [3_250_000, 10_000_000]


@pytest.mark.parametrize(
    "status",
    [
        "DELAYED",
        "UNMATCHED",
        "INVALID",
        "CANCELED_MARKET_RESOLVED",
        "CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.",
        'CANCELED_it said "no"',
        "something new",
        "",
    ],
)
def test_a_status_is_an_open_set_and_may_be_free_text(status: str) -> None:
    one = order(type="CANCELLATION", status=status)
    assert (one.change, one.status) == (OrderChange.CANCELLED, status)


def test_a_status_fits_on_a_line_of_a_log() -> None:
    one = order(status="CANCELED_\n\x1b[31m" + "é" * 300)
    assert one.status.isascii()
    assert one.status.isprintable()
    assert len(one.status) == 100


def test_a_killed_fok_buy_has_empty_texts_and_dollars_for_a_size() -> None:
    one = order(
        side="BUY", type="CANCELLATION", original_size="1.01", price="0.01", size_matched="",
        outcome="", created_at="", order_type="FOK",
    )  # fmt: skip
    assert (one.original, one.matched, one.price) == (1_010_000, 0, 10_000)


@pytest.mark.parametrize("nothing", ["", None, "0"])
def test_empty_and_null_stand_for_zero_in_sizes(nothing: str | None) -> None:
    assert order(size_matched=nothing).matched == 0
    assert order(original_size=nothing).original == 0
    entry = {**ENTRY, "matched_amount": nothing}
    (match,) = trade(trader_side="MAKER", maker_orders=[entry]).matches
    assert match.shares == 0


@pytest.mark.parametrize(
    ("stamp", "venue_ns"),
    [
        ("1782753357257", 1_782_753_357_257_000_000),
        (1782753357257, 1_782_753_357_257_000_000),
        ("1672290687", 1_672_290_687_000_000_000),
        (1672290687, 1_672_290_687_000_000_000),
        ("999999999999", 999_999_999_999_000_000_000),
        ("1000000000000", 1_000_000_000_000_000_000),
    ],
)
def test_from_ten_to_the_twelfth_on_a_stamp_is_milliseconds(
    stamp: str | int, venue_ns: int
) -> None:
    assert order(timestamp=stamp).venue_ns == venue_ns
    assert trade(timestamp=stamp).venue_ns == venue_ns


def test_sides_and_types_in_lower_case() -> None:
    one = order(side="sell", type="placement")
    assert (one.side, one.change) == (Side.SELL, OrderChange.PLACED)


@given(shares=st.integers(0, 10**13), ticks=st.integers(1, 9_999), places=st.integers(4, 6))
def test_sizes_and_prices_are_exact(shares: int, ticks: int, places: int) -> None:
    one = order(
        original_size=str(Decimal(shares).scaleb(-6)) if shares >= 10 else f"0.00000{shares}",
        price=f"{Decimal(ticks).scaleb(-4):.{places}f}",
    )
    assert (one.original, one.price) == (shares, ticks * 100)


# --- trades ---------------------------------------------------------------------------------------


def test_as_taker_the_trade_is_ours() -> None:
    parts = ((Price(570_000), Shares(10_000_000)),)
    taken = UserMatch(
        TAKER_ID, UP, Side.BUY, Price(570_000), Shares(10_000_000), is_taker=True, parts=parts
    )
    assert trade() == UserTrade(
        trade_id=TRADE["id"],
        status=TradeStatus.MATCHED,
        condition_id=CONDITION,
        matches=(taken,),
        venue_ns=1_782_753_357_257_000_000,
    )


def test_as_maker_only_the_entries_of_ours_are() -> None:
    """The whole trade is told; the top level is the taker's, and may be the other outcome's."""
    mirrored = {"asset_id": DOWN, "price": "0.43", "side": "SELL", "matched_amount": "2.5"}
    one = trade(
        trader_side="MAKER",
        size="99",
        maker_orders=[
            {**ENTRY, "owner": OTHERS, "order_id": "0xsomebody"},
            {**ENTRY, "matched_amount": "4", "price": "0.56"},
            {**ENTRY, "order_id": "0xsecond", **mirrored},
        ],
    )
    assert one.matches == (
        UserMatch(ORDER_ID, UP, Side.SELL, 560_000, 4_000_000, is_taker=False),  # type: ignore[arg-type]
        UserMatch("0xsecond", DOWN, Side.SELL, 430_000, 2_500_000, is_taker=False),  # type: ignore[arg-type]
    )


def test_a_recording_without_a_key_goes_by_the_owner_that_is_named() -> None:
    entries = [{**ENTRY, "owner": OTHERS, "order_id": "0xsomebody"}, ENTRY]
    for named in ({"trade_owner": OURS, "owner": ""}, {"trade_owner": "", "owner": OURS}):
        one = trade(None, trader_side="MAKER", maker_orders=entries, **named)
        assert [match.order_id for match in one.matches] == [ORDER_ID]
    unnamed = trade(None, trader_side="MAKER", maker_orders=entries, trade_owner="", owner="")
    assert len(unnamed.matches) == 2


def test_a_token_may_have_its_other_name_and_words_any_case() -> None:
    entry = {name: value for name, value in ENTRY.items() if name != "asset_id"}
    (match,) = trade(
        trader_side="maker", maker_orders=[{**entry, "token_id": UP, "side": "sell"}]
    ).matches
    assert (match.token_id, match.side, match.is_taker) == (UP, Side.SELL, False)
    (taken,) = trade(trader_side="taker", side="buy", maker_orders=None).matches
    assert (taken.side, taken.is_taker) == (Side.BUY, True)


@pytest.mark.parametrize("prefix", ["", "TRADE_STATUS_"])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("MATCHED_NOT_BROADCASTED", TradeStatus.MATCHED),
        ("MATCHED", TradeStatus.MATCHED),
        ("MINED", TradeStatus.MINED),
        ("CONFIRMED", TradeStatus.CONFIRMED),
        ("RETRYING", TradeStatus.RETRYING),
        ("FAILED", TradeStatus.FAILED),
        ("confirmed", TradeStatus.CONFIRMED),
    ],
)
def test_a_trade_keeps_its_id_through_all_its_statuses(
    word: str, status: TradeStatus, prefix: str
) -> None:
    one = trade(status=f"{prefix}{word}")
    assert (one.trade_id, one.status) == (TRADE["id"], status)


# --- frames ---------------------------------------------------------------------------------------


def test_an_array_is_many_messages_in_order() -> None:
    events, parsed = read(TRADE, {"event_type": "horoscope"}, ORDER)
    assert [type(event) for event in events] == [UserTrade, UserOrder]
    assert parsed == Parsed(is_data=True)


@pytest.mark.parametrize("frame", ["PONG", b"PONG", "", b"", " ", "[]"])
def test_what_means_nothing(frame: str | bytes) -> None:
    assert UserChannel(KEY).read(frame) == ((), NOTHING)


def test_an_unknown_kind_of_message_is_ignored() -> None:
    assert read({"event_type": "horoscope", "id": "1"}) == ((), IGNORED)


def test_a_refusal_in_the_venues_words() -> None:
    assert read({"message": "invalid api key", "type": "error"}) == (
        (),
        Parsed(refused="invalid api key"),
    )
    assert read(ORDER, {"message": "too many"})[1] == Parsed(refused="too many")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"price": "-0.5"}, "-0.5"),
        ({"price": "1.5"}, "1.5"),
        ({"price": "0"}, "0"),
        ({"price": "NaN"}, "NaN"),
        ({"price": 0.57}, "Expected `str`"),
        ({"price": None}, "Expected `str`"),
        ({"original_size": "-1"}, "-1"),
        ({"size_matched": "1e5"}, "1e5"),
        ({"size_matched": "0.1234567"}, "0.1234567"),
        ({"side": "BOTH"}, "not a valid Side"),
        ({"type": "TELEPORT"}, "TELEPORT"),
        ({"id": ""}, "not an id"),
        ({"id": "0x\n1"}, "not an id"),
        ({"id": "9" * 101}, "not an id"),
        ({"timestamp": "-1"}, "not a time"),
        ({"timestamp": "٣"}, "not a time"),
        ({"timestamp": "9" * 16}, "not a time"),
        ({"event_type": ""}, "no event_type"),
    ],
)
def test_orders_that_are_not_believed(change: dict[str, Any], words: str) -> None:
    assert words in reason({**ORDER, **change})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "PERHAPS"}, "PERHAPS"),
        ({"status": ""}, "''"),
        ({"taker_order_id": ""}, "not an id"),
        ({"size": "-10"}, "-10"),
        ({"side": ""}, "''"),
        ({"trader_side": "MAKER"}, "without an order of ours"),
        ({"trader_side": "MAKER", "maker_orders": None}, "without an order of ours"),
        ({"trader_side": "MAKER", "maker_orders": [{**ENTRY, "price": "7"}]}, "7"),
        ({"trader_side": "MAKER", "maker_orders": [{**ENTRY, "order_id": ""}]}, "not an id"),
        ({"maker_orders": "none"}, "Expected `array"),
    ],
)
def test_trades_that_are_not_believed(change: dict[str, Any], words: str) -> None:
    assert words in reason({**TRADE, **change})


@pytest.mark.parametrize(
    "spoilt", [{**TRADE, "price": "2"}, {**TRADE, "price": 7}, "no object", {"event_type": "order"}]
)
def test_one_bad_message_of_many_is_lost_alone(spoilt: Any) -> None:
    events, parsed = read(ORDER, spoilt, ORDER)
    assert (len(events), parsed.is_data) == (2, True)
    assert parsed.rejected
    assert read(spoilt)[0] == ()


def test_nulls_stand_for_what_is_not_there() -> None:
    nulls = dict.fromkeys(("trader_side", "token_id", "match_time", "matchtime"))
    assert trade(**nulls, trade_owner=None).matches == trade().matches
    (ours,), _ = UserChannel(KEY, lambda order_id: order_id == TAKER_ID).read(
        json.dumps({**TRADE, **nulls, "owner": None, "trade_owner": None})
    )
    assert isinstance(ours, UserTrade)
    assert ours.matches == trade().matches, "its order is known to be ours"
    assert trade(timestamp=None).venue_ns == 1_672_290_701_000_000_000, "matchtime, in seconds"


def test_a_side_that_is_left_out_follows_from_the_takers() -> None:
    """Of the same token the other side; a buyer of the other token met a buyer."""
    entry = {key: value for key, value in ENTRY.items() if key != "side"}
    for token, side in ((UP, Side.SELL), (DOWN, Side.BUY)):
        made = trade(trader_side="maker", maker_orders=[{**entry, "asset_id": token}])
        assert [(match.side, match.token_id) for match in made.matches] == [(side, token)]


def test_what_is_ours_is_proven_by_the_orders_id_by_the_key_or_by_the_wallet() -> None:
    """Two keys of one account make one account: the website's orders move our money, too."""
    entries = [
        {**ENTRY, "owner": OTHERS},
        {**ENTRY, "order_id": TAKER_ID, "owner": OURS},
        {**ENTRY, "order_id": "0xweb", "owner": OTHERS, "maker_address": "0xABCD"},
        {**ENTRY, "order_id": "0xno", "owner": OTHERS},
    ]
    frame = json.dumps({**TRADE, "trader_side": "MAKER", "maker_orders": entries})
    codec = UserChannel(KEY, lambda order_id: order_id == ORDER_ID, wallet="0xabcd")
    (event,), _ = codec.read(frame)
    assert isinstance(event, UserTrade)
    assert [match.order_id for match in event.matches] == [ORDER_ID, TAKER_ID, "0xweb"]


@pytest.mark.parametrize("side", [{}, {"trader_side": ""}, {"trader_side": None}])
@pytest.mark.parametrize("owner", [OURS, OTHERS])
def test_a_makers_trade_that_does_not_say_so_is_no_strangers_taking(
    side: dict[str, Any], owner: str
) -> None:
    bare = {name: value for name, value in TRADE.items() if name != "trader_side"}
    entries = [ENTRY, {**ENTRY, "order_id": "0xno", "owner": OTHERS}]
    named = {"owner": owner, "trade_owner": OURS, "maker_orders": entries}
    (one,), _ = read({**bare, **side, **named})
    assert isinstance(one, UserTrade)
    assert [(each.order_id, each.is_taker) for each in one.matches] == [(ORDER_ID, False)]
    nobodys = {**bare, **side, "owner": OTHERS, "maker_orders": entries[1:]}
    assert reason(nobodys) == "a maker's trade without an order of ours"


def test_who_meets_himself_takes_and_makes() -> None:
    both = trade(maker_orders=[ENTRY])
    assert [(one.order_id, one.is_taker) for one in both.matches] == [
        (TAKER_ID, True),
        (ORDER_ID, False),
    ]
    frame = json.dumps({**TRADE, "trader_side": "MAKER", "maker_address": "0xAA"})
    (other_key,), _ = UserChannel(KEY, wallet="0xaa").read(frame)
    assert isinstance(other_key, UserTrade)
    assert [one.is_taker for one in other_key.matches] == [True], "another key of ours took"


def test_a_takers_shares_are_told_apart_by_maker_in_his_own_prices() -> None:
    makers = [
        {**ENTRY, "owner": OTHERS, "matched_amount": "4"},
        {**ENTRY, "owner": OTHERS, "matched_amount": "6", "asset_id": DOWN, "price": "0.43"},
    ]
    (taken,) = trade(maker_orders=makers).matches
    assert taken.parts == ((570_000, 4_000_000), (570_000, 6_000_000))
    (unsure,) = trade(maker_orders=makers[:1]).matches
    assert unsure.parts == (), "makers of four shares of ten"


# --- answers to questions -------------------------------------------------------------------------

ROW = {
    "id": ORDER_ID, "status": "LIVE", "owner": OURS, "maker_address": "0x1", "market": CONDITION,
    "asset_id": UP, "side": "BUY", "original_size": "10", "size_matched": "0", "price": "0.52",
    "outcome": "Up", "expiration": "0", "order_type": "GTC", "associate_trades": [],
    "created_at": 1_795_204_800,
}  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "ORDER_STATUS_"])
@pytest.mark.parametrize(
    ("status", "matched", "change", "is_over"),
    [
        ("LIVE", "0", OrderChange.PLACED, False),
        ("LIVE", "3", OrderChange.MATCHED, False),
        ("DELAYED", "", OrderChange.PLACED, False),
        ("MATCHED", "10", OrderChange.MATCHED, True),
        ("CANCELED", "3", OrderChange.CANCELLED, True),
        ("CANCELED_MARKET_RESOLVED", "0", OrderChange.CANCELLED, True),
        ("CANCELED_order couldn't be fully filled.", "0", OrderChange.CANCELLED, True),
        ("INVALID", "0", OrderChange.CANCELLED, True),
    ],
)
def test_an_order_that_was_asked_for(
    status: str, matched: str, change: OrderChange, is_over: bool, prefix: str
) -> None:
    row = {**ROW, "status": prefix + status, "size_matched": matched}
    one = UserChannel(KEY).order_of(json.dumps(row).encode())
    assert (one.change, one.is_over, one.is_answer) == (change, is_over, True)
    assert one.venue_ns == 1_795_204_800_000_000_000
    assert not one.is_of_another_key
    assert (
        UserChannel(KEY).order_of(json.dumps({**row, "owner": OTHERS}).encode()).is_of_another_key
    )


def test_a_trade_that_was_asked_for_is_a_frame_without_its_type() -> None:
    row = {name: value for name, value in TRADE.items() if name not in ("event_type", "timestamp")}
    one = UserChannel(KEY).trade_of(json.dumps({**row, "status": "TRADE_STATUS_MINED"}).encode())
    assert (one.status, one.matches) == (TradeStatus.MINED, trade().matches)
    assert one.venue_ns == 1_672_290_701_000_000_000


@pytest.mark.parametrize("nonsense", [b"[]", b"{}", b"null", b"{", b'{"id": 7}', b"\xff"])
def test_nonsense_that_was_asked_for_is_refused(nonsense: bytes) -> None:
    for read_one in (UserChannel(KEY).order_of, UserChannel(KEY).trade_of):
        with pytest.raises(WIRE_FAULTS):
            read_one(nonsense)
