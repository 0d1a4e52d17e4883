"""The chain of beats, against the simulated venue's own chains, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock
from trio_clock import SleptClock

from polytui.config.live import LiveSettings
from polytui.execution.client import AccountNews
from polytui.execution.heartbeat import Heartbeat
from polytui.model.errors import Retry, Unknown
from polytui.model.events import FeedDown, FeedUp
from polytui.sim.exchange.heartbeats import Heartbeats
from polytui.sim.exchange.rules import ExchangeRules
from polytui.venues.polymarket.clob_answers import Beat

pytestmark = pytest.mark.trio


@define(eq=False)
class Bench:
    """A heartbeat and its venue. State: what was told, and when orders died."""

    venue: Heartbeats = field(factory=lambda: Heartbeats(1, ExchangeRules()))
    told: list[tuple[float, AccountNews]] = field(factory=list)
    cancels: list[float] = field(factory=list)
    killed: list[str] = field(factory=list)
    died: list[float] = field(factory=list)
    """When the venue cancelled everything by itself."""
    trouble: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
    """Before the venue hears a beat."""
    trouble_after: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
    """Of its answer."""
    clock: SleptClock = field(factory=SleptClock)
    reconciles: list[tuple[float, float]] = field(factory=list)
    """From when to when."""
    takes_s: float = 0.0
    """A reconcile."""

    async def beat(self, heartbeat_id: str) -> Beat:
        await self.trouble()
        answer = self.venue.beat("key", heartbeat_id, self.clock.now_ns())
        await self.trouble_after()
        return Beat(answer.heartbeat_id, answer.is_accepted)

    async def cancel_all(self) -> None:
        await self.trouble()
        self.cancels.append(trio.current_time())

    async def reconcile(self) -> None:
        began = trio.current_time()
        await trio.sleep(self.takes_s)
        self.reconciles.append((began, trio.current_time()))

    def sleep(self, seconds: float) -> None:
        """The machine, in no time of its own; the venue went on."""
        self.clock.jump(seconds)
        self.look()

    def look(self) -> None:
        self.died += [trio.current_time()] * len(self.venue.missed(self.clock.now_ns()))

    def heartbeat(self) -> Heartbeat:
        settings = LiveSettings()

        def tell(news: AccountNews) -> None:
            self.told.append((trio.current_time(), news))

        return Heartbeat(
            self.beat,
            self.clock,
            settings,
            tell,
            self.cancel_all,
            self.reconcile,
            self.killed.append,
        )

    async def check(self) -> None:
        """The venue's own looks."""
        while True:
            await trio.sleep(5)
            self.look()

    def feeds(self) -> list[tuple[float, str]]:
        return [(at, type(one).__name__) for at, one in self.told]


async def away() -> None:
    await trio.lowlevel.checkpoint()
    raise Retry("cannot connect")


async def lost() -> None:
    await trio.lowlevel.checkpoint()
    raise Unknown("the line was cut")


async def play(bench: Bench, script: Callable[[Bench], Awaitable[None]]) -> Heartbeat:
    heartbeat = bench.heartbeat()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.check)
        await nursery.start(heartbeat.run)
        await script(bench)
        nursery.cancel_scope.cancel()
    return heartbeat


async def test_a_chain_that_goes_on_keeps_orders_alive(autojump_clock: MockClock) -> None:
    async def script(bench: Bench) -> None:
        await trio.sleep(61)

    bench = Bench()
    heartbeat = await play(bench, script)
    assert heartbeat.beats == 13
    assert bench.feeds() == [(0.0, "FeedUp")]
    assert (bench.died, bench.cancels, bench.killed) == ([], [], [])


async def test_a_lost_answer_goes_on_with_the_id_that_the_venue_names(
    autojump_clock: MockClock,
) -> None:
    """The venue took the beat and has moved on to an id that we never heard."""

    async def script(bench: Bench) -> None:
        for _ in range(5):
            await trio.sleep(9.9)
            bench.trouble_after = lost
            await trio.sleep(0.2)
            bench.trouble_after = trio.lowlevel.checkpoint
        await trio.sleep(20)

    bench = Bench()
    await play(bench, script)
    assert bench.feeds() == [(0.0, "FeedUp")]
    assert (bench.died, bench.killed) == ([], [])


