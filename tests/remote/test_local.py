"""Faces over a real Unix socket: who may open it, who is dropped, and who left on purpose."""

from __future__ import annotations

import socket
import stat
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing
from attrs import define, field

from polytui.config.change import hot_settings
from polytui.config.schema import Settings
from polytui.model.errors import Fatal, Rejected
from polytui.model.events import Action
from polytui.model.link import (
    Ack,
    Change,
    Command,
    Detach,
    FrameReader,
    FromEngine,
    FromFace,
    Goodbye,
    Hello,
    NoticeFrame,
    Obeyed,
    SettingsFrame,
    encode,
    schema_hash,
)
from polytui.model.query import Answer, Query, Subject
from polytui.model.snapshot import Notice
from polytui.remote.local import FaceSettings, serve_faces

LIMIT_S = 10


@define
class Mailbox:
    """A subscription that hands out what the test puts in."""

    pending: deque[FromEngine] = field(factory=deque)
    something: trio.Event = field(factory=trio.Event)
    is_closed: bool = False

    def put(self, message: FromEngine) -> None:
        self.pending.append(message)
        self.something.set()

    async def take(self) -> list[FromEngine]:
        await self.something.wait()
        self.something = trio.Event()
        taken = list(self.pending)
        self.pending.clear()
        return taken

    def close(self) -> None:
        self.is_closed = True


@define
class Engine:
    """A face source of the test's own: commands are recorded, mailboxes are kept."""

    session: str = "s-1"
    mode: str = "demo"
    wallet: str = "0xa1"
    mailboxes: list[Mailbox] = field(factory=list)
    commands: list[tuple[Action, str, str]] = field(factory=list)
    changes: list[tuple[str, str, str]] = field(factory=list)
    asking: int = 0
    most_asking: int = 0
    answers: trio.Event = field(factory=trio.Event)
    """Until it is set nobody is answered."""
    attached: int = 0
    left: list[bool] = field(factory=list)
    somebody_left: trio.Event = field(factory=trio.Event)

    def subscribe(self) -> Mailbox:
        self.mailboxes.append(Mailbox())
        return self.mailboxes[-1]

    async def command(self, action: Action, asset: str, origin: str) -> Obeyed:
        await trio.lowlevel.checkpoint()
        if asset == "doge":
            raise Rejected("no asset doge here")
        self.commands.append((action, asset, origin))
        if asset == "eth":
            return Obeyed((41,), "the disk is full", "eth is halted")
        return Obeyed((41, 42))

    async def change(self, path: str, value: str, origin: str) -> tuple[int, ...]:
        await trio.lowlevel.checkpoint()
        if path == "tipo.x":
            raise Rejected("unknown setting @ tipo.x")
        self.changes.append((path, value, origin))
        return (51,)

    async def ask(self, query: Query) -> Answer:
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        await self.answers.wait()
        await trio.lowlevel.checkpoint()
        self.asking -= 1
        return Answer(query.query_id, ("asset",), ((query.asset,),))

    def face_attached(self) -> None:
        self.attached += 1

    def face_left(self, *, detached: bool) -> None:
        self.left.append(detached)
        self.somebody_left.set()


@define
class Face:
    """A byte-level client."""

    stream: trio.SocketStream
    frames: FrameReader = field(factory=lambda: FrameReader(FromEngine))
    inbox: deque[FromEngine] = field(factory=deque)

    async def say(self, message: FromFace) -> None:
        await self.stream.send_all(encode(message))

    async def hear(self) -> FromEngine | None:
        """The next message; None when the engine closed the connection."""
        while not self.inbox:
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            self.inbox.extend(self.frames.feed(bytes(data)))
        return self.inbox.popleft()


@define
class Site:
    """Where a test's engine can be reached; closes every face it opened."""

    path: Path
    faces: list[Face] = field(factory=list)

    async def connect(self) -> Face:
        self.faces.append(Face(await trio.open_unix_socket(str(self.path))))
        return self.faces[-1]

    async def attach(self) -> Face:
        face = await self.connect()
        await face.say(Hello(schema_hash()))
        assert await face.hear() == Hello(schema_hash(), "s-1", "demo", "0xa1")
        await trio.testing.wait_all_tasks_blocked()  # it has subscribed, too
        return face

    def close(self) -> None:
        for face in self.faces:
            face.stream.socket.close()


@asynccontextmanager
async def open_engine(
    folder: Path, settings: FaceSettings | None = None, *, limit_s: float = LIMIT_S
) -> AsyncIterator[tuple[Engine, Site]]:
    engine, site = Engine(), Site(folder / "run" / "engine.sock")
    with trio.fail_after(limit_s):
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_faces, site.path, engine, settings or FaceSettings())
            try:
                yield engine, site
            finally:
                site.close()
                nursery.cancel_scope.cancel()


def notice(text: str) -> NoticeFrame:
    return NoticeFrame(Notice(1, "info", "btc", text))


