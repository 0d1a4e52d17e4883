"""What the CLOB's market channel says about a world event, written once for all sessions."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, format_micro, to_float
from polytui.sim.wire.form.wire_text import millis, price_text
from polytui.sim.wire.rounds.book_text import BookText
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.rounds.numbers import market_number
from polytui.sim.world.calendar import CalendarWindow, round_title
from polytui.sim.world.world import World
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    LevelSet,
    RoundListed,
    RoundResolved,
    TickChanged,
    WorldEvent,
)

UP, DOWN, EITHER = 1, 2, 3
"""Audiences, as bits: who subscribed to Up's token, to Down's, to any of the two."""

_BITS = {Outcome.UP: UP, Outcome.DOWN: DOWN}
_SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}


@frozen
class Frame:
    audience: int
    text: str
    is_custom: bool = False
    """Only for sessions that asked for `custom_feature_enabled`."""


class MarketFrames:
    """Books kept as text for the rounds somebody watches, and the frames of each world event.

    Every world event must reach `of` at most once per watcher and in order; the books of a round
    nobody watches are forgotten, so a gap can never be carried into a later subscription.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.listing = Listing(world)
        self._books: dict[str, BookText] = {}
        self._watchers: dict[str, int] = {}
        self._changed_ns: dict[str, int] = {}
        self._sides: dict[str, tuple[Outcome, Side]] = {}
        self._last: WorldEvent | None = None
        self._frames: tuple[Frame, ...] = ()

    def watch(self, slug: str) -> None:
        self._watchers[slug] = self._watchers.get(slug, 0) + 1

    def unwatch(self, slug: str) -> None:
        self._watchers[slug] -= 1
        if not self._watchers[slug]:
            del self._watchers[slug]
            self._books.pop(slug, None)

    def note(self, world_event: WorldEvent) -> None:
        """Remember when a book last changed and who took, watched or not: REST reads tell both."""
        if isinstance(world_event, BookMoved | BookSwept | TickChanged):
            self._changed_ns[world_event.slug] = world_event.at_ns
            if isinstance(world_event, BookSwept):
                self._sides[world_event.slug] = (world_event.outcome, world_event.taker_side)
        elif isinstance(world_event, RoundResolved):
            self._changed_ns.pop(world_event.slug, None)
            self._sides.pop(world_event.slug, None)

    def last_side(self, slug: str, outcome: Outcome) -> str:
        """The last taker's side as this outcome's token saw it; "" when nobody was seen."""
        taken = self._sides.get(slug)
        if taken is None:
            return ""
        return _SIDES[taken[1] if taken[0] is outcome else taken[1].other]

    def snapshot(self, round_: Round, outcome: Outcome) -> str:
        """A whole `book` object as the first answer to a subscription carries it."""
        book = self._book(round_.slug)
        stamp = self._stamp(round_.slug)
        return book.stream_json(outcome, stamp, book.hash(outcome, stamp), is_full=True)

    def rest_book(self, round_: Round, outcome: Outcome) -> str:
        """The body of `GET /book` for one token."""
        return self._fresh(round_.slug).rest_json(outcome, self._stamp(round_.slug))

    def of(self, world_event: WorldEvent) -> tuple[Frame, ...]:
        """The frames of a world event. The world must stand exactly at it."""
        if world_event is not self._last:
            self._frames = self._write(world_event)
            self._last = world_event
        return self._frames

    def _write(self, world_event: WorldEvent) -> tuple[Frame, ...]:
        self.note(world_event)
        if isinstance(world_event, BookMoved):
            return self._moved(world_event)
        if isinstance(world_event, BookSwept):
            return self._swept(world_event)
        if isinstance(world_event, TickChanged):
            return self._tick_changed(world_event)
        if isinstance(world_event, RoundListed):
            return (Frame(EITHER, _new_market(world_event), True),)
        if isinstance(world_event, RoundResolved):
            return self._resolved(world_event)
        return ()

    def _stamp(self, slug: str) -> str:
        return str(millis(self._changed_ns.get(slug, self._world.now_ns)))

    def _book(self, slug: str) -> BookText:
        book = self._books.get(slug)
        if book is None:
            book = self._fresh(slug)
            if slug in self._watchers:
                self._books[slug] = book
        return book

    def _fresh(self, slug: str) -> BookText:
        book = BookText(self._world.rounds[slug])
        levels = self._world.book(slug).levels
        book.load(levels(Outcome.UP, Side.BUY), levels(Outcome.UP, Side.SELL))
        book.set_tick(self._world.tick(slug))
        for outcome in Outcome:
            book.set_last(outcome, self._world.last_trade(slug, outcome))
        return book

    def _moved(self, world_event: BookMoved) -> tuple[Frame, ...]:
        book = self._book(world_event.slug)
        before = book.bids.best, book.asks.best
        level = world_event.level
        size = book.set_level(level.side, level.price, level.shares)
        stamp = str(millis(world_event.at_ns))
        change = Frame(
            EITHER, _price_change(book, stamp, [(level, size)], _digests(book, stamp))[0]
        )
        if before == (book.bids.best, book.asks.best):
            return (change,)
        return (change, *_best_bid_asks(book, stamp))

    def _swept(self, world_event: BookSwept) -> tuple[Frame, ...]:
        book = self._book(world_event.slug)
        before = book.bids.best, book.asks.best
        for outcome in Outcome:
            book.set_last(outcome, self._world.last_trade(world_event.slug, outcome))
        sizes = [
            (level, book.set_level(level.side, level.price, level.shares))
            for level in world_event.levels
        ]
        stamp = str(millis(world_event.at_ns))
        digests = _digests(book, stamp)
        frames = [Frame(EITHER, text) for text in _price_change(book, stamp, sizes, digests)]
        frames += [
            Frame(_BITS[one], book.stream_json(one, stamp, digests[one], is_full=False))
            for one in Outcome
        ]
        frames += _last_trades(book.round, world_event, stamp)
        if before != (book.bids.best, book.asks.best):
            frames += _best_bid_asks(book, stamp)
        return tuple(frames)

    def _tick_changed(self, world_event: TickChanged) -> tuple[Frame, ...]:
        # Levels may have moved with the grid: read the book again instead of patching it.
        self._books.pop(world_event.slug, None)
        book = self._book(world_event.slug)
        stamp = str(millis(world_event.at_ns))
        changes = [
            Frame(_BITS[one], _tick_change(book, one, world_event, stamp)) for one in Outcome
        ]
        books = [
            Frame(_BITS[one], book.stream_json(one, stamp, book.hash(one, stamp), is_full=True))
            for one in Outcome
        ]
        return (*changes, *books)

    def _resolved(self, world_event: RoundResolved) -> tuple[Frame, ...]:
        """A void round has no winner to tell of, and no paper shows such a frame."""
        self._books.pop(world_event.slug, None)
        if world_event.winner is None:
            return ()
        listed = self._world.rounds[world_event.slug]
        told = _market_resolved(listed, world_event.winner, world_event.at_ns)
        return (Frame(EITHER, told, True),)


