"""What doctor says of a wallet: the venue's traps in plain words, each with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from polytui.config.secrets import Secret
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.plain_text import MOST_CHARACTERS
from polytui.tools.findings import Finding, Severity
from polytui.tools.wallet_facts import OtherWallet, WalletFacts, wallet_findings
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.plain_refusals import explained
from polytui.venues.polymarket.wallet import WalletType, wallet_of, wallets_of

KEY = Secret("0x" + "11" * 32)
STANDARD, POSITIONS = EXCHANGES[POLYGON].standard, EXCHANGES[POLYGON].positions
MUCH = 10**30
FOREIGN = "0x00000000000000000000000000000000000000A1"


def found(
    kind: WalletType = WalletType.DEPOSIT, funder: str = "", **facts: Any
) -> dict[str, Finding]:
    told = {"allowances": {STANDARD.lower(): MUCH, POSITIONS: MUCH}, **facts}
    findings = wallet_findings(WalletFacts(wallet_of(KEY, kind, funder), **told))
    assert all(len(one.words) < MOST_CHARACTERS for one in findings), "and none is cut"
    return {one.name: one for one in findings}


@pytest.mark.parametrize("kind", WalletType)
def test_each_kind_is_explained_with_who_signs_and_who_holds(kind: WalletType) -> None:
    wallet = wallet_of(KEY, kind)
    one = found(kind)["wallet"]
    assert one.verdict is Severity.OK
    assert one.words.startswith(f"{kind.label} (type {kind.value})")
    assert wallet.owner in one.words
    assert wallet.funder in one.words
    assert "signs" in one.words


def test_a_funder_that_does_not_follow_is_said() -> None:
    one = found(funder=FOREIGN)["wallet"]
    assert one.verdict is Severity.WARN
    assert "NOT" in one.words
    assert "session key (180 days at most)" in one.words
    assert "sees its own orders alone and neither withdraws nor redeems" in one.words


def test_no_money_of_a_session_key_is_no_wrong_type() -> None:
    one = found(funder=FOREIGN, usd=0, others=(OtherWallet(WalletType.EOA, FOREIGN, 10),))["money"]
    assert one.verdict is Severity.FAIL
    assert one.words.startswith("the venue tells this session key of no money")


def test_all_well() -> None:
    findings = found(usd=5_250_000, is_deployed=True, is_closed_only=False)
    assert {one.verdict for one in findings.values()} == {Severity.OK}
    assert findings["money"].words.startswith("$5.25 in ")
    assert list(findings) == [
        "wallet", "standing", "deposit wallet", "money", "exchange v1", "exchange v2",
    ]  # fmt: skip


def test_a_wrong_type_names_the_one_that_has_money() -> None:
    safe = wallets_of(wallet_of(KEY, WalletType.EOA).owner, WalletType.SAFE)[0]
    others = (
        OtherWallet(WalletType.EOA, FOREIGN, 10),
        OtherWallet(WalletType.SAFE, safe, 7_000_000),
    )
    one = found(usd=0, others=others)["money"]
    assert one.verdict is Severity.FAIL
    assert f"safe wallet {safe} has $7.00" in one.words
    assert "POLYMARKET_WALLET_TYPE=safe" in one.words


def test_no_money_anywhere_is_no_wrong_type() -> None:
    one = found(usd=0)["money"]
    assert one.verdict is Severity.FAIL
    assert "deposit pUSD" in one.words
    assert "WALLET_TYPE" not in one.words


def test_what_was_not_told_is_not_judged() -> None:
    assert list(found()) == ["wallet"]


@pytest.mark.parametrize(
    ("allowances", "verdicts", "words"),
    [
        ({STANDARD: 0, POSITIONS: MUCH}, (Severity.FAIL, Severity.OK), "nothing can be bought"),
        ({POSITIONS: MUCH}, (Severity.FAIL, Severity.OK), "nothing can be bought"),
        (
            {STANDARD: 4_000_000, POSITIONS: MUCH},
            (Severity.WARN, Severity.OK),
            "only $4.00 of $5.00",
        ),
    ],
)
def test_an_allowance_is_of_one_exchange(
    allowances: dict[str, int], verdicts: tuple[Severity, Severity], words: str
) -> None:
    findings = found(usd=5_000_000, allowances=allowances)
    assert tuple(findings[name].verdict for name in ("exchange v1", "exchange v2")) == verdicts
    assert words in findings["exchange v1"].words
    assert STANDARD in findings["exchange v1"].words


def test_shares_need_an_approval_of_their_own() -> None:
    findings = found(usd=5_000_000, may_sell={STANDARD: False})
    assert findings["exchange v1"].verdict is Severity.WARN
    assert "nothing can be sold" in findings["exchange v1"].words
    assert findings["exchange v2"].verdict is Severity.OK


def test_closed_only_and_a_wallet_that_is_not_there_fail() -> None:
    findings = found(is_closed_only=True, is_deployed=False)
    assert findings["standing"].verdict is Severity.FAIL
    assert findings["deposit wallet"].verdict is Severity.FAIL
    assert "deposit wallet" not in found(WalletType.SAFE, is_deployed=False)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("maker address not allowed, please use the deposit wallet flow", "WALLET_TYPE=deposit"),
        ("the order signer address has to be the address of the API KEY", "another private key"),
        ("'0x1234' address banned", "banned"),
        ("'0x1234' address in closed only mode", "only close"),
        ("Trading restricted in your region, please refer", "do not get around"),
        ("not enough balance / allowance: the balance is not enough -> balance: 1", "too little"),
        (
            "not enough balance / allowance: the allowance is not enough -> spender: 0x1",
            "may not move",
        ),
        ("Unauthorized/Invalid api key", "POLYMARKET_API_"),
        ("post-only mode: only post-only orders and cancels are allowed", "only orders that rest"),
    ],
)
def test_the_venues_refusals_are_explained(said: str, words: str) -> None:
    assert words in explained(f"https://x/clob/order: HTTP 400 {said}; ask for something else")


def test_what_nobody_knows_is_not_explained() -> None:
    assert explained("nobody ever saw this one") == ""
    assert explained("") == ""


def test_one_venue_has_one_throwaway_wallet() -> None:
    first, again, other = (throwaway_wallet(token) for token in ("a", "a", "b"))
    assert first.funder == again.funder != other.funder
    assert first.kind is WalletType.DEPOSIT
    assert "0x" not in repr(first.key)
