"""Which key the relayer is shown, of those that somebody has."""

from __future__ import annotations

from pathlib import Path

import pytest

from polytui.config.relayer_key import BuilderKey, RelayerKey, chosen_gasless_key
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import OF_A_WALLET, OF_THE_RELAYER, environment_for
from polytui.model.errors import Fatal

OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
RELAYER = {"RELAYER_API_KEY": "a-relayers-word", "RELAYER_API_KEY_ADDRESS": OWNER}
BUILDER = {
    "POLY_BUILDER_API_KEY": "a-builders-name",
    "POLY_BUILDER_SECRET": "a-builders-word",
    "POLY_BUILDER_PASSPHRASE": "another-builders-word",
}


def sources(tmp_path: Path, **environment: str) -> SecretSources:
    return SecretSources(tmp_path, environment, open_keyring=lambda: (None, ""))


def test_a_relayers_key_comes_before_a_builders(tmp_path: Path) -> None:
    key, found = chosen_gasless_key(sources(tmp_path, **RELAYER, **BUILDER))
    assert isinstance(key, RelayerKey)
    assert (key.key.reveal(), key.address) == ("a-relayers-word", OWNER)
    assert [one.name for one in found] == ["RELAYER_API_KEY"]
    assert "a-relayers-word" not in repr(key)


def test_a_builders_key_is_three_words(tmp_path: Path) -> None:
    key, found = chosen_gasless_key(sources(tmp_path, **BUILDER))
    assert isinstance(key, BuilderKey)
    assert key.api_key.key == "a-builders-name"
    assert [one.name for one in found] == list(BUILDER)
    assert "word" not in repr(key)
    assert "name" not in repr(key)
    assert chosen_gasless_key(sources(tmp_path)) == (None, ())


@pytest.mark.parametrize("missing", [*RELAYER, *BUILDER])
def test_a_part_of_a_key_is_said_and_not_ignored(missing: str, tmp_path: Path) -> None:
    whole = RELAYER if missing in RELAYER else BUILDER
    had = {name: word for name, word in whole.items() if name != missing}
    with pytest.raises(Fatal, match=f"{missing}.* missing") as told:
        chosen_gasless_key(sources(tmp_path, **had))
    assert "word" not in str(told.value)


def test_only_who_signs_is_given_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_THE_RELAYER:
        monkeypatch.setenv(name, "a word")
    assert not set(environment_for()) & set(OF_THE_RELAYER)
    assert set(OF_THE_RELAYER) <= set(environment_for(*OF_A_WALLET))
