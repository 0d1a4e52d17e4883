"""Settings of the wires: where venues are, sockets, HTTP, and what is believed of their clocks."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import (
    ABOVE_ZERO,
    address,
    between,
    one_of,
    setting,
)
from polytui.model.known_secrets import know
from polytui.model.web_address import keys_in

_HTTP = address("https", "http")
_WS = address("wss", "ws")


@frozen
class EndpointSettings:
    gamma: str = setting("https://gamma-api.polymarket.com", _HTTP)
    """Where rounds are listed, and who won them."""
    clob: str = setting("https://clob.polymarket.com", _HTTP)
    """Books by REST, and where orders go."""
    data_api: str = setting("https://data-api.polymarket.com", _HTTP)
    """What was paid for the outcomes of a round; asked for the winner like the two above."""
    relayer: str = setting("https://relayer-v2.polymarket.com", _HTTP)
    """Sends what a wallet does on the chain, and pays for it: winners redeemed, pairs merged."""
    rpc: str = setting("https://polygon.drpc.org", _HTTP)
    """A node of Polygon by JSON-RPC: what a wallet has, what is resolved. A wallet that is a key
    sends its transactions there. This one wants no key; as of 2026 it takes 40 to 100 questions a
    second from an address, three in a request, and promises nothing. Where real money is, a node of
    your own is better, or one that is rented; a key in its address is shown in no log."""
    market_ws: str = setting("wss://ws-subscriptions-clob.polymarket.com/ws/market", _WS)
    """Books' changes as they happen."""
    user_ws: str = setting("wss://ws-subscriptions-clob.polymarket.com/ws/user", _WS)
    """What becomes of our own orders."""
    rtds_ws: str = setting("wss://ws-live-data.polymarket.com", _WS)
    """Chainlink, without a key."""
    polybolt_ws: str = setting("wss://ws-live-v2.polymarket.com/ws", _WS)
    """Chainlink, faster; wants CLOB API credentials."""
    binance_ws: str = setting("wss://data-stream.binance.vision", _WS)
    """Binance's quotes and trades."""
    binance_ws_spare: str = setting("wss://stream.binance.com:9443", _WS)
    """Taken where the first refuses this place or cannot be reached."""
    binance_rest: str = setting("https://data-api.binance.vision", _HTTP)
    """Binance's candles, and trades that were missed."""
    binance_rest_spare: str = setting("https://api.binance.com", _HTTP)
    """Asked where the first gives none."""
    bybit_ws: str = setting("wss://stream.bybit.com/v5/public/spot", _WS)
    """Bybit's quotes and trades."""
    bybit_rest: str = setting("https://api.bybit.com", _HTTP)
    """Bybit's trades that were missed."""
    coinbase_ws: str = setting("wss://advanced-trade-ws.coinbase.com", _WS)
    """Coinbase's quotes and trades."""
    coinbase_rest: str = setting("https://api.coinbase.com/api/v3/brokerage", _HTTP)
    """Coinbase's trades that were missed."""
    geoblock: str = setting("https://polymarket.com", _HTTP)
    """Asked by `polytui doctor` whether this place may trade; its word is never got around."""

    def __attrs_post_init__(self) -> None:
        for key in keys_in(self.rpc):
            know(key)


@frozen
class SocketLimits:
    """Every WebSocket; real time."""

    library: str = setting("trio-websocket", one_of("trio-websocket", "wsproto"))
    """What reads frames. `wsproto` alone, without trio-websocket's task and queue round it, takes a
    third of the time; a ping is answered between two frames."""
    connect_timeout_s: float = setting(5.0, ABOVE_ZERO)
    """From dialling until the WebSocket stands."""
    book_silence_s: float = setting(30.0, ABOVE_ZERO)
    """No book data for so long: the connection is torn down and made again."""
    chainlink_silence_s: float = setting(15.0, ABOVE_ZERO)
    """No price of Chainlink for so long: connected anew."""
    exchange_silence_s: float = setting(10.0, ABOVE_ZERO)
    """The same of an exchange, whatever it sends."""
    backoff_first_s: float = setting(0.25, ABOVE_ZERO)
    """Before the first try to connect again; doubled with each one that fails."""
    backoff_cap_s: float = setting(15.0, ABOVE_ZERO)
    """It never waits longer than this."""
    healthy_after_s: float = setting(60.0, ABOVE_ZERO)
    """A connection that lived so long starts the next backoff from the beginning."""
    quotes_stale_s: float = setting(3.0, ABOVE_ZERO)
    """No quote of an exchange for so long: stale, and subscribed anew; twice that: reconnected."""
    trades_stale_s: float = setting(10.0, ABOVE_ZERO)
    """No trade of an exchange for so long: its trades are stale."""
    ticker_stale_s: float = setting(15.0, ABOVE_ZERO)
    """Coinbase quotes only when it trades."""
    beats_stale_s: float = setting(3.0, ABOVE_ZERO)
    """Coinbase's heartbeats come every second."""
    chainlink_stale_s: float = setting(6.0, ABOVE_ZERO)
    """No price of Chainlink for so long: it is stale."""
    polymarket_ping_s: float = setting(10.0, ABOVE_ZERO)
    """The market channel wants to hear PING so often."""
    rtds_ping_s: float = setting(5.0, ABOVE_ZERO)
    """RTDS wants to hear PING so often."""
    bybit_ping_s: float = setting(20.0, ABOVE_ZERO)
    """Bybit wants to hear a ping so often."""
    thin_factor: float = setting(2.5, between(1.0, 20.0))
    """SOL and XRP trade less: their exchange streams may be silent so many times longer."""
    rotate_after_s: float = setting(82_800.0, ABOVE_ZERO)
    """Binance closes after 24 h; a new connection takes over before."""
    max_frame_bytes: int = setting(16_777_216, between(65_536, 67_108_864))
    """A longer message ends the connection: no venue sends one."""
    send_timeout_s: float = setting(2.0, ABOVE_ZERO)
    """A peer that takes no bytes for so long is gone."""


@frozen
class ClockSettings:
    """What is believed of time; session time. See docs/operations.md."""

    max_ahead_ms: int = setting(2000, between(100, 10_000))
    """A venue's stamp that lies further ahead of this machine's clock is not believed."""
    offset_window_s: float = setting(180.0, between(10.0, 3600.0))
    """A source's offset is the least of received minus stamped over so long."""
    doubt_s: float = setting(10.0, between(5.0, 600.0))
    """Most of what most sources sent for so long stamped ahead: this machine's clock is wrong."""


@frozen
class HttpLimits:
    """Every HTTP client; real time."""

    connect_s: float = setting(3.0, ABOVE_ZERO)
    """Until a connection stands."""
    read_s: float = setting(5.0, ABOVE_ZERO)
    """Between two pieces of an answer."""
    total_s: float = setting(10.0, ABOVE_ZERO)
    """For a whole answer."""
    max_connections: int = setting(8, between(1, 64))
    """At once, to one host."""
    requests_per_s: float = setting(20.0, ABOVE_ZERO)
    """To one host, on average."""
    burst: int = setting(20, between(1, 200))
    """So many at once before the average holds."""
    tries: int = setting(3, between(1, 10))
    """Of a question that may be asked again, the first included."""
    retry_first_s: float = setting(0.25, ABOVE_ZERO)
    """Before the second try; doubled with each one."""
    may_use_http2: bool = True
    """Over https, where a host speaks it: all that is asked there shares one connection. Off where
    something on the way does not bear it."""
