"""Which engine has to do with a wallet, and that real money is sold for nobody who has not named
it."""

from __future__ import annotations

from pathlib import Path

import pytest

from polytui.config.schema import Settings
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import Secret
from polytui.execution.arming import IS_NOT_CONFIRMED
from polytui.model.errors import Blocked
from polytui.model.link import Hello
from polytui.tools.account_access import AccountAccess, check_named
from polytui.venues.polymarket.wallet import WalletType, wallet_of

KEY = "0x" + "5c" * 32
WALLET = wallet_of(Secret(KEY), WalletType.DEPOSIT).funder
OTHER = wallet_of(Secret("0x" + "5d" * 32), WalletType.DEPOSIT).funder


def access(folder: Path) -> AccountAccess:
    sources = SecretSources(
        folder, {"POLYMARKET_PRIVATE_KEY": KEY}, open_keyring=lambda: (None, "")
    )
    return AccountAccess(Settings(), None, sources, None)


@pytest.mark.parametrize(
    ("mode", "wallet", "is_it"),
    [
        ("live", WALLET, True),
        ("live", WALLET.lower(), True),
        ("live", OTHER, False),
        ("live", "", False),
        ("shadow", WALLET, False),
        ("demo", WALLET, False),
        ("paper", "", False),
    ],
)
def test_an_engine_of_this_wallet_that_sends_orders(
    mode: str, wallet: str, is_it: bool, tmp_path: Path
) -> None:
    engine = Hello("a", "s-1", mode, wallet)
    assert access(tmp_path).is_traded_by(engine) is is_it


@pytest.mark.parametrize("named", ["", OTHER])
def test_a_live_engine_sells_for_nobody_who_names_another_wallet(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    engine = Hello("a", "s-1", "live", WALLET)
    with pytest.raises(Blocked, match=WALLET) as caught:
        check_named(engine, named)
    assert caught.value.tag == IS_NOT_CONFIRMED
    check_named(engine, WALLET.lower())
    check_named(Hello("a", "s-2", "demo", WALLET), named)
