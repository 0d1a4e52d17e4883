"""Keys are where they are needed: in no child that needs none, and in no file that others read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polytui.config.readable import exposed
from polytui.config.secrets import (
    OF_A_WALLET,
    OF_FEEDS,
    environment_for,
    forget_keys,
    has_keys,
)

OTHERS = ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "my_api_key", "POLYMARKET_WHATEVER")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OF_A_WALLET, *OTHERS):
        monkeypatch.setenv(name, "s3cret")


@pytest.mark.parametrize("names", [(), OF_FEEDS, OF_A_WALLET])
def test_a_child_has_what_it_needs_and_no_more(names: tuple[str, ...]) -> None:
    given = environment_for(*names)
    assert {name for name, value in given.items() if value == "s3cret"} == set(names)
    assert given["PATH"] == os.environ["PATH"]


def test_a_terminal_forgets_them() -> None:
    assert has_keys()
    forget_keys()
    assert not has_keys()
    assert "s3cret" not in os.environ.values()


@pytest.mark.parametrize(("mode", "is_exposed"), [(0o600, False), (0o400, False), (0o640, True),
                                                  (0o604, True), (0o644, True)])  # fmt: skip
def test_an_env_file_that_others_may_read_is_said(
    tmp_path: Path, mode: int, is_exposed: bool
) -> None:
    assert exposed(tmp_path / ".env") == ""
    (tmp_path / ".env").write_text("POLYMARKET_API_KEY=x\n")
    (tmp_path / ".env").chmod(mode)
    assert ("chmod 600" in exposed(tmp_path / ".env")) is is_exposed
