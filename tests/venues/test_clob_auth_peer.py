"""Headers beside py-clob-client-v2's own, for any wallet, moment, path and body."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from hypothesis import given
from hypothesis import strategies as st
from py_clob_client_v2.clob_types import ApiCreds, RequestArgs
from py_clob_client_v2.headers import create_level_1_headers, create_level_2_headers
from py_clob_client_v2.signer import Signer

from polytui.config.secrets import Secret
from polytui.venues.polymarket.clob_auth import ApiKey, l1_headers, l2_headers
from polytui.venues.polymarket.contracts import EXCHANGES
from polytui.venues.polymarket.wallet import WalletType, wallet_of

keys = st.integers(1, 2**255).map(lambda number: f"0x{number:064x}")
moments = st.integers(0, 2**40)
ASCII = st.characters(codec="ascii", exclude_characters="'?")


@given(keys, st.sampled_from(WalletType), st.sampled_from(sorted(EXCHANGES)), moments, st.data())
def test_a_wallets_headers_are_the_peers(
    key: str, kind: WalletType, chain_id: int, at_s: int, data: st.DataObject
) -> None:
    nonce = data.draw(st.integers(0, 2**256 - 1))
    ours = l1_headers(wallet_of(Secret(key), kind, chain_id=chain_id), at_s, nonce)
    assert ours == create_level_1_headers(Signer(key, chain_id), nonce, at_s)


@given(
    st.binary(min_size=1, max_size=64),
    moments,
    st.sampled_from(("GET", "POST", "DELETE")),
    st.text(ASCII, max_size=40),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="'"), max_size=80),
)
def test_an_api_keys_headers_are_the_peers(
    secret: bytes, at_s: int, method: str, path: str, body: str
) -> None:
    """But for single quotes, which the peer replaces: it does not sign what it sends then."""
    text = urlsafe_b64encode(secret).decode()
    signer = Signer("0x" + "11" * 32, 137)
    ours = ApiKey("an-id", Secret(text), Secret("a passphrase"))
    theirs = create_level_2_headers(
        signer,
        ApiCreds("an-id", text, "a passphrase"),
        RequestArgs(method, f"/{path}", serialized_body=body),
        at_s,
    )
    assert l2_headers(ours, signer.address(), at_s, method, f"/{path}", body.encode()) == theirs
