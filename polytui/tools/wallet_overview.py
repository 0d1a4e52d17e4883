"""`polytui wallet`: which wallet it is, what is where, what may move it, and what is missing.

what        words, no wire
missing     each with the command that mends it
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from polytui.config.redeem import RedeemSettings
from polytui.config.relayer_key import BuilderKey, GaslessKey
from polytui.execution.wallet_log import WalletLog
from polytui.model.units import MICRO, Usd, format_micro, to_float
from polytui.tools.account_tables import position_document
from polytui.tools.held_positions import PositionState
from polytui.tools.open_wallet import WalletThere
from polytui.tools.printed_table import PrintedColumn, print_table, print_words
from polytui.tools.wallet_facts import KIND_WORDS
from polytui.venues.polymarket.allowances import dollars
from polytui.venues.polymarket.approvals import StandingApproval
from polytui.venues.polymarket.explained_calls import contract_name
from polytui.venues.polymarket.wallet import Wallet, WalletType

_WEI = 10**18
_LITTLE_POL = 0.05
"""Some transactions' worth of gas."""


@frozen
class MissingThing:
    """What is not as it should be, and the command that mends it; empty where none does."""

    words: str
    command: str = ""


@frozen
class WalletOverview:
    wallet: Wallet
    there: WalletThere
    gasless: GaslessKey | None
    log: WalletLog
    settings: RedeemSettings

    @property
    def pairs(self) -> Usd:
        """Dollars that merging brings."""
        return Usd(sum(one.pairs for one in self.there.rounds))

    @property
    def won(self) -> Usd:
        """Dollars that redeeming brings."""
        paid = [
            one.up * one.payouts.up // MICRO + one.down * one.payouts.down // MICRO
            for one in self.there.rounds
            if one.payouts is not None
        ]
        return Usd(sum(paid))

    @property
    def shares_by_protocol(self) -> dict[str, int]:
        found = {"v1": 0, "v2": 0}
        for one in self.there.rounds:
            protocol = one.round.protocol
            found[protocol] = found.get(protocol, 0) + one.up + one.down
        return found

    @property
    def sends_by(self) -> str:
        """Who brings its calls to the chain, and who pays."""
        if self.wallet.kind is WalletType.EOA:
            return f"its own key pays gas: {self.there.pol_wei / _WEI:.6g} POL there"
        if self.gasless is None:
            return "nobody yet: a key of the relayer is missing"
        if isinstance(self.gasless, BuilderKey):
            return "the relayer, with a builder's key: 100 batches a day until it is verified"
        return "the relayer, with a key of its own: as many batches as it likes"

    @property
    def budget(self) -> str:
        used, most = self.log.calls_today(), self.settings.calls_per_day
        words = f"{used} of {most} batches today, {max(0, most - used)} left"
        if self.wallet.kind is WalletType.EOA:
            gas = self.log.gas_today_wei() / _WEI
            words += f", {gas:.6g} of {self.settings.gas_per_day_pol:g} POL"
        return words

    def missing(self) -> list[MissingThing]:
        """What stands in the way of trading and of winnings, the gravest first."""
        return [*self._missing_approvals(), *self._missing_means(), *self._waiting()]

    def _missing_approvals(self) -> Iterator[MissingThing]:
        missing = [one for one in self.there.approvals if not one.stands]
        for protocol in dict.fromkeys(one.needed.protocol for one in missing):
            cannot = [
                f"{one.needed.purpose}{f' more than {dollars(one.left)}' if one.left else ''}"
                for one in missing
                if one.needed.protocol == protocol
            ]
            yield MissingThing(
                f"in rounds of {protocol} this wallet cannot {', '.join(cannot)}",
                f"polytui approve --protocol {protocol}",
            )

    def _missing_means(self) -> Iterator[MissingThing]:
        if self.wallet.kind is not WalletType.EOA:
            if self.gasless is None:
                yield MissingThing(
                    "winners are not redeemed and pairs not merged: make a key of the relayer in"
                    " the website's settings, set RELAYER_API_KEY and RELAYER_API_KEY_ADDRESS"
                )
        elif self.there.pol_wei < _LITTLE_POL * _WEI:
            yield MissingThing(
                f"{self.there.pol_wei / _WEI:.6g} POL for gas: send some to {self.wallet.owner}"
            )

    def _waiting(self) -> Iterator[MissingThing]:
        if usdc_e := self.there.dollars.usdc_e:
            yield MissingThing(
                f"{dollars(usdc_e)} of USDC.e, which the venue does not count", "polytui wrap"
            )
        if self.won:
            yield MissingThing(f"{dollars(self.won)} won and not redeemed", "polytui redeem")
        if self.pairs:
            yield MissingThing(f"{dollars(self.pairs)} in pairs", "polytui merge")
        if self.log.open:
            yield MissingThing("something of this wallet is under way on the chain")


