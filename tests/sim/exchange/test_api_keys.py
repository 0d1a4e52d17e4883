"""API keys by address and nonce, and whose wallet is whose."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.sim.exchange.api_keys import ApiKeys, Caller, KeyKind, VenueKey
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, EOA, PROXY, SAFE, SessionSigner, Wallets
from polytui.sim.wire.signed.wallet_addresses import derived_wallets

ANNA, BELA = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a", "0x" + "22" * 20
NOW_NS = 1_795_204_800 * 10**9


def made(keys: ApiKeys, address: str = ANNA, nonce: int = 0) -> VenueKey:
    key = keys.create(address, nonce, NOW_NS)
    assert key is not None
    return key


def test_a_key_follows_from_seed_address_and_nonce() -> None:
    key = made(ApiKeys(7))
    assert made(ApiKeys(7)) == key
    others = [made(ApiKeys(8)), made(ApiKeys(7), BELA), made(ApiKeys(7), nonce=1)]
    whole = {(one.api_key, one.secret, one.passphrase) for one in (key, *others)}
    assert len(whole) == 4
    assert len({part for one in whole for part in one}) == 12


def test_a_key_has_the_forms_of_the_venue() -> None:
    key = made(ApiKeys(7))
    assert str(UUID(key.api_key)) == key.api_key
    assert UUID(key.api_key).version == 4
    assert len(base64.urlsafe_b64decode(key.secret)) == 32
    assert len(bytes.fromhex(key.passphrase)) == 32
    assert key.secret not in repr(key)
    assert key.passphrase not in repr(key)


def test_one_key_for_each_nonce_until_it_is_deleted() -> None:
    keys = ApiKeys(7)
    key = made(keys)
    assert keys.create(ANNA, 0, NOW_NS) is None
    assert keys.derive(ANNA, 0) == key
    assert keys.derive(ANNA, 1) is None
    assert keys.derive(BELA, 0) is None
    assert keys.delete(key.api_key, NOW_NS)
    assert not keys.delete(key.api_key, NOW_NS)
    assert keys.derive(ANNA, 0) is None
    assert keys.get(key.api_key) is None
    again = made(keys)
    assert keys.all_of(ANNA) == [key.api_key, again.api_key]
    assert keys.all_of(BELA) == []
    assert keys.address_of(key.api_key) == ANNA
    assert keys.address_of("") == ""
    assert again.api_key != key.api_key
    assert again.secret != key.secret


def test_keys_of_three_kinds_are_listed_apart() -> None:
    keys = ApiKeys(7)
    trading = made(keys)
    reader = keys.create_other(ANNA, KeyKind.READ_ONLY, NOW_NS)
    builder = keys.create_other(ANNA, KeyKind.BUILDER, NOW_NS)
    assert reader is not None
    assert builder is not None
    assert keys.of(ANNA) == [trading]
    assert keys.of(ANNA, KeyKind.READ_ONLY) == [reader]
    assert keys.of(ANNA, KeyKind.BUILDER) == [builder]
    assert keys.of(BELA) == []
    keys.delete(builder.api_key, NOW_NS)
    assert keys.of(ANNA, KeyKind.BUILDER) == []
    assert [one.revoked_ms for one in keys.revoked(ANNA, KeyKind.BUILDER)] == [NOW_NS // 10**6]
    assert keys.revoked(ANNA, KeyKind.READ_ONLY) == []


def test_who_subscribes_must_know_all_three() -> None:
    keys = ApiKeys(7)
    key, other = made(keys), made(keys, BELA)
    assert keys.find(key.api_key, key.secret, key.passphrase) == Caller(key.api_key, ANNA)
    assert keys.find(key.api_key, other.secret, key.passphrase) is None
    assert keys.find(key.api_key, key.secret, other.passphrase) is None
    assert keys.find(other.api_key, key.secret, key.passphrase) is None
    assert keys.find("", "", "") is None
    assert keys.find(key.api_key, "ü", key.passphrase) is None
    reader = keys.create_other(ANNA, KeyKind.READ_ONLY, NOW_NS)
    builder = keys.create_other(ANNA, KeyKind.BUILDER, NOW_NS)
    assert reader is not None
    assert builder is not None
    seen = keys.find(reader.api_key, reader.secret, reader.passphrase)
    assert seen == Caller(reader.api_key, ANNA, is_readonly=True)
    assert keys.find(builder.api_key, builder.secret, builder.passphrase) is None


def test_nobody_fills_the_store() -> None:
    keys = ApiKeys(7)
    made_ = [keys.create(ANNA, nonce, NOW_NS) for nonce in range(300)]
    assert sum(one is not None for one in made_) == 100
    assert keys.create(BELA, 0, NOW_NS) is not None
    for _ in range(300):
        key = made(keys, BELA, 1)
        keys.delete(key.api_key, NOW_NS)
    assert len(keys.revoked(BELA, KeyKind.TRADING)) == 100


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (
            ANNA,
            (
                "0x6cd089333445c89b55b7693c6009dcc229613738",
                "0x75f00b003fbbba193fabeb06284c3187a4c1232e",
                "0x8154dedbdaaa46c07453e47b5b6c0ff60b8542b9",
                "0x7a57144fafde87f5ce4a880d570bae58eebc83f2",
            ),
        ),
        (
            BELA,
            (
                "0xef707d8347212b0ccce8ec8b5cac514b0531a67d",
                "0x48b6e483e9c3a8f3fc1d29c5d584e15482c7153a",
                "0xd04b053044b5dbaaedd60a84ed14cc32fa4990d8",
                "0x6346bbdd05be5c79130fe50c04a312aaa98e5f24",
            ),
        ),
    ],
)
def test_factories_put_wallets_where_the_official_sdk_says(
    owner: str, expected: tuple[str, ...]
) -> None:
    """Answers of polymarket-client 0.14.0, `polymarket._internal.wallet`."""
    found = [one for kind in (PROXY, SAFE, DEPOSIT_WALLET) for one in derived_wallets(owner, kind)]
    assert tuple(found) == expected
    assert derived_wallets(owner, 4) == ()


def test_a_wallet_is_that_of_its_owner_and_type_alone() -> None:
    wallets = Wallets(derived_wallets)
    safe = derived_wallets(ANNA, SAFE)[0]
    assert wallets.wallet_of(ANNA, EOA) == ANNA
    assert wallets.wallet_of(ANNA, SAFE) == safe
    assert wallets.wallet_of(ANNA, 4) is None
    assert wallets.is_wallet_of(safe, ANNA, SAFE)
    assert not wallets.is_wallet_of(safe, ANNA, PROXY)
    assert not wallets.is_wallet_of(safe, BELA, SAFE)
    assert not wallets.is_wallet_of(safe, ANNA, EOA)
    assert all(
        wallets.is_wallet_of(one, ANNA, DEPOSIT_WALLET)
        for one in derived_wallets(ANNA, DEPOSIT_WALLET)
    )


def test_a_registered_wallet_belongs_to_who_came_first() -> None:
    wallets, wallet = Wallets(derived_wallets), "0x" + "33" * 20
    assert not wallets.is_wallet_of(wallet, ANNA, SAFE)
    assert not wallets.is_deployed(wallet)
    assert wallets.register(wallet, ANNA, SAFE)
    assert wallets.register(wallet, ANNA, SAFE)
    assert not wallets.register(wallet, BELA, SAFE)
    assert not wallets.register(wallet, ANNA, DEPOSIT_WALLET)
    assert not wallets.register("0x" + "44" * 20, ANNA, 9)
    assert wallets.is_wallet_of(wallet, ANNA, SAFE)
    assert not wallets.is_wallet_of(wallet, BELA, SAFE)
    assert wallets.wallet_of(ANNA, SAFE) == wallet
    assert wallets.is_deployed(wallet)
    deposit = derived_wallets(ANNA, DEPOSIT_WALLET)[0]
    assert not wallets.is_deployed(deposit)
    wallets.deploy(deposit)
    assert wallets.is_deployed(deposit)


def test_a_session_signer_signs_until_its_moment() -> None:
    wallets, wallet = Wallets(derived_wallets), derived_wallets(ANNA, DEPOSIT_WALLET)[0]
    wallets.authorize_session(wallet, SessionSigner(BELA, ("CLOB",), 100))
    assert wallets.may_sign_in_session(wallet, BELA, 99)
    assert not wallets.may_sign_in_session(wallet, BELA, 100)
    assert not wallets.may_sign_in_session(wallet, ANNA, 99)
    assert not wallets.may_sign_in_session(ANNA, BELA, 99)
    wallets.revoke_session(wallet, BELA)
    assert not wallets.may_sign_in_session(wallet, BELA, 99)


@given(st.lists(st.tuples(st.sampled_from([ANNA, BELA]), st.integers(0, 3), st.booleans())))
def test_whatever_is_asked_a_nonce_has_one_key_or_none(
    doings: list[tuple[str, int, bool]],
) -> None:
    keys, held = ApiKeys(1), dict[tuple[str, int], str]()
    for address, nonce, is_creating in doings:
        slot = (address, nonce)
        if is_creating:
            key = keys.create(address, nonce, NOW_NS)
            assert (key is None) == (slot in held)
            if key is not None:
                held[slot] = key.api_key
        elif slot in held:
            assert keys.delete(held.pop(slot), NOW_NS)
        for one, api_key in held.items():
            derived = keys.derive(*one)
            assert derived is not None
            assert derived.api_key == api_key
    assert len(keys.of(ANNA)) + len(keys.of(BELA)) == len(held)
