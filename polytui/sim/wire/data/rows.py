"""Rows of the Data API: positions, trades and what else wallets did, in its words and doubles."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, to_float
from polytui.sim.exchange.data_index import Fact
from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.exchange.positions import OwnedShares
from polytui.sim.exchange.wallet_acts import ActKind, WalletAct
from polytui.sim.wire.form.wire_text import iso_z
from polytui.sim.wire.rounds.documents import middles
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.world.calendar import CalendarWindow, round_title
from polytui.sim.world.world import World

Document = dict[str, Any]
_NO_INDEX = 999
"""Where a row speaks of no outcome, or of both."""
_ICON = "https://polymarket-upload.s3.us-east-2.amazonaws.com/BTC+fullsize.png"


def title_of(listed: Round) -> str:
    window = CalendarWindow(listed.opens_ns, listed.closes_ns)
    return round_title(listed.asset, listed.interval, window)


def index_of(listed: Round, outcome: Outcome) -> int:
    """Place of an outcome in the venue's order."""
    return int((outcome is Outcome.UP) != listed.is_up_first)


def price_of(world: World, listed: Round, outcome: Outcome, is_resolved: bool) -> int:
    """Millionths: what a share is paid once that is indexed, else the middle of its book."""
    if world.find(listed.condition_id) is None:
        return 0
    status = world.status(listed.slug)
    if is_resolved and status.is_resolved:
        return status.payout(outcome)
    book = world.book(listed.slug)
    up, down = middles(book.best(Outcome.UP, Side.BUY), book.best(Outcome.UP, Side.SELL))
    return up if outcome is Outcome.UP else down


@frozen
class Valued:
    """A position at a price."""

    position: OwnedShares
    price: int
    is_resolved: bool
    other_shares: int
    """Of the opposite outcome, in the same wallet."""

    @property
    def value(self) -> int:
        return self.position.shares * self.price // MICRO

    @property
    def unrealized(self) -> int:
        return self.value - self.position.cost

    @property
    def is_mergeable(self) -> bool:
        return not self.is_resolved and min(self.position.shares, self.other_shares) > 0

    @property
    def status(self) -> str:
        """The three a row can have. A lost one is REDEEMABLE, a mergeable one OPEN (venue rule)."""
        if not self.position.shares:
            return "CLOSED"
        return "REDEEMABLE" if self.is_resolved else "OPEN"


def position_row(valued: Valued) -> Document:
    held = valued.position
    listed = held.listed
    total = valued.unrealized + held.realized
    other = held.outcome.other
    return {
        "proxy_wallet": held.wallet,
        "token_id": held.token_id,
        "condition_id": listed.condition_id,
        "current_size": to_float(held.shares),
        "avg_price": round(held.average, 6),
        "entry_cost_usdc": to_float(held.cost),
        "entry_fees_usdc": to_float(held.fees),
        "total_cost_usdc": to_float(held.cost + held.fees),
        "current_price": to_float(valued.price),
        "current_value": to_float(valued.value),
        "total_size": to_float(held.bought),
        "realized_pnl": to_float(held.realized),
        "unrealized_pnl": to_float(valued.unrealized),
        "total_pnl": to_float(total),
        "percent_pnl": _percent(total, held.cost + held.sold_cost),
        "percent_realized_pnl": _percent(held.realized, held.sold_cost),
        "status": valued.status,
        "redeemable": valued.status == "REDEEMABLE",
        "mergeable": valued.is_mergeable,
        "negative_risk": listed.is_neg_risk,
        "archived": False,
        "verified": False,
        **_market(listed),
        "outcome": held.outcome.value.capitalize(),
        "opposite_outcome": other.value.capitalize(),
        "outcome_index": index_of(listed, held.outcome),
        "opposite_token_id": listed.token_of(other),
        "end_date": iso_z(listed.closes_ns)[:10],
        "event_id": event_number(listed.slug),
        "last_event_at": held.last_ns // NS_PER_S,
        "first_entry_at": held.first_ns // NS_PER_S,
        "name": "",
        "profile_image": "",
    }