def wallet_document(one: WalletOverview) -> dict[str, Any]:
    there, wallet = one.there, one.wallet
    return {
        "wallet": wallet.funder,
        "owner": wallet.owner,
        "type": wallet.kind.label,
        "pusd": to_float(there.dollars.pusd),
        "usdc_e": to_float(there.dollars.usdc_e),
        "pol": there.pol_wei / _WEI,
        "shares": {name: to_float(held) for name, held in one.shares_by_protocol.items()},
        "won_usd": to_float(one.won),
        "pairs_usd": to_float(one.pairs),
        "sends_by": one.sends_by,
        "batches_today": one.log.calls_today(),
        "batches_per_day": one.settings.calls_per_day,
        "gas_today_pol": one.log.gas_today_wei() / _WEI,
        "approvals": [_approval_document(each) for each in there.approvals],
        "positions": [position_document(each) for each in there.held.positions],
        "unread": there.held.unread,
        "missing": [
            {"words": each.words, "command": each.command or None} for each in one.missing()
        ],
    }


def _approval_document(one: StandingApproval) -> dict[str, Any]:
    needed = one.needed
    left = None if one.is_without_end or not needed.is_of_dollars else to_float(one.left)
    return {
        "protocol": needed.protocol,
        "purpose": needed.purpose,
        "token": needed.token,
        "spender": needed.spender,
        "stands": one.stands,
        "usd_left": left,
    }


def show_wallet(one: WalletOverview) -> None:
    there, wallet = one.there, one.wallet
    words = [f"{KIND_WORDS[wallet.kind]}.", f"key   {wallet.owner}", f"money {wallet.funder}"]
    print_words(*words)
    shares = one.shares_by_protocol
    rows = [
        ("pUSD", dollars(there.dollars.pusd), "what trades"),
        ("USDC.e", dollars(there.dollars.usdc_e), "not wrapped, so the venue does not count it"),
        *((f"shares {name}", format_micro(held), "") for name, held in shares.items() if held),
        ("won", dollars(one.won), "of rounds with a result on the chain, not redeemed"),
        ("pairs", dollars(one.pairs), "a share of each side pays a dollar, whoever wins"),
    ]
    print_table(
        "what is there",
        [
            PrintedColumn("what", [row[0] for row in rows]),
            PrintedColumn("how much", [row[1] for row in rows], is_number=True),
            PrintedColumn("meaning", [row[2] for row in rows], spared=0),
        ],
    )
    approvals = there.approvals
    print_table(
        "what may move it",
        [
            PrintedColumn("rounds", [each.needed.protocol for each in approvals]),
            PrintedColumn("to", [each.needed.purpose for each in approvals]),
            PrintedColumn("stands", [_stands_words(each) for each in approvals]),
            PrintedColumn(
                "contract", [contract_name(each.needed.spender) for each in approvals], spared=0
            ),
        ],
        f"sent by {one.sends_by}; {one.budget}",
    )
    waiting = [each for each in there.held.positions if each.state is PositionState.WAITING]
    if waiting:
        print_words(f"{len(waiting)} positions wait for a result: polytui positions")
    print_words(*(f"not read: {each}" for each in there.held.unread))
    missing = one.missing()
    if not missing:
        print_words("nothing is missing")
    for each in missing:
        print_words(f"! {each.words}" + (f": {each.command}" if each.command else ""))


def _stands_words(one: StandingApproval) -> str:
    if not one.stands:
        return f"NO, {dollars(one.left)} left" if one.left else "NO"
    if one.is_without_end or not one.needed.is_of_dollars:
        return "yes"
    return f"up to {dollars(one.left)}"