async def test_silence_beyond_the_grace_cancels_all_until_it_beats_again(
    autojump_clock: MockClock,
) -> None:
    async def script(bench: Bench) -> None:
        await trio.sleep(12)
        bench.trouble = away
        await trio.sleep(18)
        bench.trouble = trio.lowlevel.checkpoint
        await trio.sleep(30)

    bench = Bench()
    heartbeat = await play(bench, script)
    # the last beat was taken at 10
    assert bench.feeds()[:2] == [(0.0, "FeedUp"), (18.0, "FeedDown")]
    (last,) = bench.feeds()[2:]
    assert last[1] == "FeedUp"
    assert 30.0 <= last[0] <= 31.0
    down = bench.told[1][1]
    assert isinstance(down, FeedDown)
    assert down.detail == "no heartbeat taken for 8 s: cannot connect"
    # whatever came first, the cancel or the beat, in the instant in which the line was back
    assert len(bench.cancels) <= 1
    assert bench.died == [20.0]
    assert heartbeat.losses == 1
    assert bench.killed == []


async def test_a_beat_that_hangs_costs_nothing_it_is_sent_again_at_once(
    autojump_clock: MockClock,
) -> None:
    async def script(bench: Bench) -> None:
        for _ in range(2):
            await trio.sleep(10)

            async def hang() -> None:
                bench.trouble_after = trio.lowlevel.checkpoint
                await trio.sleep(5)

            bench.trouble_after = hang
        await trio.sleep(20)

    bench = Bench()
    await play(bench, script)
    assert bench.feeds() == [(0.0, "FeedUp")]
    assert (bench.died, bench.cancels, bench.killed) == ([], [], [])


async def test_when_every_beat_hangs_all_is_cancelled_before_the_venue_does(
    autojump_clock: MockClock,
) -> None:
    async def script(bench: Bench) -> None:
        await trio.sleep(1)

        async def hang() -> None:
            await trio.sleep(60)

        bench.trouble_after = hang
        await trio.sleep(8)
        assert bench.feeds() == [(0.0, "FeedUp"), (8.0, "FeedDown")]
        assert bench.cancels == [8.0]
        bench.trouble_after = trio.lowlevel.checkpoint
        await trio.sleep(5)

    bench = Bench()
    await play(bench, script)
    assert bench.feeds()[2:] == [(9.0, "FeedUp")]
    assert (bench.died, bench.killed) == ([], [])


async def test_the_grace_ends_before_the_venues_patience() -> None:
    usual = LiveSettings()
    assert usual.heartbeat_grace_s < ExchangeRules().heartbeat_s
    # a beat that is given up, and the one after it, are within the grace
    assert usual.heartbeat_s + usual.heartbeat_answer_s < usual.heartbeat_grace_s


async def test_who_comes_back_within_the_grace_goes_on_with_the_chain(
    autojump_clock: MockClock,
) -> None:
    """Our own process of before, killed a moment ago: its chain is alive, and nobody beats it."""
    bench = Bench()
    bench.venue.beat("key", "", 0)

    async def script(bench: Bench) -> None:
        await trio.sleep(60)

    await play(bench, script)
    assert isinstance(bench.told[0][1], FeedUp)
    assert (len(bench.told), bench.died, bench.killed) == (1, [], [])


async def test_another_process_with_the_same_key_is_noticed(autojump_clock: MockClock) -> None:
    bench = Bench()
    other = bench.heartbeat()

    async def script(bench: Bench) -> None:
        await trio.sleep(2)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other.run)
            await trio.sleep(60)
            nursery.cancel_scope.cancel()

    await play(bench, script)
    assert bench.killed == ["another process trades with this key: stop it, or this one"] * 2


# --- a machine that sleeps: its monotonic clock stands still, the venue's goes on -----------------


