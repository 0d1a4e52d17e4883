"""Wallets of a key: where the venue's factories put them, and what cannot belong together."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.secrets import Secret
from polytui.model.errors import Fatal
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.venues.polymarket.ethereum import SigningKey, checksummed
from polytui.venues.polymarket.wallet import WalletType, wallet_of, wallets_of

KEY = Secret("0x" + "11" * 32)
FOREIGN = "0x2222222222222222222222222222222222222222"
CURVE_ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
# As polymarket-client 0.14.0 has them: owner, proxy, safe, deposit wallet of today and of before.
OFFICIAL = {
    "11" * 32: (
        "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
        "0x6Cd089333445c89b55B7693c6009DCc229613738",
        "0x75F00B003FBBBA193FABEB06284c3187a4C1232E",
        "0x8154deDBDAAA46c07453E47b5b6C0Ff60B8542b9",
        "0x7a57144fAfde87F5cE4a880D570BAe58eeBC83f2",
    ),
    "0078bfae414c343c1027c4d1c386bbc4cd613e30d8f16adf91b7584a2265b1f5": (
        "0x219c4e091D1cD1067a28a899439B9b45ed4d6A0b",
        "0xff963C109E2F04a08fC8B44b1b673dd9d291Cc73",
        "0x1EF66695124d787d00504080B64710a4543C35AB",
        "0x449E9c04B63dC33EafAe9416c9F6cd85796843f3",
        "0xE4ed5Fb487D048Dd857f50CF7Ce68DaFa154466a",
    ),
    "026e04396ec9d28663ca828dd5f4b3b2e4b06ce60741c7a87ce42c8218072e8c": (
        "0x627c8421B819485D8bA8a198324b008c99dB06Bb",
        "0xa4ad013950123842703ba8180f72cfE2F3be75da",
        "0x60Df8208A3470436c335A1a58AEdD06E862E38DF",
        "0x68Ea457851eF618834771B41a849412436f145e3",
        "0xFC8eD72c296B76c418A33e31BE2d62D131ddC653",
    ),
}
OWNER, PROXY, SAFE, DEPOSIT, OLD_DEPOSIT = OFFICIAL["11" * 32]
EOA_TYPE, PROXY_TYPE, SAFE_TYPE, DEPOSIT_TYPE = WalletType


@pytest.mark.parametrize("key", OFFICIAL)
def test_addresses_are_those_of_the_official_client(key: str) -> None:
    owner = SigningKey(Secret(key)).address
    ours = [one for kind in WalletType for one in wallets_of(owner, kind)]
    assert tuple(ours) == OFFICIAL[key]


@given(st.binary(min_size=20, max_size=20), st.sampled_from(WalletType))
def test_the_simulated_venue_looks_for_them_where_we_do(owner: bytes, kind: WalletType) -> None:
    address = "0x" + owner.hex()
    ours = tuple(one.lower() for one in wallets_of(checksummed(address), kind))
    assert ours == (derived_wallets(address, kind) or (address,))


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_eth_utils(address: bytes) -> None:
    from eth_utils.address import to_checksum_address

    assert checksummed("0x" + address.hex()) == to_checksum_address(address)


@pytest.mark.parametrize(
    ("kind", "maker", "signer"),
    [
        (EOA_TYPE, OWNER, OWNER),
        (PROXY_TYPE, PROXY, OWNER),
        (SAFE_TYPE, SAFE, OWNER),
        (DEPOSIT_TYPE, DEPOSIT, DEPOSIT),
    ],
)
def test_without_a_funder_it_follows_from_the_key(
    kind: WalletType, maker: str, signer: str
) -> None:
    wallet = wallet_of(KEY, kind)
    assert (wallet.owner, wallet.maker, wallet.signer) == (OWNER, maker, signer)
    assert wallet.follows_from_key
    assert wallet_of(KEY, kind, f" {maker.lower()}\n").funder == maker


def test_deposit_wallets_of_before_june_are_taken_as_they_are_named() -> None:
    assert wallet_of(KEY, DEPOSIT_TYPE, OLD_DEPOSIT).follows_from_key


def test_a_deposit_wallet_may_be_where_we_do_not_look_and_says_so() -> None:
    wallet = wallet_of(KEY, DEPOSIT_TYPE, FOREIGN)
    assert (wallet.maker, wallet.signer) == (FOREIGN, FOREIGN)
    assert not wallet.follows_from_key


@pytest.mark.parametrize(
    ("kind", "funder", "words"),
    [
        (EOA_TYPE, FOREIGN, f"under the key's own address {OWNER}"),
        (EOA_TYPE, SAFE, "set the wallet type to safe"),
        (SAFE_TYPE, PROXY, "set the wallet type to proxy"),
        (SAFE_TYPE, FOREIGN, f"not this key's safe wallet, which is {SAFE}"),
        (PROXY_TYPE, FOREIGN, f"not this key's proxy wallet, which is {PROXY}"),
        (PROXY_TYPE, OLD_DEPOSIT, "set the wallet type to deposit"),
        (DEPOSIT_TYPE, OWNER, "set the wallet type to eoa"),
        (DEPOSIT_TYPE, SAFE, "set the wallet type to safe"),
        (DEPOSIT_TYPE, FOREIGN[:-1], "is no address"),
        (DEPOSIT_TYPE, DEPOSIT.replace("D", "d", 1), "is mistyped"),
    ],
)
def test_what_cannot_belong_together_is_said_in_plain_words(
    kind: WalletType, funder: str, words: str
) -> None:
    with pytest.raises(Fatal, match=re.escape(words)):
        wallet_of(KEY, kind, funder)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "empty"),
        ("11" * 31, "not 64 hexadecimal digits"),
        ("0x" + "1g" * 32, "not 64 hexadecimal digits"),
        (OWNER, "is an address"),
        ("tennis zebra piano " * 4, "recovery phrase"),
        ("00" * 32, "outside of the curve"),
        (CURVE_ORDER, "outside of the curve"),
    ],
)
def test_a_bad_key_is_said_without_a_word_of_it(key: str, words: str) -> None:
    with pytest.raises(Fatal) as told:
        wallet_of(Secret(key), DEPOSIT_TYPE)
    assert words in str(told.value)
    assert told.value.__cause__ is None
    assert len(key) < 8 or key[:8] not in str(told.value)


def test_a_chain_that_is_not_the_venues_is_refused() -> None:
    with pytest.raises(Fatal, match="chain 1 is not"):
        wallet_of(KEY, DEPOSIT_TYPE, chain_id=1)


def test_keys_are_not_shown() -> None:
    shown = repr(wallet_of(KEY, DEPOSIT_TYPE)) + repr(SigningKey(KEY))
    assert "1111" not in shown
    assert OWNER in shown
