"""The Data API's word on markets: resolutions, open interest, prices, tokens; and approvals."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S, to_float
from polytui.sim.exchange.approvals import MOST_ALLOWANCE
from polytui.sim.exchange.contracts import (
    CHAIN_ID,
    PUSD,
    PUSD_SPENDERS,
    SHARE_OPERATORS,
)
from polytui.sim.exchange.data_index import DataIndex
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.names import hash_of
from polytui.sim.wire.data.query import DataQuery, Document, page_of, paged, refused
from polytui.sim.wire.data.rows import index_of, title_of
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.wire_text import iso_z
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.wire.rounds.public_record import MINUTE_S, PublicRecord
from polytui.sim.world.world import World

_INTERVALS = {
    "1h": (3_600, 60),
    "6h": (21_600, 60),
    "1d": (86_400, 60),
    "1w": (604_800, 300),
    "1m": (2_592_000, 600),
    "max": (None, 600),
    "all": (None, 600),
}
"""Seconds back from now (None: all there is), and the finest step."""
_LONGEST_S = 15 * 86_400
_MOST_POINTS = 10_000
_MOST_TOKENS = 10


class DataMarkets:
    """Routes that speak of no wallet's trades."""

    def __init__(
        self,
        world: World,
        index: DataIndex,
        holdings: Holdings,
        listing: Listing,
        record: PublicRecord,
    ) -> None:
        self._world = world
        self._index = index
        self._holdings = holdings
        self._listing = listing
        self._record = record

    def routes(self) -> list[Route]:
        return [
            Route("/v2/resolutions", self.resolutions),
            Route("/v2/approvals", self.approvals),
            Route("/v2/oi", self.open_interest),
            Route("/v2/live-volume", self.live_volume),
            Route("/v2/prices-history", self.prices_history),
            Route("/v2/tokens", self.tokens),
            Route("/v2/status", self.status),
        ]

    def is_resolved(self, listed: Round) -> bool:
        """Whether the index has read the payout."""
        if listed.slug not in self._world.rounds:
            return True
        resolved_ns = self._world.status(listed.slug).resolved_ns
        return resolved_ns is not None and self._index.is_seen(resolved_ns)

    async def resolutions(self, request: Request) -> Response:
        """Nothing for what is not resolved or not indexed yet."""
        query = DataQuery(
            request, ("condition", "condition_id", "question_id", "event_id"), is_paged=True
        )
        conditions, events = query.conditions(), query.events()
        question = query.text("question_id")
        if sum(one is not None for one in (conditions, events, question)) != 1:
            raise refused("give one of condition, question_id and event_id")
        chosen = conditions or ({question.lower()} if question else frozenset())
        found = [
            listed
            for listed in self._listing.all()
            if (listed.condition_id in chosen or (events and event_number(listed.slug) in events))
            and self.is_resolved(listed)
        ]
        return json_answer(paged(page_of(query, self._index.horizon_ns), found, self._resolution))

    async def approvals(self, request: Request) -> Response:
        """What a wallet has allowed the venue's contracts, allowed or not."""
        wallet = DataQuery(request, ("user",)).need_wallet()
        approvals = self._holdings.approvals
        rows: list[Document] = []
        for spender in PUSD_SPENDERS:
            amount = approvals.allowance(wallet, PUSD, spender)
            text = "max" if amount == MOST_ALLOWANCE else str(amount)
            row = {"token": PUSD, "spender": spender, "standard": "ERC20"}
            rows.append({**row, "approved": amount > 0, "amount": text})
        for token, operator in SHARE_OPERATORS:
            is_approved = approvals.is_approved(wallet, token, operator)
            row = {"token": token, "spender": operator, "standard": "ERC1155"}
            rows.append({**row, "approved": is_approved})
        return json_answer({"data": {"address": wallet, "chain_id": CHAIN_ID, "contracts": rows}})

    async def open_interest(self, request: Request) -> Response:
        """Dollars locked in sets; without conditions, of the whole venue."""
        conditions = DataQuery(request, ("condition", "condition_id")).conditions()
        if conditions is None:
            total = sum(sets.locked for sets in self._holdings.every_set())
            return json_answer({"data": [{"condition_id": "GLOBAL", "value": to_float(total)}]})
        rows = []
        for condition in sorted(conditions):
            sets = self._holdings.sets(condition)
            if sets is not None or self._listing.by_condition(condition) is not None:
                locked = sets.locked if sets is not None else 0
                rows.append({"condition_id": condition, "value": to_float(locked)})
        return json_answer({"data": rows})

    async def live_volume(self, request: Request) -> Response:
        events = DataQuery(request, ("event_id",)).events()
        if events is None:
            raise refused("event_id is required")
        rounds = [one for one in self._listing.all() if event_number(one.slug) in events]
        volumes = [
            {
                "condition_id": listed.condition_id,
                "taker_volume": to_float(self._record.volume(listed.slug)),
            }
            for listed in rounds
        ]
        total = sum(self._record.volume(listed.slug) for listed in rounds)
        return json_answer({"data": {"taker_volume_total": to_float(total), "conditions": volumes}})

    async def prices_history(self, request: Request) -> Response:
        """A window of midpoints, or the last one at or before `as_of`."""
        names = ("token_id", "interval", "start", "end", "as_of", "bucket_seconds")
        query = DataQuery(request, names, is_paged=True)
        token_id = query.text("token_id")
        if token_id is None:
            raise refused("token_id is required")
        if sum(query.has(name) for name in ("interval", "start", "as_of")) != 1:
            raise refused("give one of interval, start and as_of")
        page = page_of(query, self._index.horizon_ns, _MOST_POINTS)
        found = self._listing.by_token(token_id)
        points: list[Document] = []
        if query.has("as_of"):
            if query.has("bucket_seconds") or query.has("limit"):
                raise refused("as_of forbids bucket_seconds and limit")
            points = self._points(found, 1, query.seconds("as_of") or 0, MINUTE_S)[-1:]
        else:
            points = self._points(found, *self._window(query))
        return json_answer(paged(page, points, dict))

    async def tokens(self, request: Request) -> Response:
        """What a token stands for."""
        query = DataQuery(request, ("token_id", "condition", "condition_id"))
        conditions, text = query.conditions(), query.text("token_id")
        if (conditions is None) == (text is None):
            raise refused("give one of token_id and condition")
        found: list[tuple[Round, Outcome]] = []
        if text is not None:
            names = [name.lstrip("0") or "0" for name in text.split(",")]
            if any(not (name.isascii() and name.isdecimal()) for name in names):
                raise refused("token_id is not valid")
            if len(names) > _MOST_TOKENS:
                raise refused(f"token_id accepts at most {_MOST_TOKENS} values")
            found = [one for name in names if (one := self._listing.by_token(name)) is not None]
        for condition in sorted(conditions or ()):
            listed = self._listing.by_condition(condition)
            found += [(listed, outcome) for outcome in Outcome] if listed is not None else []
        return json_answer({"data": [self._token(*one) for one in found]})

    async def status(self, _request: Request) -> Response:
        """How far behind the chain the index is."""
        horizon_ns, now_ns = self._index.horizon_ns, self._world.now_ns
        return json_answer(
            {
                "data": {
                    "status": "ok",
                    "indexed_at": horizon_ns // NS_PER_S,
                    "now": now_ns // NS_PER_S,
                    "lag_seconds": (now_ns - horizon_ns) // NS_PER_S,
                }
            }
        )

    def _resolution(self, listed: Round) -> Document:
        status = self._world.status(listed.slug)
        resolved_ns = status.resolved_ns or 0
        is_by_chainlink = listed.settlement is not SettlementRule.CANDLE
        payouts = [0, 0]
        if status.is_resolved:
            for outcome in Outcome:
                payouts[index_of(listed, outcome)] = status.payout(outcome)
        return {
            "question_id": listed.condition_id,
            "condition_id": listed.condition_id,
            "status": "resolved",
            "extended_review": False,
            "was_disputed": False,
            "new_version_q": False,
            "market_type": "BINARY",
            "payouts": payouts,
            "resolution_source": "reported",
            "reporter": "CHAINLINK" if is_by_chainlink else "UMA_OO",
            "was_arbitrated": False,
            "resolved_at": iso_z(resolved_ns),
            "transaction_hash": hash_of(f"{self._world.seed}:resolution:{listed.slug}"),
            "log_index": 0,
            "last_update_timestamp": resolved_ns // NS_PER_S,
        }

    def _window(self, query: DataQuery) -> tuple[int, int, int]:
        """First and last second, and the step."""
        now_s = self._world.now_ns // NS_PER_S
        interval = query.one_of("interval", tuple(_INTERVALS))
        back_s, finest = _INTERVALS[interval] if interval else (None, MINUTE_S)
        step = query.whole("bucket_seconds", finest, 86_400, finest)
        # Midpoints are kept by the minute: a step between two minutes has none of its own.
        step = -(-step // MINUTE_S) * MINUTE_S
        if interval:
            return (now_s - back_s if back_s else 1), now_s, step
        start_s, end_s = query.seconds("start") or 0, query.seconds("end") or now_s
        if end_s < start_s:
            raise refused("end is before start")
        if end_s - start_s > _LONGEST_S:
            raise refused("a window has at most 15 days")
        return start_s, end_s, step

    def _points(
        self, found: tuple[Round, Outcome] | None, start_s: int, end_s: int, step_s: int
    ) -> list[Document]:
        if found is None:
            return []
        listed, outcome = found
        seen_s = self._index.horizon_ns // NS_PER_S
        kept = self._record.midpoints(listed.slug, outcome, start_s, min(end_s, seen_s), step_s)
        return [
            {"timestamp": at_s, "price": to_float(price), "resolution_seconds": step_s}
            for at_s, price in kept
        ]

    def _token(self, listed: Round, outcome: Outcome) -> Document:
        is_resolved = self.is_resolved(listed)
        status = self._world.status(listed.slug)
        place = index_of(listed, outcome)
        return {
            "token_id": listed.token_of(outcome),
            "condition_id": listed.condition_id,
            "structural_condition_id": None,
            "module": _module(listed),
            "outcome_index": place,
            "clob_index": place,
            "outcome": outcome.value.capitalize(),
            "opposite_token_id": listed.token_of(outcome.other),
            "resolved": is_resolved,
            "final_price": to_float(status.payout(outcome)) if is_resolved else None,
            "title": title_of(listed),
            "market_slug": listed.slug,
            "closed": is_resolved,
            "neg_risk": listed.is_neg_risk,
            "neg_risk_market_id": None,
            "question_index": None,
            "event_id": event_number(listed.slug),
            "event_slug": listed.slug,
        }


def _module(listed: Round) -> str:
    if listed.protocol != "v2":
        return "v1_ctf"
    return "neg_risk" if listed.is_neg_risk else "binary"
