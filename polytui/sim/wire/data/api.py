"""The Data API, second version: what the venue's index of the chain knows, and when it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import MICRO, NS_PER_S, to_float
from polytui.sim.exchange.data_index import DataIndex, IndexSettings
from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.wire.data.cache import DataCache
from polytui.sim.wire.data.markets import DataMarkets
from polytui.sim.wire.data.query import DataQuery, Document, page_of, paged, refused
from polytui.sim.wire.data.rows import (
    Valued,
    activity_row,
    index_of,
    kind_of,
    old_position_row,
    position_row,
    price_of,
    trade_row,
)
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.world.world import World

_SIDES = ("BUY", "SELL")
_DIRECTIONS = ("ASC", "DESC")
_AMOUNTS = ("CASH", "TOKENS")
_STATUSES = ("OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED")
_SORTS: dict[str, Callable[[Valued], float]] = {
    "CURRENT_VALUE": lambda one: one.value,
    "PRICE": lambda one: one.price,
    "TOKENS": lambda one: one.position.shares,
    "UNREALIZED_PNL": lambda one: one.unrealized,
    "REALIZED_PNL": lambda one: one.position.realized,
    "TOTAL_PNL": lambda one: one.unrealized + one.position.realized,
    "TIMESTAMP": lambda one: one.position.last_ns,
}
_KINDS = (
    "TRADE",
    "SPLIT",
    "MERGE",
    "REDEEM",
    "REWARD",
    "CONVERSION",
    "MIGRATION",
    "DEPOSIT",
    "WITHDRAWAL",
    "YIELD",
    "MAKER_REBATE",
    "TAKER_REBATE",
    "REFERRAL_REWARD",
    "TIP",
)
_CASH_MOVES = ("DEPOSIT", "WITHDRAWAL")
_CHOOSE = ("user", "condition", "condition_id", "event_id", "start", "end")
_POSITIONS = (
    "status",
    "title",
    "filter_type",
    "filter_amount",
    "include_archived",
    "sort_by",
    "sort_direction",
)
_RETIRED = ("positions", "trades", "activity", "value", "holders", "oi", "closed-positions")


class DataApiRoutes:
    """Routes of the Data API over a simulated world and its index."""

    def __init__(self, world: World, index: DataIndex, markets: DataMarkets) -> None:
        self._world = world
        self._index = index
        self._markets = markets
        self._settings: IndexSettings = index.settings
        self._cache = DataCache(world)

    def routes(self) -> list[Route]:
        settings, kept = self._settings, self._cache.kept
        routes = [
            Route("/v2/positions", kept(self.positions, settings.positions_age_s)),
            Route("/v2/trades", kept(self.trades, settings.trades_age_s)),
            Route("/v2/activity", kept(self.activity, settings.activity_age_s)),
            Route("/v2/value", kept(self.value, settings.positions_age_s)),
            Route("/v2/user-volume", kept(self.user_volume, settings.positions_age_s)),
            Route("/v2/user-stats", kept(self.user_stats, settings.positions_age_s)),
            Route("/v2/holders", kept(self.holders, settings.positions_age_s)),
            Route("/v2/positions/combos", self.no_combos),
            Route("/v2/activity/combos", self.no_combos),
            *self._markets.routes(),
        ]
        for name in _RETIRED:
            answer = self.old_positions if name == "positions" and settings.has_v1 else _gone
            routes.append(Route(f"/{name}", answer))
        return routes

    async def positions(self, request: Request) -> Document:
        query = DataQuery(
            request,
            (*_CHOOSE, *_POSITIONS),
            is_paged=True,
        )
        found, until_ns = self._positions(query)
        return paged(page_of(query, until_ns), found, position_row)

    async def old_positions(self, request: Request) -> Response:
        """As before October 2026, for clients that have not moved yet."""
        query = DataQuery(request, ("user",))
        found, _ = self._positions(query)
        return json_answer([old_position_row(one) for one in found])

    async def trades(self, request: Request) -> Document:
        names = (*_CHOOSE, "side", "taker_only", "filter_type", "filter_amount")
        query = DataQuery(request, names, is_paged=True)
        page = page_of(query, self._index.horizon_ns)
        wallet, side = query.wallet(), query.one_of("side", _SIDES)
        is_by_cash = query.one_of("filter_type", _AMOUNTS) != "TOKENS"
        least = query.amount("filter_amount") or 0
        is_taker_only = query.yes("taker_only", True)
        chosen = _chooser(query)
        found = [
            leg
            for leg in reversed(self._index.legs(wallet, page.until_ns))
            if chosen(leg)
            and (leg.is_taker or not is_taker_only)
            and side in (None, leg.side.value.upper())
            and (leg.usd if is_by_cash else leg.shares) >= least
        ]
        return paged(page, found, trade_row)

    async def activity(self, request: Request) -> Document:
        names = (*_CHOOSE, "type", "side", "sort_direction", "exclude_deposits_withdrawals")
        query = DataQuery(request, names, is_paged=True)
        page = page_of(query, self._index.horizon_ns)
        wallet = query.need_wallet()
        kinds, side = query.some_of("type", _KINDS), query.one_of("side", _SIDES)
        is_newest_first = query.one_of("sort_direction", _DIRECTIONS) != "ASC"
        left_out = _CASH_MOVES if query.yes("exclude_deposits_withdrawals", False) else ()
        chosen = _chooser(query)
        facts = self._index.facts(wallet, page.until_ns)
        found = [
            fact
            for fact in facts
            if chosen(fact)
            and kind_of(fact)
            and kind_of(fact) not in left_out
            and (kinds is None or kind_of(fact) in kinds)
            and (side is None or (isinstance(fact, TradeLeg) and fact.side.value.upper() == side))
        ]
        return paged(page, found[::-1] if is_newest_first else found, activity_row)

    async def value(self, request: Request) -> Document:
        """Of the shares that are held, without the dollars beside them."""
        query = DataQuery(request, ("user", "condition", "condition_id"))
        wallet, conditions = query.need_wallet(), query.conditions()
        until_ns = self._index.horizon_ns
        total = sum(
            valued.value
            for valued in self.valued(self._index.positions(wallet, until_ns))
            if conditions is None or valued.position.listed.condition_id in conditions
        )
        return {"data": {"proxy_wallet": wallet, "value": to_float(total)}}

    async def user_volume(self, request: Request) -> Document:
        query = DataQuery(request, ("user", "start", "end"))
        wallet = query.need_wallet()
        start_ns, end_ns = query.span_ns()
        legs = [
            leg
            for leg in self._index.legs(wallet, self._index.horizon_ns)
            if start_ns <= leg.at_ns < end_ns
        ]
        return {
            "data": {
                "volume": to_float(sum(leg.shares for leg in legs)),
                "volume_usdc": to_float(sum(leg.usd for leg in legs)),
                "trade_count": len(legs),
            }
        }

    async def user_stats(self, request: Request) -> Document:
        """None for a wallet of which nothing is known."""
        wallet = DataQuery(request, ("user",)).need_wallet()
        facts = self._index.facts(wallet, self._index.horizon_ns)
        if not facts:
            return {"data": None}
        positions = self._index.positions(wallet, self._index.horizon_ns)
        biggest = max((held.realized for held in positions), default=0)
        return {
            "data": {
                "proxy_wallet": wallet,
                "trades": len({held.listed.condition_id for held in positions}),
                "biggest_win": to_float(max(biggest, 0)),
                "views": 0,
                "join_date": facts[0].at_ns // NS_PER_S,
                "all_time_pnl": None,
            }
        }

    async def holders(self, request: Request) -> Document:
        """A row a token, its holders the largest first."""
        names = ("condition", "condition_id", "min_balance", "include_pnl")
        query = DataQuery(request, names, is_paged=True)
        conditions = query.conditions()
        if conditions is None:
            raise refused("condition is required")
        has_pnl = query.yes("include_pnl", False)
        if has_pnl and len(conditions) != 1:
            raise refused("include_pnl requires exactly one condition")
        least = query.amount("min_balance") or 0
        page = page_of(query, self._index.horizon_ns)
        tokens: dict[str, list[Valued]] = {}
        for condition in sorted(conditions):
            for valued in self.valued(self._index.positions_in(condition, page.until_ns)):
                if valued.position.shares > max(least - 1, 0):
                    tokens.setdefault(valued.position.token_id, []).append(valued)
        found = [
            (token_id, sorted(held, key=lambda one: -one.position.shares)[: page.limit])
            for token_id, held in tokens.items()
        ]
        return paged(page, found, lambda row: _holders_row(row[0], row[1], has_pnl))

    async def no_combos(self, request: Request) -> Response:
        """This venue lists none."""
        names = ("user", "condition", "condition_id", "status", "sort_by", "sort_direction")
        watermarks = ("updated_after", "updated_before")
        query = DataQuery(request, (*names, *watermarks), is_paged=True)
        query.need_wallet()
        return json_answer(paged(page_of(query, self._index.horizon_ns), [], dict))

    def _positions(self, query: DataQuery) -> tuple[list[Valued], int]:
        wallet, conditions = query.wallet(), query.conditions()
        status = query.one_of("status", _STATUSES)
        if wallet is None and (conditions is None or len(conditions) != 1):
            raise refused("user or exactly one condition is required")
        if wallet is None and status in ("REDEEMABLE_LOST", "MERGEABLE"):
            raise refused(f"{status} requires user")
        if status == "CLOSED" and query.yes("include_archived", False):
            raise refused("include_archived is invalid with CLOSED")
        until_ns = page_of(query, self._index.horizon_ns).until_ns
        if wallet is not None:
            held = self._index.positions(wallet, until_ns)
        else:
            held = self._index.positions_in(next(iter(conditions or ())), until_ns)
        keep, title = _keeper(query, status, self._settings), (query.text("title") or "").lower()
        chosen = _chooser(query)
        found = [
            valued
            for valued in self.valued(held)
            if keep(valued)
            and chosen(valued.position)
            and (not title or title in position_row(valued)["title"].lower())
        ]
        sort = _SORTS[query.one_of("sort_by", tuple(_SORTS)) or "CURRENT_VALUE"]
        is_rising = query.one_of("sort_direction", _DIRECTIONS) == "ASC"
        return sorted(found, key=sort, reverse=not is_rising), until_ns

    def valued(self, positions: Sequence[Any]) -> list[Valued]:
        """With the venue's prices, and what the same wallet has of the other outcome."""
        shares = {(held.wallet, held.token_id): held.shares for held in positions}
        valued = []
        for held in positions:
            listed = held.listed
            other = shares.get((held.wallet, listed.token_of(held.outcome.other)), 0)
            is_resolved = self._markets.is_resolved(listed)
            price = price_of(self._world, listed, held.outcome, is_resolved)
            valued.append(Valued(held, price, is_resolved, other))
        return valued


