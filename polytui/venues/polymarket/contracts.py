"""The venue's contracts: those that our signatures are for, those that hold and change money, and
the factories of its wallets.

Source: the venue's page of contracts (October 2026), and py-clob-client-v2 1.2.1 and
polymarket-client 0.14.0 for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

POLYGON, AMOY = 137, 80_002
"""The chain with money, and the one for trying."""


@frozen
class ExchangeContracts:
    """Who settles trades on one chain."""

    standard: str
    neg_risk: str
    positions: str
    """Of "v2" rounds, neg-risk or not."""

    def of(self, protocol: str, *, is_neg_risk: bool) -> str:
        """Who settles such rounds."""
        if protocol == "v2":
            return self.positions
        return self.neg_risk if is_neg_risk else self.standard


_STANDARD = "0xE111180000d2663C0091e4f400237545B87B996B"
_NEG_RISK = "0xe2222d279d744050d28e00520010520000310F59"

EXCHANGES: Mapping[int, ExchangeContracts] = {
    POLYGON: ExchangeContracts(_STANDARD, _NEG_RISK, "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa"),
    AMOY: ExchangeContracts(_STANDARD, _NEG_RISK, "0x9fE6e61422AdB6F610d8597F9684b16912D50C3D"),
}

PROXY_FACTORY = "0xaB45c5A4B0c941a2F231C04C3f49182e1A254052"
PROXY_CODE_HASH = "0xd21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b"
SAFE_FACTORY = "0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b"
SAFE_CODE_HASH = "0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf"
DEPOSIT_FACTORY = "0x00000000000Fb5C9ADea0298D729A0CB3823Cc07"
DEPOSIT_BEACON = "0x7A18EDfe055488A3128f01F563e5B479D92ffc3a"
DEPOSIT_IMPLEMENTATION = "0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB"

# What follows is on Polygon only: nobody moves money of the other chain.
PUSD = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
"""The dollars of the venue, an ERC-20 of six decimals."""
USDC_E = "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"
"""What becomes those dollars, one for one."""
CONDITIONAL_TOKENS = "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"
"""Shares of "v1" rounds (ERC-1155), and who was paid for them."""
POSITION_MANAGER = "0x006F54F7f9A22e0000CC2AB60031000000ae9fEF"
"""Shares of "v2" rounds (ERC-1155)."""
COLLATERAL_ADAPTER = "0xAdA100Db00Ca00073811820692005400218FcE1f"
"""Makes sets of dollars, and dollars of sets and of winners; of "v1" rounds."""
NEG_RISK_COLLATERAL_ADAPTER = "0xadA2005600Dec949baf300f4C6120000bDB6eAab"
ROUTER = "0x12121212006e4CD160D18e3f00711DA5c3372600"
"""The same of "v2" rounds."""
ONRAMP = "0x93070a847efEf7F70739046A929D47a521F5B8ee"
"""Wraps USDC.e into the venue's dollars."""
MULTISEND = "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761"
"""Of safes: several calls in one."""
RELAY_HUB = "0xD216153c06E857cD7f72665E0aF1d7D82172F494"
"""Of proxies: who calls them for their owner."""
