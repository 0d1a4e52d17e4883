"""What of a round's documents never changes: written once a round, and read many times."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from polytui.model.instrument import Asset, Round, SettlementRule
from polytui.model.units import NS_PER_S, to_float
from polytui.sim.wire.form.wire_text import iso_z
from polytui.sim.wire.rounds.market_frames import fee_schedule
from polytui.sim.wire.rounds.numbers import market_number
from polytui.sim.world.calendar import CalendarWindow, round_title

Document = dict[str, Any]

LISTED_AHEAD_NS = 85_800 * NS_PER_S
"""A market record opens 23.83 hours before its round (venue listing)."""

_MOST_KEPT = 1 << 12
_COINS = {Asset.BTC: "Bitcoin", Asset.ETH: "Ethereum", Asset.SOL: "Solana", Asset.XRP: "XRP"}


@lru_cache(maxsize=_MOST_KEPT)
def lasting_of(round_: Round) -> Document:
    """Fields of the market; shared, so whoever adds to them copies them."""
    listed_ns = round_.opens_ns - LISTED_AHEAD_NS
    return {
        "id": market_number(round_.slug),
        "question": title_of(round_),
        "conditionId": _shown_condition(round_),
        "questionID": question_id(round_),
        "slug": round_.slug,
        "resolutionSource": _source(round_),
        "description": _description(round_),
        "startDate": iso_z(listed_ns),
        "endDate": iso_z(round_.closes_ns),
        "startDateIso": iso_z(listed_ns)[:10],
        "endDateIso": iso_z(round_.closes_ns)[:10],
        "eventStartTime": iso_z(round_.opens_ns),
        "acceptingOrdersTimestamp": iso_z(listed_ns),
        "createdAt": iso_z(listed_ns),
        "version": round_.protocol,
        "outcomes": '["Up", "Down"]',
        **_tokens(round_),
        "image": "",
        "icon": "",
        "active": True,
        "archived": False,
        "restricted": True,
        "ready": False,
        "funded": False,
        "negRisk": round_.is_neg_risk,
        "rfqEnabled": False,
        "orderMinSize": to_float(round_.min_shares),
        "makerBaseFee": 1000,
        "takerBaseFee": 1000,
        "feesEnabled": True,
        "feeType": "crypto_fees_v2",
        "feeSchedule": fee_schedule(round_),
        "makerRebatesFeeShareBps": 10000,
        "rewardsMinSize": 50,
        "rewardsMaxSpread": 4.5,
        "umaResolutionStatuses": "[]",
        "clearBookOnStart": False,
        "marketMakerAddress": "",
        **_config(round_),
    }


@lru_cache(maxsize=_MOST_KEPT)
def title_of(round_: Round) -> str:
    window = CalendarWindow(round_.opens_ns, round_.closes_ns)
    return round_title(round_.asset, round_.interval, window)


@lru_cache(maxsize=_MOST_KEPT)
def question_id(round_: Round) -> str:
    return f"0x{sha256(f'question:{round_.slug}'.encode()).hexdigest()}"


def _shown_condition(round_: Round) -> str:
    """Gamma leaves out the last, zero byte of a v2 condition; everybody else wants it."""
    return round_.condition_id[:-2] if round_.protocol == "v2" else round_.condition_id


def _tokens(round_: Round) -> Document:
    """Protocol v1 names CTF tokens in a string of JSON, v2 position ids in an array."""
    tokens = [round_.up_token, round_.down_token]
    if round_.protocol == "v2":
        return {"clobTokenIds": None, "positionIds": tokens}
    return {"clobTokenIds": string_of(tokens), "positionIds": None}


def _config(round_: Round) -> Document:
    """Rounds that settle on an average say so; the hourly ones have no such config."""
    if round_.settlement is not SettlementRule.TWAP:
        return {"cryptoMarketConfigId": None, "cryptoMarketConfig": None}
    asset, interval = round_.asset.value, round_.interval.value
    name = f"{asset}-{interval}-twap-{round_.window_s}"
    config = {
        "id": name,
        "asset": asset,
        "duration": interval,
        "twapEnabled": True,
        "twapLookbackSeconds": round_.window_s,
    }
    return {"cryptoMarketConfigId": name, "cryptoMarketConfig": config}


def _source(round_: Round) -> str:
    asset = round_.asset.value
    if round_.settlement is SettlementRule.CANDLE:
        return f"https://www.binance.com/en/trade/{asset.upper()}_USDT"
    return f"https://data.chain.link/streams/{asset}-usd-twap-60s-streams"


def _description(round_: Round) -> str:
    coin = _COINS[round_.asset]
    what = (
        f"the close price of the {coin}/USDT one hour candle is greater than or equal to its open"
        if round_.settlement is SettlementRule.CANDLE
        else f"the time-weighted average price (TWAP) of {coin} at the end of the time range "
        "specified in the title is greater than or equal to the one at its beginning"
    )
    return f'This market will resolve to "Up" if {what}. Otherwise, it will resolve to "Down".'


def string_of(values: list[str]) -> str:
    """A JSON array inside a string, with Gamma's space after the comma."""
    return "[" + ", ".join(msgspec.json.encode(value).decode() for value in values) + "]"
