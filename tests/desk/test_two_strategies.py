"""Two strategies on one desk: the stronger enters, each has its own stake, and never both sides.

The distance fade weighs its edge by its margin over the price, the predictor the same edge by how
likely its side is. So where a share is cheap the first is the stronger, and where the margin is
narrow the second.
"""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    FAIR_BOOK,
    PLAIN,
    STAKED,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
)

from polytui.config.deciding import PredictorSettings, SettlementSniperSettings
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.ledger.attribution import StrategyPosition
from polytui.model import events as ev
from polytui.model.effects import Cancel, Credit, Explain, Place, Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Order
from polytui.model.units import MICRO, NS_PER_S

FADE, PREDICTOR, SNIPER = "distance_fade", "predictor", "settlement_sniper"
NEAR_BOOK = (0.72, 0.74)
"""Up is worth 0.79: five cents are a narrow margin, and the predictor is surer of its side than the
distance fade of its claim."""
DOWN_CHEAP = (0.90, 0.92)
"""Up is worth 0.79: Down at 0.10 is a bargain, and the predictor wants none of it."""
BOTH = evolve(
    PLAIN,
    predictor=PredictorSettings(is_enabled=True, sizing="fixed", is_held_to_settlement=True),
)
SNIPING = evolve(
    PLAIN,
    settlement_sniper=SettlementSniperSettings(
        is_enabled=True,
        sizing="fixed",
        min_fair=0.5,
        min_known=0.0,
        min_edge_bps=PLAIN.distance_fade.min_edge_bps,
        from_left_s=300.0,
        taker_delay_ms=0.0,
    ),
)
"""A sniper that aims all round long and fears no delay says what the distance fade says."""


class Duel(Story):
    """A minute into a round with a fair book; both strategies may trade."""

    def __init__(self, settings: Settings = BOTH) -> None:
        super().__init__(settings)
        self.tell(ev.FeedUp(ev.BOOK_FEED, self.now_ns))
        self.tell(ev.RoundFound(make_round()))
        self.wait(90)
        self.tell(ev.RoundOpened(make_round().slug, self.now_ns))
        self.strike()
        self.book(FAIR_BOOK)
        self.wait(60)

    def why(self, strategy: str) -> Why:
        """What a strategy was told last."""
        return self.round().whys[strategy]

    def weight(self, strategy: str) -> float:
        return self.round().proposals[strategy].weight

    def wants(self, strategy: str) -> Outcome | None:
        """The side it would buy if it were alone."""
        proposal = self.round().proposals[strategy]
        return proposal.outcome if proposal.quotes else None

    def done(self, order: Order) -> Order:
        """Acknowledged and filled."""
        self.tell(ev.Accepted(order.order_id))
        self.fill(order, trade_id=f"fill of {order.order_id}")
        return order

    def later(self) -> Order:
        """What is bought while the world stands still until the cooldown is over."""
        return only(self.wait(5), Place).order

    def exposure(self) -> tuple[StrategyPosition, ...]:
        return self.desk().asset_account.live.open(make_round().slug)


# --- the stronger enters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "stronger", "weaker"),
    [(CHEAP_BOOK, FADE, PREDICTOR), (NEAR_BOOK, PREDICTOR, FADE)],
)
def test_the_stronger_enters_and_the_other_is_told_by_whom_it_was_outbid(
    book: tuple[float, float], stronger: str, weaker: str
) -> None:
    duel = Duel()
    effects = duel.book(book)
    order = only(effects, Place).order
    assert (order.strategy, order.outcome) == (stronger, Outcome.UP)
    assert duel.wants(weaker) is Outcome.UP
    assert duel.weight(stronger) > duel.weight(weaker) > 0
    told = Why(
        Reason.OUTBID,
        duel.weight(weaker),
        duel.weight(stronger),
        f"bps x confidence of {stronger}",
    )
    said = {one.strategy: one.why for one in of_kind(effects, Explain)}
    assert said == {stronger: Why(Reason.NONE), weaker: told}


def test_of_two_that_say_the_very_same_the_first_of_the_registry_enters() -> None:
    duel = Duel(SNIPING)
    order = only(duel.book(CHEAP_BOOK), Place).order
    assert duel.weight(FADE) == duel.weight(SNIPER) > 0
    assert order.strategy == FADE
    assert duel.why(SNIPER).reason is Reason.OUTBID


