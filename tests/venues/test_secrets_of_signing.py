"""Whatever goes wrong while signing: no traceback shows a key, not even one with variables."""

from __future__ import annotations

from collections.abc import Callable
from traceback import TracebackException

import pytest
from attrs import evolve
from test_signing import ORDER, ROUND

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import BuilderKey
from polytui.config.secrets import Secret
from polytui.model.units import Shares
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.chain_transaction import signed_transaction
from polytui.venues.polymarket.clob_auth import l1_headers, l2_headers
from polytui.venues.polymarket.ethereum import SigningKey
from polytui.venues.polymarket.relayer_auth import relayer_headers
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of
from polytui.venues.polymarket.wallet_batch import BatchSigner

KEY = "c0ffee" * 10 + "beef"
NO_KEY = "c0ffee" * 10 + "bees"
NO_BASE64 = "c0ffee!!c0ffee!!c"
PASSPHRASE = "the-c0ffee-passphrase"
API_KEY = ApiKey("c0ffee-the-id", Secret(NO_BASE64), Secret(PASSPHRASE))
WALLET = wallet_of(Secret(KEY), WalletType.DEPOSIT)
BROKEN = Wallet(Secret(NO_KEY), WalletType.EOA, WALLET.owner, WALLET.owner)
CALL = Call(WALLET.owner, b"")
OFF_CURVE = Secret("f" * 58 + "c0ffee")


@pytest.mark.parametrize(
    "fails",
    [
        lambda: wallet_of(Secret(NO_KEY), WalletType.SAFE),
        lambda: wallet_of(OFF_CURVE, WalletType.SAFE),
        lambda: wallet_of(Secret(KEY), WalletType.EOA, "0x" + "22" * 20),
        lambda: OrderSigner(WALLET).sign(evolve(ORDER, shares=Shares(1)), ROUND),
        lambda: OrderSigner(WALLET).sign(ORDER, evolve(ROUND, protocol="v9")),
        lambda: OrderSigner(WALLET, builder="0xzz"),
        lambda: OrderSigner(BROKEN),
        lambda: l1_headers(BROKEN, 1),
        lambda: l1_headers(WALLET, 1, nonce=-1),
        lambda: l2_headers(API_KEY, WALLET.owner, 1, "GET", "/data/orders", b""),
        lambda: relayer_headers(BuilderKey(API_KEY), "POST", "/submit", b"{}"),
        lambda: BatchSigner(WALLET).sign([CALL], -1),
        lambda: BatchSigner(evolve(WALLET, key=Secret(NO_KEY))),
        lambda: signed_transaction(SigningKey(WALLET.key), CALL, -1, 1, 1, 137),
    ],
)
def test_no_key_is_in_a_traceback(fails: Callable[[], object]) -> None:
    with pytest.raises(Exception) as told:  # noqa: PT011
        fails()
    frames = TracebackException.from_exception(told.value, capture_locals=True)
    shown = "".join(frames.format()).lower()
    assert "/venues/polymarket/" in shown
    assert "c0ffee" not in shown


def test_the_guard_sees_a_key_in_a_variable() -> None:
    def careless() -> None:
        text = Secret(KEY).reveal()
        raise ValueError(len(text))

    with pytest.raises(ValueError, match="64") as told:
        careless()
    frames = TracebackException.from_exception(told.value, capture_locals=True)
    assert "c0ffee" in "".join(frames.format())
