"""Keys are where they are needed: in no child that needs none, and in no file that others read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polytui.config.secrets import FEED_KEYS, environment_for, exposure_of, forget_keys

OTHERS = ("POLYMARKET_PRIVATE_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "my_api_key")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*FEED_KEYS, *OTHERS):
        monkeypatch.setenv(name, "s3cret")


def test_a_child_that_needs_none_has_none() -> None:
    given = environment_for(needs_keys=False)
    assert "s3cret" not in given.values()
    assert given["PATH"] == os.environ["PATH"]


def test_a_child_that_reads_the_feeds_has_their_keys_alone() -> None:
    given = environment_for(needs_keys=True)
    assert {name for name, value in given.items() if value == "s3cret"} == set(FEED_KEYS)


def test_a_terminal_forgets_them() -> None:
    forget_keys()
    assert "s3cret" not in os.environ.values()


@pytest.mark.parametrize(("mode", "is_exposed"), [(0o600, False), (0o400, False), (0o640, True),
                                                  (0o604, True), (0o644, True)])  # fmt: skip
def test_an_env_file_that_others_may_read_is_said(
    tmp_path: Path, mode: int, is_exposed: bool
) -> None:
    assert exposure_of(tmp_path) == ""
    (tmp_path / ".env").write_text("POLYMARKET_API_KEY=x\n")
    (tmp_path / ".env").chmod(mode)
    assert ("chmod 600" in exposure_of(tmp_path)) is is_exposed
