"""Requests of which none waits for another, against a venue that answers as it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock
from trio_clock import SleptClock

from polytui.config.execution import ExecutionSettings
from polytui.execution.client import ExecutionClient
from polytui.execution.order_wire import CancelAnswers, Posted, PostOutcome
from polytui.execution.venue_client import VenueClient
from polytui.execution.venue_modes import VenueModes
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place, Stamp
from polytui.model.errors import NotNow, Rejected, Restricted, Retry, Unknown
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

pytestmark = pytest.mark.trio
BTC = Asset.BTC
ROUND = Round(
    "round", BTC, Interval.M5, "0x1", "up", "down", 0, Interval.M5.ns, SettlementRule.TWAP
)  # fmt: skip


def an_order(order_id: str) -> Order:
    return Order(
        order_id, "round", "up", Outcome.UP, Side.BUY, Price(500_000), Shares(10 * MICRO),
        TimeInForce.GTC, False, "fade", 0,
    )  # fmt: skip


Answer = Callable[[str], Awaitable[Any]]


async def taken(order_id: str) -> Sequence[ev.Report]:
    return (ev.Accepted(order_id),)


async def gone(order_id: str) -> ev.Cancelled:
    return ev.Cancelled(order_id, "by request")


@define
class Wire:
    """State: what was asked and when, in seconds; `post` and the others answer as they are told."""

    asked: list[tuple[float, str, str]] = field(factory=list)
    signed: int = 0
    post_answer: Answer = taken
    cancel_answer: Answer = gone
    refusal: str = ""
    looked: Sequence[ev.Report] | Exception = ()
    works: list[str] = field(factory=list)

    def note(self, what: str, order_id: str = "") -> None:
        self.asked.append((round(trio.current_time(), 3), what, order_id))

    def preflight(self, order: Order) -> str:
        return self.refusal

    def observe(self, event: ev.Event) -> Sequence[ev.Report]:
        return ()

    def sign(self, order: Order) -> tuple[int, str]:
        self.signed += 1
        return self.signed, order.order_id

    async def post(self, signed: tuple[int, str]) -> Posted:
        self.note(f"post {signed[0]}", signed[1])
        return await self._posted(signed[1])

    async def _posted(self, order_id: str) -> Posted:
        answer = await self.post_answer(order_id)
        return answer if isinstance(answer, Posted) else Posted(answer)

    async def post_many(self, signed: Sequence[tuple[int, str]]) -> Sequence[PostOutcome]:
        self.note(f"post of {len(signed)}", " ".join(order_id for _, order_id in signed))
        outcomes: list[PostOutcome] = []
        for _, order_id in signed:
            try:
                outcomes.append(await self._posted(order_id))
            except (Retry, Rejected, Unknown) as error:
                outcomes.append(error)
        return outcomes

    async def cancel(self, order_ids: Sequence[str]) -> CancelAnswers:
        self.note("cancel", " ".join(order_ids))
        answers = [await self.cancel_answer(order_id) for order_id in order_ids]
        return {answer.order_id: answer for answer in answers if answer is not None}

    async def cancel_all(self) -> Sequence[ev.Cancelled]:
        self.note("cancel all")
        await trio.lowlevel.checkpoint()
        return [ev.Cancelled(order_id, "by request") for order_id in self.works]

    async def look(self, order_id: str) -> Sequence[ev.Report]:
        self.note("look", order_id)
        await trio.sleep(0.1)
        if isinstance(self.looked, Exception):
            raise self.looked
        return self.looked

    async def open(self, life: int, sent: Sequence[Order]) -> ev.DeskOpened:
        self.note("open", " ".join(order.order_id for order in sent))
        await trio.lowlevel.checkpoint()
        found = tuple(ev.FoundOrder(an_order(order_id)) for order_id in self.works)
        return ev.DeskOpened(BTC, life, Usd(0), Usd(0), (ev.HeldRound(ROUND, (), Usd(0), found),))


class Bench:
    """A client at work. State: what it reported, and when."""

    client: VenueClient

    def __init__(self, wire: Wire, **settings: float) -> None:
        self.wire = wire
        self.clock = SleptClock()
        self.settings = ExecutionSettings(**settings)
        self.told: list[tuple[float, Any]] = []
        self.restricted: list[str] = []
        self.effects, self.performed = trio.open_memory_channel[Effect](100)

    async def run(self, script: Callable[[Bench], Awaitable[None]], until_s: float = 100.0) -> None:
        async with trio.open_nursery() as account:
            self.client = VenueClient(
                BTC,
                self.wire,
                self.clock,
                self.settings,
                account,
                150_000_000,
                VenueModes(self.clock, self.deliver),
                self.restricted.append,
            )
            account.start_soon(self.client.modes.run)
            account.start_soon(self.live)
            await script(self)
            await trio.sleep_until(until_s)
            account.cancel_scope.cancel()

    async def live(self) -> None:
        await self.client.run(self.performed, self.deliver)

    def deliver(self, news: Any) -> None:
        self.told.append((round(trio.current_time(), 3), news))

    def place(self, order_id: str) -> None:
        order = an_order(order_id)
        self.effects.send_nowait(Place(order, Stamp.grant(order.quote, Usd(0))))

    def cancel(self, order_id: str) -> None:
        self.effects.send_nowait(Cancel(order_id))

    def of(self, order_id: str) -> list[tuple[float, str]]:
        mine = ((at, one) for at, one in self.told if getattr(one, "order_id", "") == order_id)
        return [(at, type(one).__name__) for at, one in mine]


def after(seconds: float, then: Answer = taken) -> Answer:
    async def answer(order_id: str) -> Any:
        await trio.sleep(seconds)
        return await then(order_id)

    return answer


def raising(error: Exception) -> Answer:
    async def answer(order_id: str) -> Any:
        await trio.lowlevel.checkpoint()
        raise error

    return answer


def in_turn(*answers: Answer) -> Answer:
    left = list(answers)

    async def answer(order_id: str) -> Any:
        return await (left.pop(0) if len(left) > 1 else left[0])(order_id)

    return answer


async def test_it_is_an_execution_client(autojump_clock: MockClock) -> None:
    async def script(bench: Bench) -> None:
        client: ExecutionClient = bench.client
        assert not client.has_working_orders
        assert client.observe(ev.Ticked(1)) == ()

    await Bench(Wire()).run(script)


async def test_a_cancel_does_not_queue_behind_a_post_that_waits(autojump_clock: MockClock) -> None:
    """Ten seconds for one order's answer; the cancel of another goes out in the same instant."""
    bench = Bench(Wire(), post_deadline_s=20.0)

    async def script(bench: Bench) -> None:
        bench.place("quick")
        await trio.sleep(1)
        bench.wire.post_answer = after(10)
        bench.place("slow")
        bench.cancel("quick")

    await bench.run(script)
    assert sorted(bench.wire.asked) == [
        (0.0, "post 1", "quick"),
        (1.0, "cancel", "quick"),
        (1.0, "post 2", "slow"),
    ]
    assert bench.of("quick") == [(0.0, "Accepted"), (1.0, "Cancelled")]
    assert bench.of("slow") == [(11.0, "Accepted")]


