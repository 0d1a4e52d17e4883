"""Nothing is armed but by all four gates, and the first one that is closed says its tag."""

from __future__ import annotations

import copy
import pickle
from itertools import product
from pathlib import Path

import attrs
import msgspec
import pytest

from polytui.config.secret_sources import Keyring, SecretSources
from polytui.config.secrets import Secret
from polytui.execution.arming import (
    HAS_NO_KEY,
    IS_DISABLED,
    IS_DRY,
    IS_NOT_CONFIRMED,
    Armed,
    arm_live,
    arm_simulated,
    unarmed,
)
from polytui.model.errors import Blocked, Fatal
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

KEY = "0x" + "7c" * 32
OPEN = {
    "DRY_RUN": "false",
    "ENABLE_REAL_TRADING": "true",
    "POLYMARKET_PRIVATE_KEY": KEY,
}
TAGS = (IS_DRY, IS_DISABLED, HAS_NO_KEY, IS_NOT_CONFIRMED)


def nobody() -> tuple[Keyring | None, str]:
    return None, ""


def said(**environment: str) -> SecretSources:
    return SecretSources(Path("/nonexistent"), environment, open_keyring=nobody)


def confirmed(wallet: Wallet) -> str:
    return wallet.funder


def tag_of(sources: SecretSources, named: str | None = None) -> str:
    """Of the gate that is closed; empty where all are open."""
    try:
        arm_live(sources, confirmed if named is None else lambda _: named)
    except Blocked as blocked:
        return blocked.tag if KEY[2:] not in str(blocked) else "it shows the key"
    return ""


@pytest.mark.parametrize("opened", list(product((False, True), repeat=4)))
def test_the_first_gate_that_is_closed_says_its_tag(opened: tuple[bool, ...]) -> None:
    """Every way for the four to stand."""
    environment = dict(item for item, is_open in zip(OPEN.items(), opened, strict=False) if is_open)
    named = None if opened[3] else ""
    closed = [tag for tag, is_open in zip(TAGS, opened, strict=True) if not is_open]
    assert tag_of(said(**environment), named) == (closed[0] if closed else "")


@pytest.mark.parametrize("word", ["", "true", "0", "no", "flase", "False?", "off", "none"])
def test_only_false_is_false(word: str) -> None:
    assert tag_of(said(**{**OPEN, "DRY_RUN": word})) == IS_DRY


@pytest.mark.parametrize("word", ["", "false", "1", "yes", "ture", "on"])
def test_only_true_is_true(word: str) -> None:
    assert tag_of(said(**{**OPEN, "ENABLE_REAL_TRADING": word})) == IS_DISABLED


def test_nobody_is_asked_anything_before_the_switches_are_open() -> None:
    """Not for a pass phrase, and not for a name."""

    def never(_: object) -> str:
        raise AssertionError("somebody was asked")

    environment = {**OPEN, "POLYTUI_KEYSTORE": "/nonexistent/wallet.json", "DRY_RUN": "true"}
    sources = SecretSources(Path("/nonexistent"), environment, never, nobody)
    with pytest.raises(Blocked):
        arm_live(sources, never)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"POLYMARKET_PRIVATE_KEY": "0x1234"}, "private key"),
        ({"POLYMARKET_WALLET_TYPE": "email"}, "'email' is none of eoa, proxy, safe, deposit"),
        (
            {"POLYMARKET_WALLET_TYPE": "eoa", "POLYMARKET_FUNDER": "0x" + "11" * 20},
            "leave the funder out",
        ),
    ],
)
def test_a_wallet_that_does_not_fit_together_says_how(more: dict[str, str], words: str) -> None:
    with pytest.raises(Blocked, match=words) as caught:
        arm_live(said(**{**OPEN, **more}), confirmed)
    assert caught.value.tag == HAS_NO_KEY


def test_who_confirms_names_the_wallet_that_holds_the_money() -> None:
    wallet = unarmed(said(**OPEN)).wallet
    assert wallet.kind is WalletType.DEPOSIT
    assert tag_of(said(**OPEN), f" {wallet.funder.upper().replace('0X', '0x')}\n") == ""
    for named in (wallet.funder[:-1], wallet.funder + "0", "yes", "0x" + "22" * 20):
        assert tag_of(said(**OPEN), named) == IS_NOT_CONFIRMED
    with pytest.raises(Blocked, match=f"held by {wallet.funder}"):
        arm_live(said(**OPEN), lambda one: one.owner)
    with pytest.raises(Blocked, match=f"--i-trade-with {wallet.funder}"):
        arm_live(said(**OPEN), lambda one: "")


def test_whoever_only_looks_needs_a_key_and_no_gate() -> None:
    assert unarmed(said(POLYMARKET_PRIVATE_KEY=KEY)).wallet.key.reveal() == KEY
    with pytest.raises(Blocked) as caught:
        unarmed(said())
    assert caught.value.tag == HAS_NO_KEY


# --- the proof ------------------------------------------------------------------------------------


@pytest.fixture
def wallet() -> Wallet:
    return wallet_of(Secret(KEY), WalletType.DEPOSIT)


def test_it_is_made_in_no_other_way(wallet: Wallet) -> None:
    armed = arm_live(said(**OPEN), confirmed)
    with pytest.raises(TypeError, match="only arm_live and arm_simulated"):
        Armed(wallet, None, False)
    with pytest.raises(TypeError, match="only arm_live and arm_simulated"):
        Armed(wallet=wallet, api_key=None, is_simulated=False)
    with pytest.raises(attrs.exceptions.NotAnAttrsClassError):
        attrs.evolve(armed, is_simulated=True)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            copied(armed)
    with pytest.raises(TypeError):
        type("Other", (Armed,), {})
    with pytest.raises(AttributeError):
        armed.is_simulated = True


def test_it_shows_no_key(wallet: Wallet) -> None:
    shown = repr(arm_simulated(wallet, None, []))
    assert KEY[2:] not in shown
    assert wallet.funder in shown


# --- a simulated venue ----------------------------------------------------------------------------


def test_a_venue_on_this_machine_needs_no_gate(wallet: Wallet) -> None:
    armed = arm_simulated(wallet, None, ["http://127.0.0.1:8080", "ws://[::1]:1/ws/user"])
    assert armed.is_simulated
    assert not arm_live(said(**OPEN), confirmed).is_simulated


@pytest.mark.parametrize(
    "url",
    [
        "https://clob.polymarket.com",
        "http://localhost:8080",  # a name may lead anywhere
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1:80",
        "ws://0.0.0.0:80/ws",
    ],
)
def test_one_address_of_another_machine_is_enough_to_refuse(wallet: Wallet, url: str) -> None:
    with pytest.raises(Fatal, match="no address of this machine"):
        arm_simulated(wallet, None, ["http://127.0.0.1:8080", url])
