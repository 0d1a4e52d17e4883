"""A market through our own backtest, timed: `python benchmarks/driver_run.py MARKET EVERY_S`.

MARKET is a file of `benchmarks/heard_market.py`. One strategy of others plays alone and no other is
asked: it buys five dollars of Up and sells them, an order every `every_s` seconds of the market.
Prints what came of it, processor seconds of `Drive.play`, and megabytes above what the process had
when everything was imported.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from benchmarks.driver_side import asking, say
from benchmarks.heard_market import ASSET, moments
from benchmarks.kept_market import kept
from benchmarks.peak import peak_mb
from polytui.backtest.drive import Drive
from polytui.backtest.moments import Moment
from polytui.config.load import structure_settings
from polytui.config.own import OwnStrategiesSettings
from polytui.config.schema import Settings
from polytui.model.effects import Effect
from polytui.model.instrument import Asset
from polytui.own.loading import load_own
from polytui.strategy.registry import STRATEGIES

_STRATEGY = Path(__file__).parent / "back_and_forth.py"
_TABLE: dict[str, Any] = {
    "is_enabled": True,
    "min_edge_bps": 1e-6,
    "stake_usd": 5.0,
    "sizing": "fixed",
    "max_price": 0.99,
    "min_price": 0.01,
}
_SETTINGS: dict[str, Any] = {
    "session": {"assets": [ASSET.value]},
    "deciding": {"is_shadow_followed": False},
    "gates": {
        "after_open_s": 0.0,
        "before_close_s": 0.0,
        "entry_delay_s": 0.0,
        "cooldown_s": 1.0,
        "max_spread_bps": 10_000.0,
        "max_volatility": 100.0,
        "min_consensus_trust": 0.0,
        "is_one_signal_a_side": False,
    },
    "exits": {"take_profit": 10.0, "stop_loss": 1.0, "before_close_s": 0.0},
    "risk": {
        "max_orders_per_round": 1000,
        "max_trades_per_day": 1_000_000,
        "max_daily_loss_usd": 1e6,
        "max_drawdown_usd": 1e6,
        "max_drawdown_pct": 100.0,
        "max_losses_in_a_row": 1000,
    },
    "claims": {"is_calibrated": False},
    "watch": {"is_enabled": False},
    # The other has no chain: with blocks two thirds of the orders would wait and never be sent.
    "paper": {"starting_cash_usd": 10_000.0, "mined_least_s": 0.0, "mined_most_s": 0.0},
    **{one.name: {"is_enabled": False} for one in STRATEGIES},
}


@frozen
class _Heard:
    """A `Source` of what was heard."""

    told: Iterable[Moment]

    def moments(self) -> Iterator[Moment]:
        return iter(self.told)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """A recording answers nobody."""


def settings_for(every_s: float) -> Settings:
    """An order every so many seconds, a purchase and a sale in turn. The strategy is loaded."""
    own = {"back_and_forth": {**_TABLE, "turn_s": 2.0 * every_s}}
    settings = structure_settings({**_SETTINGS, "own": own})
    return attrs.evolve(settings, exits=attrs.evolve(settings.exits, max_hold_s=every_s))


def main() -> None:
    options = asking("driver_run", __doc__).parse_args()
    load_own(OwnStrategiesSettings(paths=(str(_STRATEGY),)))
    settings, idle_mb = settings_for(options.every_s), peak_mb()
    told = moments(options.market)
    drive = Drive(settings, _Heard(told if options.streamed else kept(told)))
    began = time.process_time()
    driven = drive.play()
    took = time.process_time() - began
    account = driven.mind.desks[ASSET].asset_account
    say(
        events=driven.mind.seq,
        orders=account.orders,
        fills=account.fills,
        seconds=took,
        idle_mb=idle_mb,
    )


if __name__ == "__main__":
    main()
