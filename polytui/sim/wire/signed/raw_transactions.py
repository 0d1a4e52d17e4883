"""Signed transactions as they are sent to a node. Import it once `ethereum.py` has loaded.

The sender is recovered by eth-account's own code, which also refuses what is no transaction.
"""

from __future__ import annotations

from typing import Any

import rlp
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from polytui.sim.exchange.chain import ChainRefusedError, SentTransaction
from polytui.sim.exchange.contracts import CHAIN_ID
from polytui.sim.wire.signed.call_data import RawCall, read_call

_LIST = 0xC0
"""A legacy transaction is an RLP list; typed ones begin with their type."""
_LEGACY_FIELDS = 9
_UNPROTECTED = (27, 28)


def read_transaction(raw: bytes, gas_price_wei: int) -> SentTransaction:
    """ChainRefusedError in a node's words for what is none, or none of this chain.

    `gas_price_wei` is what the chain asks just now: who names only a most pays that and his tip.
    """
    try:
        fields = _legacy(raw) if raw[:1] >= bytes((_LIST,)) else _typed(raw)
        sender = str(Account.recover_transaction(HexBytes(raw))).lower()
    except ChainRefusedError:
        raise
    except Exception as error:  # Whatever a parser of strangers' bytes may raise.
        raise ChainRefusedError(f"rlp: {type(error).__name__}") from None
    if fields["chain"] != CHAIN_ID:
        raise ChainRefusedError(
            f"invalid chain id for signer: have {fields['chain']} want {CHAIN_ID}"
        )
    to: bytes = fields["to"]
    if len(to) != 20:
        raise ChainRefusedError("contract creation is not part of this chain")
    most, tip = fields["most"], fields["tip"]
    target, data = "0x" + to.hex(), fields["data"]
    return SentTransaction(
        transaction_hash="0x" + keccak(raw).hex(),
        sender=sender,
        to=target,
        nonce=fields["nonce"],
        gas=fields["gas"],
        gas_price=most if tip is None else min(most, gas_price_wei + tip),
        value=fields["value"],
        data=data,
        # Coins may be sent to anybody; a contract of the venue takes none with a call.
        call=read_call(RawCall(target, fields["value"], data)) if data else None,
    )


def _legacy(raw: bytes) -> dict[str, Any]:
    parts = rlp.decode(raw)
    if len(parts) != _LEGACY_FIELDS:
        raise ChainRefusedError("rlp: wrong number of fields")
    nonce, price, gas, to, value, data, v, _r, _s = parts
    number = int.from_bytes(v, "big")
    if number in _UNPROTECTED:
        raise ChainRefusedError("only replay-protected (EIP-155) transactions allowed over RPC")
    return {
        "chain": (number - 35) // 2,
        "nonce": int.from_bytes(nonce, "big"),
        "most": int.from_bytes(price, "big"),
        "tip": None,
        "gas": int.from_bytes(gas, "big"),
        "to": bytes(to),
        "value": int.from_bytes(value, "big"),
        "data": bytes(data),
    }


def _typed(raw: bytes) -> dict[str, Any]:
    known: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    price = known.get("gasPrice")
    return {
        "chain": known["chainId"],
        "nonce": known["nonce"],
        "most": known["maxFeePerGas"] if price is None else price,
        "tip": known["maxPriorityFeePerGas"] if price is None else None,
        "gas": known["gas"],
        "to": bytes(HexBytes(known["to"])),
        "value": known["value"],
        "data": bytes(HexBytes(known["data"])),
    }
