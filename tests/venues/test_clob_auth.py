"""Headers of who speaks: the official client's, to the byte."""

from __future__ import annotations

import pytest

from polytui.config.secrets import Secret
from polytui.model.errors import Fatal
from polytui.venues.polymarket.clob_auth import ApiKey, l1_headers, l2_headers
from polytui.venues.polymarket.wallet import WalletType, wallet_of

OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
WALLET = wallet_of(Secret("0x" + "11" * 32), WalletType.DEPOSIT)
API_KEY = ApiKey(
    "11111111-2222-3333-4444-555555555555",
    Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    Secret("words-that-pass"),
)
STAMP_S = 1_790_000_000


def test_a_wallet_attests_with_its_keys_own_address() -> None:
    # py-clob-client-v2 1.2.1.
    assert l1_headers(WALLET, STAMP_S) == {
        "POLY_ADDRESS": OWNER,
        "POLY_SIGNATURE": "0x85ca564babee4e457e787f6a6db85d07f12ea4c3b436cbb0d7985b97543f11f5"
        "0a58fb1019b2ba8c4c77d3cc30a2901659b9074b54129b035d545c907c8c5caa1b",
        "POLY_TIMESTAMP": "1790000000",
        "POLY_NONCE": "0",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "signature"),
    [
        ("GET", "/data/orders", b"", "x7mJQCZTeyx4Fss83a5NrL7kvpT7okVZ8Uqy5mUshUQ="),
        ("GET", "/data/orders?market=0xab", b"", "x7mJQCZTeyx4Fss83a5NrL7kvpT7okVZ8Uqy5mUshUQ="),
        ("DELETE", "/order", b'{"orderID":"0xab"}', "4ui1wbVUaf7En2l7gnrt2EEFegBDg54hkc4nhT8tF5w="),
    ],
)
def test_an_api_key_signs_what_is_sent(method: str, path: str, body: bytes, signature: str) -> None:
    assert l2_headers(API_KEY, OWNER, STAMP_S, method, path, body) == {
        "POLY_ADDRESS": OWNER,
        "POLY_SIGNATURE": signature,
        "POLY_TIMESTAMP": "1790000000",
        "POLY_API_KEY": API_KEY.key,
        "POLY_PASSPHRASE": "words-that-pass",
    }


def test_a_secret_that_is_none_is_said_without_it() -> None:
    bad = ApiKey("k", Secret("not base64!!!"), Secret("p"))
    with pytest.raises(Fatal, match="API secret") as told:
        l2_headers(bad, OWNER, STAMP_S, "GET", "/data/orders", b"")
    assert "not base64!!!" not in str(told.value)


def test_keys_are_not_shown() -> None:
    shown = repr(API_KEY)
    assert "1111" not in shown
    assert "AAEC" not in shown
    assert "words" not in shown