def test_who_may_not_trade_outbids_nobody() -> None:
    """In shadow it would have been the stronger."""
    shadowed = evolve(BOTH, distance_fade=evolve(BOTH.distance_fade, is_enabled=False))
    duel = Duel(shadowed)
    order = only(duel.book(CHEAP_BOOK), Place).order
    assert duel.weight(FADE) > duel.weight(PREDICTOR)
    assert (order.strategy, duel.why(PREDICTOR).reason) == (PREDICTOR, Reason.NONE)
    assert duel.why(FADE).reason is Reason.SHADOW


def test_who_wants_nothing_outbids_nobody() -> None:
    choosy = evolve(BOTH, distance_fade=evolve(BOTH.distance_fade, max_price=0.5))
    duel = Duel(choosy)
    assert only(duel.book(CHEAP_BOOK), Place).order.strategy == PREDICTOR
    assert duel.weight(FADE) > duel.weight(PREDICTOR)
    assert duel.why(FADE).reason is Reason.PRICE_FAR


# --- each its own stake -----------------------------------------------------------------------


def test_the_other_follows_with_a_stake_of_its_own() -> None:
    duel = Duel()
    first = duel.done(only(duel.book(CHEAP_BOOK), Place).order)
    assert duel.why(FADE).reason is Reason.POSITION_HELD
    assert duel.why(PREDICTOR).reason is Reason.COOLDOWN
    second = duel.done(duel.later())
    assert (first.strategy, second.strategy) == (FADE, PREDICTOR)
    fade, predictor = duel.exposure()
    assert (fade.strategy, fade.outcome, fade.shares) == (FADE, Outcome.UP, first.shares)
    assert (predictor.strategy, predictor.outcome) == (PREDICTOR, Outcome.UP)
    assert (predictor.shares, predictor.cost) == (second.shares, bought_for(second))
    assert fade.cost == bought_for(first)
    assert predictor.since_ns - fade.since_ns >= 4 * NS_PER_S
    assert of_kind(duel.wait(20), Place) == []
    assert duel.why(FADE).reason is duel.why(PREDICTOR).reason is Reason.POSITION_HELD


def test_one_signal_a_side_is_one_of_each_strategy() -> None:
    once = evolve(BOTH, gates=evolve(BOTH.gates, is_one_signal_a_side=True))
    duel = Duel(once)
    first = duel.done(only(duel.book(CHEAP_BOOK), Place).order)
    second = duel.done(duel.later())
    assert [first.strategy, second.strategy] == [FADE, PREDICTOR]
    assert first.shares == second.shares == STAKED


@pytest.mark.parametrize("winner", list(Outcome))
def test_a_settled_round_is_shared_out_to_the_millionth(winner: Outcome) -> None:
    smaller = evolve(BOTH, predictor=evolve(BOTH.predictor, stake_usd=7.0))
    duel = Duel(smaller)
    first = duel.done(only(duel.book(CHEAP_BOOK), Place).order)
    second = duel.done(duel.later())
    assert second.shares < first.shares
    credit = only(duel.settle(winner), Credit)
    results = duel.desk().asset_account.live.results()
    for order in (first, second):
        payout = order.shares if winner is Outcome.UP else 0
        assert results[order.strategy].pnl == payout - bought_for(order)
    assert credit.pnl == results[FADE].pnl + results[PREDICTOR].pnl
    assert duel.mind.account.cash == 1_000 * MICRO + credit.pnl
    assert duel.exposure() == ()


# --- never both sides -------------------------------------------------------------------------


def test_while_one_holds_a_side_the_other_may_not_buy_the_opposite_one() -> None:
    duel = Duel()
    held = duel.done(only(duel.book(NEAR_BOOK), Place).order)
    assert held.strategy == PREDICTOR
    effects = duel.book(DOWN_CHEAP)
    assert duel.wants(FADE) is Outcome.DOWN
    assert duel.why(FADE) == Why(Reason.OTHER_SIDE_HELD, held.shares / MICRO, 0.0, "shares")
    effects += duel.wait(20)
    assert duel.wants(FADE) is Outcome.DOWN
    assert of_kind(effects, Place) == []
    assert [stake.strategy for stake in duel.exposure()] == [PREDICTOR]


def test_it_holds_as_well_the_other_way_round() -> None:
    """The predictor wants Up while the distance fade holds Down, and alone it would buy."""
    duel = Duel()
    held = duel.done(only(duel.book(DOWN_CHEAP), Place).order)
    assert (held.strategy, held.outcome) == (FADE, Outcome.DOWN)
    effects = [*duel.book(CHEAP_BOOK), *duel.wait(20)]
    assert duel.wants(PREDICTOR) is Outcome.UP
    shares = held.shares / MICRO
    for strategy in (FADE, PREDICTOR):
        assert duel.why(strategy) == Why(Reason.OTHER_SIDE_HELD, shares, 0.0, "shares")
    assert of_kind(effects, Place) == []


