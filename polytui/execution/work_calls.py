"""A batch's works as calls of contracts, and in words."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.ledger.wallet_work import WalletWork, WorkKind
from polytui.model.units import format_micro
from polytui.venues.polymarket.chain_calls import Call, merge, redeem_held


def calls_of(works: Sequence[WalletWork]) -> list[Call]:
    calls: list[Call] = []
    for work in works:
        if work.kind is WorkKind.MERGE:
            calls.append(merge(work.round, work.up))
        else:
            calls += redeem_held(work.round, work.held)
    return calls


def metadata_of(works: Sequence[WalletWork]) -> str:
    """What the relayer shows to people."""
    return "polytui: " + in_words(works)


def in_words(works: Sequence[WalletWork]) -> str:
    """ "redeem 3 rounds, 12.50 dollars, merge 1 round, 20.00 dollars"."""
    parts = []
    for kind in WorkKind:
        some = [work for work in works if work.kind is kind]
        if some:
            worth = format_micro(sum(work.worth for work in some), 2)
            what = some[0].round.slug if len(some) == 1 else f"{len(some)} rounds"
            parts.append(f"{kind.value} {what} for {worth} dollars")
    return ", ".join(parts)
