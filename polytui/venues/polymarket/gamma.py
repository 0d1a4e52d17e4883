"""Gamma: which rounds there are, what they settle on, and what became of them.

Venue facts that shape it: a round starts at `eventStartTime` (`startDate` is when the record was
made, a day earlier); outcomes and ids are strings of JSON, paired by index and mapped by label;
v1 rounds trade CLOB token ids, v2 rounds position ids, even when both are filled in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
from attrs import frozen

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome, Round, SettlementRule
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, usd_from_float
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS, ns_of_rfc3339, positive_number
from polytui.venues.polymarket.round_names import asset_and_interval, series_slug

# --- the wire -------------------------------------------------------------------------------


class _Fees(msgspec.Struct, gc=False):
    rate: float
    exponent: float
    is_taker_only: bool = msgspec.field(name="takerOnly", default=True)
    rebate_rate: float = msgspec.field(name="rebateRate", default=0.0)


class _Config(msgspec.Struct, gc=False, rename="camel"):
    twap_enabled: bool = False
    twap_lookback_seconds: int = 0


class _Market(msgspec.Struct, rename="camel"):
    slug: str
    condition_id: str
    outcomes: str
    end_date: str
    event_start_time: str
    order_price_min_tick_size: float
    order_min_size: float
    outcome_prices: str = ""
    version: str = ""
    """Markets of before mid-2026 have none."""
    clob_token_ids: str | None = None
    position_ids: list[str] | None = None
    resolution_source: str = ""
    fees_enabled: bool = True
    fee_schedule: _Fees | None = None
    neg_risk: bool = False
    closed: bool = False
    uma_resolution_status: str = ""
    resolution_status: str = ""
    """What newer markets are documented to have in its place."""
    crypto_market_config: _Config | None = None


class _Metadata(msgspec.Struct, gc=False):
    strike: float | None = msgspec.field(name="priceToBeat", default=None)


_RESOLVED = "resolved"


class _Event(msgspec.Struct, rename="camel"):
    slug: str
    markets: list[_Market]
    event_metadata: _Metadata | None = None


class _Listing(msgspec.Struct):
    events: list[msgspec.Raw]


class _Series(msgspec.Struct, gc=False):
    id: str
    slug: str


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_listing = msgspec.json.Decoder(_Listing).decode
_decode_series = msgspec.json.Decoder(list[_Series]).decode
_decode_strings = msgspec.json.Decoder(list[str]).decode


@frozen
class RoundLook:
    """A round as Gamma shows it now. Answers are cached at the venue, up to a minute or more."""

    round: Round
    strike: float | None
    """Price to beat in dollars; the venue publishes it minutes after the open, if at all."""
    winner_token: str | None
    """NO_WINNER where the round was cancelled; None while nobody has said anything."""
    """None until the round is resolved."""
    is_closed: bool


def parse_event(raw: bytes | str | msgspec.Raw) -> tuple[Round, ...]:
    """The Up/Down rounds of an event object; Rejected says which field is missing or unknown.

    Retry for a body that is not JSON at all, as a venue in trouble may send.
    """
    return tuple([_round(market) for market in _event(raw).markets])


def look_at(raw: bytes | str | msgspec.Raw) -> tuple[RoundLook, ...]:
    """The rounds of an event object with what became of them; errors as for `parse_event`."""
    event = _event(raw)
    return tuple([_look(event, market) for market in event.markets])


def _event(raw: bytes | str | msgspec.Raw) -> _Event:
    try:
        return _decode_event(raw)
    except msgspec.ValidationError as fault:
        raise Rejected(f"Gamma event refused: {fault}; the venue's format changed") from None
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma event is unreadable: {fault}; try again") from None


def _round(market: _Market) -> Round:
    try:
        return _checked_round(market)
    except WIRE_FAULTS as fault:
        name = ascii(market.slug[:80])[1:-1]
        raise Rejected(f"Gamma market {name} refused: {fault}; it cannot be traded") from None


def _checked_round(market: _Market) -> Round:
    known = asset_and_interval(market.slug)
    if known is None:
        raise ValueError("slug names no Up/Down round")
    asset, interval = known
    opens_ns, closes_ns = ns_of_rfc3339(market.event_start_time), ns_of_rfc3339(market.end_date)
    if closes_ns - opens_ns != interval.ns:
        raise ValueError(f"window of {(closes_ns - opens_ns) / NS_PER_S:g} s for {interval.value}")
    tokens = _tokens(market)
    rule, window_s = _settlement(market)
    return Round(
        slug=market.slug,
        asset=asset,
        interval=interval,
        condition_id=_condition_id(market),
        up_token=tokens[Outcome.UP],
        down_token=tokens[Outcome.DOWN],
        opens_ns=opens_ns,
        closes_ns=closes_ns,
        settlement=rule,
        window_s=window_s,
        tick=_tick(market.order_price_min_tick_size),
        min_shares=Shares(usd_from_float(positive_number(market.order_min_size))),
        fees=_fees(market),
        protocol=_version(market),
        is_neg_risk=market.neg_risk,
    )


def _labels(market: _Market) -> list[Outcome]:
    """Outcomes in the venue's order, by label: index 0 is Up today, but nothing promises it."""
    labels = [label.lower() for label in _decode_strings(market.outcomes)]
    if sorted(labels) != ["down", "up"]:
        raise ValueError(f"outcomes {market.outcomes[:60]}")
    return [Outcome(label) for label in labels]


