"""The CLOB's reads about a book: levels, prices, middles, spreads, the last trade, the grid."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, to_float
from polytui.sim.wire.clob.tokens import NO_MARKET, KnownTokens, side_of, token_of, tokens_of
from polytui.sim.wire.form.api_answer import json_answer, raw_json
from polytui.sim.wire.form.wire_text import price_text
from polytui.sim.wire.rounds.documents import middles
from polytui.sim.wire.rounds.market_frames import MarketFrames
from polytui.sim.world.world import World

_BOTH = ["GET", "POST"]
_Bests = tuple[int, int]


class ClobBooks:
    """Of one token each, and of up to 500 at once: there the tokens without a book are left out."""

    def __init__(self, world: World, frames: MarketFrames, known: KnownTokens) -> None:
        self._world = world
        self._frames = frames
        self._known = known

    def routes(self) -> list[Route]:
        return [
            Route("/book", self.book),
            Route("/books", self.books, methods=_BOTH),
            Route("/price", self.price),
            Route("/prices", self.prices, methods=_BOTH),
            Route("/midpoint", self.midpoint),
            Route("/midpoints", self.midpoints, methods=_BOTH),
            Route("/spread", self.spread),
            Route("/spreads", self.spreads, methods=_BOTH),
            Route("/last-trade-price", self.last_trade_price),
            Route("/last-trades-prices", self.last_trades_prices, methods=_BOTH),
            # The token in the query or in the path, as one likes (venue rule).
            Route("/tick-size", self.tick_size),
            Route("/tick-size/{token_id}", self.tick_size),
            Route("/neg-risk", self.neg_risk),
            Route("/neg-risk/{token_id}", self.neg_risk),
            Route("/fee-rate", self.fee_rate),
            Route("/fee-rate/{token_id}", self.fee_rate),
        ]

    async def book(self, request: Request) -> Response:
        return raw_json(self._frames.rest_book(*self._known.traded(token_of(request))))

    async def books(self, request: Request) -> Response:
        found = [self._known.tradable(one.token_id) for one in await tokens_of(request)]
        texts = [self._frames.rest_book(*one) for one in found if one is not None]
        return raw_json(f"[{','.join(texts)}]")

    async def price(self, request: Request) -> Response:
        """BUY asks for the best bid, SELL for the best ask (venue rule)."""
        side = side_of(request.query_params.get("side", ""))
        return json_answer({"price": _price(side, self._bests_of(request))})

    async def prices(self, request: Request) -> Response:
        """By token, then by side; a token of no book is refused here (venue rule)."""
        answer: dict[str, dict[str, str]] = {}
        for asked in await tokens_of(request):
            side = side_of(asked.side)
            bests = self._bests(*self._known.traded(asked.token_id))
            answer.setdefault(asked.token_id, {})[side] = _price(side, bests)
        return json_answer(answer)

    async def midpoint(self, request: Request) -> Response:
        return json_answer({"mid": _middle(self._bests_of(request))})

    async def midpoints(self, request: Request) -> Response:
        return json_answer({token: _middle(one) for token, one in await self._all_bests(request)})

    async def spread(self, request: Request) -> Response:
        return json_answer({"spread": _spread(self._bests_of(request))})

    async def spreads(self, request: Request) -> Response:
        return json_answer({token: _spread(one) for token, one in await self._all_bests(request)})

    async def last_trade_price(self, request: Request) -> Response:
        """Of a trade older than the venue's memory the price is known, the side is not."""
        round_, outcome = self._known.traded(token_of(request))
        last = self._world.last_trade(round_.slug, outcome)
        if last is None:
            return json_answer({"price": "0.5", "side": ""})
        side = self._frames.last_side(round_.slug, outcome)
        return json_answer({"price": price_text(last), "side": side})

    async def last_trades_prices(self, request: Request) -> Response:
        """Without the tokens that nobody traded: a side is promised to be BUY or SELL here."""
        answer = []
        for asked in await tokens_of(request):
            found = self._known.tradable(asked.token_id)
            last = None if found is None else self._world.last_trade(found[0].slug, found[1])
            side = "" if found is None else self._frames.last_side(found[0].slug, found[1])
            if last is not None and side:
                price = price_text(last)
                answer.append({"token_id": asked.token_id, "price": price, "side": side})
        return json_answer(answer)

    async def tick_size(self, request: Request) -> Response:
        slug = self._known.by_token(token_of(request), NO_MARKET).slug
        return json_answer({"minimum_tick_size": to_float(self._world.tick(slug))})

    async def neg_risk(self, request: Request) -> Response:
        found = self._known.by_token(token_of(request), NO_MARKET)
        return json_answer({"neg_risk": found.is_neg_risk})

    async def fee_rate(self, request: Request) -> Response:
        """A cap in bps, not what is charged."""
        self._known.by_token(token_of(request), "fee rate not found for market")
        return json_answer({"base_fee": 1000})

    def _bests_of(self, request: Request) -> _Bests:
        return self._bests(*self._known.traded(token_of(request)))

    async def _all_bests(self, request: Request) -> list[tuple[str, _Bests]]:
        found = [
            (one.token_id, self._known.tradable(one.token_id)) for one in await tokens_of(request)
        ]
        return [(token, self._bests(*one)) for token, one in found if one is not None]

    def _bests(self, round_: Round, outcome: Outcome) -> _Bests:
        """Best bid and ask in millionths; an empty side counts as 0 or 1 dollar."""
        book = self._world.book(round_.slug)
        ask = book.best(outcome, Side.SELL)
        return book.best(outcome, Side.BUY) or 0, MICRO if ask is None else ask


def _price(side: str, bests: _Bests) -> str:
    return price_text(bests[0] if side == "BUY" else bests[1])


def _middle(bests: _Bests) -> str:
    return price_text(middles(Price(bests[0]), Price(bests[1]))[0])


def _spread(bests: _Bests) -> str:
    return price_text(bests[1] - bests[0])
