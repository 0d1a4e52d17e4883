"""An engine's end of the socket, at the byte level: made-up views that move, real commands.

Tests drive it step by step. To look at the terminal with it, run it as a program:
`python tests/tui/fake_engine.py SOCKET [mode]`, and attach a terminal to SOCKET.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

from attrs import define, evolve, field, fields
from msgspec.structs import replace

from polytui.config.load import BadSettings, canonical_json, structure_settings
from polytui.config.schema import Settings
from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    Ack,
    AssetFrame,
    Change,
    Command,
    Detach,
    FrameReader,
    FromEngine,
    FromFace,
    Goodbye,
    Hello,
    NoticeFrame,
    SettingsFrame,
    TicketAnswer,
    TicketBack,
    TicketOrder,
    TicketQuestion,
    encode,
    schema_hash,
)
from polytui.model.playing import Play, PlayMove
from polytui.model.query import Answer, Query, Subject
from polytui.model.score_views import ClaimsView, ForecastView, ResultView, SaidView, ScoreView
from polytui.model.snapshot import (
    AccountView,
    AssetState,
    AssetView,
    BookView,
    BreakerView,
    ConsensusView,
    FeatureView,
    FeedState,
    FeedView,
    LimitView,
    Notice,
    OrderView,
    RoundView,
    SettingView,
    SignalView,
    VenuePriceView,
)
from polytui.model.ticket import TicketLook
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

START_NS = 1_795_180_500 * NS_PER_S
NAMES = ("btc", "eth", "sol", "xrp")
_PRICES = {"btc": 92_013.4, "eth": 3_104.62, "sol": 139.874, "xrp": 2.20417}


def book_at(mid: float, rng: random.Random) -> BookView:
    """A 0.01 ladder round `mid` dollars, thin at the top and fat far away."""
    best = max(2, min(98, round(mid * 100)))
    depth = range(12)

    def size(step: int) -> int:
        return round(rng.uniform(8, 60) * (1 + step) ** 1.6 * 100) * (MICRO // 100)

    bids = tuple(((best - 1 - k) * 10_000, size(k)) for k in depth if best - 1 - k > 0)
    asks = tuple(((best + k) * 10_000, size(k)) for k in depth if best + k < 100)
    return BookView(bids, asks, 10_000, True, 40)


def feeds_of(name: str) -> tuple[FeedView, ...]:
    return tuple(
        FeedView(feed, FeedState.UP, 120 + 40 * at, 1_200 * (at + 1), 0, 0, 3)
        for at, feed in enumerate(("consensus", "book", "binance"))
    )


def round_at(name: str, at_ns: int, interval_s: int, rng: random.Random, drift: float) -> RoundView:
    opens = at_ns // (interval_s * NS_PER_S) * interval_s * NS_PER_S
    fair = 0.5 + 0.42 * math.tanh(drift)
    mid = min(0.97, max(0.03, fair - 0.021))
    wants = abs(fair - mid) > 0.02 and name != "xrp"
    signals = (
        SignalView("distance_fade", "up" if wants else "", 214.0 if wants else 41.0,
                   "" if wants else "edge small: 41 < 60 bps", 0.82, 20.0 if wants else 0.0),
        SignalView("momentum_score", "", None, "score small: 0.08 < 0.12", 0.55, is_live=False),
        SignalView("confluence", "down", 88.0, "in shadow: not enabled", 0.66, 12.5, False),
        SignalView("settlement_sniper", "up", 133.0, "too early: 214 > 75 s left", 0.97),
        SignalView("predictor", "", None, "no model", None, is_live=False),
    )  # fmt: skip
    at = round(mid * 100 - 1) * 10_000
    order = OrderView(f"{name}-1", "up", "buy", at, 25 * MICRO, 5 * MICRO, "live")
    return RoundView(
        f"{name}-updown-{interval_s // 60}m-{opens // NS_PER_S}",
        f"{interval_s // 60}m",
        "open",
        opens,
        opens + interval_s * NS_PER_S,
        _PRICES[name] * 0.9997,
        fair,
        _PRICES[name] * 0.0006,
        book_at(mid, rng),
        signals,
        25 * MICRO if wants else 0,
        0,
        int(14.25 * MICRO) if wants else 0,
        int(drift * 2.4 * MICRO) if wants else 0,
        (order,) if wants else (),
    )


def asset_at(name: str, step: int, state: AssetState = AssetState.TRADING) -> AssetView:
    """The view of one asset at `step` tenths of a second after the start."""
    rng = random.Random(f"{name}{step // 4}")
    at_ns = START_NS + step * NS_PER_S // 10
    drift = 1.1 * math.sin(step / 70 + len(name) + ord(name[0]))
    price = _PRICES[name] * (1 + drift * 0.0004)
    return AssetView(
        name, at_ns, state, "", 1, consensus_at(price), FEATURES,
        (round_at(name, at_ns, 300, rng, drift), round_at(name, at_ns, 900, rng, drift / 2)),
        feeds_of(name), 3, 17, 9, 14, int(drift * 9 * MICRO), int(drift * 11.4 * MICRO),
        SCORES[name], ASSET_LIMITS, (), FORECASTS, SAID,
    )  # fmt: skip


def consensus_at(price: float) -> ConsensusView:
    """Three venues that agree within a basis point, Bybit a bit late."""
    venues = tuple(
        VenuePriceView(venue, price * over, price, (over - 1) * 10_000, age_ms, 40.0, weight, False)
        for venue, over, age_ms, weight in (
            ("binance", 1.0008, 120, 0.5), ("bybit", 1.00075, 900, 0.3),
            ("coinbase", 1.0, 300, 0.2),
        )
    )  # fmt: skip
    return ConsensusView(price, 0.82, 0.4, 0.1, price * 0.99999, 900, "polybolt", venues)


FORECASTS = (
    ForecastView(10, 2_140.2, 1.04, False),
    ForecastView(30, 713.6, 1.11, False),
    ForecastView(60, 358.1, 1.312, True),
    ForecastView(120, 51.0, 1.4, False),
    ForecastView(300, 0.0, 1.0, False),
)
SAID = (
    SaidView(240, 57.0, 0.214, 3.0, 0.93, 1.0),
    SaidView(120, 57.0, 0.171, 14.0, 0.95, 0.9286),
    SaidView(60, 56.0, 0.118, 28.0, 0.964, 0.9643),
    SaidView(30, 56.0, 0.07, 41.0, 0.982, 0.9756),
    SaidView(10, 0.0, 0.0, 0.0, 0.0, 0.0),
)
FEATURES = (
    FeatureView("rsi_14", 57.25, 12_000, False),
    FeatureView("imbalance", -0.31, 200, False),
    FeatureView("trade_flow", 0.4, 9_000, True),
    FeatureView("vwap_gap_bps", None, -1, True),
)


def result(entries: int, won: int, lost: int, staked: float, pnl: float, **more: int) -> ResultView:
    """Dollars as floats, for reading; one exit in three, three percent of fees."""
    fees = round(staked * 0.03 * MICRO)
    return ResultView(
        entries, entries // 3, won, lost, round(staked * MICRO), fees, round(pnl * MICRO), **more
    )


NO_RESULT = ResultView()


def scores_of(name: str) -> tuple[ScoreView, ...]:
    """Two that trade, one of them in shadow too, and three in shadow; each asset with its own."""
    k = NAMES.index(name) + 1
    return (
        ScoreView("distance_fade", True,
                  result(12 * k, 7 * k, 4 * k, 231.4 * k, 31.05 * k, open_cost=19_800_000),
                  result(14 * k, 8 * k, 6 * k, 264.0 * k, 28.11 * k),
                  ClaimsView(25.6 * k, 742.0, -638.4, 251.3)),
        ScoreView("settlement_sniper", True, result(5, 5, 0, 96.2, 3.91), NO_RESULT),
        ScoreView("confluence", False, NO_RESULT, result(9, 3, 6, 180.0, -41.27)),
        ScoreView("momentum_score", False, NO_RESULT, NO_RESULT),
        ScoreView("predictor", False, result(1, 0, 1, 20.0, -20.6), result(3, 2, 1, 60.0, 4.4)),
    )  # fmt: skip


SCORES = {name: scores_of(name) for name in NAMES}

ASSET_LIMITS = (
    LimitView("losses in a row", 1.0, 3.0, "rounds"),
    LimitView("open of the asset", 1.0, 3.0, "rounds"),
    LimitView("working orders limit", 1.0, 4.0, "orders"),
    LimitView("orders of the round", 3.0, 12.0, "orders"),
    LimitView("position limit", 14.25, 50.0, "USD"),
    LimitView("round limit", 14.25, 50.0, "USD"),
    LimitView("net inventory", 14.25, 50.0, "USD"),
    LimitView("asset limit", 57.5, 100.0, "USD"),
)
ACCOUNT_LIMITS = (
    LimitView("daily loss limit", 0.0, 100.0, "USD"),
    LimitView("drawdown limit", 18.4, 60.0, "USD"),
    LimitView("drawdown of the peak", 1.75, 10.0, "%"),
    LimitView("trades of the day", 61.0, 500.0, "trades"),
    LimitView("open positions limit", 3.0, 8.0, "rounds"),
    LimitView("open of the interval", 3.0, 6.0, "rounds"),
    LimitView("closing time limit", 33.2, 60.0, "USD"),
    LimitView("account limit", 57.0, 300.0, "USD"),
    LimitView("cash", 57.0, 1_059.31, "USD"),
)


def breaker(reason: str, left_s: float) -> BreakerView:
    """Open for so long after the start; 0: until a person resumes."""
    return BreakerView(reason, START_NS + round(left_s * NS_PER_S) if left_s else 0)


def hot_settings(settings: Settings) -> tuple[SettingView, ...]:
    """Every hot setting with its value as JSON; what it means is made up."""
    values = json.loads(canonical_json(settings))
    tables = [one.name for one in fields(Settings) if one.metadata.get("is_hot")]
    return tuple(
        SettingView(
            f"{table}.{name}", json.dumps(value), f"What {name} of {table} means, at length."
        )
        for table in tables
        for name, value in values.get(table, {}).items()
    )


def changed(settings: Settings, change: Change) -> Settings:
    """With one value changed, validated as a whole; BadSettings says why not."""
    values = json.loads(canonical_json(settings))
    table, _, name = change.path.partition(".")
    values[table][name] = json.loads(change.value)
    return structure_settings(values)


WALLET = "0x1d2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b"


def account_at(step: int, mode: str = "demo", *, is_killed: bool = False) -> AccountView:
    at_ns = START_NS + step * NS_PER_S // 10
    drift = math.sin(step / 90)
    return AccountView(
        at_ns, mode, 20.0 if mode == "demo" else 1.0, START_NS - 754 * NS_PER_S, is_killed, False,
        1_002_310_000, 57_000_000, 10_310_000, 10_310_000 + int(drift * 4 * MICRO), 3, 1_240_000,
        "data/demo-7.journal", NAMES, 85, ACCOUNT_LIMITS,
        "daily loss limit: 100 of 100 USD" if is_killed else "", "3fa9c1d20b7e",
        wallet=WALLET if mode == "live" else "", ramp_proven=1 if mode == "live" else 0,
        ramp_rounds=3 if mode == "live" else 0, moved=20 * MICRO if mode == "live" else 0,
    )  # fmt: skip


def frames_at(step: int, mode: str = "demo", *, is_killed: bool = False) -> list[FromEngine]:
    state = AssetState.KILLED if is_killed else AssetState.TRADING
    views = [AssetFrame(asset_at(name, step, state)) for name in NAMES]
    return [AccountFrame(account_at(step, mode, is_killed=is_killed)), *views]


def notice_at(step: int, level: str = "info", asset: str = "btc", text: str = "") -> NoticeFrame:
    words = text or "bought Up 25.00 @ 0.57 distance_fade, edge +214 bps"
    return NoticeFrame(Notice(START_NS + step * NS_PER_S // 10, level, asset, words))


def story(step: int = 340, mode: str = "demo") -> list[FromEngine]:
    """A whole screen: hello, views, and a few lines of log."""
    lines = [
        notice_at(step - 300, "info", "", "session demo-7 begins, four assets, seed 7"),
        notice_at(step - 220, "info", "eth", "round eth-updown-5m opened, strike 3,103.69"),
        notice_at(step - 180, "info", "sol", "bought Up 25.00 @ 0.61 distance_fade, edge +188 bps"),
        notice_at(step - 120, "warn", "xrp", "binance stale 3.2 s"),
        notice_at(step - 60, "info", "xrp", "binance up again"),
        notice_at(step - 30, "good", "btc", "settled Up: +10.75"),
        notice_at(step - 10),
    ]
    told = SettingsFrame(hot_settings(Settings()))
    return [Hello(schema_hash(), "demo-7", mode), told, *frames_at(step, mode), *lines]


LOOK = TicketLook(
    Shares(0), Usd(5_200_000), Usd(170_000), Usd(4_630_000), Usd(-5_370_000), Shares(0),
    best_bid=Price(510_000), best_ask=Price(520_000), offered=Shares(48_000_000), edge_bps=213.0,
)  # fmt: skip


@define
class FakeEngine:
    """Serves one face at a time at `path`. State: what the face has sent so far."""

    path: Path
    mode: str = "demo"
    schema: str = field(factory=schema_hash)
    acks: bool = True
    obeys: bool = True
    commands: list[Command] = field(factory=list)
    wishes: list[Change] = field(factory=list)
    """Changes of settings the face has asked for."""
    settings: Settings = field(factory=Settings)
    questions: list[Query] = field(factory=list)
    answers: dict[Subject, Answer] = field(factory=dict)
    """By subject; what is not in it is not answered."""
    answer: Callable[[Query], Answer | None] = lambda _: None
    """Whoever answers by more than the subject; None where he does not."""
    look: TicketLook = LOOK
    """What every ticket would be now."""
    tickets: list[TicketOrder | TicketBack] = field(factory=list)
    refuses: str = ""
    """Why no ticket goes; empty where they do."""
    plays: list[Play] = field(factory=list)
    """What a player was asked, and what it cannot do."""
    unplayable: dict[PlayMove, str] = field(factory=dict)
    is_detached: bool = False
    is_killed: bool = False
    paused: set[str] = field(factory=set)
    left: asyncio.Event = field(factory=asyncio.Event)
    told: asyncio.Event = field(factory=asyncio.Event)
    """Set with every command."""
    _writers: list[asyncio.StreamWriter] = field(factory=list)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> FakeEngine:
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.die()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = FrameReader(FromFace)
        self._writers.append(writer)
        try:
            while data := await reader.read(65536):
                for message in frames.feed(data):
                    if isinstance(message, Play):
                        self._hear_play(message, writer)
                    else:
                        self._hear(message, writer)
        except ConnectionError:
            pass
        self.left.set()

    def _hear_play(self, play: Play, writer: asyncio.StreamWriter) -> None:
        self.plays.append(play)
        writer.write(encode(Ack(play.command_id, (), self.unplayable.get(play.move, ""))))

    def _hear(self, message: FromFace, writer: asyncio.StreamWriter) -> None:
        match message:
            case Hello():
                writer.write(encode(Hello(self.schema, "demo-7", self.mode)))
                self.say(SettingsFrame(hot_settings(self.settings)))
                self.show(0)
            case Change():
                self.wishes.append(message)
                if self.acks:
                    self._change(message)
            case Query(query_id=number, subject=subject):
                self.questions.append(message)
                if (made := self.answer(message)) is not None:
                    writer.write(encode(made))
                elif (known := self.answers.get(subject)) is not None:
                    writer.write(encode(replace(known, query_id=number)))
            case TicketQuestion(question_id=number, ticket=ticket):
                look = evolve(self.look, shares=ticket.shares)
                writer.write(encode(TicketAnswer(number, look)))
            case TicketOrder() | TicketBack():
                self.tickets.append(message)
                writer.write(encode(Ack(message.command_id, (4100,), self.refuses)))
            case Detach():
                self.is_detached = True
            case Command(command_id=number):
                self.commands.append(message)
                self._obey(message)
                if self.acks:
                    writer.write(encode(Ack(number, (4100 + number,))))
                self.told.set()

    def _change(self, change: Change) -> None:
        """As the engine: valid as a whole, or refused in words and nothing changed."""
        try:
            self.settings = changed(self.settings, change)
        except BadSettings as fault:
            self.say(Ack(change.command_id, (), str(fault)))
        else:
            self.say(Ack(change.command_id, (4100 + change.command_id,)))
            self.say(SettingsFrame(hot_settings(self.settings)))

    def _obey(self, command: Command) -> None:
        if not self.obeys:
            return
        names = {command.asset} if command.asset else set(NAMES)
        match command.action:
            case Action.KILL:
                self.is_killed = True
            case Action.REARM:
                self.is_killed = False
            case Action.PAUSE:
                self.paused |= names
            case Action.RESUME:
                self.paused -= names
            case Action.STOP:
                self.say(Goodbye(0, "stopped by command"))

    def say(self, *messages: FromEngine) -> None:
        block = b"".join(map(encode, messages))
        for writer in self._writers:
            if not writer.is_closing():
                writer.write(block)

    def show(self, step: int) -> None:
        """All views at `step`, as the commands so far have left them."""
        frames: list[FromEngine] = []
        for frame in frames_at(step, self.mode, is_killed=self.is_killed):
            if isinstance(frame, AssetFrame) and frame.view.asset in self.paused:
                frame = AssetFrame(evolve(frame.view, state=AssetState.PAUSED))
            frames.append(frame)
        self.say(*frames)

    def die(self) -> None:
        """Gone without a goodbye."""
        for writer in self._writers:
            writer.close()


async def _perform(path: Path, mode: str) -> None:
    """Ten views a second until a face asks to stop."""
    async with FakeEngine(path, mode) as engine:
        step = 0
        while not any(command.action is Action.STOP for command in engine.commands):
            await asyncio.sleep(0.1)
            step += 1
            engine.show(step)
            if step % 13 == 0:
                engine.say(notice_at(step, asset=NAMES[step % 4]))
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(_perform(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "demo"))
