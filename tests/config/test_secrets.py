"""Secrets never show themselves, and of several places that have one it is known which counts."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eth_keyfile
import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from polytui.config.api_key import ApiKey
from polytui.config.keystore import Keystore
from polytui.config.secret_sources import (
    FoundSecret,
    Keyring,
    SecretSources,
    SourceKind,
    desktop_keyring,
)
from polytui.config.secrets import API_KEYS, Secret
from polytui.config.wallet import chosen_api_key, chosen_wallet
from polytui.model.errors import Fatal

NAMES = API_KEYS
KEY = "POLYMARKET_PRIVATE_KEY"
PRIVATE_KEY = "0x" + "5d" * 32
ADDRESS = "0x9d9d8b77ad0b8ba6d2a19c9d5e1fcab0ea6ee2b0"
PASSPHRASE = "four words and a number 7"
IN_ORDER = tuple(SourceKind)


class Drawer(KeyringBackend):
    """A keyring as the library knows them, with a drawer of its own in memory."""

    priority = 1.0

    def __init__(self, kept: dict[str, str] | None = None, *, is_locked: bool = False) -> None:
        super().__init__()
        self.kept = kept or {}
        self.is_locked = is_locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked(f"nobody may see {self.kept}")
        assert service == "polytui"
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password


def nobody() -> tuple[Keyring | None, str]:
    return None, "there is no keyring here"


def holding(**kept: str) -> tuple[Keyring | None, str]:
    return Drawer(kept), ""


def of(folder: Path, environment: dict[str, str] | None = None, **more: object) -> SecretSources:
    given = {"open_keyring": nobody, **more}
    return SecretSources(folder, environment or {}, **given)


def env_file(folder: Path, **texts: str) -> None:
    (folder / ".env").write_text("".join(f"{name}={text}\n" for name, text in texts.items()))


def found(one: FoundSecret | None) -> tuple[str, SourceKind]:
    assert one is not None
    return one.secret.reveal(), one.source.kind


def a_keyfile(folder: Path, key: str = PRIVATE_KEY) -> Path:
    """As wallets write it, with the least work that opens it."""
    path = folder / "wallet.json"
    raw = bytes.fromhex(key.removeprefix("0x"))
    kept = eth_keyfile.create_keyfile_json(raw, PASSPHRASE.encode(), kdf="pbkdf2", iterations=2)
    path.write_text(json.dumps(kept))
    path.chmod(0o600)
    return path


def test_a_secret_shows_stars() -> None:
    secret = Secret("hunter2")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", f"{[secret]}"):
        assert "hunter2" not in shown
        assert "***" in shown


def test_places_that_have_secrets_show_none_of_them(tmp_path: Path) -> None:
    """Also once they were asked."""
    file = a_keyfile(tmp_path)
    given = {
        "POLYMARKET_API_SECRET": "hunter2",
        "POLYTUI_KEYSTORE": str(file),
        "POLYTUI_KEYSTORE_PASSPHRASE": PASSPHRASE,
        "ELSEWHERE_TOKEN": "somebody else's",
    }
    sources = of(tmp_path, given)
    for _ in range(2):
        for shown in (repr(sources), str(sources), f"{[sources]}"):
            assert not any(word in shown for word in ("hunter2", PASSPHRASE, "somebody else's"))
            assert PRIVATE_KEY[2:] not in shown
        assert sources.find(KEY) is not None


# --- one order of precedence ----------------------------------------------------------------------


@contextmanager
def everywhere(
    present: frozenset[SourceKind], key_of: dict[SourceKind, str]
) -> Iterator[SecretSources]:
    """Sources of which those that are present have the key that is theirs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment, drawer = {}, {}
        for kind in present:
            if kind is SourceKind.ENVIRONMENT:
                environment[KEY] = key_of[kind]
            elif kind is SourceKind.CREDENTIAL:
                (folder / "credentials").mkdir()
                (folder / "credentials" / KEY).write_text(f"{key_of[kind]}\n")
                environment["CREDENTIALS_DIRECTORY"] = str(folder / "credentials")
            elif kind is SourceKind.ENV_FILE:
                env_file(folder, **{KEY: key_of[kind]})
            elif kind is SourceKind.KEYRING:
                drawer[KEY] = key_of[kind]
            else:
                environment["POLYTUI_KEYSTORE"] = str(a_keyfile(folder, key_of[kind]))
                environment["POLYTUI_KEYSTORE_PASSPHRASE"] = PASSPHRASE
        yield of(folder, environment, open_keyring=lambda: holding(**drawer))


