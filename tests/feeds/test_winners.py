"""Who won: whichever knows says so, whoever is away, and the most trusted has the word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import OPENS_NS, Spoil, VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.feeds.winners import WinnerAnswer, Winners, Witness, winners_of
from polytui.model.errors import Retry
from polytui.model.events import NO_WINNER, RoundSettled
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma

pytestmark = pytest.mark.trio
BEFORE = f"btc-updown-5m-{OPENS_NS // NS_PER_S - 300}"
CHALLENGE = b"<!DOCTYPE html><title>Just a moment...</title><script>challenge()</script>"
LISTED = Round(
    "btc-updown-5m-1795204800", Asset.BTC, Interval.M5, "0x1", "11", "22", OPENS_NS,
    OPENS_NS + Interval.M5.ns, SettlementRule.TWAP,
)  # fmt: skip


def saying(*services: str, status: int = 200, body: bytes = b"", forever: bool = False) -> Spoil:
    """These services answer so, or never; strikes and listings of Gamma are theirs as well."""

    async def spoil(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.split("/")[1] not in services or "keyset" in request.url.path:
            return None
        if forever:
            await trio.sleep_forever()
        return httpx.Response(status, content=body)

    return spoil


def questions(engine: VirtualEngine) -> int:
    return sum("/clob/markets/" in one for one in engine.venue.requests)


async def test_with_gamma_silent_the_clob_says_it_at_the_first_question(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    # The first question comes when the venue has long resolved: it has to be the last.
    settings = quick_settings(session={"assets": (Asset.BTC,)}, rounds={"settle_first_s": 200.0})
    async with open_engine(monkeypatch, folder, settings, starts_before_s=10) as engine:
        await engine.until(lambda: bool(engine.run_of(Asset.BTC).followed))
        engine.venue.connections.mute("market", 10_000)
        engine.venue.spoil = saying("gamma", forever=True)
        await engine.until(lambda: engine.has_settled(Asset.BTC, BEFORE))
        at_s = (engine.session.clock.now_ns() - OPENS_NS) / NS_PER_S
        assert questions(engine) == 1
    (settled,) = (e for _, e in engine.events(RoundSettled))
    assert isinstance(settled, RoundSettled)
    assert settled.source in ("clob", "data")
    assert 200.0 <= at_s <= 200.0 + settings.rounds.settle_answer_s + 0.1
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_with_gamma_and_the_clob_away_the_data_api_says_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=10) as engine:
        await engine.until(lambda: bool(engine.run_of(Asset.BTC).followed))
        engine.venue.connections.mute("market", 10_000)
        engine.venue.spoil = saying("gamma", "clob", status=503)
        await engine.until(lambda: engine.has_settled(Asset.BTC, BEFORE))
    (settled,) = (e for _, e in engine.events(RoundSettled))
    assert isinstance(settled, RoundSettled)
    assert settled.source == "data"


async def test_with_all_away_they_are_asked_again_and_the_log_has_it_once(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=10) as engine:
        await engine.until(lambda: bool(engine.run_of(Asset.BTC).followed))
        engine.venue.connections.mute("market", 10_000)
        engine.venue.spoil = saying("gamma", "clob", "data-api", status=503)
        await engine.until(lambda: engine.session.clock.now_ns() > OPENS_NS + 130 * NS_PER_S)
        assert not engine.has_settled(Asset.BTC, BEFORE)
        assert questions(engine) >= 20
        told = [text for text in engine.texts() if "who won" in text]
        assert len(told) == 1
        assert all(name in told[0] for name in ("gamma:", "clob:", "data:", "asked again"))
        engine.venue.spoil = None
        await engine.until(lambda: engine.has_settled(Asset.BTC, BEFORE))
        assert sum("who won" in text for text in engine.texts()) == 1


async def test_a_stray_winner_is_refused_by_everybody_and_the_round_stays_asked_for(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=10) as engine:
        run = engine.run_of(Asset.BTC)
        await engine.until(lambda: BEFORE in run.followed)
        condition = run.followed[BEFORE].round.condition_id
        run.deliver(RoundSettled(condition, "99", "stream", OPENS_NS))
        await trio.sleep(5)
        assert not run.followed[BEFORE].settled.is_set()
        assert not engine.has_settled(Asset.BTC, BEFORE)
        await engine.until(lambda: engine.has_settled(Asset.BTC, BEFORE))


# --- the venue's three, at the level of bytes -------------------------------------------------


NOWHERE = (
    (503, b""),
    (500, b"oops"),
    (404, b'{"type":"not found error"}'),
    (403, b""),
    (429, b"slow down"),
    (200, CHALLENGE),
    (200, b""),
    (200, b"null"),
    (200, b'{"slug":"x","markets":[]}'),
    (200, b"\xff\xfe"),
    (0, b"for ever"),
)
"""What a service in trouble answers; the status 0 never."""


def venue_of(answers: dict[str, tuple[int, bytes]], asked: list[str]) -> Winners:
    """The three clients; each host answers by its name."""

    async def answer(request: httpx.Request) -> httpx.Response:
        host = request.url.host
        asked.append(host)
        status, body = answers[host]
        if not status:
            await trio.sleep_forever()
        return httpx.Response(status, content=body)

    def http(host: str) -> Http:
        return Http(f"http://{host}", HttpSettings(), httpx.MockTransport(answer))

    return winners_of(DataApi(http("data")), Clob(http("clob")), Gamma(http("gamma")), 3.0)


CLOB_KNOWS = b'{"closed":true,"tokens":[{"token_id":"11"},{"token_id":"22","winner":true}]}'
NOT_YET = {"data": b'{"data":[]}', "clob": b'{"tokens":[{"token_id":"11"}]}'}


@pytest.mark.parametrize(("status", "body"), NOWHERE)
async def test_whatever_gamma_says_the_clob_is_asked_at_once(
    status: int, body: bytes, autojump_clock: MockClock
) -> None:
    asked: list[str] = []
    answers = {"gamma": (status, body), "clob": (200, CLOB_KNOWS), "data": (200, NOT_YET["data"])}
    began = trio.current_time()
    verdict = await venue_of(answers, asked).ask(LISTED)
    assert (verdict.winner_token, verdict.source) == ("22", "clob")
    assert trio.current_time() - began < 1.0, "nobody waited for Gamma"
    assert asked.count("clob") == 1


@pytest.mark.parametrize(("status", "body"), NOWHERE)
async def test_whatever_gamma_and_the_clob_say_the_data_api_is_asked(
    status: int, body: bytes, autojump_clock: MockClock
) -> None:
    paid = b'{"data":[{"status":"RESOLVED","payouts":[1000000,0]}]}'
    answers = {"gamma": (status, body), "clob": (status, body), "data": (200, paid)}
    verdict = await venue_of(answers, []).ask(LISTED)
    assert (verdict.winner_token, verdict.source) == ("11", "data")


@pytest.mark.parametrize(("status", "body"), NOWHERE)
async def test_with_all_of_them_in_trouble_it_is_known_in_time_and_who_is_to_blame(
    status: int, body: bytes, autojump_clock: MockClock
) -> None:
    began = trio.current_time()
    verdict = await venue_of(dict.fromkeys(("gamma", "clob", "data"), (status, body)), []).ask(
        LISTED
    )
    assert verdict.winner_token is None
    assert set(verdict.faults) == {"gamma", "clob", "data"}
    assert trio.current_time() - began <= 3.0


# --- real sockets of this machine -----------------------------------------------------------------


def http_of(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


Serve = Callable[[trio.SocketStream], Awaitable[None]]


def answering(text: bytes, every_s: float = 0.0, *, stays: bool = False) -> Serve:
    """Reads one request, writes this, byte by byte where that takes `every_s` each, and closes or
    stays."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        for part in [text[at : at + 1] for at in range(len(text))] if every_s else [text]:
            await stream.send_all(part)
            await trio.sleep(every_s)
        if stays:
            await trio.sleep_forever()

    async def quietly(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            await serve(stream)

    return quietly


ON_THE_WIRE = {
    "silent": answering(b"", stays=True),
    "hangs up": answering(b""),
    "breaks off": answering(http_of(b"x" * 500)[:200]),
    "a byte now and then": answering(http_of(b"x" * 500), 0.05),
    "no HTTP": answering(b"\x16\x03\x01\x02\x00" * 20),
    "503": answering(http_of(b"", 503)),
    "challenge": answering(http_of(CHALLENGE)),
}


@pytest.mark.parametrize("name", [*ON_THE_WIRE, "refused"])
async def test_over_sockets_the_clob_says_it_whatever_gamma_and_the_data_api_do(name: str) -> None:
    """On the wall's clock: the deadline is the only thing that may be waited for."""
    deadline_s = 1.0
    async with trio.open_nursery() as nursery:

        async def open_at(serve: Serve | None) -> str:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            port = listener.socket.getsockname()[1]
            if serve is None:
                await listener.aclose()
            else:
                nursery.start_soon(trio.serve_listeners, serve, [listener])
            return f"http://127.0.0.1:{port}"

        trouble = ON_THE_WIRE.get(name)
        bases = [await open_at(each) for each in (trouble, answering(http_of(CLOB_KNOWS)), trouble)]
        data, clob, gamma = (Http(base, HttpSettings()) for base in bases)
        began = trio.current_time()
        winners = winners_of(DataApi(data), Clob(clob), Gamma(gamma), deadline_s)
        with trio.fail_after(10):
            verdict = await winners.ask(LISTED)
        assert trio.current_time() - began < deadline_s + 3.0, "a busy machine's second or two"
        for each in (data, clob, gamma):
            await each.close()
        nursery.cancel_scope.cancel()
    assert (verdict.winner_token, verdict.source) == ("22", "clob")


# --- the order of trust ---------------------------------------------------------------------------


def witness(name: str, answer: str | Exception | None, after_s: float = 0.0) -> Witness:
    async def ask(_: Round) -> str | None:
        await trio.sleep(after_s)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Witness(name, ask)


async def asked(*witnesses: Witness) -> tuple[WinnerAnswer, float]:
    began = trio.current_time()
    verdict = await Winners(witnesses, 3.0).ask(LISTED)
    return verdict, trio.current_time() - began


async def test_the_most_trusted_of_those_who_know_has_the_word(autojump_clock: MockClock) -> None:
    verdict, took_s = await asked(
        witness("data", "22", 2.0), witness("clob", "11", 1.0), witness("gamma", "11")
    )
    assert (verdict.winner_token, verdict.source, took_s) == ("22", "data", 2.0)
    assert verdict.others == {"clob": "11", "gamma": "11"}


async def test_nobody_waits_for_who_cannot_overrule(autojump_clock: MockClock) -> None:
    verdict, took_s = await asked(
        witness("data", None), witness("clob", "11", 1.0), witness("gamma", None, 100.0)
    )
    assert (verdict.source, took_s, verdict.faults) == ("clob", 1.0, {})


async def test_who_is_silent_costs_a_deadline_and_who_fails_costs_nothing(
    autojump_clock: MockClock,
) -> None:
    silent = (witness("data", "11", 100.0), witness("clob", Retry("away")), witness("gamma", "22"))
    verdict, took_s = await asked(*silent)
    assert (verdict.winner_token, verdict.source, took_s) == ("22", "gamma", 3.0)
    assert set(verdict.faults) == {"data", "clob"}


async def test_a_token_of_no_outcome_is_a_fault_and_a_cancelled_round_a_word(
    autojump_clock: MockClock,
) -> None:
    verdict, _ = await asked(witness("data", "99"), witness("clob", NO_WINNER))
    assert (verdict.winner_token, verdict.source) == (NO_WINNER, "clob")
    assert "no outcome" in verdict.faults["data"]
    verdict, _ = await asked(witness("data", None), witness("clob", None))
    assert (verdict.winner_token, verdict.faults) == (None, {})
