"""The contracts the venue lives in on Polygon, as its own list names them, in lower case."""

from __future__ import annotations

from polytui.model.instrument import Round

CHAIN_ID = 137

PUSD = "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb"
"""The collateral: an ERC-20 of six decimals."""
USDC_E = "0x2791bca1f2de4661ed88a30c99a7a9449aa84174"
CONDITIONAL_TOKENS = "0x4d97dcd97ec945f40cf65f87097ace5ea0476045"
"""Shares of "v1" rounds (ERC-1155)."""
POSITION_MANAGER = "0x006f54f7f9a22e0000cc2ab60031000000ae9fef"
"""Shares of "v2" rounds (ERC-1155)."""

CTF_EXCHANGE = "0xe111180000d2663c0091e4f400237545b87b996b"
NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310f59"
EXCHANGE_V3 = "0xe3333700ca9d93003f00f0f71f8515005f6c00aa"
EXCHANGES = (CTF_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3)
"""Contracts that settle trades."""
COLLATERAL_ADAPTER = "0xada100db00ca00073811820692005400218fce1f"
NEG_RISK_COLLATERAL_ADAPTER = "0xada2005600dec949baf300f4c6120000bdb6eaab"
NEG_RISK_ADAPTER = "0xd91e80cf2e7be2e162c6513ced06f1dd0da35296"
ROUTER = "0x12121212006e4cd160d18e3f00711da5c3372600"
AUTO_REDEEMER = "0xa1200000d0002264c9a1698e001292d00e1b00af"
BINARY_MODULE = "0x1000008dd9001b968442c1000017eae6e0da00ba"
NEG_RISK_MODULE = "0x200000900045e3b6259600682756002200028933"
COMBINATORIAL_MODULE = "0x30000034706c7d8e12009dab006be20000c031a8"
PERPS_DEPOSIT = "0xdca4af75705dbb50f62437045aff9921947917d2"
ONRAMP = "0x93070a847efef7f70739046a929d47a521f5b8ee"
OFFRAMP = "0x2957922eb93258b93368531d39facca3b4dc5854"
PERMISSIONED_RAMP = "0xebc2459ec962869ca4c0bd1e06368272732bcb08"

DEPOSIT_WALLET_FACTORY = "0x00000000000fb5c9adea0298d729a0cb3823cc07"
DEPOSIT_WALLET_BEACON = "0x7a18edfe055488a3128f01f563e5b479d92ffc3a"
DEPOSIT_WALLET_IMPLEMENTATION = "0x58ca52ebe0dadfdf531cde7062e76746de4db1eb"
SAFE_FACTORY = "0xaacfeea03eb1561c4e67d661e40682bd20e3541b"
SAFE_INIT_CODE_HASH = "0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf"
SAFE_MULTISEND = "0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761"
PROXY_FACTORY = "0xab45c5a4b0c941a2f231c04c3f49182e1a254052"
PROXY_IMPLEMENTATION = "0x44e999d5c2f66ef0861317f9a4805ac2e90aeb4f"
RELAY_HUB = "0xd216153c06e857cd7f72665e0af1d7d82172f494"

ERC20 = frozenset({PUSD, USDC_E})
ERC1155 = frozenset({CONDITIONAL_TOKENS, POSITION_MANAGER})

PUSD_SPENDERS = (
    CTF_EXCHANGE,
    NEG_RISK_EXCHANGE,
    COLLATERAL_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    NEG_RISK_ADAPTER,
    ROUTER,
    EXCHANGE_V3,
    PERPS_DEPOSIT,
)
"""Who may be let spend dollars, in the order in which the venue's index lists them."""
SHARE_OPERATORS = (
    (CONDITIONAL_TOKENS, CTF_EXCHANGE),
    (CONDITIONAL_TOKENS, NEG_RISK_EXCHANGE),
    (CONDITIONAL_TOKENS, COLLATERAL_ADAPTER),
    (CONDITIONAL_TOKENS, NEG_RISK_COLLATERAL_ADAPTER),
    (CONDITIONAL_TOKENS, AUTO_REDEEMER),
    (CONDITIONAL_TOKENS, BINARY_MODULE),
    (CONDITIONAL_TOKENS, NEG_RISK_MODULE),
    (POSITION_MANAGER, ROUTER),
    (POSITION_MANAGER, EXCHANGE_V3),
    (POSITION_MANAGER, AUTO_REDEEMER),
)
"""(token contract, operator): who may be let move shares."""

ALL = frozenset(
    value
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, str) and len(value) == 42
)
"""Every address that has code here; any other has none, and a call to it does nothing."""


def exchange_of(listed: Round) -> str:
    """The contract that settles a round's trades, whose spending its traders must have allowed."""
    if listed.protocol == "v2":
        return EXCHANGE_V3
    return NEG_RISK_EXCHANGE if listed.is_neg_risk else CTF_EXCHANGE


def shares_of(listed: Round) -> str:
    """The contract that holds a round's shares."""
    return POSITION_MANAGER if listed.protocol == "v2" else CONDITIONAL_TOKENS


def splitter_of(listed: Round) -> str:
    """The contract that makes whole sets of dollars, and dollars of them."""
    if listed.protocol == "v2":
        return ROUTER
    return NEG_RISK_COLLATERAL_ADAPTER if listed.is_neg_risk else COLLATERAL_ADAPTER
