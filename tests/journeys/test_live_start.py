"""The start of a session with a wallet, as a person sees it: gates, words, and where keys are.

The venue is a simulated one on this machine, at this machine's time, which takes the place of the
real one by its addresses in config.toml alone.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import eth_keyfile
import pytest
from program import children_of, command, environment, places, run, short_folder
from real_terminal import RealTerminal, in_terminal
from zygote import forking

from polytui.config.schema import EndpointSettings
from polytui.config.secrets import Secret
from polytui.journal.codec import decode_event
from polytui.journal.reader import JournalReader
from polytui.model.events import FeedUp
from polytui.venues.polymarket.wallet import WalletType, wallet_of

KEY = "4d" * 31 + "07"
PASSPHRASE = "a phrase that passes 12"
WALLET = wallet_of(Secret(f"0x{KEY}"), WalletType.DEPOSIT)
OPEN = {"DRY_RUN": "false", "ENABLE_REAL_TRADING": "true", "POLYMARKET_PRIVATE_KEY": f"0x{KEY}"}
LIVE = ("run", "--mode", "live", "--headless", "--assets", "btc")


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    """A venue's, as a table of config.toml."""
    with short_folder() as runtime, forking(places()):
        process = subprocess.Popen(
            command("venue", "--assets", "btc", "--intervals", "5m", "--messages", "0.01"),
            stdout=subprocess.PIPE,
            env=environment(runtime),
        )
    try:
        assert process.stdout is not None
        urls: dict[str, Any] = json.loads(process.stdout.readline())
        names = [one.name for one in attrs.fields(EndpointSettings) if one.name in urls]
        lines = [f'{name} = "{urls[name]}"' for name in names]
        lines += [f'{name}_spare = "{urls[name]}"' for name in ("binance_ws", "binance_rest")]
        yield "\n".join(["[endpoints]", *lines, ""])
    finally:
        process.kill()
        process.communicate()


def shell(folder: Path, runtime: Path, **more: str) -> dict[str, str]:
    return {**environment(runtime), "XDG_STATE_HOME": str(folder / "state"), **more}


# --- gates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "flags", "tag"),
    [
        ("DRY_RUN", (), "REAL_TRADING_BLOCKED_DRY_RUN_TRUE"),
        ("ENABLE_REAL_TRADING", (), "REAL_TRADING_BLOCKED_ENABLE_FALSE"),
        ("POLYMARKET_PRIVATE_KEY", (), "REAL_TRADING_BLOCKED_PRIVATE_KEY_MISSING"),
        ("", (), "REAL_TRADING_BLOCKED_NOT_CONFIRMED"),
        ("", ("--i-trade-with", WALLET.owner), "REAL_TRADING_BLOCKED_NOT_CONFIRMED"),
    ],
)
def test_a_gate_that_is_closed_ends_with_three_and_its_tag(
    closed: str, flags: tuple[str, ...], tag: str, tmp_path: Path
) -> None:
    lines = [f"{name}={text}" for name, text in OPEN.items() if name != closed]
    (tmp_path / ".env").write_text("\n".join(lines))
    ended = run(tmp_path, *LIVE, *flags, "--json", "-")
    assert ended.returncode == 3, ended.stderr
    assert f"error: {tag}: " in ended.stderr
    assert json.loads(ended.stdout)["blocked"] == tag
    assert KEY not in ended.stderr + ended.stdout
    assert not (tmp_path / "runs").exists(), "nothing was begun"


# --- where keys are -------------------------------------------------------------------------------


def family_of(pid: int) -> list[int]:
    """A process and whatever it started, to the last."""
    return [pid, *(one for child in children_of(pid) for one in family_of(child))]


