"""Four intervals of four assets at once: a burst is applied whole, in its order, by each desk for
itself, and costs no more decisions than the rounds it touched."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random
from types import FrameType

import pytest
from attrs import evolve
from stories import FAIR_BOOK, OPENS_NS, PLAIN, STRIKE, Story, make_round

from polytui.config.schema import Settings
from polytui.desk.deciding import Deciding
from polytui.desk.round import DeskRound
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, PriceKind, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, complement

MESSAGES = 1_000
BEST = tuple(Price(round(price * MICRO)) for price in FAIR_BOOK)
AT_BEST = 0.1
BETTER = Price(BEST[1] - 10_000)
MANY = Shares(1_000 * MICRO)
MOST_CALLS, MOST_CALLS_OF_A_DECISION = 30, 500
"""Of Python functions. Today an event has some 14, a decision 350."""
INSIDE = evolve(PLAIN, gates=evolve(PLAIN.gates, min_depth=1.0))


def round_of(asset: Asset, interval: Interval) -> Round:
    slug = f"{asset.value}-{interval.value}"
    return evolve(
        make_round(asset),
        slug=slug,
        interval=interval,
        condition_id=f"0x{slug}",
        up_token=f"{slug} up",
        down_token=f"{slug} down",
        closes_ns=OPENS_NS + interval.ns,
    )


ROUNDS = [round_of(asset, interval) for asset in Asset for interval in Interval]


def rounds_of(asset: Asset) -> list[Round]:
    return [listed for listed in ROUNDS if listed.asset is asset]


def all_open(settings: Settings) -> Story:
    story = Story(settings, tuple(Asset))
    for listed in ROUNDS:
        story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns), listed.asset)
        story.tell(ev.RoundFound(listed), listed.asset)
    story.wait(90, *Asset)
    for asset in Asset:
        story.chainlink(STRIKE, asset, PriceKind.TWAP, OPENS_NS)
    for listed in ROUNDS:
        story.tell(ev.RoundOpened(listed.slug, story.now_ns), listed.asset)
        bid, ask = BEST
        for outcome, bests in (
            (Outcome.UP, BEST),
            (Outcome.DOWN, (complement(ask), complement(bid))),
        ):
            snapshot = story._snapshot(listed.token_of(outcome), *bests)
            story.tell(snapshot, listed.asset)
    story.wait(60, *Asset)
    return story


def desk_round(story: Story, listed: Round) -> DeskRound:
    found = story.desk(listed.asset).rounds.get(listed.slug)
    assert found is not None
    return found


def burst(random: Random, rounds: list[Round], at_ns: int) -> list[tuple[Round, ev.BookChanged]]:
    """Bids that come and go below the best, and now and then a better ask that comes or goes: a
    reason to decide that one round."""
    said = []
    bests = dict.fromkeys([listed.slug for listed in rounds], BEST)
    for _ in range(MESSAGES):
        listed = random.choice(rounds)
        side, price, size = Side.BUY, Price(10_000 * random.randint(1, 76)), random.randint(0, 9)
        if random.random() < AT_BEST:
            side, price, size = Side.SELL, BETTER, random.choice([0, 500])
            bests[listed.slug] = (BEST[0], BETTER if size else BEST[1])
        shares = Shares(size * MICRO)
        change = ev.LevelChange(listed.up_token, side, price, shares, *bests[listed.slug])
        said.append((listed, ev.BookChanged((change,), at_ns, at_ns)))
    return said


def is_at_best(event: ev.BookChanged) -> bool:
    return event.changes[0].side is Side.SELL


class Decisions:
    """State: how often each asset's desk decided a round, and all calls of ours, while it looks."""

    def __init__(self) -> None:
        self.rounds: Counter[str] = Counter()
        self.calls = 0

    def __enter__(self) -> Decisions:
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _look(self, frame: FrameType, kind: str, _: object) -> None:
        self.calls += kind == "call"
        if kind == "call" and frame.f_code is Deciding.decide.__code__:
            self.rounds[frame.f_locals["market_round"].slug] += 1


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("most", [1, MESSAGES])
def test_a_burst_at_sixteen_rounds(share: float, most: int) -> None:
    """In batches of up to so many, of four assets by turns."""
    random = Random(f"{share} {most}")
    settings = evolve(INSIDE, deciding=evolve(INSIDE.deciding, least_move_sigmas=share))
    story = all_open(settings)
    story.now_ns += 1
    books = {
        listed.slug: {Side.BUY: {BEST[0]: MANY}, Side.SELL: {BEST[1]: MANY}} for listed in ROUNDS
    }
    queues = {asset: burst(random, rounds_of(asset), story.now_ns) for asset in Asset}
    seq, allowed = story.mind.seq, Counter[str]()
    with Decisions() as decided:
        while any(queues.values()):
            asset = random.choice([one for one in Asset if queues[one]])
            count = random.randint(1, most)
            batch, queues[asset] = queues[asset][:count], queues[asset][count:]
            for number, (listed, event) in enumerate(batch, start=1):
                story.tell(event, asset, is_last=number == len(batch))
                (change,) = event.changes
                books[listed.slug][change.side][change.price] = change.shares
            touched = {listed.slug for listed, event in batch if is_at_best(event)}
            if touched and not share:
                touched = {listed.slug for listed in rounds_of(asset)}
            allowed.update(touched)
    assert story.mind.seq == seq + MESSAGES * len(Asset), "an event was dropped"
    for listed in ROUNDS:
        book = desk_round(story, listed).book(Outcome.UP)
        for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
            there = {price: size for price, size in books[listed.slug][side].items() if size}
            assert levels == there
        assert decided.rounds[listed.slug] <= allowed[listed.slug]
    assert sum(decided.rounds.values()) > 0
    events, decisions = MESSAGES * len(Asset), sum(decided.rounds.values())
    assert decided.calls < MOST_CALLS * events + MOST_CALLS_OF_A_DECISION * decisions


def test_the_clock_decides_all_of_them_once() -> None:
    story = all_open(PLAIN)
    story.now_ns += NS_PER_S
    with Decisions() as decided:
        for asset in Asset:
            story.tell(ev.Ticked(story.now_ns), asset)
    assert decided.rounds == dict.fromkeys((listed.slug for listed in ROUNDS), 1)