def _digests(book: BookText, stamp: str) -> dict[Outcome, str]:
    return {outcome: book.hash(outcome, stamp) for outcome in Outcome}


def _price_change(
    book: BookText, stamp: str, sizes: list[tuple[LevelSet, str]], digests: dict[Outcome, str]
) -> list[str]:
    """One frame per level, each with the mirrored pair, final hashes and final bests."""
    round_ = book.round
    up_bid, up_ask = book.bests(Outcome.UP)
    down_bid, down_ask = book.bests(Outcome.DOWN)
    head = (
        f'{{"event_type":"price_change","market":"{round_.condition_id}","timestamp":"{stamp}",'
        f'"price_changes":[{{"asset_id":"{round_.up_token}","price":"'
    )
    middle = (
        f'"hash":"{digests[Outcome.UP]}","best_bid":"{up_bid}","best_ask":"{up_ask}"}},'
        f'{{"asset_id":"{round_.down_token}","price":"'
    )
    tail = f'"hash":"{digests[Outcome.DOWN]}","best_bid":"{down_bid}","best_ask":"{down_ask}"}}]}}'
    return [
        f'{head}{price_text(level.price)}","size":"{size}","side":"{_SIDES[level.side]}",{middle}'
        f'{price_text(MICRO - level.price)}","size":"{size}",'
        f'"side":"{_SIDES[level.side.other]}",{tail}'
        for level, size in sizes
    ]


