"""A face asks a running engine what it traded, why it did not, and how long its orders took."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from program import EAGER, QUICK, short_folder, started, with_database
from test_engine_faces import Face, attached

from polytui.journal.codec import decode_latency
from polytui.journal.reader import JournalReader
from polytui.model.events import Action
from polytui.model.latency import OrderLatency
from polytui.model.query import Answer, Query, Subject

pytestmark = pytest.mark.trio
DEMO = (
    "demo", "--headless", "--rounds", "0", "--assets", "btc", "--speed", "30", *QUICK, "--config",
)  # fmt: skip
_AGAIN_S = 0.2


async def told(face: Face, query: Query) -> Answer:
    await face.say(query)
    answer: Answer = await face.hear(
        lambda m: isinstance(m, Answer) and m.query_id == query.query_id
    )
    return answer


async def told_until(face: Face, query: Query, is_it: Callable[[Answer], bool]) -> Answer:
    """The database follows: asked again until the answer is one."""
    while not is_it(answer := await told(face, query)):
        await trio.sleep(_AGAIN_S)
    return answer


async def test_what_a_face_is_told_is_what_the_journal_says() -> None:
    with short_folder() as folder, trio.fail_after(170):
        socket, session = folder / "s", folder / "runs" / "one"
        kept, its_own = with_database(folder), ("--socket", socket, "--folder", session)
        async with started(folder, *DEMO, kept, *its_own) as engine:
            async with attached(socket) as face:
                early = await told(face, Query(1, Subject.TRADES))
                assert early.rows == ()
                wanted = Query(2, Subject.LATENCY, limit=200)
                latencies = await told_until(face, wanted, lambda answer: len(answer.rows) >= 2)
                trades = await told_until(face, Query(3, Subject.TRADES), lambda a: bool(a.rows))
                assert (trades.error, trades.as_of_ns > 0) == ("", True)
                whys = await told_until(face, Query(4, Subject.WHY), lambda a: bool(a.rows))
                assert {"strategy", "reason", "times"} <= set(whys.columns)
                days = await told(face, Query(5, Subject.DAYS))
                assert dict(zip(days.columns, days.rows[0], strict=True))["day"] == "2026-11-20"
                refused = await told(face, Query(6, Subject.TRADES, limit=1_000))
                assert refused.error.startswith("limit 1000: expected 1 to 200")
                await face.ask(7, Action.STOP)
            assert await engine.end() == 0
        with JournalReader(session, has_latencies=True) as journal:
            lines = [decode_latency(record.latency) for record in journal if record.latency]
        by_id = {one.order_id: one for one in lines if isinstance(one, OrderLatency)}
        for row in latencies.rows:
            found = dict(zip(latencies.columns, row, strict=True))
            line = by_id[str(found["order_id"])]
            stages = ("decode_us", "feature_us", "decision_us", "send_us", "ack_us", "fill_us")
            assert [found[name] for name in stages] == [getattr(line, name) for name in stages]


async def test_an_engine_without_a_database_says_so() -> None:
    with short_folder() as folder, trio.fail_after(100):
        async with started(folder, *DEMO, EAGER, "--paper", "--socket", folder / "s") as engine:
            async with attached(folder / "s") as face:
                answer = await told(face, Query(1, Subject.TRADES))
                assert "the database is switched off (store.is_enabled)" in answer.error
                await face.ask(2, Action.STOP)
            assert await engine.end() == 0
        assert not list(folder.rglob("*.sqlite*")), "who wants no database has none"