async def test_a_sleep_is_noticed_before_an_answer_counts(autojump_clock: MockClock) -> None:
    """In the moment in which a beat was due anyway: it is the first that runs."""

    async def script(bench: Bench) -> None:
        async def sleeps() -> None:
            bench.trouble = trio.lowlevel.checkpoint
            bench.sleep(600)

        bench.trouble = sleeps  # before the venue hears it, and nothing else has run since
        await trio.sleep(20)

    bench = Bench()
    heartbeat = await play(bench, script)
    assert bench.died == [5.0]
    assert bench.feeds()[:2] == [(0.0, "FeedUp"), (5.0, "FeedDown")]
    ((up_at, kind),) = bench.feeds()[2:]
    assert (kind, bench.reconciles) == ("FeedUp", [(up_at, up_at)])
    assert up_at <= 5.25
    down = bench.told[1][1]
    assert isinstance(down, FeedDown)
    assert down.detail.startswith("no heartbeat taken for 605 s")
    assert heartbeat.losses == 1


async def test_an_answer_of_before_the_sleep_says_nothing_of_now(
    autojump_clock: MockClock,
) -> None:
    """It lay in the socket."""

    async def script(bench: Bench) -> None:
        async def sleeps() -> None:
            bench.trouble_after = trio.lowlevel.checkpoint
            bench.sleep(600)

        bench.trouble_after = sleeps
        await trio.sleep(5.5)
        assert bench.feeds()[1] == (5.0, "FeedDown")
        assert [kind for _, kind in bench.feeds()[2:]] == ["FeedUp"]
        assert len(bench.reconciles) == 1
        assert bench.venue.is_any_alive, "another one was sent at once"
        await trio.sleep(20)

    bench = Bench()
    await play(bench, script)
    assert bench.died == [5.0]
    assert len(bench.told) == 3


@pytest.mark.parametrize("slept_s", [10.0, 600.0])
@pytest.mark.parametrize("at", [6.0, 9.8])
async def test_between_two_beats_it_is_noticed_soon_and_the_next_one_waits_no_longer(
    autojump_clock: MockClock, at: float, slept_s: float
) -> None:
    async def script(bench: Bench) -> None:
        await trio.sleep(at)
        bench.sleep(slept_s)
        await trio.sleep(20)

    bench = Bench()
    await play(bench, script)
    assert [kind for _, kind in bench.feeds()] == ["FeedUp", "FeedDown", "FeedUp"]
    assert bench.feeds()[2][0] <= at + 0.25
    assert len(bench.reconciles) == 1


async def test_nobody_is_told_that_it_beats_before_the_account_was_compared(
    autojump_clock: MockClock,
) -> None:
    async def script(bench: Bench) -> None:
        bench.takes_s = 12.0
        await trio.sleep(6)
        bench.sleep(600)
        await trio.sleep(30)

    bench = Bench()
    await play(bench, script)
    ((began, ended),) = bench.reconciles
    assert bench.feeds()[2:] == [(ended, "FeedUp")]
    assert ended == began + 12.0
    assert len(bench.died) == 1, "it went on beating meanwhile"


@pytest.mark.parametrize("takes_s", [4.0, 8.0])
async def test_what_was_compared_before_another_sleep_is_compared_again(
    autojump_clock: MockClock, takes_s: float
) -> None:
    """Whether it ends before the next beat or after it."""

    async def script(bench: Bench) -> None:
        bench.takes_s = takes_s
        await trio.sleep(6)
        bench.sleep(600)
        await trio.sleep(2)
        bench.sleep(600)
        await trio.sleep(30)

    bench = Bench()
    await play(bench, script)
    assert len(bench.died) == 2
    first, second = bench.reconciles
    assert second[0] == first[1]
    assert bench.feeds()[2:] == [(second[1], "FeedUp")]


async def test_a_wall_that_is_set_back_hides_no_silence(autojump_clock: MockClock) -> None:
    async def script(bench: Bench) -> None:
        await trio.sleep(6)
        bench.clock.jump(-3_600)
        bench.trouble = away
        await trio.sleep(8)

    bench = Bench()
    await play(bench, script)
    assert bench.feeds()[1:] == [(13.0, "FeedDown")]
