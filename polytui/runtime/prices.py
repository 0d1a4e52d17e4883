"""The price watchers: the settlement oracle by two ways, and the exchange that leads it."""

from __future__ import annotations

import trio

from polytui.runtime.asset import AssetRun
from polytui.runtime.feeds import Feed
from polytui.runtime.watchers import RTDS_PING, WatchKit
from polytui.venues.binance import BinanceStreams
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds


def price_feeds(run: AssetRun, kit: WatchKit) -> list[Feed]:
    """Every price feed of an asset. PolyBolt needs credentials, RTDS may be switched off by the
    venue: both are tried, and a second said twice counts once."""
    endpoints, sockets = kit.settings.endpoints, kit.settings.sockets
    binance = BinanceStreams(run.asset, is_in_url=True)
    feeds = [
        kit.feed(
            run,
            "rtds",
            endpoints.rtds_ws,
            Rtds(run.asset),
            silence_s=sockets.oracle_silence_s,
            keepalive=RTDS_PING,
        ),
        kit.feed(
            run,
            "binance",
            endpoints.binance_ws + binance.path,
            binance,
            silence_s=sockets.exchange_silence_s,
        ),
    ]
    if kit.credentials is not None:
        polybolt = PolyBolt(run.asset, kit.credentials)
        url, silence_s = endpoints.polybolt_ws, sockets.oracle_silence_s
        feeds.insert(1, kit.feed(run, "polybolt", url, polybolt, silence_s=silence_s))
    return feeds


async def watch_prices(run: AssetRun, kit: WatchKit, *, task_status: trio.TaskStatus[None]) -> None:
    """Keep every price feed up until cancelled; ready after each has been tried once."""
    async with trio.open_nursery() as nursery:
        for feed in price_feeds(run, kit):
            await nursery.start(feed.socket.run)
        task_status.started()