def old_position_row(valued: Valued) -> Document:
    """As the retired routes had it."""
    row = position_row(valued)
    return {
        "proxyWallet": row["proxy_wallet"],
        "asset": row["token_id"],
        "conditionId": row["condition_id"],
        "size": row["current_size"],
        "avgPrice": row["avg_price"],
        "initialValue": row["entry_cost_usdc"],
        "currentValue": row["current_value"],
        "cashPnl": row["unrealized_pnl"],
        "percentPnl": row["percent_pnl"],
        "totalBought": row["total_size"],
        "realizedPnl": row["realized_pnl"],
        "percentRealizedPnl": row["percent_realized_pnl"],
        "curPrice": row["current_price"],
        "redeemable": row["redeemable"],
        "mergeable": row["mergeable"],
        "title": row["title"],
        "slug": row["slug"],
        "icon": row["icon"],
        "eventSlug": row["event_slug"],
        "outcome": row["outcome"],
        "outcomeIndex": row["outcome_index"],
        "oppositeOutcome": row["opposite_outcome"],
        "oppositeAsset": row["opposite_token_id"],
        "endDate": row["end_date"],
        "negativeRisk": row["negative_risk"],
    }


def trade_row(leg: TradeLeg) -> Document:
    return {
        "proxy_wallet": leg.wallet,
        "token_id": leg.listed.token_of(leg.outcome),
        "condition_id": leg.listed.condition_id,
        "side": leg.side.value.upper(),
        "size": to_float(leg.shares),
        "price": to_float(leg.price),
        "timestamp": leg.at_ns // NS_PER_S,
        "transaction_hash": leg.transaction_hash,
        **_market(leg.listed),
        "outcome": leg.outcome.value.capitalize(),
        "outcome_index": index_of(leg.listed, leg.outcome),
        **_NOBODY,
    }


def activity_row(fact: Fact) -> Document:
    if isinstance(fact, TradeLeg):
        return {
            "type": "TRADE",
            "is_combo": False,
            **trade_row(fact),
            "usdc_size": to_float(fact.usd),
        }
    return _act_row(fact)


def kind_of(fact: Fact) -> str:
    """The venue's word for it; "" for what it does not list."""
    if isinstance(fact, TradeLeg):
        return "TRADE"
    return "" if fact.kind in (ActKind.RECEIVED, ActKind.SENT) else fact.kind.value


def _act_row(act: WalletAct) -> Document:
    row: Document = {
        "type": act.kind.value,
        "is_combo": False,
        "proxy_wallet": act.wallet,
        "timestamp": act.at_ns // NS_PER_S,
        "transaction_hash": act.transaction_hash,
        "size": to_float(act.shares or act.usd),
        "usdc_size": to_float(act.usd),
        "price": 0,
        "side": "",
        "token_id": "",
        "condition_id": "",
        "outcome": "",
        "outcome_index": _NO_INDEX,
        **_NOBODY,
    }
    if act.listed is not None:
        row |= {"condition_id": act.listed.condition_id, **_market(act.listed)}
        if act.outcome is not None:
            row |= {
                "token_id": act.listed.token_of(act.outcome),
                "outcome": act.outcome.value.capitalize(),
                "outcome_index": index_of(act.listed, act.outcome),
            }
    return row


_NOBODY = {
    "name": "",
    "pseudonym": "",
    "bio": "",
    "profile_image": "",
    "profile_image_optimized": "",
}
"""Nobody here has a profile."""


def _market(listed: Round) -> Document:
    return {
        "title": title_of(listed),
        "slug": listed.slug,
        "icon": _ICON,
        "event_slug": listed.slug,
    }


def _percent(part: int, whole: int) -> float:
    return round(part / whole * 100, 4) if whole else 0.0