@given(present=st.frozensets(st.sampled_from(IN_ORDER)), same=st.booleans())
def test_the_first_that_has_it_counts_and_who_disagrees_is_named(
    present: frozenset[SourceKind], same: bool
) -> None:
    """Whichever sources have it. A keystore that is not needed stays shut."""
    key_of = {
        kind: "0x" + f"{1 if same else number:02x}" * 32 for number, kind in enumerate(IN_ORDER, 1)
    }
    with everywhere(present, key_of) as sources:
        chosen = sources.find(KEY)
        if not present:
            assert chosen is None
            return
        first, *rest = [kind for kind in IN_ORDER if kind in present]
        assert found(chosen) == (key_of[first], first)
        assert chosen is not None
        others = [] if same else [kind for kind in rest if kind is not SourceKind.KEYSTORE]
        assert [other.kind for other in chosen.others] == others
        assert bool(chosen.warning) is bool(others)
        assert all(kind.value in chosen.warning for kind in others)
        assert not any(key[2:] in chosen.warning for key in key_of.values())


def test_an_empty_one_is_none(tmp_path: Path) -> None:
    env_file(tmp_path, **{KEY: PRIVATE_KEY})
    assert found(of(tmp_path, {KEY: "  "}).find(KEY)) == (PRIVATE_KEY, SourceKind.ENV_FILE)


def test_this_machines_environment_is_asked_where_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, PRIVATE_KEY)
    sources = SecretSources(tmp_path, open_keyring=nobody)
    assert found(sources.find(KEY)) == (PRIVATE_KEY, SourceKind.ENVIRONMENT)


# --- systemd --------------------------------------------------------------------------------------


def test_a_credential_that_cannot_be_used_is_said_without_a_word_of_it(tmp_path: Path) -> None:
    (tmp_path / KEY).write_bytes(b"\xff\xfe secret bytes")
    with pytest.raises(Fatal, match="is no text") as caught:
        of(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).find(KEY)
    assert "secret bytes" not in str(caught.value)
    (tmp_path / KEY).unlink()
    (tmp_path / KEY).mkdir()
    with pytest.raises(Fatal, match="cannot read the credential"):
        of(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).find(KEY)


# --- the desktop's keyring ------------------------------------------------------------------------


def test_the_librarys_keyring_is_the_one_that_is_asked(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Drawer({KEY: PRIVATE_KEY}))
    try:
        sources = of(tmp_path, open_keyring=desktop_keyring)
        assert found(sources.find(KEY)) == (PRIVATE_KEY, SourceKind.KEYRING)
        assert sources.skipped == ()
    finally:
        keyring.set_keyring(before)


def test_a_machine_without_one_says_so(tmp_path: Path) -> None:
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    try:
        sources = of(tmp_path, open_keyring=desktop_keyring)
        assert sources.find(KEY) is None
        (words,) = sources.skipped
        assert "nobody keeps one on this machine" in words
    finally:
        keyring.set_keyring(before)


def test_one_that_is_locked_is_skipped_and_its_own_words_are_not_said(tmp_path: Path) -> None:
    locked = Drawer({KEY: PRIVATE_KEY}, is_locked=True)
    sources = of(tmp_path, open_keyring=lambda: (locked, ""))
    assert sources.find(KEY) is None
    (words,) = sources.skipped
    assert "KeyringLocked" in words
    assert PRIVATE_KEY not in words


# --- the keystore ---------------------------------------------------------------------------------


def test_a_keystore_is_opened_by_whoever_sits_there(tmp_path: Path) -> None:
    path = a_keyfile(tmp_path)
    asked: list[str] = []

    def ask(where: str) -> str:
        asked.append(where)
        return PASSPHRASE

    sources = of(tmp_path, {"POLYTUI_KEYSTORE": str(path)}, ask_passphrase=ask)
    assert found(sources.find(KEY)) == (PRIVATE_KEY, SourceKind.KEYSTORE)
    assert asked == [str(path)]


