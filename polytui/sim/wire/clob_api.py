"""The CLOB's public reads over HTTP."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, to_float
from polytui.sim.wire.api_answer import RefusedError, json_answer, raw_json
from polytui.sim.wire.gamma_event import LISTED_AHEAD_NS, Document, is_closed, middles
from polytui.sim.wire.market_frames import MarketFrames
from polytui.sim.wire.wire_text import iso_z, price_text
from polytui.sim.world.calendar import CalendarWindow, round_title
from polytui.sim.world.world import World

_MOST_BOOKS = 500
_DELAYED = (Interval.M5, Interval.M15, Interval.H1)
"""Intervals whose marketable orders are held before they match (`itode`, venue listing)."""


class ClobApi:
    """Routes of the CLOB over a simulated world."""

    def __init__(self, world: World, frames: MarketFrames) -> None:
        self._world = world
        self._frames = frames

    def routes(self) -> list[Route]:
        return [
            Route("/", self.version),
            Route("/version", self.version),
            Route("/ok", self.ok),
            Route("/time", self.time),
            Route("/markets/{condition_id}", self.market),
            Route("/clob-markets/{condition_id}", self.parameters),
            Route("/markets-by-token/{token_id}", self.by_token),
            Route("/book", self.book),
            Route("/books", self.books, methods=["POST"]),
            Route("/price", self.price),
            Route("/midpoint", self.midpoint),
            Route("/spread", self.spread),
            Route("/last-trade-price", self.last_trade_price),
            Route("/tick-size", self.tick_size),
            Route("/neg-risk", self.neg_risk),
            Route("/fee-rate", self.fee_rate),
        ]

    async def version(self, _request: Request) -> Response:
        return json_answer({"version": 2})

    async def ok(self, _request: Request) -> Response:
        return json_answer("OK")

    async def time(self, _request: Request) -> Response:
        return json_answer(self._world.now_ns // NS_PER_S)

    async def market(self, request: Request) -> Response:
        """`minimum_tick_size` is the listing's and may be stale (venue trap)."""
        round_ = self._by_condition(request)
        closed = is_closed(self._world, round_)
        return json_answer(
            {
                "enable_order_book": True,
                "active": True,
                "closed": closed,
                "archived": False,
                "accepting_orders": not closed,
                "accepting_order_timestamp": iso_z(round_.opens_ns - LISTED_AHEAD_NS),
                "minimum_order_size": to_float(round_.min_shares),
                "minimum_tick_size": to_float(round_.tick),
                "condition_id": round_.condition_id,
                "question": _title(round_),
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
                "rewards": {"rates": None, "min_size": 50, "max_spread": 4.5},
                "is_50_50_outcome": False,
                "tokens": self._tokens(round_),
                "tags": ["Crypto", "Up or Down"],
            }
        )

    async def parameters(self, request: Request) -> Response:
        """The trading parameters that count: live tick, fees, whether takers are delayed."""
        round_ = self._by_condition(request)
        document: Document = {
            "gst": None,
            "r": {"mi": 50, "ma": 4.5, "moas": 30},
            "t": [{"t": round_.token_of(one), "o": one.value.capitalize()} for one in Outcome],
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
            "aot": iso_z(round_.opens_ns - LISTED_AHEAD_NS),
        }
        if round_.interval in _DELAYED:
            document["itode"] = True
        if round_.is_neg_risk:
            document["nr"] = True
        return json_answer(document)

    async def by_token(self, request: Request) -> Response:
        """Ids by size, not by outcome: `primary` is the numerically smaller one (venue trap)."""
        found = self._frames.listing.by_token(request.path_params["token_id"])
        if found is None:
            raise _missing("market not found")
        first, second = sorted((found[0].up_token, found[0].down_token), key=int)
        return json_answer(
            {
                "condition_id": found[0].condition_id,
                "primary_token_id": first,
                "secondary_token_id": second,
            }
        )

    async def book(self, request: Request) -> Response:
        return raw_json(self._frames.rest_book(*self._traded(request)))

    async def books(self, request: Request) -> Response:
        """Books of the tokens that have one; the others are left out."""
        found = [self._tradable(token) for token in await _tokens_of(request)]
        texts = [self._frames.rest_book(*one) for one in found if one is not None]
        return raw_json(f"[{','.join(texts)}]")

    async def price(self, request: Request) -> Response:
        """BUY asks for the best bid, SELL for the best ask (venue rule)."""
        side = request.query_params.get("side", "").upper()
        if side not in ("BUY", "SELL"):
            raise RefusedError(400, {"error": "Invalid side"})
        bid, ask = self._bests(request)
        return json_answer({"price": price_text(bid if side == "BUY" else ask)})

    async def midpoint(self, request: Request) -> Response:
        bid, ask = self._bests(request)
        return json_answer({"mid": price_text(middles(Price(bid), Price(ask))[0])})

    async def spread(self, request: Request) -> Response:
        bid, ask = self._bests(request)
        return json_answer({"spread": price_text(ask - bid)})

    async def last_trade_price(self, request: Request) -> Response:
        round_, outcome = self._traded(request)
        last = self._world.last_trade(round_.slug, outcome)
        if last is None:
            return json_answer({"price": "0.5", "side": ""})
        return json_answer(
            {"price": price_text(last), "side": self._frames.last_side(round_.slug, outcome)}
        )

    async def tick_size(self, request: Request) -> Response:
        round_ = self._listed(request, "market not found")
        return json_answer({"minimum_tick_size": to_float(self._world.tick(round_.slug))})

    async def neg_risk(self, request: Request) -> Response:
        return json_answer({"neg_risk": self._listed(request, "market not found").is_neg_risk})

    async def fee_rate(self, request: Request) -> Response:
        """A cap in bps, not what is charged."""
        self._listed(request, "fee rate not found for market")
        return json_answer({"base_fee": 1000})

    def _tokens(self, round_: Round) -> list[Document]:
        winner = self._world.status(round_.slug).winner if is_closed(self._world, round_) else None
        book = self._world.book(round_.slug)
        bid, ask = book.best(Outcome.UP, Side.BUY), book.best(Outcome.UP, Side.SELL)
        prices = dict(zip((Outcome.UP, Outcome.DOWN), middles(bid, ask), strict=True))
        if winner is not None:
            prices = {winner: MICRO, winner.other: 0}
        return [
            {
                "token_id": round_.token_of(outcome),
                "outcome": outcome.value.capitalize(),
                "price": to_float(prices[outcome]),
                "winner": outcome is winner,
            }
            for outcome in Outcome
        ]

    def _bests(self, request: Request) -> tuple[int, int]:
        """Best bid and ask in millionths; an empty side counts as 0 or 1 dollar."""
        round_, outcome = self._traded(request)
        book = self._world.book(round_.slug)
        ask = book.best(outcome, Side.SELL)
        return book.best(outcome, Side.BUY) or 0, MICRO if ask is None else ask

    def _by_condition(self, request: Request) -> Round:
        found = self._frames.listing.by_condition(request.path_params["condition_id"])
        if found is None:
            raise _missing("market not found")
        return found

    def _listed(self, request: Request, error: str) -> Round:
        found = self._frames.listing.by_token(request.query_params.get("token_id", ""))
        if found is None:
            raise _missing(error)
        return found[0]

    def _traded(self, request: Request) -> tuple[Round, Outcome]:
        found = self._tradable(request.query_params.get("token_id", ""))
        if found is None:
            raise _missing("No orderbook exists for the requested token id")
        return found

    def _tradable(self, token_id: str) -> tuple[Round, Outcome] | None:
        """A token's round and outcome while it has a book: until the round is resolved."""
        found = self._frames.listing.by_token(token_id)
        return None if found is None or is_closed(self._world, found[0]) else found


class _BookRequest(msgspec.Struct):
    token_id: str


async def _tokens_of(request: Request) -> list[str]:
    try:
        asked = msgspec.json.decode(await request.body(), type=list[_BookRequest])
    except (msgspec.MsgspecError, RecursionError):
        raise RefusedError(400, {"error": "Invalid payload"}) from None
    if len(asked) > _MOST_BOOKS:
        raise RefusedError(400, {"error": "Payload exceeds the limit"})
    return [one.token_id for one in asked]


def _title(round_: Round) -> str:
    return round_title(
        round_.asset, round_.interval, CalendarWindow(round_.opens_ns, round_.closes_ns)
    )


def _missing(message: str) -> RefusedError:
    return RefusedError(404, {"error": message})
