"""What a person is told who starts a venue."""

from __future__ import annotations

import attrs

from polytui.sim.server.urls import Urls
from polytui.sim.server.welcome import welcome


def test_every_place_is_named_with_the_lines_that_a_client_needs() -> None:
    named = {
        one.name: f"http://127.0.0.1:1/{one.name}"
        for one in attrs.fields(Urls)
        if one.type in (str, "str")
    }
    urls = Urls(**named, epoch_ns=1, anchor_ns=2, speed=1.0)
    told = welcome(urls)
    for name, place in named.items():
        assert place in told, name
    assert f'ClobClient("{urls.clob}", 137' in told
    assert f"{urls.control}/faucet -H 'Authorization: Bearer {urls.control_token}'" in told
