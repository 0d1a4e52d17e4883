"""What doctor says of a node and a relayer: what is wrong, what waits for it, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from attrs import evolve

from polytui.config.secrets import Secret
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.plain_text import MOST_CHARACTERS
from polytui.model.units import Usd
from polytui.tools.chain_facts import (
    NodeFacts,
    node_findings,
    node_refused,
    relayer_refused,
    relayer_told,
)
from polytui.tools.findings import Finding, Severity
from polytui.venues.polymarket.wallet import WalletType, wallet_of

OK, WARN, FAIL = Severity.OK, Severity.WARN, Severity.FAIL
KEY = Secret("0x" + "11" * 32)
DEPOSIT, EOA = wallet_of(KEY, WalletType.DEPOSIT), wallet_of(KEY, WalletType.EOA)
WELL = NodeFacts(137, Usd(12_500_000), 10**18, 3.0)


def told(wallet: Any = DEPOSIT, **facts: Any) -> dict[str, Finding]:
    return {one.name: one for one in node_findings(wallet, evolve(WELL, **facts))}


def test_a_node_that_is_as_it_should_be() -> None:
    assert list(told()) == ["node"], "whose gas is paid needs none"
    assert (told()["node"].verdict, "$12.50" in told()["node"].words) == (OK, True)
    own = told(EOA)
    assert {one.verdict for one in own.values()} == {OK}
    assert own["gas"].words.startswith("1.0000 POL")


def test_a_key_without_gas_is_told_where_to_send_it() -> None:
    gas = told(EOA, pol_wei=0)["gas"]
    assert (gas.verdict, EOA.owner in gas.words) == (WARN, True)


def test_a_node_of_another_chain_is_no_node() -> None:
    found = told(EOA, chain_id=1)
    assert list(found) == ["node"], "and its gas is another coin"
    assert found["node"].verdict is FAIL
    assert "of chain 1, and the venue's chain is 137" in found["node"].words


@pytest.mark.parametrize(("behind_s", "verdict"), [(-5.0, OK), (60.0, OK), (61.0, WARN)])
def test_a_node_that_is_behind(behind_s: float, verdict: Severity) -> None:
    found = told(behind_s=behind_s)["node"]
    assert found.verdict is verdict
    assert ("61 seconds old" in found.words) is (verdict is WARN)


@pytest.mark.parametrize(
    ("error", "verdict", "words"),
    [
        (Rejected("HTTP 401 tenant disabled", 401), FAIL, "without a key"),
        (Rejected("HTTP 403 forbidden", 403), FAIL, "without a key"),
        (Rejected("HTTP 404 not found", 404), FAIL, "no node answers at this address"),
        (Retry("HTTP 429 Too Many Requests"), WARN, "limits how often it is asked"),
        (Retry("request limit reached"), WARN, "limits how often it is asked"),
        (Retry("cannot be reached"), WARN, "has no answer"),
        (Unknown("HTTP 500"), WARN, "has no answer"),
        (trio.TooSlowError(), WARN, "no answer in time"),
    ],
)
def test_why_a_node_told_nothing(error: Exception, verdict: Severity, words: str) -> None:
    found = node_refused(error)
    assert (found.name, found.verdict) == ("node", verdict)
    assert words in found.words
    assert "winners are not redeemed" in found.words
    assert "endpoints.rpc" in found.words
    assert str(error) in found.words, "and what it said itself"
    assert len(found.words) < MOST_CHARACTERS


@pytest.mark.parametrize(
    ("error", "verdict", "words"),
    [
        (Rejected("HTTP 401 invalid authorization", 401), FAIL, "RELAYER_API_KEY_ADDRESS"),
        (Retry("HTTP 429 slow down"), WARN, "limits how often it is asked"),
        (Retry("cannot be reached"), WARN, "has no answer"),
    ],
)
def test_why_a_relayer_told_nothing(error: Exception, verdict: Severity, words: str) -> None:
    found = relayer_refused(error)
    assert (found.name, found.verdict) == ("relayer", verdict)
    assert words in found.words
    assert str(error) in found.words


def test_a_relayer_that_takes_the_key() -> None:
    found = relayer_told(DEPOSIT, 7)
    assert (found.verdict, "batch 7" in found.words) == (OK, True)
