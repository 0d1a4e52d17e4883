"""What takes too long is said when it begins, when it gets worse and when it is over: in virtual
time, and once each."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from polytui.config.execution import LatencySettings
from polytui.runtime.latency_levels import Episode, Level, Said

LIMITS = LatencySettings()


def said_of(*took_ms: float) -> list[Said | None]:
    """A time a second."""
    episode = Episode("decision to answer")
    return [episode.see(ms, float(second), LIMITS) for second, ms in enumerate(took_ms)]


@pytest.mark.parametrize(
    ("took_ms", "level", "text"),
    [
        (200.0, None, ""),
        (200.1, "warn", "latency warn: decision to answer took 200 ms, more than 200 ms"),
        (500.0, "warn", "latency warn: decision to answer took 500 ms, more than 200 ms"),
        (501.0, "error", "latency critical: decision to answer took 501 ms, more than 500 ms"),
        (1000.0, "error", "latency critical: decision to answer took 1000 ms, more than 500 ms"),
        (1001.0, "error", "latency stale: decision to answer took 1001 ms, more than 1000 ms"),
    ],
)
def test_a_limit_is_passed_and_not_met(took_ms: float, level: str | None, text: str) -> None:
    (said,) = said_of(took_ms)
    assert said == (None if level is None else (level, text))


def test_each_level_is_said_once_while_it_lasts() -> None:
    told = said_of(210, 230, 510, 600, 220, 505, 1_500, 210, 1_700)
    levels = [said and said[1].split(":")[0].removeprefix("latency ") for said in told]
    assert levels == ["warn", None, "critical", None, None, None, "stale", None, None]


@pytest.mark.trio
async def test_it_is_over_once_when_nothing_was_long_for_a_while(
    autojump_clock: MockClock,
) -> None:
    episode, begun_s, over = Episode("frame to decision"), trio.current_time(), []
    episode.see(612.0, begun_s, LIMITS)
    for _ in range(200):
        await trio.sleep(1.0)
        now_s = trio.current_time()
        if said := episode.see(3.0, now_s, LIMITS) or episode.look(now_s, LIMITS):
            over.append((now_s - begun_s, said))
    text = "latency good again: frame to decision within 200 ms for 60 s; the worst was 612 ms"
    assert over == [(pytest.approx(LIMITS.calm_s), ("info", text))]
    assert episode.level is Level.GOOD


@pytest.mark.trio
async def test_what_is_long_now_and_then_is_one_episode(autojump_clock: MockClock) -> None:
    """No flood: an hour of one slow answer in each half minute is one line."""
    episode, lines = Episode("decision to answer"), []
    for number in range(3_600):
        await trio.sleep(1.0)
        now_s = trio.current_time()
        lines.append(episode.see(700.0 if number % 30 == 0 else 5.0, now_s, LIMITS))
        lines.append(episode.look(now_s, LIMITS))
    assert len([one for one in lines if one]) == 1


@pytest.mark.trio
async def test_silence_is_no_good_news(autojump_clock: MockClock) -> None:
    """Nobody sent an order for an hour: nobody knows that answers are quick again."""
    episode = Episode("decision to answer")
    episode.see(612.0, trio.current_time(), LIMITS)
    await trio.sleep(3_600.0)
    assert episode.look(trio.current_time(), LIMITS) is None
    assert episode.level is Level.CRITICAL
    said = episode.see(20.0, trio.current_time(), LIMITS)
    assert said is not None
    assert said[0] == "info"
    assert episode.see(300.0, trio.current_time(), LIMITS) is not None, "it can begin anew"
    assert episode.worst_ms == 300.0
