"""`polytui fetch-history`: asks the venues, or one of our own, and says how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio
from loguru import logger

from polytui.backtest.sources.recognised import FETCH_LOG
from polytui.config.schema import Settings
from polytui.json_output import write_json
from polytui.model.errors import Fatal, Rejected, Retry
from polytui.net.dial import Trust
from polytui.net.http import Http
from polytui.net.pools import http_settings
from polytui.paths import make_folder, running_venue
from polytui.precautions import check_writable
from polytui.runtime.logs import log_to
from polytui.runtime.modes import Surroundings, opener_of
from polytui.runtime.plan import Plan
from polytui.tools.history import HistoryFetcher, HistoryPlan, HistoryVenues
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.gamma import Gamma


def fetch_history(settings: Settings, options: dict[str, Any]) -> int:
    """What there is of these days into a folder; what is there already stays."""
    check_writable(options["json_path"])
    folder: Path = options["folder"]
    make_folder(folder)
    log_to(folder / FETCH_LOG)
    summary: dict[str, Any] = trio.run(_fetch, settings, options)
    write_json(summary, options["json_path"] or "-")
    return 0


async def _fetch(settings: Settings, options: dict[str, Any]) -> dict[str, Any]:
    venue = options["venue"]
    urls = None if venue is None else running_venue(venue)
    plan = Plan("paper" if urls is None else "demo", settings, Path(), venue=urls, is_on_paper=True)
    folder = options["folder"]
    async with opener_of(plan)(settings, folder, options["config"], None) as world:
        asked = HistoryPlan(
            folder,
            settings.session.assets,
            settings.session.intervals,
            options["from_ns"],
            options["until_ns"],
            world.clock.now_ns(),
        )
        return await _ask(world, asked)


async def _ask(world: Surroundings, asked: HistoryPlan) -> dict[str, Any]:
    endpoints, limits = world.settings.endpoints, http_settings(world.settings.http)
    trust = Trust(logger.error)
    https = [
        Http(url, limits, trust=trust)
        for url in (endpoints.binance_rest, endpoints.gamma, endpoints.clob)
    ]
    binance, gamma, clob = https
    venues = HistoryVenues(Binance(binance, quotas=world.quotas), Gamma(gamma), clob)
    try:
        return await HistoryFetcher(asked, venues, logger.info).fetch()
    except (Retry, Rejected) as fault:
        raise Fatal(
            f"{fault}; what came until then is in {asked.folder}, and the same command goes on"
        ) from fault
    finally:
        for http in https:
            await http.close()
