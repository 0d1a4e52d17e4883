"""Signatures as the venue's contracts read them: the official clients' verify, others do not."""

from __future__ import annotations

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st
from order_vectors import (
    CONTENTS_HASH,
    DEPOSIT_ORDER,
    DEPOSIT_SIGNATURE,
    DEPOSIT_TAIL,
    EOA,
    FUNDER,
    ORDER_TEXT,
    SEPARATORS,
    SESSION_EOA,
    VECTORS,
    Vector,
)

from polytui.sim.exchange.contracts import CONDITIONAL_TOKENS, PROXY_FACTORY, RELAY_HUB
from polytui.sim.wire.signed.relayer_signatures import (
    ProxyRequest,
    WalletCall,
    batch_signer,
    proxy_signer,
    safe_signer,
)
from polytui.sim.wire.signed.typed_data import (
    DOMAINS,
    STANDARD,
    ExchangeDomain,
    OrderStruct,
    clob_auth_signer,
    judge_order,
    signature_bytes,
    without_session,
)

AUTH_SIGNATURE = signature_bytes(
    "0x85ca564babee4e457e787f6a6db85d07f12ea4c3b436cbb0d7985b97543f11f5"
    "0a58fb1019b2ba8c4c77d3cc30a2901659b9074b54129b035d545c907c8c5caa1b"
)
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
any_vector = st.sampled_from(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_an_official_clients_order_is_its_owners(vector: Vector) -> None:
    verdict = judge_order(vector.order, vector.domain, vector.signature)
    assert verdict.order_id == vector.order_id
    assert verdict.signed_by == EOA
    assert verdict.session_signer == ""


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda one: one.contract)
def test_domain_separators_are_those_of_the_chain(domain: ExchangeDomain) -> None:
    from eth_account.messages import encode_typed_data

    message = encode_typed_data(
        domain.described(), {"Nothing": [{"name": "it", "type": "bool"}]}, {"it": True}
    )
    assert message.header.hex() == SEPARATORS[domain]


