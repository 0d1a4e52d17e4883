"""Secrets come from the environment or .env, and never show themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from polytui.config.secrets import FeedKeys, Secret, load_feed_keys
from polytui.model.errors import Fatal

NAMES = ("POLYMARKET_API_KEY", "POLYMARKET_API_SECRET", "POLYMARKET_API_PASSPHRASE")


def a_file(folder: Path, *names: str) -> None:
    lines = "".join(f"{name}=file-{number}\n" for number, name in enumerate(names))
    (folder / ".env").write_text(lines)


def revealed(keys: FeedKeys | None) -> list[str]:
    assert keys is not None
    return [secret.reveal() for secret in (keys.key, keys.secret, keys.passphrase)]


def test_a_secret_shows_stars() -> None:
    secret = Secret("hunter2")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", f"{[secret]}"):
        assert "hunter2" not in shown
        assert "***" in shown


def test_keys_show_stars_too() -> None:
    keys = FeedKeys(Secret("a1"), Secret("b2"), Secret("c3"))
    assert not any(text in repr(keys) for text in ("a1", "b2", "c3"))


def test_keys_are_read_from_the_file(tmp_path: Path) -> None:
    a_file(tmp_path, *NAMES)
    assert revealed(load_feed_keys(tmp_path, {"HOME": "/"})) == ["file-0", "file-1", "file-2"]


def test_the_environment_overrules_the_file(tmp_path: Path) -> None:
    a_file(tmp_path, *NAMES)
    known = load_feed_keys(tmp_path, {NAMES[1]: "mine"})
    assert revealed(known) == ["file-0", "mine", "file-2"]


@pytest.mark.parametrize("missing", NAMES)
def test_two_keys_of_three_are_said_and_not_ignored(tmp_path: Path, missing: str) -> None:
    a_file(tmp_path, *[name for name in NAMES if name != missing])
    with pytest.raises(Fatal, match=f"{missing} missing beside the others"):
        load_feed_keys(tmp_path, {"HOME": "/"})


def test_an_empty_environment_is_an_empty_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "of this machine")
    assert load_feed_keys(tmp_path, {}) is None
    assert revealed(load_feed_keys(tmp_path)) == ["of this machine"] * 3
