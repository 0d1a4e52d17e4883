"""URLs are taken apart in one place: what is loopback, what is secure, what is refused."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.load import BadSettings, load_settings
from polytui.model.web_address import keys_in, web_address

ALL = ("https", "http", "wss", "ws")
NO_LOOPBACK = [
    "ws://127.0.0.1@evil.example/",
    "ws://127.0.0.1:80@evil.example/",
    "ws://127.0.0.1.evil.example/",
    "ws://127.0.0.1%2eevil.example/",
    "ws://127.0.0.1\\@evil.example/",
    "ws://127.0.0.1\t.evil.example/",
    "ws://127.0.0.1#@evil.example/",
    "ws://evil.example/127.0.0.1",
    "ws://localhost/",
    "ws://localhost.evil.example/",
    "ws://[::1].evil.example/",
    "ws://[::ffff:10.0.0.1]/",
    "ws://0.0.0.0/",
    "ws://10.0.0.1/",
    "ws://2130706433/",
    "ws://127.1/",
    "ws://0x7f.0.0.1/",
    "ws://１２７.0.0.1/",
    "ws://user:secret@127.0.0.1/",
    "ws://127.0.0.1:99999/",
    "ws://127.0.0.1:/",
    "ws://127.0.0.1:0/",
    "ws:127.0.0.1",
    "WS://127.0.0.1.evil.example",
    "ws://",
    "wss://user@polymarket.com/",
    "wss://polymаrket.com/",
    "wss://poly market.com/",
    "http://127.0.0.1/",
    "ftp://127.0.0.1/",
]
GOOD = [
    "wss://stream.binance.com:9443",
    "wss://ws-subscriptions-clob.polymarket.com/ws/market",
    "ws://127.0.0.1:8081/ws",
    "ws://127.8.8.8/ws",
    "ws://[::1]:8081/ws?x=1",
    "WSS://Stream.Binance.com",
]


@pytest.mark.parametrize("url", NO_LOOPBACK)
def test_keys_go_there_in_no_way(url: str) -> None:
    with suppress(ValueError):
        assert not web_address(url, "wss", "ws").may_carry_keys


@pytest.mark.parametrize("url", GOOD)
def test_keys_may_go_there(url: str) -> None:
    assert web_address(url, "wss", "ws").may_carry_keys


@pytest.mark.parametrize("name", ["polybolt_ws", "market_ws", "binance_ws_spare"])
@pytest.mark.parametrize("url", NO_LOOPBACK)
def test_settings_refuse_them_in_words(tmp_path: Path, name: str, url: str) -> None:
    config = tmp_path / "config.toml"
    spelt = url.replace("\\", "\\\\").replace("\t", "\\t")
    config.write_text(f'[endpoints]\n{name} = "{spelt}"\n')
    with pytest.raises(BadSettings, match=f"expected wss://host.* @ endpoints.{name}"):
        load_settings(config)


@pytest.mark.parametrize("name", ["gamma", "clob", "geoblock"])
@pytest.mark.parametrize("url", [one.replace("ws:", "http:") for one in NO_LOOPBACK[:24]])
def test_settings_refuse_them_for_questions_as_well(tmp_path: Path, name: str, url: str) -> None:
    config = tmp_path / "config.toml"
    spelt = url.replace("\\", "\\\\").replace("\t", "\\t")
    config.write_text(f'[endpoints]\n{name} = "{spelt}"\n')
    with pytest.raises(BadSettings, match=f"expected https://host.* @ endpoints.{name}"):
        load_settings(config)


@given(
    st.sampled_from(ALL),
    st.from_regex(r"[a-z0-9.@:\\/#?%\[\]_ -]{0,40}", fullmatch=True),
)
def test_whatever_is_loopback_has_a_host_that_is_written_so(scheme: str, rest: str) -> None:
    try:
        found = web_address(f"{scheme}://{rest}", *ALL)
    except ValueError:
        return
    assert "@" not in rest.partition("/")[0].partition("?")[0]
    if found.is_loopback:
        assert found.host.startswith("127.") or found.host == "::1"
        assert found.host.replace(".", "").isdecimal() or ":" in found.host


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://polygon.drpc.org", []),
        ("https://api.coinbase.com/api/v3/brokerage", []),
        ("https://polygon-of-a-long-name-that-is-no-key.example.com/v2", []),
        ("https://node.example/v2/0123456789abcdefABCD", ["0123456789abcdefABCD"]),
        ("https://node.example/0123456789_abcdef-ABCD/", ["0123456789_abcdef-ABCD"]),
    ],
)
def test_a_key_in_a_path(url: str, keys: list[str]) -> None:
    assert keys_in(url) == keys
