"""Forecasts against what came: what is said of prices and rounds is kept, and how well it fits."""

from __future__ import annotations

from msgspec.structs import replace

from polytui.config.schema import Settings
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.market.forecast_watch import ForecastWatch
from polytui.model.events import ChainlinkPriced
from polytui.strategy.proposal import View


def hear(
    event: ChainlinkPriced,
    now_ns: int,
    prices: DeskPrices,
    watch: ForecastWatch,
    settings: Settings,
) -> None:
    """What came against what was foreseen, and what is foreseen now."""
    watch.came(event.value, event.observed_ns, settings.watch)
    if watch.is_due(now_ns):
        foreseen = prices.foreseen(now_ns, settings.market)
        if foreseen is not None:
            watch.foresee(foreseen, now_ns)


def checked(market_round: DeskRound, view: View, watch: ForecastWatch, settings: Settings) -> View:
    """The view with how badly such forecasts have fitted; what it says is kept."""
    watch.say(market_round.slug, view.left_s, view.fair_up)
    misfit = watch.misfit(view.left_s, settings.watch)
    return view if misfit is None else replace(view, misfit=misfit)
