"""A strategy that quotes any ladder on both outcomes, beside one that follows signals, under
anything that can happen: every limit holds at each order, if all that works or leaves fills."""

from __future__ import annotations

from collections import Counter
from random import Random

from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st
from test_limits_hold import RISKS
from worlds import ANY_SEAT, LOOSE, MORNING, WORLD_EVENTS, World, WorldEvent, a_busy_day, under

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.model.effects import Cancel, Effect, Explain, Place, Reason
from polytui.model.events import Filled
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import Price, Shares
from polytui.strategy.proposal import QuoteSet, Rung, View, Wake


@define
class Ladders:
    """State: the ladder that it is told to quote, in every round."""

    name: str = "ladders"
    rungs: tuple[Rung, ...] = ()
    asked: int = field(default=0, init=False)

    def thresholds(self, settings: Settings) -> StrategySettings:
        return StrategySettings(is_enabled=True)

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        self.asked += 1
        return QuoteSet(self.rungs, wake=Wake(move_bps=5.0, markout_s=1.0))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    """One to eight rungs an outcome; a few of them sell."""
    found = []
    for outcome in Outcome:
        for number in range(draw(st.integers(0, 8))):
            side = draw(st.sampled_from([Side.BUY, Side.BUY, Side.BUY, Side.SELL]))
            price = Price(draw(st.integers(1, 99)) * 10_000)
            shares = Shares(draw(st.integers(500, 3_000)) * 10_000)
            quote = Quote(outcome, side, price, shares, is_post_only=draw(st.booleans()))
            found.append(Rung(f"{outcome.value}-{number}", quote))
    return tuple(draw(st.permutations(found)))


LADDERS = st.tuples(st.just("ladder"), ladders())
MOVED = st.tuples(st.just("book"), ANY_SEAT, st.integers(30, 60), st.integers(1, 3), st.just(5_000))


def live_through(world: World, maker: Ladders, world_events: list[WorldEvent]) -> None:
    for name, *told in [*MORNING, *world_events]:
        if name == "ladder":
            (maker.rungs,) = told
        else:
            getattr(world, str(name))(*told)
        world.advance()
    world.end(Outcome.UP)


@given(
    st.lists(st.one_of(LADDERS, MOVED, WORLD_EVENTS, WORLD_EVENTS), min_size=1, max_size=40),
    RISKS,
    st.sampled_from([20.0, 60.0, 1_000.0]),
)
def test_no_ladder_breaks_a_limit_whatever_fills(
    world_events: list[WorldEvent], risk: object, cash_usd: float
) -> None:
    """The audit counts every order that has not ended, those on their way out as well, and takes
    of each the worse of filled and not."""
    maker = Ladders()
    live_through(World.begin(under(risk, cash_usd), maker), maker, world_events)  # type: ignore[arg-type]


def ladder_of(rng: Random) -> tuple[Rung, ...]:
    """One to eight buys an outcome below a middle that wanders, and now and then a sale above."""
    middle, size = rng.randint(35, 65), Shares(rng.randint(500, 900) * 10_000)
    found = []
    for outcome in Outcome:
        mid = middle if outcome is Outcome.UP else 100 - middle
        for number in range(rng.randint(1, 8)):
            quote = Quote(outcome, Side.BUY, Price((mid - 1 - number) * 10_000), size)
            found.append(Rung(f"{outcome.value}-{number}", quote))
        if rng.random() < 0.3:
            quote = Quote(outcome, Side.SELL, Price((mid + 2) * 10_000), size)
            found.append(Rung(f"{outcome.value}-sale", quote))
    rng.shuffle(found)
    return tuple(found)


def test_such_days_have_ladders_that_trade_move_and_meet_their_limits() -> None:
    """Otherwise the property above would say nothing. Of four days, as many as it takes."""
    sent, filled, beside_leaving, reasons = Counter[str](), Counter[str](), 0, set[Reason]()
    risk = evolve(LOOSE, max_net_usd=9.0, max_round_usd=40.0, max_working_orders=60)
    for seed in range(1, 5):
        rng, maker = Random(seed), Ladders()
        world = World.begin(under(risk), maker)
        for number, (name, *told) in enumerate([*MORNING, *a_busy_day(seed)]):
            if number % 3 == 0:
                maker.rungs = ladder_of(rng)
            before = len(world.effects)
            getattr(world, str(name))(*told)
            world.advance()
            beside_leaving += places_beside_leaving(world, world.effects[before:])
        rungs = [e.order for e in world.effects if isinstance(e, Place) and e.order.rung]
        ids = {order.order_id: order for order in rungs}
        sent.update(f"{order.side.value} {order.outcome.value}" for order in rungs)
        events = [event for _, _, event, _ in world.told if isinstance(event, Filled)]
        filled.update(ids[one.order_id].outcome.value for one in events if one.order_id in ids)
        reasons |= {e.why.reason for e in world.effects if isinstance(e, Explain)}
        wanting = {
            "sent": min(
                sent[f"{side} {one}"] for side in ("buy", "sell") for one in ("up", "down")
            ),
            "filled": min(filled["up"], filled["down"]),
            "beside leaving": beside_leaving,
        }
        missing = {Reason.LIMIT_NET, Reason.LIMIT_ROUND, Reason.OWN_ORDER} - reasons
        if min(wanting.values()) > 5 and not missing:
            return
    raise AssertionError(f"too few: {wanting}, never: {missing}")


def places_beside_leaving(world: World, effects: list[Effect]) -> int:
    """Rungs that were sent while another one of the same round was told to go."""
    gone = {effect.order_id.rpartition("-")[0] for effect in effects if isinstance(effect, Cancel)}
    sent = [effect.order for effect in effects if isinstance(effect, Place) and effect.order.rung]
    slugs = {one.rpartition("-")[0] for one in gone}
    return sum(order.slug in slugs for order in sent)
