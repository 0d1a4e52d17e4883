"""Bodies of POST /order and /orders: what becomes an order, and the venue's words for the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
import trio
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from order_vectors import (
    DEPOSIT_ORDER,
    DEPOSIT_SIGNATURE,
    DEPOSIT_TAIL,
    EOA,
    FUNDER,
    SESSION_EOA,
    TOKEN,
    VECTORS,
    Vector,
)
from test_typed_data import SESSION_PLAIN, in_session

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, SAFE, SessionSigner, Wallets
from polytui.sim.wire.desk.order_payload import OrderPayloads, PayloadSettings
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.typed_data import NEG_RISK, POSITIONS, STANDARD, ExchangeDomain
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.sim.world.calendar import CalendarWindow
from polytui.sim.world.registry import make_round

CALLER = Caller("00000000-0000-0000-0000-000000000001", EOA)
ZERO = "0x" + "00" * 32
NOW_S = 1_795_204_800
MALFORMED = "Invalid order payload"

# As py-clob-client-v2 1.2.1 writes it, byte for byte.
FIRST_BODY = (
    '{"order":{"salt":1234567890123,"maker":"0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",'
    '"signer":"0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A","tokenId":"' + TOKEN + '",'
    '"makerAmount":"5200000","takerAmount":"10000000","side":"BUY","expiration":"0",'
    '"signatureType":0,"timestamp":"1790000000000","metadata":"' + ZERO + '",'
    '"builder":"' + ZERO + '","signature":"0x' + VECTORS[0].signature.hex() + '"},'
    '"owner":"00000000-0000-0000-0000-000000000001","orderType":"GTC","deferExec":false,'
    '"postOnly":false}'
).encode()


def round_for(domain: ExchangeDomain) -> Round:
    window = CalendarWindow(NOW_S * 10**9, (NOW_S + 300) * 10**9)
    round_ = make_round(7, Asset.BTC, Interval.M5, window)
    if domain == POSITIONS:
        return evolve(round_, protocol="v2")
    return evolve(round_, is_neg_risk=domain == NEG_RISK)


def reading(domain: ExchangeDomain = STANDARD, **settings: Any) -> OrderPayloads:
    """With a book for every token, and with the funder of the vectors as everything it is there."""
    wallets = Wallets(derived_wallets)
    wallets.register(FUNDER, EOA, DEPOSIT_WALLET)
    round_ = round_for(domain)
    return OrderPayloads(
        lambda token: (round_, Outcome.UP), wallets, lambda: NOW_S, PayloadSettings(**settings)
    )


def body_of(vector: Vector, **order: Any) -> dict[str, Any]:
    one = vector.order
    return {
        "order": {
            "salt": one.salt, "maker": one.maker, "signer": one.signer,
            "tokenId": str(one.token_id), "makerAmount": str(one.maker_amount),
            "takerAmount": str(one.taker_amount), "side": ("BUY", "SELL")[one.side],
            "expiration": "0", "signatureType": one.signature_type,
            "timestamp": str(one.timestamp), "metadata": "0x" + one.metadata.hex(),
            "builder": "0x" + one.builder.hex(), "signature": "0x" + vector.signature.hex(),
            **order,
        },
        "owner": CALLER.api_key, "orderType": "GTC",
    }  # fmt: skip


def accepted(payloads: OrderPayloads, body: Any, caller: Caller = CALLER) -> SignedOrder:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return trio.run(payloads.one, written, caller)


def refused(payloads: OrderPayloads, body: Any, caller: Caller = CALLER) -> str:
    with pytest.raises(RefusedError) as caught:
        accepted(payloads, body, caller)
    assert caught.value.status == 400
    assert list(caught.value.body) == ["error"]
    return str(caught.value.body["error"])


def test_a_body_of_the_official_client_is_an_order() -> None:
    assert accepted(reading(), FIRST_BODY) == SignedOrder(
        order_id=VECTORS[0].order_id,
        maker=EOA,
        signer=EOA,
        api_key=CALLER.api_key,
        token_id=TOKEN,
        side=Side.BUY,
        maker_amount=5_200_000,
        taker_amount=10_000_000,
        order_type=OrderType.GTC,
        builder=ZERO,
        signed_ms=1_790_000_000_000,
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_every_vector_is_accepted_under_its_domain_alone(vector: Vector) -> None:
    for domain in (STANDARD, NEG_RISK, POSITIONS):
        payloads = reading(domain)
        if vector.order.signature_type == SAFE:
            payloads.wallets = Wallets(derived_wallets)
            payloads.wallets.register(FUNDER, EOA, SAFE)
        if domain == vector.domain:
            order = accepted(payloads, body_of(vector))
            assert order.order_id == vector.order_id
            assert order.signature_type == vector.order.signature_type
        elif domain.version != vector.domain.version:
            assert refused(payloads, body_of(vector)) == "order_version_mismatch"
        else:
            assert refused(payloads, body_of(vector)) == "invalid signature"


def test_what_comes_beside_the_signature_is_read_too() -> None:
    body = body_of(VECTORS[0], expiration="1790000600")
    order = accepted(reading(), body | {"orderType": "GTD", "postOnly": True})
    assert (order.order_type, order.expiration_s, order.is_post_only) == (
        OrderType.GTD, 1_790_000_600, True,
    )  # fmt: skip
    assert order.order_id == VECTORS[0].order_id, "none of it is signed"


def test_a_salt_of_an_address_in_capitals_is_the_same_order() -> None:
    body = body_of(VECTORS[0], maker="0x" + EOA[2:].upper(), signer="0x" + EOA[2:].upper())
    assert accepted(reading(), body).maker == EOA


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"owner": "00000000-0000-0000-0000-000000000002"},
         "the order owner has to be the owner of the API KEY"),
        ({"owner": ""}, "the order owner has to be the owner of the API KEY"),
    ],
)  # fmt: skip
def test_an_order_is_posted_with_its_owners_key(changed: dict[str, Any], words: str) -> None:
    assert refused(reading(), body_of(VECTORS[0]) | changed) == words


def test_the_key_must_be_that_of_the_signer() -> None:
    other = Caller(CALLER.api_key, FUNDER)
    words = "the order signer address has to be the address of the API KEY"
    assert refused(reading(), FIRST_BODY, other) == words
    assert refused(reading(), body_of(VECTORS[0], signer=FUNDER)) == words
    deposit = Vector("", STANDARD, DEPOSIT_ORDER, "", DEPOSIT_SIGNATURE)
    assert refused(reading(), body_of(deposit, maker=EOA)) == words
    assert refused(reading(), body_of(deposit), Caller(CALLER.api_key, SESSION_EOA)) == words
    stranger = OrderPayloads(
        lambda token: (round_for(STANDARD), Outcome.UP), Wallets(derived_wallets), lambda: NOW_S
    )
    assert refused(stranger, body_of(deposit)) == words, "nobody's wallet"


def test_a_wrong_funder_has_no_valid_signature() -> None:
    payloads, safe = reading(), VECTORS[2]
    assert safe.order.signature_type == SAFE
    assert refused(payloads, body_of(safe)) == "invalid signature", "a deposit wallet, no safe"
    assert refused(payloads, body_of(VECTORS[0], maker=FUNDER)) == "invalid signature"


def test_an_eoa_signs_for_no_wallet_under_type_0() -> None:
    """The signature is good, but nobody else's money moves by it."""
    from eth_account import Account
    from eth_account.messages import encode_typed_data

    from polytui.sim.wire.signed import typed_data

    order = evolve(VECTORS[0].order, maker=FUNDER)
    message = encode_typed_data(STANDARD.described(), typed_data._ORDER, order.described())
    signature = bytes(Account.sign_message(message, "0x" + "11" * 32).signature)
    assert typed_data.judge_order(order, STANDARD, signature).signed_by == EOA
    assert refused(reading(), body_of(Vector("", STANDARD, order, "", signature))) == (
        "invalid signature"
    )