@pytest.mark.trio
async def test_only_the_owner_may_open_it_and_it_is_gone_afterwards(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (_, site):
        assert stat.S_IMODE(site.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(site.path.parent.stat().st_mode) == 0o700
    assert not site.path.exists()


@pytest.mark.trio
async def test_news_and_commands_cross(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        await face.say(Command(7, Action.KILL))
        assert await face.hear() == Ack(7, (41, 42))
        assert engine.commands == [(Action.KILL, "", "terminal")]
        await face.say(Command(8, Action.FLATTEN, "eth"))
        assert await face.hear() == Ack(8, (41,), "", "the disk is full", "eth is halted")
        engine.mailboxes[0].put(notice("one"))
        engine.mailboxes[0].put(notice("two"))
        assert await face.hear() == notice("one")
        assert await face.hear() == notice("two")


@pytest.mark.trio
async def test_a_refused_command_says_why(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        await face.say(Command(8, Action.PAUSE, "doge"))
        assert await face.hear() == Ack(8, (), "no asset doge here")
        assert engine.commands == []


@pytest.mark.trio
async def test_a_changed_setting_is_answered_like_a_command(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        await face.say(Change(3, "gates.cooldown_s", "1.0"))
        assert await face.hear() == Ack(3, (51,))
        await face.say(Change(4, "tipo.x", "1.0"))
        assert await face.hear() == Ack(4, (), "unknown setting @ tipo.x")
        assert engine.changes == [("gates.cooldown_s", "1.0", "terminal")]
        assert engine.commands == []


@pytest.mark.trio
async def test_settings_cross(tmp_path: Path) -> None:
    settings = SettingsFrame(hot_settings(Settings()))
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        engine.mailboxes[0].put(settings)
        assert await face.hear() == settings


@pytest.mark.trio
async def test_a_command_in_the_same_packet_as_the_hello_is_obeyed(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.connect()
        await face.stream.send_all(encode(Hello(schema_hash())) + encode(Command(1, Action.KILL)))
        assert isinstance(await face.hear(), Hello)
        assert await face.hear() == Ack(1, (41, 42))
        assert engine.commands == [(Action.KILL, "", "terminal")]


@pytest.mark.trio
@pytest.mark.parametrize("is_detached", [True, False])
async def test_leaving_on_purpose_is_told_from_being_lost(
    tmp_path: Path, is_detached: bool
) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        if is_detached:
            await face.say(Detach())
        await face.stream.aclose()
        await engine.somebody_left.wait()
        assert engine.left == [is_detached]
        assert engine.mailboxes[0].is_closed


@pytest.mark.trio
async def test_other_versions_are_refused_in_words(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.connect()
        await face.say(Hello("0123456789abcdef"))
        goodbye = await face.hear()
        assert isinstance(goodbye, Goodbye)
        assert "different versions" in goodbye.reason
        assert goodbye.exit_code == 1
        assert await face.hear() is None
        assert engine.attached == 0


@pytest.mark.trio
@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02\xc1\xc1",
        encode(Hello(schema_hash())),
        b"\x00\x00\x00\x03abc",
    ],
)
async def test_garbage_drops_that_face_only(tmp_path: Path, garbage: bytes) -> None:
    async with open_engine(tmp_path) as (engine, site):
        good, bad = await site.attach(), await site.attach()
        await bad.stream.send_all(garbage)
        assert await bad.hear() is None
        assert engine.left == [False]
        await good.say(Command(1, Action.RESUME, "btc"))
        assert await good.hear() == Ack(1, (41, 42))


@pytest.mark.trio
async def test_garbage_instead_of_a_hello(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        for opening in (b"GET / HTTP/1.1\r\n\r\n", encode(Command(1, Action.KILL))):
            face = await site.connect()
            await face.stream.send_all(opening)
            assert await face.hear() is None
        assert (engine.attached, engine.commands) == (0, [])


@pytest.mark.trio
async def test_silence_instead_of_a_hello(tmp_path: Path) -> None:
    async with open_engine(tmp_path, FaceSettings(hello_timeout_s=0.05)) as (engine, site):
        face = await site.connect()
        assert await face.hear() is None
        assert engine.attached == 0


@pytest.mark.trio
async def test_a_face_that_does_not_read_is_dropped_and_others_go_on(tmp_path: Path) -> None:
    async with open_engine(tmp_path, FaceSettings(send_timeout_s=0.1)) as (engine, site):
        slow, quick = await site.attach(), await site.attach()
        long_line = notice("x" * 900_000)
        engine.mailboxes[0].put(long_line)
        engine.mailboxes[1].put(notice("still here"))
        assert await quick.hear() == notice("still here")
        await engine.somebody_left.wait()
        assert engine.left == [False]
        assert [box.is_closed for box in engine.mailboxes] == [True, False]
        # Whatever had reached its buffer is less than the frame, and then the stream is over.
        assert await slow.hear() is None


@pytest.mark.trio
async def test_goodbye_ends_the_face(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        engine.mailboxes[0].put(notice("last words"))
        engine.mailboxes[0].put(Goodbye(0, "all rounds done"))
        assert await face.hear() == notice("last words")
        assert await face.hear() == Goodbye(0, "all rounds done")
        assert await face.hear() is None
        assert engine.mailboxes[0].is_closed
        assert engine.left == [True]


@pytest.mark.trio
async def test_one_face_too_many(tmp_path: Path) -> None:
    async with open_engine(tmp_path, FaceSettings(max_faces=1)) as (engine, site):
        first = await site.attach()
        second = await site.connect()
        await second.say(Hello(schema_hash()))
        goodbye = await second.hear()
        assert isinstance(goodbye, Goodbye)
        assert "1 faces" in goodbye.reason
        await first.stream.aclose()
        await engine.somebody_left.wait()
        await site.attach()


@pytest.mark.trio
async def test_a_socket_left_by_a_dead_engine_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "engine.sock"))
    async with open_engine(tmp_path) as (_, site):
        await site.attach()


@pytest.mark.trio
async def test_an_engine_that_answers_is_not_pushed_aside(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (_, site):
        with pytest.raises(Fatal, match="already answers"):
            await serve_faces(site.path, Engine())
        await site.attach()


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    plain = tmp_path / "plain"
    plain.write_text("mine")
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o755)
    for path, words in (
        (plain, "no socket"),
        (plain / "sub" / "s", "cannot use"),
        (public / "s", "chmod 700"),
        (tmp_path / ("n" * 120), "shorter"),
    ):
        with pytest.raises(Fatal, match=words):
            trio.run(serve_faces, path, Engine())
    assert plain.read_text() == "mine"


def test_a_folder_that_only_points_to_one_is_refused(tmp_path: Path) -> None:
    """Whoever made the link could lead it elsewhere later."""
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(real)
    with pytest.raises(Fatal, match="only points to a folder"):
        trio.run(serve_faces, tmp_path / "run" / "s", Engine())
    assert list(real.iterdir()) == []


@pytest.mark.trio
async def test_a_thousand_questions_are_answered_one_by_one_in_their_order(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        engine.answers.set()
        face = await site.attach()
        for number in range(1_000):
            await face.say(Query(number, Subject.TRADES, asset=str(number)))
        for number in range(1_000):
            assert await face.hear() == Answer(number, ("asset",), ((str(number),),))
        assert engine.most_asking == 1


@pytest.mark.trio
async def test_a_command_overtakes_the_questions_before_it(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face = await site.attach()
        for number in range(20):
            await face.say(Query(number, Subject.WHY))
        await face.say(Command(7, Action.KILL))
        assert await face.hear() == Ack(7, (41, 42))
        engine.answers.set()
        assert [(await face.hear()).query_id for _ in range(20)] == list(range(20))  # type: ignore[union-attr]


@pytest.mark.trio
async def test_who_asks_too_much_is_told_so_and_nobody_else_waits_for_it(tmp_path: Path) -> None:
    async with open_engine(tmp_path, FaceSettings(max_questions=3)) as (engine, site):
        face, other = await site.attach(), await site.attach()
        await face.say(Query(0, Subject.ORDERS))
        await trio.testing.wait_all_tasks_blocked()
        for number in range(1, 6):
            await face.say(Query(number, Subject.ORDERS))
        for number in (4, 5):  # one is being answered, three wait
            told = await face.hear()
            assert isinstance(told, Answer)
            assert (told.query_id, told.rows) == (number, ())
            assert told.error.startswith("busy: 3 questions wait already")
        await other.say(Query(9, Subject.ORDERS))
        await trio.testing.wait_all_tasks_blocked()
        assert engine.most_asking == 2, "another face has a turn of its own"
        engine.answers.set()
        assert [(await face.hear()).query_id for _ in range(4)] == [0, 1, 2, 3]  # type: ignore[union-attr]


@pytest.mark.trio
async def test_questions_of_a_face_that_left_are_forgotten(tmp_path: Path) -> None:
    async with open_engine(tmp_path) as (engine, site):
        face, other = await site.attach(), await site.attach()
        for number in range(9):
            await face.say(Query(number, Subject.ORDERS))
        await face.say(Detach())
        await engine.somebody_left.wait()
        engine.answers.set()
        await other.say(Query(1, Subject.ROUNDS, asset="eth"))
        assert await other.hear() == Answer(1, ("asset",), (("eth",),))


@pytest.mark.trio
@pytest.mark.parametrize(
    "fields",
    [
        {"query_id": 1, "subject": "passwords"},
        {"query_id": None, "subject": "trades"},
        {"query_id": 1, "subject": "trades", "since_ns": "now"},
        {"query_id": 1, "subject": "trades", "limit": 1.5},
        {"query_id": 1},
    ],
)
async def test_what_is_no_question_ends_its_own_face(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    body = msgspec.msgpack.encode({"type": "query", **fields})
    async with open_engine(tmp_path) as (_, site):
        face, other = await site.attach(), await site.attach()
        await face.stream.send_all(len(body).to_bytes(4, "big") + body)
        assert await face.hear() is None
        await other.say(Command(7, Action.KILL))
        assert await other.hear() == Ack(7, (41, 42))
