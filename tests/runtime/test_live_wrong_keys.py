"""A key, a funder or a type of wallet that do not belong together: nothing is traded, and people
are told why."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
import trio
from live_engine import open_live_engine, open_live_venue
from live_venue import LiveVenue, venue_of
from trio.testing import MockClock

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.errors import Blocked
from polytui.model.units import MICRO, Usd
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

RaisesExc = pytest.RaisesExc
pytestmark = pytest.mark.trio


def of_another_key(venue: LiveVenue) -> Wallet:
    """It signs for a wallet that is not its own."""
    return attrs.evolve(throwaway_wallet("somebody else"), funder=venue.wallet.funder)


def with_another_funder(venue: LiveVenue) -> Wallet:
    """Of somebody else, who has money."""
    other = throwaway_wallet("somebody else")
    _fund(venue, other)
    return attrs.evolve(venue.wallet, funder=other.funder)


def as_a_safe(venue: LiveVenue) -> Wallet:
    return _of_another_type(venue, WalletType.SAFE)


def as_an_eoa(venue: LiveVenue) -> Wallet:
    return _of_another_type(venue, WalletType.EOA)


def with_the_right_funder_and_the_wrong_type(venue: LiveVenue) -> Wallet:
    return attrs.evolve(venue.wallet, kind=WalletType.SAFE)


def _of_another_type(venue: LiveVenue, kind: WalletType) -> Wallet:
    """It has money there, and the venue takes orders of deposit wallets alone."""
    venue.office.payloads.take_only_deposit_wallets(True)
    wallet = wallet_of(venue.wallet.key, kind)
    _fund(venue, wallet)
    return wallet


def _fund(venue: LiveVenue, wallet: Wallet) -> None:
    venue.wallets.register(wallet.funder.lower(), wallet.owner.lower(), int(wallet.kind))
    venue.wallets.deploy(wallet.funder.lower())
    venue.exchange.fund(wallet.funder.lower(), Usd(1_000 * MICRO))


_NO_DOLLARS = "the venue sees no dollars in"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (of_another_key, _NO_DOLLARS),
        (with_another_funder, "the order signer address has to be the address of the API KEY"),
        (as_a_safe, "deposit wallet"),
        (as_an_eoa, "deposit wallet"),
        (with_the_right_funder_and_the_wrong_type, _NO_DOLLARS),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_orders_of_a_wallet_that_does_not_fit_are_refused_in_words(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wrong: Callable[[LiveVenue], Wallet],
    words: str,
) -> None:
    venue = venue_of(8.0)
    async with open_live_venue(monkeypatch, venue):
        wallet = wrong(venue)
        async with open_live_engine(venue, tmp_path / "s", armed=venue.arm(wallet)) as engine:
            with trio.move_on_after(25):
                while engine.told.counts["Refused"] < 3:
                    await trio.sleep(0.1)
            texts = engine.texts()
            await engine.rest()
        wallet_at_venue = wallet.funder.lower()
        told = engine.told.counts
        assert told["Accepted"] == told["Filled"] == 0
        assert venue.exchange.trades(wallet_at_venue) == []
        assert venue.exchange.orders_of(wallet_at_venue) == []
        assert any(words in text for text in texts), texts
        assert engine.session.mind.account.cash == engine.execution.money().cash
        assert engine.execution.money().traded == 0


async def test_an_api_key_that_the_venue_does_not_know_is_the_end_of_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = venue_of(8.0)
    nobodys = ApiKey("7c0f6d3e-0000-4000-8000-000000000000", Secret("c2VjcmV0"), Secret("phrase"))
    async with open_live_venue(monkeypatch, venue):
        is_said = RaisesExc(Blocked, match="does not take the key of 0x")
        with pytest.RaisesGroup(is_said, flatten_subgroups=True) as raised:
            async with open_live_engine(venue, tmp_path / "s", armed=venue.arm(None, nobodys)):
                pass
        assert "phrase" not in "".join(traceback.format_exception(raised.value))
        assert not any("POST /clob/order" in one for one in venue.requests)
