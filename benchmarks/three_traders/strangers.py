"""What the two strangers do all day: they quote inside the crowd's spread, take from each other,
and take whatever else stands there, which is our bot's.

Whoever wants Up at 0.40 buys Up at 0.40, or sells Down at 0.60. So a match crosses, mints a set or
ends one, by what its two sides chose.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import trio
from attrs import define, field, frozen

from benchmarks.strangers.trader import RefusedOrder, Trader
from benchmarks.three_traders.pits import TICK, Book, Pit
from polytui.model.units import MICRO

LEAST_SHARES = 5
"""And a dollar, of whoever takes."""
_QUOTED = (6, 30)
_TAKEN = (5, 15)
_QUOTES_EVERY = 5
"""Of so many looks at a book one quotes anew."""
_COUNTS = 0.4
"""How often one looks at its shares before it quotes."""
_MEET = 0.4
"""How often they take from each other as soon as they have quoted."""
_STAYS = 0.5
"""How often what a taker did not get rests."""
_STEPS = (1, 2, 4)
"""Ticks from the crowd's cent towards the middle; our bot stands at the third."""
_SELLS = 0.65
"""How often what is held is sold, where the other outcome could be bought instead."""


@frozen
class Resting:
    pit: Pit
    is_bid: bool
    """Of Up."""
    price: int
    """Of Up."""


@define(eq=False)
class Stranger:
    """One official client with a wallet. State: what rests, what it may sell, what was counted."""

    name: str
    hands: Trader
    account: Mapping[str, Any]
    """Owner and type, as the faucet wants them."""
    wallet: str
    rng: random.Random
    resting: dict[str, Resting] = field(factory=dict)
    held: dict[str, int] = field(factory=dict)
    """Whole shares by token, as the client itself saw them last."""
    did: Counter[str] = field(factory=Counter)
    refused: Counter[str] = field(factory=Counter)

    async def look(self, pit: Pit) -> None:
        """What it has to sell in a round."""
        for token in pit.tokens:
            self.held[token] = await self.hands.do("shares", token=token) // MICRO

    async def quote(self, pit: Pit, is_bid: bool, price: int) -> None:
        shares = self.rng.randint(*_QUOTED)
        answer = await self._post(pit, is_bid, price, shares, is_quote=True)
        if answer is not None and answer["status"] == "live":
            self.resting[answer["orderID"]] = Resting(pit, is_bid, price)

    async def withdraw(self, pit: Pit) -> None:
        """Its quotes of a round; and a look at what it has to sell there."""
        for order_id in [name for name, one in self.resting.items() if one.pit is pit]:
            del self.resting[order_id]
            answer = await self.hands.do("cancel", order_id=order_id)
            self.did["cancelled" if answer["canceled"] else "too late to cancel"] += 1
        if self.rng.random() < _COUNTS:
            await self.look(pit)

    async def meet(self, pit: Pit, *, is_bid: bool, price: int, shares: int) -> None:
        """Take from an order that rests; what is left of ours then rests, or does not."""
        least = max(LEAST_SHARES, MICRO // min(price, MICRO - price) + 1)
        wanted = max(least, min(self.rng.randint(*_TAKEN), shares))
        answer = await self._post(pit, not is_bid, price, wanted, is_quote=False)
        if answer is not None and answer["status"] == "live":
            self.resting[answer["orderID"]] = Resting(pit, not is_bid, price)

    async def _post(
        self, pit: Pit, is_up_bought: bool, price: int, shares: int, *, is_quote: bool
    ) -> dict[str, Any] | None:
        side, token, at = self._way(pit, is_up_bought, price, shares)
        terms = {"token": token, "side": side, "price": at / MICRO}
        try:
            if is_quote or self.rng.random() < _STAYS:
                answer = await self.hands.do("rest", size=shares, post_only=is_quote, **terms)
            else:
                amount = shares if side == "SELL" else round(shares * at / MICRO + 0.005, 2)
                answer = await self.hands.do("take", amount=amount, kind="FAK", **terms)
        except RefusedOrder as refused:
            self.refused[_reason(refused)] += 1
            return None
        found: dict[str, Any] = answer
        self.did[f"{side.lower()} {found['status'] or 'failed'}"] += 1
        if side == "SELL" and found["status"] == "matched":
            self.held[token] = max(0, self.held.get(token, 0) - shares)
        return found if found["success"] else None

    def _way(self, pit: Pit, is_up_bought: bool, price: int, shares: int) -> tuple[str, str, int]:
        """(side, token, price): of the two ways the one that it has shares for, most times."""
        bought, sold = (pit.up, pit.down) if is_up_bought else (pit.down, pit.up)
        at = price if is_up_bought else MICRO - price
        if self.held.get(sold, 0) >= shares and self.rng.random() < _SELLS:
            return "SELL", sold, MICRO - at
        return "BUY", bought, at

    def has(self, pit: Pit, *, is_bid: bool, price: int) -> bool:
        wanted = Resting(pit, is_bid, price)
        return any(one == wanted for one in self.resting.values())


@define(eq=False)
class Visitors:
    """Both of them at one round. State: how often they looked at it."""

    first: Stranger
    second: Stranger
    rng: random.Random
    looks: int = 0

    async def visit(self, pit: Pit, http: httpx.AsyncClient) -> None:
        """One look at the book, and what they make of it."""
        self.looks += 1
        book = await pit.book(http)
        await self._meet_the_bot(pit, book)
        if self.looks % _QUOTES_EVERY == 1:
            await self._leave(pit)
            if inside := (await pit.book(http)).inside():
                await self._quote(pit, *inside)
                if self.rng.random() < _MEET:
                    await self._meet_each_other(pit)

    async def _meet_the_bot(self, pit: Pit, book: Book) -> None:
        """Between the cents stand the three alone."""
        if book.inside() is None:
            return
        for is_bid, level in book.between_cents():
            if any(one.has(pit, is_bid=is_bid, price=level.price) for one in self._both):
                continue
            one = self.rng.choice(self._both)
            shares = level.shares // MICRO
            await one.meet(pit, is_bid=is_bid, price=level.price, shares=shares)
            one.did["saw the bot rest"] += 1

    async def _leave(self, pit: Pit) -> None:
        async with trio.open_nursery() as nursery:
            for one in self._both:
                nursery.start_soon(one.withdraw, pit)

    async def _quote(self, pit: Pit, bottom: int, top: int) -> None:
        """One bids, the other asks, between the cents that are the crowd's."""
        bids, asks = self.rng.sample(self._both, 2)
        room = (top - bottom) // TICK
        low, high = self.rng.choice(_STEPS), room - self.rng.choice(_STEPS)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bids.quote, pit, True, bottom + low * TICK)
            nursery.start_soon(asks.quote, pit, False, bottom + high * TICK)

    async def _meet_each_other(self, pit: Pit) -> None:
        for one, other in (self._both, self._both[::-1]):
            for resting in [each for each in other.resting.values() if each.pit is pit]:
                shares = self.rng.randint(*_TAKEN)
                await one.meet(pit, is_bid=resting.is_bid, price=resting.price, shares=shares)

    @property
    def _both(self) -> tuple[Stranger, Stranger]:
        return self.first, self.second


def _reason(refused: RefusedOrder) -> str:
    """The words, without what is of this order alone."""
    return re.sub(r" ?0x\w+|[(:]? ?\$?\d+\.?\d*\)?", "", str(refused)).partition(" -> ")[0]
