"""The website's price to beat, sooner than Gamma has it.

With both parameters of the average it is what decides; without them it is the spot price of that
second, as the website answers to those who have not moved since August 2026.
"""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import float_e18, iso_z, parse_iso
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.world.world import World

_VARIANTS = {
    "fiveminute": Interval.M5,
    "fifteen": Interval.M15,
    "hourly": Interval.H1,
    "fourhour": Interval.H4,
}
_NAMES = frozenset(
    ("symbol", "eventStartTime", "endDate", "variant", "twapEnabled", "twapLookbackSeconds")
)
_LOOKBACKS = ("60",)


@frozen
class CryptoPriceSettings:
    late_s: float = field(default=3.0, validator=ge(0.0))
    """From a boundary until the website has its price."""


class CryptoPriceApi:
    """`/api/crypto/crypto-price` of the website."""

    def __init__(self, world: World, listing: Listing, settings: CryptoPriceSettings) -> None:
        self._world = world
        self._listing = listing
        self._settings = settings

    def routes(self) -> list[Route]:
        return [Route("/api/crypto/crypto-price", self.answer)]

    async def answer(self, request: Request) -> Response:
        given = request.query_params
        for name in given:
            if name not in _NAMES or len(given.getlist(name)) > 1:
                raise _bad(f"{name[:80]} is not understood")
        listed = self._round(
            given.get("symbol", ""),
            given.get("variant", ""),
            given.get("eventStartTime", ""),
            given.get("endDate"),
        )
        is_mean = self._is_mean(given.get("twapEnabled"), given.get("twapLookbackSeconds"))
        opened = self._price(listed, listed.opens_ns, is_mean)
        closed = self._price(listed, listed.closes_ns, is_mean)
        return json_answer(
            {
                "openPrice": opened,
                "closePrice": closed,
                "timestamp": self._world.now_ns // 1_000_000,
                "completed": closed is not None,
                "incomplete": opened is None,
                "cached": False,
            }
        )

    def _round(self, symbol: str, variant: str, start: str, end: str | None) -> Round:
        asset = next((one for one in Asset if one.value.upper() == symbol.upper()), None)
        interval = _VARIANTS.get(variant)
        if asset is None or interval is None:
            raise _bad(f"symbol or variant is not known; variants: {', '.join(_VARIANTS)}")
        try:
            opens_ns = parse_iso(start.replace("Z", "+00:00"))
            closes_ns = None if end is None else parse_iso(end.replace("Z", "+00:00"))
        except (ValueError, OverflowError):
            raise _bad("eventStartTime and endDate must be instants") from None
        for listed in self._listing.by_series(asset, interval):
            if listed.opens_ns == opens_ns:
                if closes_ns not in (None, listed.closes_ns):
                    raise _bad(f"endDate is not the round's, {iso_z(listed.closes_ns)}")
                return listed
        raise _bad("no such round")

    def _is_mean(self, enabled: str | None, lookback: str | None) -> bool:
        if enabled not in (None, "true", "false"):
            raise _bad("twapEnabled must be true or false")
        if lookback not in (None, *_LOOKBACKS):
            raise _bad(f"twapLookbackSeconds must be {', '.join(_LOOKBACKS)}")
        return enabled == "true" and lookback is not None

    def _price(self, listed: Round, boundary_ns: int, is_mean: bool) -> float | None:
        """Dollars; None before the website has it, or for a spot price of long ago."""
        late_ns = int(self._settings.late_s * NS_PER_S)
        if self._world.now_ns < boundary_ns + late_ns:
            return None
        is_by_candle = listed.settlement is SettlementRule.CANDLE
        if not is_by_candle:
            for tick in self._world.chainlink_history(listed.asset, boundary_ns):
                value = tick.twap_e18 if is_mean else tick.value_e18
                return None if value is None else float_e18(value)
        if not is_mean and not is_by_candle:
            return None
        status = self._world.status(listed.slug)
        known = status.strike_e18 if boundary_ns == listed.opens_ns else status.final_e18
        return None if known is None else float_e18(known)


def _bad(words: str) -> RefusedError:
    return RefusedError(400, {"error": words})