@given(any_vector, st.data())
def test_one_bit_changed_in_a_signature_is_nobodys_or_somebody_elses(
    vector: Vector, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, 8 * len(vector.signature) - 1))
    changed = bytearray(vector.signature)
    changed[at // 8] ^= 1 << at % 8
    verdict = judge_order(vector.order, vector.domain, bytes(changed))
    assert verdict.signed_by != EOA
    assert verdict.order_id == vector.order_id


def test_every_bit_of_a_wrapped_signatures_tail_counts() -> None:
    for at in range(len(DEPOSIT_TAIL)):
        changed = bytearray(DEPOSIT_SIGNATURE)
        changed[65 + at] ^= 1
        assert judge_order(DEPOSIT_ORDER, STANDARD, bytes(changed)).signed_by == ""


@pytest.mark.parametrize("v", [0, 1, 26, 29, 31, 35, 36, 91, 92, 255])
def test_contracts_know_two_values_of_v(v: int) -> None:
    vector = VECTORS[0]
    assert judge_order(vector.order, STANDARD, vector.signature[:64] + bytes((v,))).signed_by == ""


def test_the_mirror_image_of_a_signature_is_refused() -> None:
    vector = VECTORS[0]
    mirrored = CURVE_ORDER - int.from_bytes(vector.signature[32:64], "big")
    signature = vector.signature[:32] + mirrored.to_bytes(32, "big") + bytes((28,))
    assert vector.signature[64] == 27
    assert judge_order(vector.order, STANDARD, signature).signed_by == ""


@given(any_vector, st.sampled_from(fields(OrderStruct)), st.integers(1, 10**6))
def test_every_signed_field_counts(vector: Vector, field: object, by: int) -> None:
    name = getattr(field, "name")  # noqa: B009
    value = getattr(vector.order, name)
    if name in ("side", "signature_type"):
        value = (value + 1) % 2
    elif isinstance(value, int):
        value += by
    elif isinstance(value, bytes):
        value = by.to_bytes(32, "big")
    else:
        value = "0x" + f"{by:040x}"
    if (other := evolve(vector.order, **{name: value})) != vector.order:
        verdict = judge_order(other, vector.domain, vector.signature)
        assert verdict.signed_by != EOA
        assert verdict.order_id != vector.order_id


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_a_signature_is_for_one_domain(vector: Vector) -> None:
    for domain in (*DOMAINS, evolve(vector.domain, version="1")):
        if domain != vector.domain:
            verdict = judge_order(vector.order, domain, vector.signature)
            assert verdict.signed_by != EOA
            assert verdict.order_id != vector.order_id


@given(st.binary(max_size=400))
def test_whatever_is_given_as_a_signature_is_nobodys(signature: bytes) -> None:
    assert judge_order(VECTORS[0].order, STANDARD, signature).signed_by != EOA
    assert judge_order(DEPOSIT_ORDER, STANDARD, signature).signed_by != EOA
    assert judge_order(DEPOSIT_ORDER, STANDARD, signature + DEPOSIT_TAIL).signed_by != EOA


def test_a_plain_signature_is_none_for_a_deposit_wallet_and_the_other_way_round() -> None:
    assert judge_order(DEPOSIT_ORDER, STANDARD, DEPOSIT_SIGNATURE[:65]).signed_by == ""
    plain = VECTORS[0]
    tail = bytes.fromhex(SEPARATORS[STANDARD] + CONTENTS_HASH) + ORDER_TEXT + b"\x00\xba"
    assert judge_order(plain.order, STANDARD, plain.signature + tail).signed_by == ""


SESSION_PLAIN = signature_bytes(
    "0xc53757c4c63f1195dfb39b100ec47b3a97c4af6173b481bfa227f63df7965f3d"
    "3beb9ba26771561a261e755889286ea995b8d5761cee997e2ef4aad2f0f985f51c"
)


def in_session(signer: str, signature: bytes) -> bytes:
    """As polymarket-client wraps it."""
    head = bytes(12) + bytes.fromhex(signer[2:]) + bytes(32) + (96).to_bytes(32, "big")
    body = len(signature).to_bytes(32, "big") + signature + bytes(-len(signature) % 32)
    return head + body + bytes.fromhex("6492" * 16)


def test_a_session_signer_signs_under_its_own_name() -> None:
    inner = SESSION_PLAIN + DEPOSIT_TAIL
    verdict = judge_order(DEPOSIT_ORDER, STANDARD, in_session(SESSION_EOA, inner))
    assert (verdict.signed_by, verdict.session_signer) == (SESSION_EOA, SESSION_EOA)
    assert judge_order(DEPOSIT_ORDER, STANDARD, in_session(EOA, inner)).signed_by == ""
    assert judge_order(DEPOSIT_ORDER, STANDARD, in_session(FUNDER, inner)).signed_by == ""


@given(st.integers(0, 512 + 32 - 1))
def test_every_byte_around_a_sessions_signature_counts(at: int) -> None:
    whole = bytearray(in_session(SESSION_EOA, SESSION_PLAIN + DEPOSIT_TAIL))
    if at < len(whole):
        whole[at] ^= 0x40
        assert judge_order(DEPOSIT_ORDER, STANDARD, bytes(whole)).signed_by != SESSION_EOA


@given(st.binary(max_size=300))
def test_what_only_ends_like_a_session_is_taken_apart_safely(payload: bytes) -> None:
    session, inner = without_session(payload + bytes.fromhex("6492" * 16))
    assert not session or len(inner) <= len(payload)


def test_who_asks_for_a_key_owns_the_address() -> None:
    assert clob_auth_signer(EOA, "1790000000", 0, AUTH_SIGNATURE) == EOA
    for address, timestamp, nonce in (
        (FUNDER, "1790000000", 0),
        (EOA, "1790000001", 0),
        (EOA, "1790000000", 1),
        (EOA, "1790000000 ", 0),
    ):
        assert clob_auth_signer(address, timestamp, nonce, AUTH_SIGNATURE) != EOA


@pytest.mark.parametrize("text", ["", "0x", "85ca", "0xzz", "0x1", "0x 1", "0x٣٣", "0x-1", "0X11"])
def test_a_signature_is_written_in_hexadecimal(text: str) -> None:
    assert signature_bytes(text) == b""


BATCH_SIGNATURE = signature_bytes(
    "0xd6aaf3b126148699f97f50bd5ba635b8f72bfa38f1854a980216b96a82c5047f"
    "6c49307fa4e956ed19c9ffbbf32c51ef6ce722dfd7ee51ac1712055b644f31051c"
)
SESSION_BATCH_SIGNATURE = signature_bytes(
    "0xbf14f92b96d6b4e195c63181fef924daa90621958ee3805cae5dbddaf4de34a6"
    "485682d57cdf470a770ed4f3d530e642d12a671e7b859709b6a9fd737a559d1f1b"
)
DATA = bytes.fromhex("01b7037c")
CALLS = (WalletCall(CONDITIONAL_TOKENS, 0, DATA),)
DEADLINE_S = 1_795_205_400


def test_a_deposit_wallets_batch() -> None:
    assert batch_signer(FUNDER, 31, DEADLINE_S, CALLS, BATCH_SIGNATURE) == (EOA, "")
    wrapped = in_session(SESSION_EOA, SESSION_BATCH_SIGNATURE)
    found = batch_signer(FUNDER, 31, DEADLINE_S, CALLS, wrapped)
    assert found == (SESSION_EOA, SESSION_EOA)
    other = in_session(EOA, SESSION_BATCH_SIGNATURE)
    assert batch_signer(FUNDER, 31, DEADLINE_S, CALLS, other) == ("", EOA)
    for wallet, nonce, deadline_s, calls in (
        (EOA, 31, DEADLINE_S, CALLS),
        (FUNDER, 32, DEADLINE_S, CALLS),
        (FUNDER, 31, DEADLINE_S + 1, CALLS),
        (FUNDER, 31, DEADLINE_S, CALLS * 2),
        (FUNDER, 31, DEADLINE_S, ()),
        (FUNDER, 31, DEADLINE_S, (WalletCall(CONDITIONAL_TOKENS, 1, DATA),)),
        (FUNDER, 31, DEADLINE_S, (WalletCall(CONDITIONAL_TOKENS, 0, DATA[:3]),)),
    ):
        assert batch_signer(wallet, nonce, deadline_s, calls, BATCH_SIGNATURE)[0] != EOA


SAFE_SIGNATURES = {
    0: "0xf4b5362a8252c7746fc8cec0cf60899bcfd4c3920f0083dd11efa8d085b96526"
    "4eeda0362c23c452ce56932bd70198c7bf2721f794dd9670ba299f9b8bd0bd8920",
    1: "0x918cce76b3a0b6418f78f20bf9570e50c8ba7f009401f95b3ecc02fb61a59e3e"
    "30a1a18cccad3f8d02f1a51be65412114808697ef1b8927f994419687bbcc8ba20",
}


@pytest.mark.parametrize("operation", [0, 1])
def test_a_safes_transaction(operation: int) -> None:
    signature = signature_bytes(SAFE_SIGNATURES[operation])

    def signer(
        safe: str = FUNDER, data: bytes = DATA, kind: int = operation, nonce: int = 60
    ) -> str:
        return safe_signer(safe, CONDITIONAL_TOKENS, data, kind, nonce, signature)

    assert signer() == EOA
    assert signer(safe=EOA) != EOA
    assert signer(data=b"") != EOA
    assert signer(kind=1 - operation) != EOA
    assert signer(nonce=61) != EOA
    assert safe_signer(FUNDER, CONDITIONAL_TOKENS, DATA, operation, 60, b"") == ""
    plain = signature[:64] + bytes((signature[64] - 4,))
    assert safe_signer(FUNDER, CONDITIONAL_TOKENS, DATA, operation, 60, plain) != EOA


def test_a_proxys_request() -> None:
    signature = signature_bytes(
        "0x9375999fa301230321a0b4c9a61a3ed6422c1acbc889f19387da9979c12376ff"
        "3864c0dbe3c59f0c8f6661c8920c7c58a0e4d13dab2a9c06ef4ac32485a72eda1c"
    )
    asked = ProxyRequest(
        EOA, PROXY_FACTORY, DATA, 0, 0, 200_000, 31, RELAY_HUB, relay="0x" + "33" * 20
    )
    assert proxy_signer(asked, signature) == EOA
    for changed in (
        evolve(asked, sender=FUNDER),
        evolve(asked, to=FUNDER),
        evolve(asked, data=DATA + b"\x00"),
        evolve(asked, relayer_fee=1),
        evolve(asked, gas_price=1),
        evolve(asked, gas_limit=1),
        evolve(asked, nonce=32),
        evolve(asked, relay_hub=FUNDER),
        evolve(asked, relay=FUNDER),
    ):
        assert proxy_signer(changed, signature) != EOA
