"""Random batches for every kind of wallet: as we make and sign them, and as a peer is asked for
them."""

from __future__ import annotations

from random import Random
from typing import Any

from attrs import evolve, frozen
from test_signing import KEY, ROUND

from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket import chain_calls, contracts
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.chain_transaction import signed_transaction
from polytui.venues.polymarket.ethereum import SigningKey
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of
from polytui.venues.polymarket.wallet_batch import BatchSigner

PEER_TYPES = {
    WalletType.EOA: "EOA",
    WalletType.PROXY: "POLY_PROXY",
    WalletType.SAFE: "GNOSIS_SAFE",
    WalletType.DEPOSIT: "DEPOSIT_WALLET",
}
TOKENS = (contracts.PUSD, contracts.CONDITIONAL_TOKENS, contracts.POSITION_MANAGER)
SPENDERS = (
    *(contracts.EXCHANGES[contracts.POLYGON].standard, contracts.ROUTER, contracts.ONRAMP),
    *(contracts.COLLATERAL_ADAPTER, contracts.NEG_RISK_COLLATERAL_ADAPTER),
)
METADATA = ("", "redeem", 'two "rounds"; \u20ac 5\n', "x" * 500)


@frozen
class AskedCall:
    ours: Call
    asked: dict[str, Any]
    """The same in the peer's words."""


@frozen
class AskedBatch:
    wallet: Wallet
    calls: tuple[AskedCall, ...]
    nonce: int
    metadata: str
    deadline_s: int
    relay: str
    gas: int
    gas_price: int

    @property
    def asked(self) -> dict[str, Any]:
        return {
            "key": KEY.reveal(),
            "wallet_type": PEER_TYPES[self.wallet.kind],
            "wallet": self.wallet.funder,
            "calls": [one.asked for one in self.calls],
            "nonce": str(self.nonce),
            "metadata": self.metadata,
            "deadline_s": str(self.deadline_s),
            "relay": self.relay,
            "gas": str(self.gas),
            "gas_price": str(self.gas_price),
        }

    def sent(self) -> bytes:
        """The body of our POST, or our raw transaction."""
        calls = [one.ours for one in self.calls]
        if self.wallet.kind is WalletType.EOA:
            key, chain_id = SigningKey(self.wallet.key), self.wallet.chain_id
            return signed_transaction(
                key, calls[0], self.nonce, self.gas, self.gas_price, chain_id
            ).raw
        signed = BatchSigner(self.wallet).sign(
            calls,
            self.nonce,
            self.metadata,
            deadline_s=self.deadline_s,
            relay=self.relay,
            gas_limit=self.gas,
        )
        return signed.body


def any_batch(rng: Random, kind: WalletType, calls: int) -> AskedBatch:
    """A deposit wallet may be anywhere; the others follow from the key."""
    funder = "0x" + rng.randbytes(20).hex() if kind is WalletType.DEPOSIT else ""
    return AskedBatch(
        wallet=wallet_of(KEY, kind, funder),
        calls=tuple(any_call(rng) for _ in range(calls)),
        nonce=rng.choice((0, 1, 31, rng.getrandbits(40))),
        metadata=rng.choice(METADATA),
        deadline_s=1_795_205_400 + rng.getrandbits(20),
        relay="0x" + rng.randbytes(20).hex(),
        gas=rng.randrange(21_000, 30_000_000),
        gas_price=rng.randrange(1, 10**13),
    )


def any_call(rng: Random) -> AskedCall:
    return rng.choice(_MAKERS)(rng)


def any_round(rng: Random) -> Round:
    is_v2 = rng.random() < 0.5
    condition = rng.randbytes(31) + (b"\0" if is_v2 else rng.randbytes(1))
    return evolve(
        ROUND,
        condition_id="0x" + condition.hex(),
        protocol="v2" if is_v2 else "v1",
        is_neg_risk=rng.random() < 0.5,
        is_up_first=rng.random() < 0.5,
    )


def _amount(rng: Random) -> int:
    return rng.choice((0, 1, rng.getrandbits(30), rng.getrandbits(256)))


def _of(listed: Round, amount: int) -> dict[str, Any]:
    return {
        "condition": listed.condition_id,
        "is_neg_risk": listed.is_neg_risk,
        "amount": str(amount),
    }


def _of_sets(rng: Random) -> AskedCall:
    name, make = rng.choice((("split", chain_calls.split), ("merge", chain_calls.merge)))
    listed, amount = any_round(rng), _amount(rng)
    named = name if listed.protocol == "v1" else f"router_{name}"
    return AskedCall(make(listed, amount), {"name": named, "of": _of(listed, amount)})


def _redeem(rng: Random) -> AskedCall:
    listed, amount = any_round(rng), _amount(rng)
    if listed.protocol == "v1":
        return AskedCall(chain_calls.redeem(listed), {"name": "redeem", "of": _of(listed, 0)})
    outcome = rng.choice(list(Outcome))
    is_first = listed.is_up_first is (outcome is Outcome.UP)
    asked = {**_of(listed, amount), "place": 0 if is_first else 1}
    call = chain_calls.redeem_outcome(listed, outcome, amount)
    return AskedCall(call, {"name": "router_redeem", "of": asked})


def _approve(rng: Random) -> AskedCall:
    token, spender, amount = rng.choice(TOKENS), rng.choice(SPENDERS), _amount(rng)
    of = {"token": token, "spender": spender, "amount": str(amount)}
    return AskedCall(chain_calls.approve(token, spender, amount), {"name": "approve", "of": of})


def _approve_all(rng: Random) -> AskedCall:
    token, spender, is_approved = rng.choice(TOKENS), rng.choice(SPENDERS), rng.random() < 0.5
    of = {"token": token, "spender": spender, "is_approved": is_approved}
    return AskedCall(
        chain_calls.approve_all(token, spender, is_approved), {"name": "approve_all", "of": of}
    )


def _wrap(rng: Random) -> AskedCall:
    """The peer has no word for it; what it signs of it is its own all the same."""
    call = chain_calls.wrap("0x" + rng.randbytes(20).hex(), _amount(rng))
    return _raw(call)


def _bare(rng: Random) -> AskedCall:
    """Bytes of any length, and POL with them."""
    data = rng.randbytes(rng.choice((0, 1, 31, 32, 33, 56, 300)))
    return _raw(Call(rng.choice(SPENDERS), data, rng.choice((0, 1, 10**18))))


def _raw(call: Call) -> AskedCall:
    of = {"to": call.target, "data": "0x" + call.data.hex(), "value": str(call.value)}
    return AskedCall(call, {"name": "raw", "of": of})


_MAKERS = (_of_sets, _of_sets, _redeem, _redeem, _approve, _approve_all, _wrap, _bare)
