"""Gamma's events: which rounds they hold, what these settle on, and what became of them.

Venue facts that shape it: a round starts at `eventStartTime` (`startDate` is when the record was
made, a day earlier); outcomes and ids are strings of JSON, paired by index and mapped by label;
v1 rounds trade CLOB token ids, v2 rounds position ids, even when both are filled in; a field that
is null is a field that is not there. Events of other families are no fault of anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec
from attrs import evolve, frozen

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome, Round, SettlementRule
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, usd_from_float
from polytui.venues.feed import WIRE_FAULTS, ns_of_rfc3339, positive_number, readable
from polytui.venues.polymarket.round_names import (
    RoundWindow,
    asset_and_interval,
    has_name_of_its_own,
    round_slug,
    window_of,
)


class _Fees(msgspec.Struct, gc=False):
    rate: float
    exponent: float
    is_taker_only: bool = msgspec.field(name="takerOnly", default=True)
    rebate_rate: float = msgspec.field(name="rebateRate", default=0.0)


class _Config(msgspec.Struct, gc=False, rename="camel"):
    twap_enabled: bool = False
    twap_lookback_seconds: int = 0


class _GammaMarket(msgspec.Struct, rename="camel"):
    slug: str
    condition_id: str
    outcomes: str
    end_date: str
    event_start_time: str
    order_price_min_tick_size: float
    order_min_size: float
    question: str = ""
    group_item_title: str = ""
    outcome_prices: str = ""
    version: str = ""
    """Markets of before mid-2026 have none."""
    clob_token_ids: str = "[]"
    position_ids: list[str] = []
    resolution_source: str = ""
    fees_enabled: bool = True
    fee_schedule: msgspec.Raw = msgspec.Raw()
    neg_risk: bool = False
    closed: bool = False
    accepting_orders: bool = True
    uma_resolution_status: str = ""
    resolution_status: str = ""
    """What newer markets are documented to have in its place."""
    crypto_market_config: msgspec.Raw = msgspec.Raw()


class _Title(msgspec.Struct, rename="camel"):
    """What tells whether a market is ours to read at all."""

    slug: str = ""
    question: str = ""
    group_item_title: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """Of a market that stands for one outcome alone."""
        title = (self.group_item_title or self.question).strip().lower()
        return Outcome(title) if title in ("up", "down") else None


class _Metadata(msgspec.Struct, gc=False):
    strike: float | None = msgspec.field(name="priceToBeat", default=None)
    final: float | None = msgspec.field(name="finalPrice", default=None)


_RESOLVED = "resolved"


class _Event(msgspec.Struct, rename="camel"):
    slug: str = ""
    markets: list[msgspec.Raw] = []
    event_metadata: msgspec.Raw = msgspec.Raw()


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_strings = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode
_T = TypeVar("_T", bound=msgspec.Struct)


def _present(raw: bytes | msgspec.Raw, kind: type[_T]) -> _T:
    """An object of the wire, of which nulls are left out: they say no more than absence."""
    names = kind.__struct_encode_fields__
    fields = _decode_fields(raw)
    told = {name: fields[name] for name in names if bytes(fields.get(name, b"null")) != b"null"}
    return msgspec.json.decode(_encode(told), type=kind)


@frozen
class RoundLook:
    """A round as Gamma shows it now. Answers are cached at the venue, up to a minute or more."""

    round: Round
    strike: float | None
    """Price to beat in dollars; the venue publishes it minutes after the open, if at all."""
    winner_token: str | None
    """NO_WINNER where the round was cancelled; None until it is resolved."""
    is_closed: bool
    final: float | None = None
    """The price it was settled by; published after the end."""


def parse_event(raw: bytes | str | msgspec.Raw) -> tuple[Round, ...]:
    """The Up/Down rounds of an event object, none for events of other families; Rejected says
    which field of a round is missing or unknown.

    Retry for a body that is not JSON at all, as a venue in trouble may send.
    """
    return tuple([look.round for look in look_at(raw)])


def look_at(raw: bytes | str | msgspec.Raw) -> tuple[RoundLook, ...]:
    """The rounds of an event object with what became of them; errors as for `parse_event`."""
    try:
        event = _present(clean(raw), _Event)
    except msgspec.ValidationError as fault:
        raise Rejected(f"Gamma event refused: {fault}; the venue's format changed") from None
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma event is unreadable: {fault}; try again") from None
    titles = [_title(market) for market in event.markets]
    halves = {title.outcome: raw for title, raw in zip(titles, event.markets, strict=True)}
    if len(titles) == len(Outcome) and set(halves) == set(Outcome):
        names = (event.slug, *(title.slug for title in titles))
        slug = next((name for name in names if asset_and_interval(name)), "")
        if slug:
            halved = partial(_of_halves, slug, halves[Outcome.UP], halves[Outcome.DOWN])
            return (_told(event, slug, halved),)
    return tuple(
        _told(event, title.slug, partial(_whole, market))
        for title, market in zip(titles, event.markets, strict=True)
        if asset_and_interval(title.slug)
    )


def clean(raw: bytes | str | msgspec.Raw) -> bytes:
    """One text that no UTF-8 and half a surrogate pair spoil hides nothing else."""
    text = raw if isinstance(raw, str) else bytes(raw).decode(errors="replace")
    return readable(text).encode(errors="replace")


def _title(raw: msgspec.Raw) -> _Title:
    """Of whatever is listed; what has no readable name is nothing that we know."""
    try:
        return _present(raw, _Title)
    except WIRE_FAULTS:
        return _Title()


def _told(event: _Event, slug: str, read: Callable[[], _Listed]) -> RoundLook:
    try:
        found = read()
        told = _Metadata()
        if bytes(event.event_metadata):
            told = _present(event.event_metadata, _Metadata)
        strike, final = (
            None if one is None else positive_number(one) for one in (told.strike, told.final)
        )
        return RoundLook(found.round, strike, found.winner_token, found.is_closed, final)
    except WIRE_FAULTS as fault:
        name = ascii(slug[:80])[1:-1]
        raise Rejected(f"Gamma market {name} refused: {fault}; it cannot be traded") from None


@frozen
class _Listed:
    """A round as its market, or its two, describe it."""

    round: Round
    winner_token: str | None
    is_closed: bool


def _whole(raw: msgspec.Raw) -> _Listed:
    """One market with both outcomes."""
    market = _present(raw, _GammaMarket)
    labels = _labels(market)
    tokens = dict(zip(labels, _ids(market), strict=True))
    found = _round_of(market, market.slug, tokens, is_up_first=labels[0] is Outcome.UP)
    return _Listed(found, _winner(market, tokens, labels), market.closed)


def _of_halves(slug: str, up_raw: msgspec.Raw, down_raw: msgspec.Raw) -> _Listed:
    """Two markets, one titled Up and one Down, each of which says yes or no to its title."""
    up, down = _present(up_raw, _GammaMarket), _present(down_raw, _GammaMarket)
    tokens = {Outcome.UP: _affirming(up, Outcome.UP), Outcome.DOWN: _affirming(down, Outcome.DOWN)}
    found = _round_of(up, slug, tokens, is_up_first=True)
    other = _round_of(down, slug, tokens, is_up_first=True)
    if (found.opens_ns, found.closes_ns) != (other.opens_ns, other.closes_ns):
        raise ValueError("its two markets are of different windows")
    found = evolve(
        found,
        is_one_book=found.condition_id == other.condition_id,
        takes_orders=up.accepting_orders and down.accepting_orders,
    )
    won = [one for one, market in ((Outcome.UP, up), (Outcome.DOWN, down)) if _is_yes(market, one)]
    is_closed = up.closed and down.closed
    winner = tokens[won[0]] if is_closed and len(won) == 1 else None
    return _Listed(found, winner, is_closed)


def _affirming(market: _GammaMarket, outcome: Outcome) -> str:
    """The token of a half's own outcome: its yes, or the outcome's name."""
    return _ids(market)[_affirming_index(market, outcome)]


def _affirming_index(market: _GammaMarket, outcome: Outcome) -> int:
    labels = [label.lower() for label in _decode_strings(market.outcomes)]
    names = [label for label in ("yes", outcome.value) if label in labels]
    if len(names) != 1:
        raise ValueError(f"outcomes {market.outcomes[:60]}")
    return labels.index(names[0])


def _is_yes(market: _GammaMarket, outcome: Outcome) -> bool:
    prices = _decode_strings(market.outcome_prices) if market.outcome_prices else []
    return sorted(prices) == ["0", "1"] and prices[_affirming_index(market, outcome)] == "1"


def _round_of(
    market: _GammaMarket, slug: str, tokens: dict[Outcome, str], *, is_up_first: bool
) -> Round:
    known = asset_and_interval(slug)
    if known is None:
        raise ValueError("slug names no Up/Down round")
    asset, interval = known
    opens_ns, closes_ns = ns_of_rfc3339(market.event_start_time), ns_of_rfc3339(market.end_date)
    _check_window(slug, asset, interval, RoundWindow(opens_ns, closes_ns))
    if tokens[Outcome.UP] == tokens[Outcome.DOWN]:
        raise ValueError("Up and Down are one token")
    rule, window_s = _settlement(market)
    return Round(
        slug=slug,
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
        takes_orders=market.accepting_orders,
        is_up_first=is_up_first,
    )


def _check_window(slug: str, asset: Asset, interval: Interval, window: RoundWindow) -> None:
    """ValueError for a window that its length, the wall in New York or its name speak against."""
    length_ns = window.closes_ns - window.opens_ns
    if length_ns != interval.ns and window != window_of(interval, window.opens_ns):
        raise ValueError(f"window of {length_ns / NS_PER_S:g} s for {interval.value}")
    if not has_name_of_its_own(interval, window.opens_ns):
        raise ValueError("the hour before has the same name; it is left alone")
    if round_slug(asset, interval, window.opens_ns) != slug:
        raise ValueError("its name is of another window")


def _labels(market: _GammaMarket) -> list[Outcome]:
    """Outcomes in the venue's order, by label: index 0 is Up today, but nothing promises it."""
    labels = [label.lower() for label in _decode_strings(market.outcomes)]
    if sorted(labels) != ["down", "up"]:
        raise ValueError(f"outcomes {market.outcomes[:60]}")
    return [Outcome(label) for label in labels]