def test_a_buy_that_may_still_fill_keeps_everybody_from_the_other_side() -> None:
    duel = Duel()
    down = only(duel.book(DOWN_CHEAP), Place).order
    assert (down.strategy, down.outcome) == (FADE, Outcome.DOWN)
    turned = duel.book(NEAR_BOOK)
    shares = down.shares / MICRO
    assert duel.why(PREDICTOR) == Why(Reason.OTHER_SIDE_HELD, shares, 0.0, "shares on order")
    assert of_kind(turned, Place) == []
    assert of_kind(turned, Cancel) == [Cancel(down.order_id)]
    # Asked to go is not gone: it may still fill, however long the venue takes to answer.
    assert of_kind(duel.wait(20), Place) == []
    assert duel.why(PREDICTOR).reason is Reason.OTHER_SIDE_HELD
    order = only(duel.tell(ev.Cancelled(down.order_id, "by request")), Place).order
    assert (order.strategy, order.outcome) == (PREDICTOR, Outcome.UP)


def test_a_cancel_that_lost_against_its_fill_leaves_the_other_side_closed() -> None:
    duel = Duel()
    down = only(duel.book(DOWN_CHEAP), Place).order
    duel.book(NEAR_BOOK)
    effects = duel.fill(down, shares=50.0) + duel.tell(ev.Cancelled(down.order_id, "the rest"))
    effects += duel.wait(20)
    assert of_kind(effects, Place) == []
    assert duel.why(PREDICTOR) == Why(Reason.OTHER_SIDE_HELD, 50.0, 0.0, "shares")
    (stake,) = duel.exposure()
    assert (stake.strategy, stake.outcome) == (FADE, Outcome.DOWN)


def test_a_side_that_was_left_is_free_again_for_the_other_strategy() -> None:
    """The predictor takes its profit of Up; then the distance fade may have its Down."""
    leaving = evolve(
        BOTH,
        predictor=evolve(BOTH.predictor, is_held_to_settlement=False),
        exits=evolve(BOTH.exits, take_profit=0.1),
    )
    duel = Duel(leaving)
    duel.done(only(duel.book(NEAR_BOOK), Place).order)
    effects = duel.book(DOWN_CHEAP)
    way_out = only(effects, Place).order
    assert (way_out.strategy, duel.why(PREDICTOR).reason) == (PREDICTOR, Reason.TAKE_PROFIT)
    duel.done(way_out)
    assert duel.exposure() == ()
    entry = only(duel.wait(5), Place).order
    assert (entry.strategy, entry.outcome) == (FADE, Outcome.DOWN)


def test_an_order_is_kept_only_for_the_strategy_that_placed_it() -> None:
    """The other wants less at the same price: the order that works is not its own."""
    small = evolve(BOTH, predictor=evolve(BOTH.predictor, stake_usd=4.0))
    duel = Duel(small)
    order = only(duel.book(CHEAP_BOOK), Place).order
    assert order.strategy == FADE
    duel.tell(ev.Accepted(order.order_id))
    off = evolve(small, distance_fade=evolve(small.distance_fade, is_enabled=False))
    told = duel.tell(ev.SettingsChanged(canonical_json(off)))
    assert only(told, Cancel).order_id == order.order_id
    assert of_kind(told, Place) == [], "both could fill"
    freed = [*duel.tell(ev.Cancelled(order.order_id, "by request")), *duel.wait(5)]
    own = only(freed, Place).order
    assert (own.strategy, own.price) == (PREDICTOR, order.price)
    assert own.shares < order.shares


def test_a_stronger_signal_that_may_not_enter_outbids_nobody() -> None:
    """The holder of Down completes its stake, though the other wants Up more than it wants Down."""
    fade = evolve(BOTH.distance_fade, model="sigmoid", steepness=0.1)
    duel = Duel(evolve(BOTH, distance_fade=fade))
    first = next(p.order for p in of_kind(duel.effects, Place) if p.order.strategy == FADE)
    assert first.outcome is Outcome.DOWN
    duel.tell(ev.Accepted(first.order_id))
    duel.fill(first, shares=10.0)
    duel.tell(ev.Cancelled(first.order_id, "the rest"))
    told = of_kind([*duel.book(CHEAP_BOOK), *duel.wait(5)], Place)
    assert {(p.order.strategy, p.order.outcome) for p in told} <= {(FADE, Outcome.DOWN)}
    assert duel.weight(PREDICTOR) > duel.weight(FADE)
    assert duel.why(PREDICTOR).reason is Reason.OTHER_SIDE_HELD
    assert duel.why(FADE).reason is not Reason.OUTBID
