"""What a person is told who starts a venue at a terminal: where it is, and how to point a client
at it. Programs read the ready line."""

from __future__ import annotations

import attrs

from polytui.sim.exchange.contracts import CHAIN_ID
from polytui.sim.server.urls import Urls

_CLIENTS = """
py-clob-client-v2             ClobClient("{clob}", {chain_id}, key=KEY)
@polymarket/clob-client-v2    new ClobClient({{ host: "{clob}", chain: {chain_id}, signer }})
polymarket-client, ccxt, nautilus_trader: docs/venue.md has the lines to copy

Money for a wallet of yours:
  curl {control}/faucet -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' -d '{{"wallet": "0x...", "usd": "1000"}}'
"""
_NOT_A_PLACE = ("control_token", "epoch_ns", "anchor_ns", "speed")


def welcome(urls: Urls) -> str:
    """Some lines of plain text."""
    named = attrs.asdict(urls)
    places = {name: one for name, one in named.items() if name not in _NOT_A_PLACE}
    widest = max(map(len, places))
    lines = [f"  {name:{widest}}  {place}" for name, place in places.items()]
    lines.insert(0, f"A simulated venue: nothing here is real. Chain id {CHAIN_ID}.")
    clients = _CLIENTS.format(
        clob=urls.clob, control=urls.control, token=urls.control_token, chain_id=CHAIN_ID
    )
    return "\n".join([*lines, clients, "Ctrl-C ends it.\n"])