def _version(market: _GammaMarket) -> str:
    """Where it is not said, only a market without position ids can be told: it is of the first."""
    if market.version or market.position_ids:
        return market.version
    return "v1"


def _ids(market: _GammaMarket) -> list[str]:
    if _version(market) == "v1":
        ids, name = _decode_strings(market.clob_token_ids), "clobTokenIds"
    elif _version(market) == "v2":
        ids, name = market.position_ids, "positionIds"
    else:
        raise ValueError(f"unknown version {market.version[:20]!r}")
    if len(set(ids)) != 2 or not all(token.isascii() and token.isdecimal() for token in ids):
        raise ValueError(f"{name} does not hold two ids")
    return ids


_CONDITION = re.compile(r"0x[0-9a-f]{62}(?:[0-9a-f]{2})?")


def _condition_id(market: _GammaMarket) -> str:
    """0x and 64 hex digits. Gamma shows v2 ids without their last, zero byte (venue quirk)."""
    text = market.condition_id.lower()
    if not _CONDITION.fullmatch(text) or (len(text) == 64 and market.version != "v2"):
        raise ValueError(f"conditionId {market.condition_id[:80]!r}")
    return text.ljust(66, "0")


_TWAP_SOURCE = re.compile(r"-twap-([0-9]{1,4})s")


def _settlement(market: _GammaMarket) -> tuple[SettlementRule, int]:
    """The rule that decides and its look-back in seconds, from the market's own fields."""
    source = market.resolution_source.lower()
    config = (
        _present(market.crypto_market_config, _Config)
        if bytes(market.crypto_market_config)
        else _Config()
    )
    if config.twap_enabled:
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


def _fees(market: _GammaMarket) -> FeeSchedule:
    """The fee curve; listings may leave it out (venue quirk), then crypto's own is assumed."""
    if not market.fees_enabled:
        return FeeSchedule(rate_ppm=0, rebate_ppm=0)
    if not bytes(market.fee_schedule):
        return FeeSchedule()
    fees = _present(market.fee_schedule, _Fees)
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


def _winner(market: _GammaMarket, tokens: dict[Outcome, str], labels: list[Outcome]) -> str | None:
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
    return tokens[labels[prices.index("1")]]
