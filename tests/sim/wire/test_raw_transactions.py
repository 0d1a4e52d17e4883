"""Whatever is sent to a node is a transaction of somebody, or refused in a node's words."""

from __future__ import annotations

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from polytui.sim.exchange.chain import ChainRefusedError
from polytui.sim.exchange.contracts import PUSD
from polytui.sim.wire.signed.raw_transactions import read_transaction

GWEI = 10**9
SIGNER = Account.from_key("0x" + "22" * 32)
EOA = str(SIGNER.address).lower()
FIELDS = {
    "to": bytes.fromhex(PUSD[2:]),
    "value": 0,
    "data": b"\1\2\3\4",
    "gas": 200_000,
    "gasPrice": 30 * GWEI,
    "nonce": 3,
    "chainId": 137,
}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_transaction_or_refused(noise: bytes) -> None:
    try:
        read_transaction(noise, 30 * GWEI)
    except ChainRefusedError:
        return


@given(st.integers(0, 2**20), st.integers(21_000, 10**7), st.integers(0, 10**21), st.binary())
def test_what_was_signed_is_read(nonce: int, gas: int, value: int, data: bytes) -> None:
    fields = {**FIELDS, "nonce": nonce, "gas": gas, "value": value, "data": data}
    signed = SIGNER.sign_transaction(fields)
    found = read_transaction(bytes(signed.raw_transaction), 1)
    assert found.sender == EOA
    assert (found.to, found.nonce, found.gas, found.value) == (PUSD, nonce, gas, value)
    assert (found.data, found.gas_price) == (data, 30 * GWEI)
    assert found.transaction_hash == "0x" + bytes(signed.hash).hex()
    assert (found.call is None) == (data == b"")


def test_a_changed_bit_is_another_sender() -> None:
    raw = bytes(SIGNER.sign_transaction(FIELDS).raw_transaction)
    changed = bytearray(raw)
    changed[-70] ^= 1
    try:
        assert read_transaction(bytes(changed), 0).sender != EOA
    except ChainRefusedError:
        return