def test_a_session_key_trades_until_its_moment() -> None:
    session = Caller(CALLER.api_key, SESSION_EOA)
    signature = in_session(SESSION_EOA, SESSION_PLAIN + DEPOSIT_TAIL)
    body = body_of(Vector("", STANDARD, DEPOSIT_ORDER, "", signature))
    payloads = reading()
    assert refused(payloads, body, session).startswith("the order signer address")
    payloads.wallets.authorize_session(FUNDER, SessionSigner(SESSION_EOA, ("ALL",), NOW_S + 1))
    assert accepted(payloads, body, session).maker == FUNDER
    assert refused(payloads, body) == "invalid signature", "the owner's key, another's signature"
    plain = body_of(Vector("", STANDARD, DEPOSIT_ORDER, "", SESSION_PLAIN + DEPOSIT_TAIL))
    assert refused(payloads, plain, session) == "invalid signature", "as if it were the owner"
    payloads.now_s = lambda: NOW_S + 1
    assert refused(payloads, body, session).startswith("the order signer address")


def test_a_token_without_a_book() -> None:
    payloads = reading()
    payloads.find = lambda token: None
    assert refused(payloads, FIRST_BODY) == f"the orderbook {TOKEN} does not exist"


def test_the_venue_may_take_deposit_wallets_only() -> None:
    payloads = reading(takes_only_deposit_wallets=True)
    words = "maker address not allowed, please use the deposit wallet flow"
    assert refused(payloads, FIRST_BODY) == words
    assert refused(payloads, body_of(VECTORS[2])) == words
    deposit = Vector("", STANDARD, DEPOSIT_ORDER, "", DEPOSIT_SIGNATURE)
    assert accepted(payloads, body_of(deposit)).maker == FUNDER