def test_nobody_is_asked_where_the_phrase_is_given(tmp_path: Path) -> None:
    (tmp_path / "POLYTUI_KEYSTORE_PASSPHRASE").write_text(PASSPHRASE)
    environment = {
        "POLYTUI_KEYSTORE": str(a_keyfile(tmp_path)),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    assert found(of(tmp_path, environment).find(KEY)) == (PRIVATE_KEY, SourceKind.KEYSTORE)


@pytest.mark.parametrize(
    ("content", "phrase", "words"),
    [
        (None, "wrong", "does not open: its pass phrase is another one"),
        (None, "", "wants its pass phrase and nobody sits here"),
        (b"not json", PASSPHRASE, "is no keyfile"),
        (b"[]", PASSPHRASE, "is no keyfile"),
        (b"{}", PASSPHRASE, "is no keyfile"),
        (b'{"version": 3}', PASSPHRASE, "is no keyfile"),
        (b'{"version": 3, "crypto": {"kdf": "none"}}', PASSPHRASE, "is no keyfile"),
    ],
)
def test_a_keystore_that_stays_shut(
    tmp_path: Path, content: bytes | None, phrase: str, words: str
) -> None:
    path = a_keyfile(tmp_path)
    if content is not None:
        path.write_bytes(content)
    environment = {"POLYTUI_KEYSTORE": str(path), "POLYTUI_KEYSTORE_PASSPHRASE": phrase}
    with pytest.raises(Fatal, match=words) as caught:
        of(tmp_path, environment).find(KEY)
    assert caught.value.__cause__ is None
    assert PASSPHRASE not in str(caught.value)


def test_a_keystore_that_is_not_there_says_what_names_it(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="POLYTUI_KEYSTORE says where it is"):
        of(tmp_path, {"POLYTUI_KEYSTORE": str(tmp_path / "none.json"),
                      "POLYTUI_KEYSTORE_PASSPHRASE": PASSPHRASE}).find(KEY)  # fmt: skip


def test_a_keystore_is_made_for_its_owner_and_never_over_another(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keystore = Keystore(tmp_path / "mine.json")
        address = keystore.write(Secret(PRIVATE_KEY), Secret(PASSPHRASE))
    finally:
        os.umask(before)
    assert keystore.path.stat().st_mode & 0o777 == 0o600
    assert address == keystore.address
    assert keystore.opened(Secret(PASSPHRASE)).reveal() == PRIVATE_KEY
    assert PRIVATE_KEY[2:] not in keystore.path.read_text()
    with pytest.raises(Fatal, match="is there already"):
        keystore.write(Secret(PRIVATE_KEY), Secret("another"))
    with pytest.raises(Fatal, match="that is no private key"):
        Keystore(tmp_path / "other.json").write(Secret("0x12"), Secret("x"))
    assert not (tmp_path / "other.json").exists()


# --- what is made of them -------------------------------------------------------------------------


def revealed(key: ApiKey | None) -> list[str]:
    assert key is not None
    return [key.key, key.secret.reveal(), key.passphrase.reveal()]


def test_an_api_key_is_three_words_from_wherever_each_is(tmp_path: Path) -> None:
    env_file(tmp_path, **{name: f"file-{number}" for number, name in enumerate(NAMES)})
    key, had = chosen_api_key(of(tmp_path, {NAMES[1]: "mine"}))
    assert revealed(key) == ["file-0", "mine", "file-2"]
    assert [one.source.kind.value for one in had] == [".env", "environment", ".env"]
    assert [bool(one.warning) for one in had] == [False, True, False]
    assert chosen_api_key(of(tmp_path / "elsewhere")) == (None, ())


@pytest.mark.parametrize("missing", NAMES)
def test_two_of_three_are_said_and_not_ignored(tmp_path: Path, missing: str) -> None:
    env_file(tmp_path, **{name: "x" for name in NAMES if name != missing})
    with pytest.raises(Fatal, match=f"{missing} missing beside the others"):
        chosen_api_key(of(tmp_path))


def test_a_wallet_is_what_stands_beside_its_key(tmp_path: Path) -> None:
    env_file(tmp_path, **{KEY: PRIVATE_KEY, "POLYMARKET_FUNDER": ADDRESS})
    choice = chosen_wallet(of(tmp_path, {"POLYMARKET_WALLET_TYPE": "SAFE"}))
    assert (choice.kind, choice.funder) == ("safe", ADDRESS)
    assert found(choice.key) == (PRIVATE_KEY, SourceKind.ENV_FILE)
    bare = chosen_wallet(of(tmp_path / "elsewhere"))
    assert (bare.key, bare.kind, bare.funder) == (None, "deposit", "")


def test_files_that_others_may_read_are_named(tmp_path: Path) -> None:
    path = a_keyfile(tmp_path)
    env_file(tmp_path, POLYTUI_KEYSTORE=str(path))
    (tmp_path / ".env").chmod(0o600)
    assert of(tmp_path).exposures == ()
    (tmp_path / ".env").chmod(0o644)
    path.chmod(0o640)
    first, second = of(tmp_path).exposures
    assert "chmod 600 .env" in first
    assert "chmod 600 wallet.json" in second
