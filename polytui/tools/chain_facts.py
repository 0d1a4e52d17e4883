"""What a node of the chain and the relayer told, in plain words: no wire, no clock.

Trading goes on without either; what is won does not come home. Whoever must change a setting is
told so by a failure, and what passes by itself is a warning.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.secrets import RELAYER_KEY, RELAYER_KEY_ADDRESS
from polytui.model.units import Usd
from polytui.tools.findings import Finding, Severity
from polytui.venues.polymarket.allowances import dollars
from polytui.venues.polymarket.wallet import Wallet, WalletType

OK, WARN, FAIL = Severity.OK, Severity.WARN, Severity.FAIL

BEHIND_S = 60
"""A block comes every two seconds; a node that is minutes behind is being mended."""
_KEYLESS = (401, 402, 403)
_LIMITS = ("429", "limit", "too many", "quota", "capacity")
_ANOTHER = "set endpoints.rpc to another node, best to one of your own"
_WAITING = "winners are not redeemed and pairs not merged"
_WEI = 10**18


@frozen
class NodeFacts:
    """What a node told of itself, and of the wallet."""

    chain_id: int
    usd: Usd
    """pUSD of the wallet, millionths."""
    pol_wei: int
    """Of the key's own address."""
    behind_s: float
    """Its newest block's age by this machine's clock."""


def node_findings(wallet: Wallet, facts: NodeFacts) -> list[Finding]:
    findings = [_node(wallet, facts)]
    if wallet.kind is WalletType.EOA and findings[0].verdict is not FAIL:
        findings.append(_gas(wallet, facts))
    return findings


def _node(wallet: Wallet, facts: NodeFacts) -> Finding:
    if facts.chain_id != wallet.chain_id:
        words = (
            f"the node is of chain {facts.chain_id}, and the venue's chain is {wallet.chain_id}:"
            f" nothing that it says is about this wallet, so {_WAITING}; {_ANOTHER}"
        )
        return Finding("node", FAIL, words)
    if facts.behind_s > BEHIND_S:
        words = (
            f"its newest block is {facts.behind_s:.0f} seconds old: it is behind the chain, or this"
            f" machine's clock is ahead; until it is up to date {_WAITING}. If it stays so,"
            f" {_ANOTHER}"
        )
        return Finding("node", WARN, words)
    return Finding("node", OK, f"chain {facts.chain_id}, {dollars(facts.usd)} in the wallet")


def _gas(wallet: Wallet, facts: NodeFacts) -> Finding:
    if facts.pol_wei:
        words = f"{facts.pol_wei / _WEI:.4f} POL for what this wallet does on the chain"
        return Finding("gas", OK, words)
    words = f"no POL pays for what this wallet does on the chain: send a few to {wallet.owner}"
    return Finding("gas", WARN, f"{words}, or {_WAITING}")


def node_refused(error: Exception) -> Finding:
    """Of one that told nothing."""
    told = str(error) or "no answer in time"
    status = getattr(error, "status", None)
    if status in _KEYLESS:
        words = (
            f"the node lets nobody in without a key, or does not know the one in its address any"
            f" more, so {_WAITING}; {_ANOTHER}"
        )
        return Finding("node", FAIL, f"{words} ({told})")
    if status is not None:
        words = f"no node answers at this address, so {_WAITING}; {_ANOTHER}"
        return Finding("node", FAIL, f"{words} ({told})")
    if any(one in told.lower() for one in _LIMITS):
        words = (
            "the node limits how often it is asked, as public ones do; while it does,"
            f" {_WAITING}. If it does so often, {_ANOTHER}"
        )
        return Finding("node", WARN, f"{words} ({told})")
    words = f"the node has no answer; until it has, {_WAITING}. If it stays so, {_ANOTHER}"
    return Finding("node", WARN, f"{words} ({told})")


def relayer_told(wallet: Wallet, nonce: int) -> Finding:
    words = f"takes the key; batch {nonce} of this {wallet.kind.label} wallet is its next"
    return Finding("relayer", OK, words)


def relayer_refused(error: Exception) -> Finding:
    """Of a key that is there."""
    told = str(error) or "no answer in time"
    if getattr(error, "status", None) in _KEYLESS:
        words = (
            f"the relayer does not take the key, so {_WAITING}: copy {RELAYER_KEY} and"
            f" {RELAYER_KEY_ADDRESS} from the website's settings once more, or make a new one"
        )
        return Finding("relayer", FAIL, f"{words} ({told})")
    if any(one in told.lower() for one in _LIMITS):
        words = f"the relayer limits how often it is asked; while it does, {_WAITING}"
        return Finding("relayer", WARN, f"{words} ({told})")
    words = f"the relayer has no answer; until it has, {_WAITING}"
    return Finding("relayer", WARN, f"{words} ({told})")