def test_an_order_of_the_former_venue_is_told_apart() -> None:
    body = body_of(VECTORS[0], nonce="0", feeRateBps="0", taker="0x" + "00" * 20)
    for name in ("timestamp", "metadata", "builder"):
        del body["order"][name]
    assert refused(reading(), body) == "order_version_mismatch"


WRONG_FIELDS = [
    ("salt", "1234567890123"), ("salt", -1), ("salt", 2**53), ("salt", 10**400), ("salt", 1.5),
    ("salt", 1e3), ("salt", None), ("salt", True), ("maker", "0x123"), ("maker", EOA[2:]),
    ("maker", EOA + "\n"), ("maker", EOA + "00"), ("signer", ""), ("signer", 5),
    ("tokenId", "-1"), ("tokenId", "1e3"), ("tokenId", "0123"), ("tokenId", "١٢٣"),
    ("tokenId", "0x1"), ("tokenId", " 1"), ("tokenId", "1\n"), ("tokenId", 1),
    ("makerAmount", "5200000.0"), ("makerAmount", ""), ("makerAmount", "５２"),
    ("makerAmount", 5200000), ("makerAmount", "9" * 79), ("makerAmount", "9" * 5000),
    ("makerAmount", str(2**256)), ("takerAmount", "+1"), ("takerAmount", "1_000"),
    ("takerAmount", "NaN"), ("side", "buy"), ("side", 0), ("side", "HOLD"),
    ("signatureType", 4), ("signatureType", -1), ("signatureType", "0"), ("signatureType", True),
    ("timestamp", 1790000000000), ("timestamp", "-1"), ("metadata", "0x00"), ("metadata", ""),
    ("builder", ZERO[:-1] + "g"), ("builder", None), ("signature", 5),
    ("signature", "0x" + "00" * 4096), ("expiration", 0), ("expiration", "-1"),
    ("expiration", "9" * 16), ("expiration", "0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS)
def test_a_field_that_is_none_is_refused(name: str, value: Any) -> None:
    assert refused(reading(), body_of(VECTORS[0], **{name: value})) == MALFORMED


@pytest.mark.parametrize("name", sorted(set(body_of(VECTORS[0])["order"]) - {"expiration"}))
def test_a_field_that_is_missing_is_refused(name: str) -> None:
    body = body_of(VECTORS[0])
    del body["order"][name]
    assert refused(reading(), body) == MALFORMED


@pytest.mark.parametrize(
    "changed",
    [
        {"orderType": "gtc"}, {"orderType": "IOC"}, {"orderType": None}, {"owner": None},
        {"owner": 1}, {"owner": "x" * 101}, {"postOnly": 1}, {"postOnly": "true"},
        {"deferExec": "no"}, {"order": None}, {"order": []}, {"order": "x"},
    ],
)  # fmt: skip
def test_what_stands_around_the_order_has_types_too(changed: dict[str, Any]) -> None:
    assert refused(reading(), body_of(VECTORS[0]) | changed) == MALFORMED


@pytest.mark.parametrize("signature", ["", "0x", "zz", "0x" + "00" * 65, "0x" + "ff" * 65, "0x1"])
def test_a_signature_that_is_none_is_invalid(signature: str) -> None:
    assert refused(reading(), body_of(VECTORS[0], signature=signature)) == "invalid signature"


BOMBS = [
    b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"\xef\xbb\xbf" + FIRST_BODY,
    FIRST_BODY.decode().encode("utf-16"), b"[" * 200_000, b'{"order":' * 50_000,
    FIRST_BODY + b"x", FIRST_BODY.replace(b'"salt":1234567890123', b'"salt":NaN'),
    FIRST_BODY.replace(b'"salt":1234567890123', b'"salt":Infinity'),
    FIRST_BODY.replace(b'"salt":1234567890123', b'"salt":1234567890123.0'),
    FIRST_BODY.replace(b'"salt":1234567890123', b'"salt":1' + b"0" * 100_000),
    FIRST_BODY.replace(b'"side":"BUY"', b'"side":"SELL","side":"BUY"'),
    FIRST_BODY.replace(b'"postOnly":false', b'"postOnly":true,"postOnly":false'),
    FIRST_BODY.replace(b'"owner":', b'"owner":"x","owner":'),
    FIRST_BODY.replace(b'"BUY"', b'"\\ud800"'),
]  # fmt: skip


@pytest.mark.parametrize("body", BOMBS, ids=range(len(BOMBS)))
def test_bodies_that_are_none(body: bytes) -> None:
    assert refused(reading(), body) == MALFORMED
    with pytest.raises(RefusedError):
        trio.run(reading().batch, body, CALLER)


def test_the_libraries_of_the_chain_let_nobody_recurse_deeper() -> None:
    """Not afterwards, and not while they are being loaded. In a process of its own: whoever
    imported them before has raised the limit here."""
    program = (
        "import sys, trio, msgspec\n"
        "from polytui.sim.wire.signed.ethereum import load_ethereum\n"
        "usual, seen = sys.getrecursionlimit(), set()\n"
        "async def look(scope):\n"
        "    while not scope.cancel_called:\n"
        "        seen.add(sys.getrecursionlimit())\n        await trio.sleep(0.001)\n"
        "async def load():\n    async with trio.open_nursery() as nursery:\n"
        "        nursery.start_soon(look, nursery.cancel_scope)\n"
        "        await load_ethereum()\n        nursery.cancel_scope.cancel()\n"
        "trio.run(load)\n"
        "assert 'eth_keyfile' in sys.modules and 'py_ecc' not in sys.modules\n"
        "assert seen == {usual} and sys.getrecursionlimit() == usual, seen\n"
        "try:\n    msgspec.json.decode(b'[' * 200_000)\n"
        "except RecursionError:\n    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("refused\n", 0), done.stderr


def test_a_name_is_refused_twice_even_where_nobody_reads_it() -> None:
    with pytest.raises(ValueError, match="twice"):
        strict_json(b'{"a":{"b":1,"b":1}}')
    assert strict_json(b'{"a":{"b":1},"b":1}') == {"a": {"b": 1}, "b": 1}


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1.0", b"1e2", b"0.5"])
def test_only_whole_numbers_are_numbers_even_where_nobody_reads_them(value: bytes) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        strict_json(b'{"x":[' + value + b"]}")


def test_a_document_of_too_many_parts_is_none_however_flat() -> None:
    assert len(strict_json(b"[" + b",".join([b"{}"] * 499) + b"]")) == 499
    with pytest.raises(ValueError, match="too many parts"):
        strict_json(b"[" + b",".join([b"{}"] * 500) + b"]")


def test_half_a_character_is_none() -> None:
    assert strict_json(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"
    for body in (rb'"\ud83d"', rb'["\ude00\ud83d"]', rb'{"\udc00":1}'):
        with pytest.raises(ValueError, match="surrogates"):
            strict_json(body)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none(), lambda x: st.lists(x)).map(str).map(str.encode)
)
def test_whatever_bytes_come_the_answer_is_the_venues(body: bytes) -> None:
    assert refused(reading(), body) == MALFORMED


@given(st.data())
def test_one_character_changed_is_another_order_or_none(data: st.DataObject) -> None:
    """Whatever is accepted is what was signed."""
    at = data.draw(st.integers(0, len(FIRST_BODY) - 1))
    written = data.draw(st.integers(32, 126))
    body = FIRST_BODY[:at] + bytes((written,)) + FIRST_BODY[at + 1 :]
    with suppress(RefusedError):
        order = accepted(reading(), body)
        assert order.order_id == VECTORS[0].order_id
        assert (order.maker, order.maker_amount, order.side) == (EOA, 5_200_000, Side.BUY)


def test_a_batch_is_judged_one_by_one_in_its_order() -> None:
    good, other = body_of(VECTORS[0]), body_of(VECTORS[1])
    bad = body_of(VECTORS[0], makerAmount="5200001")
    strange = good | {"owner": "x"}
    body = json.dumps([good, bad, other, strange]).encode()
    found = trio.run(reading().batch, body, CALLER)
    assert [one if isinstance(one, str) else one.order_id for one in found] == [
        VECTORS[0].order_id,
        "invalid signature",
        VECTORS[1].order_id,
        "the order owner has to be the owner of the API KEY",
    ]


def test_a_batch_has_fifteen_orders_at_most() -> None:
    def words(count: int) -> str:
        body = json.dumps([body_of(VECTORS[0])] * count).encode()
        with pytest.raises(RefusedError) as caught:
            trio.run(reading().batch, body, CALLER)
        assert caught.value.status == 400
        return str(caught.value.body["error"])

    assert words(16) == "Too many orders in payload: 16, max allowed: 15"
    assert words(20) == "Too many orders in payload: 20, max allowed: 15"
    assert words(0) == MALFORMED
    fifteen = json.dumps([body_of(VECTORS[0])] * 15).encode()
    assert len(trio.run(reading().batch, fifteen, CALLER)) == 15


@pytest.mark.parametrize(
    "body", [FIRST_BODY, b"[" + FIRST_BODY + b",5]", b"[[" + FIRST_BODY + b"]]"]
)
def test_a_batch_with_something_else_in_it_is_refused_whole(body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        trio.run(reading().batch, body, CALLER)
    assert caught.value.body == {"error": MALFORMED}