async def _gone(_request: Request) -> Response:
    raise refused("this version was retired on 2026-10-24; use /v2", 410, "gone")


def _chooser(query: DataQuery) -> Callable[[Any], bool]:
    """By condition, event and time, of anything that has them."""
    conditions, events = query.conditions(), query.events()
    if conditions is not None and events is not None:
        raise refused("give condition or event_id, not both")
    start_ns, end_ns = query.span_ns()

    def is_chosen(one: Any) -> bool:
        listed = one.listed
        at_ns = one.last_ns if hasattr(one, "last_ns") else one.at_ns
        return (
            start_ns <= at_ns < end_ns
            and (conditions is None or (listed and listed.condition_id in conditions))
            and (events is None or (listed and event_number(listed.slug) in events))
        )

    return is_chosen


def _keeper(query: DataQuery, status: str | None, settings: IndexSettings) -> Callable[..., bool]:
    """By status, and without dust unless it is asked for."""
    is_by_cash = query.one_of("filter_type", _AMOUNTS) == "CASH"
    given = query.amount("filter_amount")
    least = round(settings.dust_shares * MICRO) if given is None else given

    def is_kept(valued: Valued) -> bool:
        if status == "CLOSED":
            return valued.status == "CLOSED"
        if not valued.position.shares or (
            (valued.value if is_by_cash and given is not None else valued.position.shares) < least
        ):
            return False
        match status:
            case "MERGEABLE":
                return valued.is_mergeable
            case "REDEEMABLE_LOST":
                return valued.is_resolved and not valued.price
        return status in (None, valued.status)

    return is_kept


def _holders_row(token_id: str, held: Sequence[Valued], has_pnl: bool) -> Document:
    return {"token_id": token_id, "holders": [_holder(one, has_pnl) for one in held]}


def _holder(valued: Valued, has_pnl: bool) -> Document:
    held = valued.position
    row: Document = {
        "proxy_wallet": held.wallet,
        "token_id": held.token_id,
        "amount": to_float(held.shares),
        "outcome_index": index_of(held.listed, held.outcome),
        "display_username_public": False,
        "verified": False,
        "name": "",
        "pseudonym": "",
        "bio": "",
        "profile_image": "",
        "profile_image_optimized": "",
    }
    if has_pnl:
        full = position_row(valued)
        row |= {name: full[name] for name in _PNL}
    return row


_PNL = (
    "avg_price",
    "entry_cost_usdc",
    "current_price",
    "current_value",
    "realized_pnl",
    "unrealized_pnl",
    "total_pnl",
)
