"""The venue's contracts by name."""

from __future__ import annotations

from polytui.sim.exchange import contracts
from polytui.sim.exchange.contracts import ALL, ERC20, ERC1155, PUSD_SPENDERS, SHARE_OPERATORS


def test_every_address_is_twenty_bytes_in_small_letters_and_none_stands_twice() -> None:
    named = {
        name: value
        for name, value in vars(contracts).items()
        if name.isupper() and isinstance(value, str) and len(value) == 42
    }
    assert all(len(bytes.fromhex(value[2:])) == 20 for value in named.values())
    assert all(value == value.lower() for value in named.values())
    assert len(set(named.values())) == len(named)
    assert set(named.values()) == ALL


def test_what_may_be_approved_names_known_contracts_once() -> None:
    assert len(set(PUSD_SPENDERS)) == len(PUSD_SPENDERS)
    assert set(PUSD_SPENDERS) <= ALL
    assert len(set(SHARE_OPERATORS)) == len(SHARE_OPERATORS)
    assert {token for token, _ in SHARE_OPERATORS} <= ERC1155
    assert {operator for _, operator in SHARE_OPERATORS} <= ALL
    assert not ERC20 & ERC1155
