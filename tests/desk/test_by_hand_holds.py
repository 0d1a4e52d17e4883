"""Whatever a person asks for and whatever happens meanwhile: what was shown is what is done, limits
hold, and nothing by hand outlives what stops it."""

from __future__ import annotations

from attrs import define, evolve, field
from hypothesis import example, given
from hypothesis import strategies as st
from stories import Story, make_round, of_kind
from test_by_hand import BOTH, SLUG, begun, bought_by_hand, look, sent, with_risk

from polytui.config.schema import TicketSettings
from polytui.model import events as ev
from polytui.model.effects import Cancel, Decline, Effect, Place
from polytui.model.instrument import Outcome
from polytui.model.orders import OrderState, Side, TimeInForce
from polytui.model.ticket import SENT_AS, Ticket, is_by_hand
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, usd_from_float

WILLING = evolve(BOTH, ticket=TicketSettings(is_enabled=True, max_through_cents=99.0))
LIMITED = with_risk(WILLING, max_order_usd=15.0, max_position_usd=25.0, max_working_orders=3)
MIDS = st.integers(20, 90)
ANY = st.tuples(
    st.sampled_from(Outcome),
    st.sampled_from(Side),
    st.integers(-1, 101),
    st.integers(0, 40),
    st.sampled_from([*SENT_AS, TimeInForce.GTD]),
    st.booleans(),
)
GOOD = st.tuples(
    st.sampled_from(Outcome),
    st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
    st.integers(15, 85),
    st.integers(5, 12),
    st.sampled_from([TimeInForce.GTC, TimeInForce.FAK]),
    st.just(False),
)
ENDS = st.sampled_from([ev.Action.KILL, ev.Action.FLATTEN])
RESTS = st.sampled_from([ev.Action.PAUSE, ev.Action.RESUME, ev.Action.RESUME, ev.Action.REARM])
TIMES = st.sampled_from(["second", "fill", "fill", "answer", "back"])
STEPS = st.one_of(ANY, GOOD, GOOD, GOOD, GOOD, TIMES, TIMES, MIDS, RESTS, ENDS)


def _with_ten_of_up() -> Story:
    story = begun(LIMITED)
    bought_by_hand(story)
    return story


@define
class Day:
    """State: the story, and how many tickets were written."""

    story: Story = field(factory=_with_ten_of_up)
    written: int = 0

    def take(self, step: object) -> None:
        match step:
            case tuple():
                self.write(*step)
            case int():
                self.heed(self.story.book((step / 100, step / 100 + 0.02)))
            case ev.Action():
                self.heed(self.story.command(step))
            case "second":
                self.heed(self.story.wait(1))
            case _:
                self.answer(str(step))

    def write(
        self, outcome: Outcome, side: Side, cents: int, count: int, tif: TimeInForce, rests: bool
    ) -> None:
        """A ticket: what the look says of it is what comes of it."""
        self.written += 1
        price, shares = Price(cents * 10_000), Shares(count * MICRO)
        name = f"{self.written:08d}"
        ticket = Ticket(name, SLUG, outcome, side, price, shares, tif, rests)
        before = self.story.mind.digest()
        shown = look(self.story, ticket)
        assert self.story.mind.digest() == before
        effects = sent(self.story, ticket)
        placed = [one.order for one in of_kind(effects, Place) if is_by_hand(one.order)]
        declined = [one for one in of_kind(effects, Decline) if one.order_id == ticket.order_id]
        assert len(placed) + len(declined) == 1
        assert bool(placed) is not bool(shown.refusal)
        if placed:
            assert placed[0].shares == shown.shares
            assert placed[0].order_id == ticket.order_id
        else:
            assert declined[0].why.text() == shown.refusal
        self.heed(effects)

    def answer(self, word: str) -> None:
        """The venue's word on what works, or the person's."""
        for working in self.story.desk().ledger.orders.working():
            order, state = working.order, working.state
            if word == "back":
                self.heed(self.story.tell(ev.TicketWithdrawn(order.order_id, "test")))
            elif state is OrderState.CANCELLING:
                self.story.tell(ev.Cancelled(order.order_id, "by request"))
            elif word == "fill":
                self.story.fill(order, trade_id=f"t {order.order_id}")
            elif state is OrderState.PLACING:
                self.story.tell(ev.Accepted(order.order_id))

    def heed(self, effects: list[Effect]) -> None:
        """After every decision."""
        account, ledger = self.story.mind.account, self.story.desk().ledger
        hands = ledger.orders.by_hand(SLUG)
        stays = [one for one in hands if one.state is not OrderState.CANCELLING]
        if account.kill_switch.is_on or account.of(ev.Asset.BTC).is_flattening:
            assert not [one for one in stays if one.order.tif.may_rest]
        if account.of(ev.Asset.BTC).is_paused:
            assert not [one for one in stays if one.order.side is Side.BUY]
        for place in of_kind(effects, Place):
            assert place.order.quote == place.stamp.quote
            if place.order.side is Side.BUY:
                fee = make_round().fees.fee(place.order.price, place.order.shares)
                cost = place.order.price * place.order.shares // MICRO + fee
                assert cost <= usd_from_float(15.0) + 1
        position = ledger.positions.of(SLUG)
        assert min(position.up, position.down) >= 0
        assert len(of_kind(effects, Cancel)) == len(
            {one.order_id for one in of_kind(effects, Cancel)}
        )


AFTER_A_KILL = (Outcome.UP, Side.SELL, 15, 5, TimeInForce.FAK, False)
"""What a kill leaves to a person is not taken back by it in the same step."""


@given(st.lists(STEPS, max_size=40))
@example([ev.Action.KILL, AFTER_A_KILL])
def test_a_day_of_tickets(steps: list[object]) -> None:
    day = Day()
    for step in steps:
        day.take(step)
    story = day.story
    story.now_ns = max(story.now_ns, make_round().closes_ns - 9 * NS_PER_S)
    story.wait(1)
    left = story.desk().ledger.orders.by_hand(SLUG)
    assert not [one for one in left if one.state is not OrderState.CANCELLING]
