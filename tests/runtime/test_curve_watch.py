"""How a round went, from the desk by way of the journal into the database, for a terminal that was
not there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.desk.round import DeskRound
from polytui.journal.codec import BadJournal, decode_curve, decode_record, encode_curve
from polytui.model.curve import RoundCurve, step_ns
from polytui.model.instrument import Asset
from polytui.model.query import Query, Subject
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S
from polytui.store.database import database_of, open_read_only
from polytui.store.pages import page_of
from polytui.store.rebuild import rebuild

_POINT_BYTES = 75


@pytest.mark.trio
async def test_a_round_is_kept_point_by_point_and_a_replay_passes_it_over(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[int, tuple[float | None, float | None]] = {}
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        now = engine.session.clock.now_ns
        await engine.until(lambda: Asset.BTC in engine.session.mind.desks)
        desk = engine.session.mind.desks[Asset.BTC]
        await engine.until(lambda: any(is_young(one, now()) for one in desk.rounds))
        shown = next(one for one in desk.rounds if is_young(one, now()))
        for _ in range(45):
            now_ns = engine.session.clock.now_ns()
            bid = shown.up_book.best_bid
            seen[now_ns // NS_PER_S] = (desk.prices.settlement.last_spot, bid and bid / MICRO)
            await trio.sleep(1.0)
        slug, opens_ns = shown.slug, shown.round.opens_ns
    path = engine.session.journal.path
    assert replay_journal(path, is_verifying=True).is_equal
    rebuild(tmp_path)
    with closing(open_read_only(database_of(tmp_path))) as connection:
        answer = page_of(Query(1, Subject.CURVES, slug=slug), "s").read(connection)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows][::-1]
    points = [point for row in rows for point in msgspec.json.decode(str(row["points"]))]
    assert {row["opens_ns"] for row in rows} == {opens_ns}
    assert [row["window_s"] for row in rows] == [shown.round.window_s] * len(rows)
    after = [point[0] for point in points]
    assert after == sorted(after)
    assert 20 <= sum(1 for one in after if (opens_ns + one * NS_PER_MS) // NS_PER_S in seen) <= 24
    assert sum(len(str(row["points"])) for row in rows) <= _POINT_BYTES * len(points)
    known = {
        seen.get((opens_ns + point[0] * NS_PER_MS) // NS_PER_S): (point[1], point[4])
        for point in points[5:]
    }
    told = [(one, two) for one, two in known.items() if one is not None and None not in one]
    assert told
    same = sum(one == pytest.approx(two, rel=1e-6) for one, two in told)
    assert same >= 0.8 * len(told), "what the desk knew then, but for what changed in that second"


def is_young(one: DeskRound, now_ns: int) -> bool:
    """Whether it opened not long ago."""
    return 0 <= now_ns - one.round.opens_ns < 20 * NS_PER_S


def test_a_curve_is_one_line_and_read_as_it_was_written() -> None:
    points = ((0, 92_000.5, None, 0.5, 0.49, 0.51, None), (2_000, None, 1.0, None, None, None, 2.0))
    curve = RoundCurve("btc", "btc-updown-5m-1", 7, 5, 60, points)
    line = encode_curve(curve)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    record = decode_record(line)
    assert (record.is_event, record.is_aside) == (False, True)
    assert decode_curve(record.curve) == curve


@pytest.mark.parametrize("line", [b'{"curve":7}', b'{"curve":{"asset":"btc"}}'])
def test_what_is_no_curve_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal, match="not a curve"):
        decode_curve(decode_record(line).curve)


def test_a_round_of_any_length_is_at_most_150_points() -> None:
    for minutes in (5, 15, 60, 240):
        length_ns = minutes * 60 * NS_PER_S
        assert length_ns / step_ns(0, length_ns) <= 150
    assert step_ns(0, 300 * NS_PER_S) == 2 * NS_PER_S