def given_to(pid: int) -> bytes:
    """What it was begun with: arguments and environment."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))


def traces(folder: Path) -> list[str]:
    """Files with a secret in them, however it is written."""
    secrets = (KEY, PASSPHRASE, *kept_words(folder))
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "polytui"
        if any(one.lower().encode() in path.read_bytes().lower() for one in secrets)
    ]


def kept_words(folder: Path) -> list[str]:
    """Of the API key that was derived; those it has in its one file."""
    return [
        word.rstrip("=")
        for path in (folder / "state").rglob("*.api_key.json")
        for name, word in json.loads(path.read_text()).items()
        if name != "key"
    ]


@contextmanager
def started_by_hand(
    folder: Path, addresses: str, *flags: str, **more: str
) -> Iterator[RealTerminal]:
    """At a real terminal, with the key in a keystore."""
    raw = bytes.fromhex(KEY)
    kept = eth_keyfile.create_keyfile_json(raw, PASSPHRASE.encode(), kdf="pbkdf2", iterations=2)
    (folder / "wallet.json").write_text(json.dumps(kept))
    (folder / "config.toml").write_text(addresses)
    with short_folder() as runtime:
        known = shell(folder, runtime, POLYTUI_KEYSTORE="wallet.json", **more)
        with in_terminal(command("run", "--assets", "btc", *flags), folder, known) as terminal:
            yield terminal


@pytest.mark.long
def test_a_key_that_is_typed_open_reaches_the_engine_and_nobody_else(
    tmp_path: Path, addresses: str
) -> None:
    with started_by_hand(tmp_path, addresses, "--shadow-live") as terminal:
        terminal.until("pass phrase of wallet.json")
        terminal.press(f"{PASSPHRASE}\n")
        terminal.until("NOTHING IS SENT")
        terminal.until("SHADOW", "BTC")
        family = family_of(terminal.process.pid)
        assert len(family) >= 2, "the terminal is the parent of its engine"
        for pid in family:
            given = given_to(pid)
            assert KEY.encode() not in given
            assert PASSPHRASE.encode() not in given, given[:200]
        terminal.press("q")
        terminal.until("leave the terminal")
        terminal.press("S")
        assert terminal.end() == 0
        assert PASSPHRASE not in terminal.text
    assert len(kept_words(tmp_path)) == 2
    assert traces(tmp_path) == []


def test_live_begins_when_its_wallet_is_named_and_a_second_one_is_refused(
    tmp_path: Path, addresses: str
) -> None:
    switches = {"DRY_RUN": "false", "ENABLE_REAL_TRADING": "true"}
    with started_by_hand(tmp_path, addresses, "--mode", "live", **switches) as terminal:
        terminal.until("pass phrase of wallet.json")
        terminal.press(f"{PASSPHRASE}\n")
        terminal.until(f"REAL MONEY: deposit wallet {WALLET.funder}", "profile live-first: 5 USD")
        terminal.press(f"{WALLET.funder}\n")
        terminal.until("NO FORWARD TEST", "distance_fade: no verdict", "type unproven to trade")
        terminal.press("unproven\n")
        terminal.until("LIVE", "BTC")
        family = family_of(terminal.process.pid)
        assert len(family) >= 2, "the terminal is the parent of its engine"
        for pid in family:
            given = given_to(pid)
            assert PASSPHRASE.encode() not in given
            assert KEY.encode() not in given
        second = tmp_path / "second"
        second.mkdir()
        (second / "config.toml").write_text(addresses)
        with short_folder() as runtime:
            with forking(places()):
                refused = subprocess.Popen(
                    command(*LIVE, "--i-trade-with", WALLET.funder),
                    cwd=second,
                    env=shell(tmp_path, runtime, **OPEN),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
            # Whose screen is not read stops drawing, and its engine takes it for lost.
            terminal.until_it(lambda: refused.poll() is not None, "saw the second one end")
        _, said = refused.communicate()
        assert refused.returncode == 3, said
        assert b"error: REAL_TRADING_BLOCKED_WALLET_IN_USE: another process trades" in said
        terminal.press("q")
        terminal.until("leave the terminal")
        terminal.press("S")
        assert terminal.end() == 0
        assert PASSPHRASE not in terminal.text
    assert len(kept_words(tmp_path)) == 2
    assert traces(tmp_path) == []
    (session,) = tmp_path.glob("runs/*-live-*")
    with JournalReader(session) as journal:
        events = [decode_event(record.event) for record in journal if record.is_event]
    up = [one.feed for one in events if isinstance(one, FeedUp)]
    assert "polybolt" in up, "with the key that was derived for orders"


def test_a_terminal_that_was_given_a_key_gives_it_away(tmp_path: Path, addresses: str) -> None:
    """Also on paper: what a process was begun with can be read for as long as it lives."""
    (tmp_path / "config.toml").write_text(addresses)
    with short_folder() as runtime:
        known = shell(tmp_path, runtime, POLYMARKET_PRIVATE_KEY=f"0x{KEY}")
        with in_terminal(command("run", "--assets", "btc"), tmp_path, known) as terminal:
            terminal.until("PAPER", "BTC")
            for pid in family_of(terminal.process.pid):
                assert KEY.encode() not in given_to(pid)
            terminal.press("q")
            terminal.until("leave the terminal")
            terminal.press("S")
            assert terminal.end() == 0
            assert "journal: runs/" in terminal.text