def _best_bid_asks(book: BookText, stamp: str) -> list[Frame]:
    frames = []
    for outcome in Outcome:
        bid, ask = book.bests(outcome)
        spread = (book.best_ask(outcome) or MICRO) - (book.best_bid(outcome) or 0)
        frames.append(
            Frame(
                _BITS[outcome],
                f'{{"event_type":"best_bid_ask","market":"{book.round.condition_id}",'
                f'"asset_id":"{book.round.token_of(outcome)}","best_bid":"{bid}",'
                f'"best_ask":"{ask}","spread":"{price_text(spread)}","timestamp":"{stamp}"}}',
                True,
            )
        )
    return frames


def _last_trades(round_: Round, swept: BookSwept, stamp: str) -> list[Frame]:
    """One last_trade_price per match, from the token the taker traded."""
    frames = []
    for index, leg in enumerate(swept.legs):
        frames.append(
            Frame(
                _BITS[swept.outcome],
                f'{{"event_type":"last_trade_price","market":"{round_.condition_id}",'
                f'"asset_id":"{round_.token_of(swept.outcome)}","price":"{price_text(leg.price)}",'
                f'"size":"{format_micro(leg.shares)}","fee_rate_bps":"0",'
                f'"side":"{_SIDES[swept.taker_side]}","timestamp":"{stamp}",'
                f'"transaction_hash":"{transaction_hash(swept, index)}"}}',
            )
        )
    return frames


def transaction_hash(swept: BookSwept, index: int) -> str:
    """Of one match of a sweep; the same wherever the venue tells of it."""
    leg = swept.legs[index]
    seed = f"{swept.slug}:{swept.at_ns}:{index}:{leg.price}:{leg.shares}"
    return f"0x{sha256(seed.encode()).hexdigest()}"


def _tick_change(book: BookText, outcome: Outcome, world_event: TickChanged, stamp: str) -> str:
    return (
        f'{{"event_type":"tick_size_change","market":"{book.round.condition_id}",'
        f'"asset_id":"{book.round.token_of(outcome)}","old_tick_size":"{price_text(world_event.old)}",'
        f'"new_tick_size":"{price_text(world_event.new)}","timestamp":"{stamp}"}}'
    )


def _market_resolved(round_: Round, winner: Outcome, at_ns: int) -> str:
    return _json(
        {
            "event_type": "market_resolved",
            "id": market_number(round_.slug),
            "market": round_.condition_id,
            "assets_ids": [round_.up_token, round_.down_token],
            "winning_asset_id": round_.token_of(winner),
            "winning_outcome": winner.value.capitalize(),
            "timestamp": str(millis(at_ns)),
            "tags": ["crypto"],
        }
    )


def _new_market(world_event: RoundListed) -> str:
    round_ = world_event.round
    title = round_title(
        round_.asset, round_.interval, CalendarWindow(round_.opens_ns, round_.closes_ns)
    )
    tokens = [round_.up_token, round_.down_token]
    number = market_number(round_.slug)
    return _json(
        {
            "event_type": "new_market",
            "id": number,
            "question": title,
            "market": round_.condition_id,
            "slug": round_.slug,
            "assets_ids": tokens,
            "outcomes": ["Up", "Down"],
            "event_message": {"id": number, "slug": round_.slug, "title": title},
            "timestamp": str(millis(world_event.at_ns)),
            "tags": ["crypto"],
            "condition_id": round_.condition_id,
            "active": True,
            "clob_token_ids": tokens,
            "order_price_min_tick_size": price_text(round_.tick),
            "fees_enabled": True,
            "fee_schedule": fee_schedule(round_),
        }
    )


def fee_schedule(round_: Round) -> dict[str, float | int | bool]:
    """The fee curve as Gamma and new_market spell it."""
    return {
        "exponent": round_.fees.exponent,
        "rate": to_float(round_.fees.rate_ppm),
        "takerOnly": round_.fees.is_taker_only,
        "rebateRate": to_float(round_.fees.rebate_ppm),
    }


def _json(document: dict[str, object]) -> str:
    return msgspec.json.encode(document).decode()