def _version(market: _Market) -> str:
    """Where it is not said, only a market without position ids can be told: it is of the first."""
    if market.version or market.position_ids:
        return market.version
    return "v1"


def _tokens(market: _Market) -> dict[Outcome, str]:
    if _version(market) == "v1":
        ids, name = _decode_strings(market.clob_token_ids or "[]"), "clobTokenIds"
    elif _version(market) == "v2":
        ids, name = market.position_ids or [], "positionIds"
    else:
        raise ValueError(f"unknown version {market.version[:20]!r}")
    if len(set(ids)) != 2 or not all(token.isascii() and token.isdecimal() for token in ids):
        raise ValueError(f"{name} does not hold two ids")
    return dict(zip(_labels(market), ids, strict=True))


_CONDITION = re.compile(r"0x[0-9a-f]{62}(?:[0-9a-f]{2})?")


def _condition_id(market: _Market) -> str:
    """0x and 64 hex digits. Gamma shows v2 ids without their last, zero byte (venue quirk)."""
    text = market.condition_id.lower()
    if not _CONDITION.fullmatch(text) or (len(text) == 64 and market.version != "v2"):
        raise ValueError(f"conditionId {market.condition_id[:80]!r}")
    return text.ljust(66, "0")


_TWAP_SOURCE = re.compile(r"-twap-([0-9]{1,4})s")


def _settlement(market: _Market) -> tuple[SettlementRule, int]:
    """The rule that decides and its look-back in seconds, from the market's own fields."""
    source = market.resolution_source.lower()
    config = market.crypto_market_config
    if config is not None and config.twap_enabled:
        if not 0 < config.twap_lookback_seconds <= 3600:
            raise ValueError(f"twapLookbackSeconds {config.twap_lookback_seconds}")
        return SettlementRule.TWAP, config.twap_lookback_seconds
    average = _TWAP_SOURCE.search(source)
    if average and int(average[1]):
        return SettlementRule.TWAP, int(average[1])
    if "binance" in source:
        return SettlementRule.CANDLE, 0
    if "chain.link" in source:
        return SettlementRule.SPOT, 0
    raise ValueError(f"resolutionSource {market.resolution_source[:60]!r}")


def _tick(dollars: float) -> Price:
    tick = usd_from_float(positive_number(dollars))
    if not 0 < tick < MICRO or MICRO % tick:
        raise ValueError(f"orderPriceMinTickSize {dollars!r}")
    return Price(tick)


def _fees(market: _Market) -> FeeSchedule:
    """The fee curve; listings may leave it out (venue quirk), then crypto's own is assumed."""
    if not market.fees_enabled:
        return FeeSchedule(rate_ppm=0, rebate_ppm=0)
    fees = market.fee_schedule
    if fees is None:
        return FeeSchedule()
    if not (0 <= fees.rate < 1 and 0 <= fees.rebate_rate <= 1):
        raise ValueError(f"feeSchedule rate {fees.rate!r}, rebateRate {fees.rebate_rate!r}")
    if fees.exponent not in (0, 1, 2, 3, 4):
        raise ValueError(f"feeSchedule exponent {fees.exponent!r}")
    return FeeSchedule(
        rate_ppm=round(fees.rate * MICRO),
        exponent=int(fees.exponent),
        is_taker_only=fees.is_taker_only,
        rebate_ppm=round(fees.rebate_rate * MICRO),
    )


