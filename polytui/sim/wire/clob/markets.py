"""The CLOB's reads about markets: one by its condition or token, or lists of them by pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, format_micro, to_float
from polytui.sim.exchange.hex_text import NOBODY
from polytui.sim.wire.clob.tokens import NO_MARKET, KnownTokens, only
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.paged import page_document
from polytui.sim.wire.form.wire_text import iso_z, price_text
from polytui.sim.wire.rounds.documents import is_closed, middles
from polytui.sim.wire.rounds.lasting import LISTED_AHEAD_NS, Document, question_id, title_of
from polytui.sim.wire.rounds.market_frames import transaction_hash
from polytui.sim.wire.rounds.public_record import PublicRecord
from polytui.sim.world.world import World
from polytui.sim.world.world_events import BookSwept

_PAGE = 1_000
_DELAYED = (Interval.M5, Interval.M15, Interval.H1)
"""Intervals whose marketable orders are held before they match (`itode`, venue listing)."""
_REWARDS = {"rates": None, "min_size": 50, "max_spread": 4.5}


class ClobMarkets:
    """Routes about the markets that the CLOB knows."""

    def __init__(self, world: World, known: KnownTokens, record: PublicRecord) -> None:
        self._world = world
        self._known = known
        self._record = record

    def routes(self) -> list[Route]:
        return [
            Route("/markets", self.markets),
            Route("/simplified-markets", self.simplified),
            Route("/sampling-markets", self.sampling),
            Route("/sampling-simplified-markets", self.sampling_simplified),
            Route("/markets/live-activity/{condition_id}", self.live_activity),
            Route("/markets/{condition_id}", self.market),
            Route("/clob-markets/{condition_id}", self.parameters),
            Route("/markets-by-token/{token_id}", self.by_token),
        ]

    async def markets(self, request: Request) -> Response:
        """Every market that was not forgotten, resolved ones as well."""
        return self._page(request, self._known.rounds(), self._market)

    async def simplified(self, request: Request) -> Response:
        return self._page(request, self._known.rounds(), self._simplified)

    async def sampling(self, request: Request) -> Response:
        """Markets whose resting orders are sampled for rewards: those that take orders."""
        return self._page(request, self._open(), self._market)

    async def sampling_simplified(self, request: Request) -> Response:
        return self._page(request, self._open(), self._simplified)

    async def market(self, request: Request) -> Response:
        return json_answer(self._market(self._by_condition(request)))

    async def parameters(self, request: Request) -> Response:
        """The trading parameters that count: live tick, fees, whether takers are delayed."""
        round_ = self._by_condition(request)
        document: Document = {
            "gst": None,
            "r": {"mi": 50, "ma": 4.5, "moas": 30},
            "t": [{"t": self._token(round_, one), "o": _label(one)} for one in Outcome],
            "mos": to_float(round_.min_shares),
            "mts": to_float(self._world.tick(round_.slug)),
            "mbf": 1000,
            "tbf": 1000,
            "rfqe": False,
            "ibce": False,
            "fd": {
                "r": to_float(round_.fees.rate_ppm),
                "e": round_.fees.exponent,
                "to": round_.fees.is_taker_only,
            },
            "c": round_.condition_id,
            "v": round_.protocol,
            "ao": not is_closed(self._world, round_),
            "aot": _accepting_since(round_),
        }
        if round_.interval in _DELAYED:
            document["itode"] = True
        if round_.is_neg_risk:
            document["nr"] = True
        return json_answer(document)

    async def by_token(self, request: Request) -> Response:
        """Ids by size, not by outcome: `primary` is the numerically smaller one (venue trap)."""
        found = self._known.by_token(request.path_params["token_id"], NO_MARKET)
        first, second = sorted((found.up_token, found.down_token), key=int)
        return json_answer(
            {
                "condition_id": found.condition_id,
                "primary_token_id": first,
                "secondary_token_id": second,
            }
        )

    async def live_activity(self, request: Request) -> Response:
        """The market's last trades as the tape printed them, newest first."""
        round_ = self._by_condition(request)
        sweeps = self._record.sweeps(round_.slug)
        return json_answer([one for swept in sweeps for one in _activity(round_, swept)])

    def _page(
        self, request: Request, rounds: list[Round], document_of: Callable[[Round], Document]
    ) -> Response:
        only(request, ("next_cursor",))
        return json_answer(page_document(rounds, request, _PAGE, document_of))

    def _by_condition(self, request: Request) -> Round:
        return self._known.by_condition(request.path_params["condition_id"])

    def _open(self) -> list[Round]:
        return [one for one in self._known.rounds() if not is_closed(self._world, one)]

    def _market(self, round_: Round) -> Document:
        """`minimum_tick_size` is the listing's and may be stale (venue trap)."""
        return {
            "enable_order_book": True,
            "active": True,
            "closed": (closed := is_closed(self._world, round_)),
            "archived": False,
            "accepting_orders": not closed,
            "accepting_order_timestamp": _accepting_since(round_),
            "minimum_order_size": to_float(round_.min_shares),
            "minimum_tick_size": to_float(round_.tick),
            "condition_id": round_.condition_id,
            "question_id": question_id(round_),
            "question": title_of(round_),
            "description": "",
            "market_slug": round_.slug,
            "end_date_iso": f"{iso_z(round_.closes_ns)[:10]}T00:00:00Z",
            "game_start_time": None,
            "seconds_delay": 0,
            "fpmm": "",
            "maker_base_fee": 1000,
            "taker_base_fee": 1000,
            "notifications_enabled": True,
            "neg_risk": round_.is_neg_risk,
            "neg_risk_market_id": "",
            "neg_risk_request_id": "",
            "icon": "",
            "image": "",
            "rewards": _REWARDS,
            "is_50_50_outcome": closed and self._world.status(round_.slug).winner is None,
            "tokens": self._tokens(round_),
            "tags": ["Crypto", "Up or Down"],
        }

    def _simplified(self, round_: Round) -> Document:
        closed = is_closed(self._world, round_)
        return {
            "condition_id": round_.condition_id,
            "rewards": _REWARDS,
            "tokens": self._tokens(round_),
            "active": True,
            "closed": closed,
            "archived": False,
            "accepting_orders": not closed,
        }

    def _tokens(self, round_: Round) -> list[Document]:
        status = self._world.status(round_.slug)
        book = self._world.book(round_.slug)
        bid, ask = book.best(Outcome.UP, Side.BUY), book.best(Outcome.UP, Side.SELL)
        prices = dict(zip((Outcome.UP, Outcome.DOWN), middles(bid, ask), strict=True))
        if status.is_resolved:
            prices = {one: status.payout(one) for one in Outcome}
        return [
            {
                "token_id": self._token(round_, outcome),
                "outcome": _label(outcome),
                "price": to_float(prices[outcome]),
                "winner": outcome is status.winner,
            }
            for outcome in Outcome
        ]

    def _token(self, round_: Round, outcome: Outcome) -> str:
        """Empty while the market is new and its tokens are not told yet (venue quirk)."""
        return "" if self._known.dry_ns(round_) else round_.token_of(outcome)


def _activity(round_: Round, swept: BookSwept) -> Iterable[Document]:
    """One entry a match, the last one first. Takers of the crowd have no name."""
    for index, leg in reversed(list(enumerate(swept.legs))):
        yield {
            "event_type": "trade",
            "market": {
                "condition_id": round_.condition_id,
                "asset_id": round_.token_of(swept.outcome),
                "question": title_of(round_),
                "icon": "",
                "slug": round_.slug,
            },
            "user": {
                "address": NOBODY,
                "username": "",
                "profile_picture": "",
                "optimized_profile_picture": "",
                "pseudonym": "",
            },
            "side": "BUY" if swept.taker_side is Side.BUY else "SELL",
            "size": format_micro(leg.shares),
            "fee_rate_bps": "0",
            "price": price_text(leg.price),
            "outcome": _label(swept.outcome),
            "outcome_index": list(Outcome).index(swept.outcome),
            "transaction_hash": transaction_hash(swept, index),
            "timestamp": str(swept.at_ns // NS_PER_S),
        }


def _accepting_since(round_: Round) -> str:
    return iso_z(round_.opens_ns - LISTED_AHEAD_NS)


def _label(outcome: Outcome) -> str:
    return outcome.value.capitalize()