async def test_a_cancel_of_the_waiting_order_itself_goes_out_at_once_and_once_more(
    autojump_clock: MockClock,
) -> None:
    """The venue may not have seen the order yet: what it says then is no answer."""

    async def unseen(order_id: str) -> ev.CancelRefused:
        await trio.lowlevel.checkpoint()
        return ev.CancelRefused(order_id, "Order not found")

    bench = Bench(Wire(post_answer=after(8), cancel_answer=in_turn(unseen, gone)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.cancel("o")

    await bench.run(script)
    assert bench.wire.asked == [(0.0, "post 1", "o"), (1.0, "cancel", "o"), (8.0, "cancel", "o")]
    assert bench.of("o") == [(8.0, "Accepted"), (8.0, "Cancelled")]
    assert not bench.client.has_working_orders


async def test_cancel_all_meets_orders_that_were_on_their_way(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=after(5)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.effects.send_nowait(CancelAll("kill switch"))

    bench.wire.cancel_answer = in_turn(
        lambda order_id: _refused(order_id), lambda order_id: gone(order_id)
    )
    await bench.run(script)
    assert [what for _, what, _ in bench.wire.asked] == ["post 1", "cancel all", "cancel", "cancel"]
    assert bench.of("o") == [(5.0, "Accepted"), (5.0, "Cancelled")]


async def _refused(order_id: str) -> ev.CancelRefused:
    await trio.lowlevel.checkpoint()
    return ev.CancelRefused(order_id, "Order not found")


async def test_a_cancel_is_asked_for_until_it_is_answered(autojump_clock: MockClock) -> None:
    lost = raising(Unknown("no answer"))
    busy = raising(Retry("busy"))
    bench = Bench(Wire(cancel_answer=in_turn(lost, busy, gone)), cancel_again_s=2.0)

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.cancel("o")

    await bench.run(script)
    assert [at for at, what, _ in bench.wire.asked if what == "cancel"] == [1.0, 3.0, 5.0]
    assert bench.of("o")[-1] == (5.0, "Cancelled")


@pytest.mark.parametrize("is_filled", [True, False])
async def test_who_has_ended_meanwhile_is_not_asked_about_any_more(
    autojump_clock: MockClock, is_filled: bool
) -> None:
    bench = Bench(Wire(cancel_answer=raising(Unknown("no answer"))))
    end = ev.Filled("o", "t", Price(500_000), Shares(10 * MICRO), Usd(0), False)

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.cancel("o")
        await trio.sleep(0.5)
        bench.client.report(end if is_filled else ev.Cancelled("o", "market resolved"))

    await bench.run(script)
    assert len([what for _, what, _ in bench.wire.asked if what == "cancel"]) == 1


async def test_what_waits_together_goes_together(autojump_clock: MockClock) -> None:
    """Fifteen orders a request, and every cancel in one of its own."""
    bench = Bench(Wire())

    async def script(bench: Bench) -> None:
        for number in range(17):
            bench.place(f"o{number}")
        await trio.sleep(1)
        for number in range(17):
            bench.cancel(f"o{number}")

    await bench.run(script)
    many = [f"o{number}" for number in range(17)]
    posts = [
        (0.0, "post of 15", " ".join(many[:15])),
        (0.0, "post of 2", " ".join(many[15:])),
    ]
    assert sorted(bench.wire.asked) == [*posts, (1.0, "cancel", " ".join(many))]
    assert bench.of("o16") == [(0.0, "Accepted"), (1.0, "Cancelled")]


async def test_one_of_a_batch_may_be_refused_and_another_sent_again(
    autojump_clock: MockClock,
) -> None:
    async def answer(order_id: str) -> Any:
        if order_id == "bad":
            raise Rejected("not enough balance")
        if order_id == "busy" and len(bench.wire.asked) == 1:
            raise Retry("HTTP 425")
        return await taken(order_id)

    bench = Bench(Wire(post_answer=answer))

    async def script(bench: Bench) -> None:
        for order_id in ("good", "bad", "busy"):
            bench.place(order_id)

    await bench.run(script)
    assert bench.wire.asked == [(0.0, "post of 3", "good bad busy"), (0.5, "post 3", "busy")]
    assert bench.of("good") == [(0.0, "Accepted")]
    assert bench.of("bad") == [(0.0, "Refused")]
    assert bench.of("busy") == [(0.0, "Deferred"), (0.5, "Accepted")]


async def test_what_is_unwanted_before_it_went_is_not_sent(autojump_clock: MockClock) -> None:
    bench = Bench(Wire())

    async def script(bench: Bench) -> None:
        bench.place("o")
        bench.cancel("o")
        bench.place("p")

    await bench.run(script)
    assert bench.wire.asked == [(0.0, "post 1", "p")]
    assert bench.of("o") == [(0.0, "Cancelled")]


async def test_what_would_be_refused_is_not_sent(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(refusal="5 shares at least"))

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert bench.wire.asked == []
    assert bench.told == [(0.0, ev.Refused("o", "not sent: 5 shares at least", is_unsent=True))]
    assert not bench.client.has_working_orders


async def test_inside_the_hold_of_takers_nobody_finds_an_order(autojump_clock: MockClock) -> None:
    """The venue said "delayed", and does not know the order until its hold is over."""

    async def held(order_id: str) -> Posted:
        await trio.lowlevel.checkpoint()
        return Posted((ev.Accepted(order_id),), is_held=True)

    bench = Bench(Wire(post_answer=held, cancel_answer=in_turn(_refused, gone)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(0.05)
        bench.cancel("o")

    await bench.run(script)
    assert [at for at, what, _ in bench.wire.asked if what == "cancel"] == [0.05, 0.15]
    assert bench.of("o") == [(0.0, "Accepted"), (0.15, "Cancelled")]


async def test_a_refused_cancel_of_a_known_order_is_an_answer(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(cancel_answer=in_turn(_refused, gone)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.cancel("o")

    await bench.run(script)
    assert bench.of("o") == [(0.0, "Accepted"), (1.0, "CancelRefused")]


async def test_cancels_that_got_no_word_are_asked_again_without_the_others(
    autojump_clock: MockClock,
) -> None:
    async def silent_once(order_id: str) -> Any:
        is_first = sum(what == "cancel" for _, what, _ in bench.wire.asked) == 1
        return None if order_id == "p" and is_first else await gone(order_id)

    bench = Bench(Wire(cancel_answer=silent_once))

    async def script(bench: Bench) -> None:
        for order_id in ("o", "p"):
            bench.place(order_id)
        await trio.sleep(1)
        for order_id in ("o", "p"):
            bench.cancel(order_id)

    await bench.run(script)
    assert bench.wire.asked[1:] == [(1.0, "cancel", "o p"), (2.0, "cancel", "p")]


# --- the account, and lives of its desks ----------------------------------------------------------


async def test_a_mode_of_the_venue_is_told_and_ends(autojump_clock: MockClock) -> None:
    closed = raising(NotNow("post-only mode", "post-only", 79.0))
    bench = Bench(Wire(post_answer=closed))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.wire.post_answer = taken
        bench.place("rests")

    await bench.run(script)
    down, refused, taken_again, *_ = [one for _, one in bench.told]
    assert down == ev.FeedDown("venue", "post-only mode", 0, may_rest=True)
    assert isinstance(refused, ev.Refused)
    # an order that might have taken was taken: the mode is over before its time
    assert taken_again == ev.FeedUp("venue", NS_PER_S)


async def test_a_mode_that_nobody_tries_ends_when_the_venue_said(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(Wire(post_answer=raising(NotNow("disabled", "disabled", 40.0))))

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    feeds = [(at, type(one)) for at, one in bench.told if getattr(one, "feed", "") == "venue"]
    assert feeds == [(0.0, ev.FeedDown), (40.0, ev.FeedUp)]


async def test_what_the_law_forbids_is_told_to_the_account(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=raising(Restricted("restricted in your region", 403))))

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert bench.restricted == ["restricted in your region"]
    assert bench.of("o") == [(0.0, "Refused")]


async def test_an_answer_that_comes_between_two_lives_is_heard_by_the_next(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(Wire(post_answer=after(5)))

    async def script(bench: Bench) -> None:
        with trio.move_on_after(1):
            bench.place("o")
            await bench.client.run(bench.performed, bench.deliver)
        await bench.client.open(2)
        await trio.sleep(9)
        assert bench.told == []
        with trio.move_on_after(1):
            await bench.client.run(bench.performed, bench.deliver)

    bench.live = trio.sleep_forever
    await bench.run(script)
    assert bench.told == [(10.0, ev.Accepted("o"))]
    assert (1.0, "open", "o") in bench.wire.asked


async def test_what_was_on_its_way_before_an_opening_is_in_it_and_what_is_told_after_is_heard(
    autojump_clock: MockClock,
) -> None:
    """A block may come, or pairs be set aside, while the venue is asked for orders of ours."""
    before, after_it = (ev.InTransit(ROUND.slug, Shares(n * MICRO)) for n in (5, 2))
    fill = ev.Filled("o", "t", Price(500_000), Shares(5 * MICRO), Usd(0), True)

    class Told(Wire):
        async def open(self, life: int, sent: Sequence[Order]) -> ev.DeskOpened:
            bench.client.report(before)
            bench.client.report(fill)
            return await super().open(life, sent)

    bench = Bench(Told())

    async def script(bench: Bench) -> None:
        await bench.client.open(2)
        bench.client.report(after_it)
        with trio.move_on_after(1):
            await bench.client.run(bench.performed, bench.deliver)

    bench.live = trio.sleep_forever
    await bench.run(script)
    assert [word for _, word in bench.told] == [fill, after_it]


async def test_a_desk_that_dies_leaves_no_order_that_was_on_its_way(
    autojump_clock: MockClock,
) -> None:
    """Cancelled once its POST is answered, though nobody listens any more."""
    bench = Bench(Wire(post_answer=after(5)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        assert await bench.client.cancel_all() == 0

    await bench.run(script)
    assert bench.wire.asked == [(0.0, "post 1", "o"), (1.0, "cancel all", ""), (5.0, "cancel", "o")]


async def test_a_fault_of_ours_is_a_crash_of_the_asset_alone(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=raising(ZeroDivisionError())))

    async def live() -> None:
        with pytest.raises(ExceptionGroup) as raised:
            await bench.client.run(bench.performed, bench.deliver)
        assert raised.group_contains(ZeroDivisionError)
        bench.told.append((trio.current_time(), "crashed"))

    bench.live = live

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert bench.told == [(0.0, "crashed")]


# --- answers to a post ----------------------------------------------------------------------------


async def test_an_answer_in_the_last_moment_is_not_followed_by_a_complaint(
    autojump_clock: MockClock,
) -> None:
    """Trio runs what is due in one moment in any order."""
    bench = Bench(Wire(post_answer=after(10.0)), post_deadline_s=10.0)
    names = [f"o-{number}" for number in range(30)]

    async def script(bench: Bench) -> None:
        for name in names:
            bench.place(name)
            await trio.sleep(11)

    await bench.run(script, 400)
    for name in names:
        heard = [type(one) for _, one in bench.told if one.order_id == name]
        assert heard in ([ev.Accepted], [ev.Unanswered, ev.Accepted])


async def test_no_answer_in_time_is_said_so(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=after(60)), post_deadline_s=10.0)

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert bench.told[0] == (10.0, ev.Unanswered("o", "no answer within 10 s"))
    # what the venue says at last still counts
    assert bench.told[1:] == [(60.0, ev.Accepted("o"))]
    assert bench.client.has_working_orders


@pytest.mark.parametrize(
    ("error", "report"),
    [
        (Rejected("order o is invalid"), ev.Refused("o", "order o is invalid")),
        (Unknown("could not run the execution"), ev.Unanswered("o", "could not run the execution")),
    ],
)
async def test_what_a_post_comes_to(
    autojump_clock: MockClock, error: Exception, report: ev.Report
) -> None:
    bench = Bench(Wire(post_answer=raising(error)))

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert [one for _, one in bench.told] == [report]
    assert len(bench.wire.asked) == 1


async def test_the_same_signed_order_is_sent_again_where_the_venue_lets_it(
    autojump_clock: MockClock,
) -> None:
    """425 with and without a time; `order timed out`. It is signed once."""
    busy, told = raising(Retry("HTTP 425")), raising(Retry("HTTP 425", 3.0))
    bench = Bench(Wire(post_answer=in_turn(busy, busy, told, taken)), resend_for_s=30.0)

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert bench.wire.asked == [(at, "post 1", "o") for at in (0.0, 0.5, 1.5, 4.5)]
    assert bench.of("o") == [
        (0.0, "Deferred"), (0.5, "Deferred"), (1.5, "Deferred"), (4.5, "Accepted"),
    ]  # fmt: skip


async def test_it_is_not_sent_again_for_ever(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=raising(Retry("HTTP 425"))), resend_for_s=5.0)

    async def script(bench: Bench) -> None:
        bench.place("o")

    await bench.run(script)
    assert [at for at, _, _ in bench.wire.asked] == [0.0, 0.5, 1.5, 3.5]
    refused = ev.Refused("o", "not taken, and not sent again: HTTP 425")
    assert bench.told[-1] == (3.5, refused)
    assert not bench.client.has_working_orders


async def test_nor_after_the_machine_slept_for_longer(autojump_clock: MockClock) -> None:
    """Trio's clock stood still: the order was decided ten minutes ago."""
    bench = Bench(Wire(post_answer=in_turn(raising(Retry("HTTP 425", 4.0)), taken)))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.clock.jump(600)

    await bench.run(script)
    assert bench.wire.asked == [(0.0, "post 1", "o")]
    assert bench.of("o") == [(0.0, "Deferred"), (4.0, "Cancelled")]


async def test_nor_once_it_is_wanted_no_more(autojump_clock: MockClock) -> None:
    bench = Bench(Wire(post_answer=raising(Retry("HTTP 425", 4.0)), cancel_answer=_refused))

    async def script(bench: Bench) -> None:
        bench.place("o")
        await trio.sleep(1)
        bench.cancel("o")

    await bench.run(script)
    assert [what for _, what, _ in bench.wire.asked] == ["post 1", "cancel"]
    assert bench.of("o") == [(0.0, "Deferred"), (4.0, "Cancelled")]


# --- looks, openings, ends ------------------------------------------------------------------------


async def test_a_look_that_finds_nothing_says_when_it_was_asked(autojump_clock: MockClock) -> None:
    bench = Bench(Wire())

    async def script(bench: Bench) -> None:
        await trio.sleep(7)
        bench.effects.send_nowait(LookUp("o"))

    await bench.run(script)
    assert bench.told == [(7.1, ev.NotFound("o", 7 * NS_PER_S))]


@pytest.mark.parametrize("error", [Retry("busy"), Unknown("no answer"), Rejected("HTTP 403")])
async def test_a_look_that_fails_is_none(autojump_clock: MockClock, error: Exception) -> None:
    bench = Bench(Wire(looked=error))

    async def script(bench: Bench) -> None:
        bench.effects.send_nowait(LookUp("o"))

    await bench.run(script)
    assert bench.told == []


async def test_what_a_look_found_is_told_in_its_order(autojump_clock: MockClock) -> None:
    fill = ev.Filled("o", "t", Price(500_000), Shares(4 * MICRO), Usd(0), False)
    found = ev.OrderFound(ev.FoundOrder(an_order("o"), Shares(4 * MICRO), trades=("t",)))
    bench = Bench(Wire(looked=(fill, found)))

    async def script(bench: Bench) -> None:
        bench.effects.send_nowait(LookUp("o"))

    await bench.run(script)
    assert [one for _, one in bench.told] == [fill, found]


async def test_orders_that_an_opening_found_work_until_something_ends_them(
    autojump_clock: MockClock,
) -> None:
    async def script(bench: Bench) -> None:
        await bench.client.open(1)
        assert bench.client.has_working_orders
        assert await bench.client.cancel_all() == 2
        assert not bench.client.has_working_orders

    await Bench(Wire(works=["o", "p"])).run(script)


async def test_an_order_that_nobody_finds_twice_holds_up_no_stop(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(Wire(post_answer=raising(Unknown("no answer"))))

    async def script(bench: Bench) -> None:
        bench.place("o")
        for seconds in (11, 16):
            await trio.sleep_until(seconds)
            assert bench.client.has_working_orders
            bench.effects.send_nowait(LookUp("o"))

    await bench.run(script)
    assert not bench.client.has_working_orders