def _winner(market: _Market, found: Round) -> str | None:
    """The token that pays, once the market is closed with prices of exactly one and zero. NO_WINNER
    where it was resolved to one half each; prices alone would not say so, they may be the last."""
    if not market.closed or not market.outcome_prices:
        return None
    prices = _decode_strings(market.outcome_prices)
    if prices == ["0.5", "0.5"] and _RESOLVED in (
        market.uma_resolution_status,
        market.resolution_status,
    ):
        return NO_WINNER
    if sorted(prices) != ["0", "1"]:
        return None
    return found.token_of(_labels(market)[prices.index("1")])


# --- the client -----------------------------------------------------------------------------


class Gamma:
    """Questions to Gamma. State: series ids already found, and what listings had to leave out."""

    def __init__(self, http: Http) -> None:
        self.refused = 0
        """Listed rounds that could not be believed."""
        self.last_refusal = ""
        self._http = http
        self._series: dict[str, str] = {}

    async def series_id(self, asset: Asset, interval: Interval) -> str:
        """The id of a series, asked for once. Rejected when the venue has no such series."""
        slug = series_slug(asset, interval)
        if slug not in self._series:
            body = await self._http.get("/series", {"slug": slug, "exclude_events": "true"})
            found = [item.id for item in _decoded_series(body) if item.slug == slug]
            if not found:
                raise Rejected(f"Gamma has no series {slug}; trade another interval")
            self._series[slug] = found[0]
        return self._series[slug]

    async def upcoming(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int = 5
    ) -> tuple[Round, ...]:
        """At most `limit` rounds that have not ended at `now_ns` (UTC ns), the next first.

        The time bound is needed: `closed=false` alone brings rounds from months ago.
        """
        body = await self._http.get(
            "/events/keyset",
            {
                "series_id": await self.series_id(asset, interval),
                "closed": "false",
                "order": "endDate",
                "ascending": "true",
                "limit": limit,
                "end_date_min": _iso(now_ns),
            },
        )
        rounds = [
            found
            for found in self._believed(body)
            if found.closes_ns > now_ns and (found.asset, found.interval) == (asset, interval)
        ]
        return tuple(sorted(rounds, key=lambda found: found.closes_ns)[:limit])

    async def look(self, slug: str) -> RoundLook:
        """One round with what is known of its strike and its winner. Rejected(404) if unknown."""
        event = _event(await self._http.get(f"/events/slug/{slug}"))
        for market in event.markets:
            if market.slug == slug:
                return _look(event, market)
        raise Rejected(f"Gamma event {slug} has no market of that name; it cannot be traded")

    def _believed(self, body: bytes) -> list[Round]:
        """The listing's rounds; one that cannot be believed must not hide the others."""
        rounds: list[Round] = []
        refusal: Rejected | None = None
        for raw in _decoded_listing(body):
            try:
                rounds += parse_event(raw)
            except Rejected as error:
                refusal = error
                self.refused += 1
                self.last_refusal = str(error)
        if refusal is not None and not rounds:
            raise refusal
        return rounds


def _look(event: _Event, market: _Market) -> RoundLook:
    found = _round(market)
    strike = event.event_metadata.strike if event.event_metadata else None
    try:
        checked = None if strike is None else positive_number(strike)
        return RoundLook(found, checked, _winner(market, found), market.closed)
    except WIRE_FAULTS as fault:
        raise Rejected(f"Gamma event {found.slug} refused: {fault}; look again later") from None


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decoded_listing(body: bytes) -> list[msgspec.Raw]:
    try:
        return _decode_listing(body).events
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma listing is unreadable: {fault}; try again") from None


def _decoded_series(body: bytes) -> list[_Series]:
    try:
        return _decode_series(body)
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma series are unreadable: {fault}; try again") from None
