"""A secret that a process holds is in none of its words, whoever says them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.known_secrets import masked
from polytui.model.plain_text import plain

KEY = "0x" + "8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63"
SHAPES: tuple[Callable[[str], str], ...] = (
    lambda key: key,
    lambda key: key.removeprefix("0x"),
    lambda key: key.upper().replace("0X", "0x"),
    lambda key: f"key={key}.",
    lambda key: f"{key}{key}",
)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_is_starred_however_it_is_written(shape: Callable[[str], str]) -> None:
    secret = Secret(KEY)
    assert secret.reveal()[2:20] not in masked(shape(KEY)).lower()
    assert "***" in plain(f"bad key {shape(KEY)}")


def test_base64_is_starred_with_and_without_its_padding() -> None:
    secret = Secret("c2VjcmV0IG9mIG91cnMgYWxvbmU=")
    for text in (secret.reveal(), secret.reveal().rstrip("=")):
        assert masked(f"hmac of {text} failed") == "hmac of *** failed"


def test_of_a_secret_that_begins_with_another_nothing_stays() -> None:
    Secret("YSBzaG9ydGVyIG9u")
    longer = Secret("YSBzaG9ydGVyIG9uZSBpbiBmcm9udA==")
    assert masked(f"key {longer.reveal()} refused") == "key *** refused"


@example(before=0, between=0, most=60)
@given(before=st.integers(0, 700), between=st.integers(0, 300), most=st.integers(1, 500))
def test_a_text_that_is_cut_shows_no_part_of_one(before: int, between: int, most: int) -> None:
    """Wherever the cut falls, and however far the text moved because another was starred."""
    secret = Secret(KEY)
    said = plain("z" * before + secret.reveal() + "z" * between + secret.reveal() + "z" * 600, most)
    assert set(said) <= set("z*…")
    assert len(said) <= most


def test_words_that_are_no_secret_stay() -> None:
    Secret("demo"), Secret("")
    assert plain("a demo of the venue") == "a demo of the venue"


@pytest.mark.parametrize("most", [0, 1, 5])
def test_a_secret_stays_within_its_bounds(most: int) -> None:
    Secret(KEY)
    assert len(plain(KEY, most)) <= max(most, 0)


def test_nobody_writes_one_down() -> None:
    """Neither a journal nor a snapshot nor another process can be given one."""
    for holder in (Secret(KEY), ApiKey("an-id", Secret(KEY), Secret("passes-by"))):
        for encode in (msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps):
            with pytest.raises(TypeError):
                encode(holder)
        assert KEY[2:] not in repr(holder)
        assert copy.deepcopy(holder) == holder


def test_secrets_are_told_apart() -> None:
    assert Secret("one-secret") == Secret("one-secret")
    assert Secret("one-secret") != Secret("another-one")
    assert Secret("one-secret") != "one-secret"
    assert "an-id" not in repr(ApiKey("an-id", Secret("secret-1"), Secret("secret-2")))
