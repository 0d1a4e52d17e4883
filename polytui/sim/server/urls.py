"""What a venue says of itself once it is ready. Apart from the venue: whoever reads this line wants
none of what a server is made of, and would wait for it to be loaded."""

from __future__ import annotations

import json

import attrs
from attrs import frozen


@frozen
class Urls:
    """Where the venue's services are, and the clock a client must share with it."""

    gamma: str
    clob: str
    data_api: str
    relayer: str
    rpc: str
    """A node of the chain; the address itself is asked."""
    market_ws: str
    user_ws: str
    rtds_ws: str
    polybolt_ws: str
    binance_ws: str
    """Base: append `/ws/...` or `/stream?streams=...`."""
    binance_rest: str
    bybit_ws: str
    bybit_rest: str
    coinbase_ws: str
    coinbase_rest: str
    """Advanced Trade: the base of `/market/products`, and of `/api/v3/brokerage` as well."""
    coinbase_exchange_ws: str
    coinbase_exchange_rest: str
    geoblock: str
    """Base: append `/api/geoblock`."""
    control: str
    control_token: str
    """What the control routes ask for, as `Authorization: Bearer`; another for each venue."""
    epoch_ns: int
    """World time at `anchor_ns` of the machine's monotonic clock."""
    anchor_ns: int
    speed: float

    def to_json(self) -> str:
        """One line."""
        return json.dumps(attrs.asdict(self), separators=(",", ":"))
