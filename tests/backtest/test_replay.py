"""A journal replayed: equal to the byte, or the first difference with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polytui.backtest.replay import Replay, ReplayVerdict, replay_journal
from polytui.config.load import canonical_json, digest_of_text
from polytui.config.schema import Settings
from polytui.desk.checkpoint import checkpoint_of
from polytui.desk.graph import OBJECT
from polytui.desk.mind import Mind
from polytui.journal.codec import (
    FORMAT,
    Header,
    decode_checkpoint,
    decode_event,
    decode_record,
    encode_checkpoint,
    encode_digest,
    encode_header,
    encode_raised,
    encode_record,
)
from polytui.journal.seal import sealed
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import MICRO, NS_PER_S, Usd

OPENS_NS = 1_795_204_800 * NS_PER_S
HEADER = encode_header(Header(FORMAT, "0.1.0", "demo", "session", OPENS_NS))
BROKEN = ev.SettingsChanged('{"risk":{"max_order_usd":0}}')
"""An event that breaks the desk that takes it."""


def a_round(asset: Asset) -> Round:
    slug = f"{asset.value}-updown-5m-1795204800"
    closes_ns = OPENS_NS + Interval.M5.ns
    return Round(
        slug,
        asset,
        Interval.M5,
        f"0x{asset.value}",
        f"{asset.value} up",
        f"{asset.value} down",
        OPENS_NS,
        closes_ns,
        SettlementRule.TWAP,
    )


def world_events() -> list[tuple[Asset, ev.Event, bool]]:
    """Two desks, one round each; the last event of every batch is marked."""
    told: list[tuple[Asset, ev.Event, bool]] = []
    for asset in (Asset.BTC, Asset.ETH):
        listed = a_round(asset)
        told += [
            (asset, ev.DeskOpened(asset, 1, Usd(1_000 * MICRO)), False),
            (asset, ev.SettingsChanged(canonical_json(Settings())), True),
            (asset, ev.RoundFound(listed), False),
            (asset, ev.FeedUp(ev.BOOK_FEED, OPENS_NS), False),
            (asset, ev.RoundOpened(listed.slug, OPENS_NS), True),
        ]
    told += [
        (Asset.ETH, ev.Commanded(ev.Action.PAUSE, "test"), True),
        (Asset.BTC, ev.Commanded(ev.Action.KILL, "test"), True),
        (Asset.BTC, ev.RoundSettled("0xbtc", "btc up", "stream", OPENS_NS), True),
        (Asset.ETH, ev.Commanded(ev.Action.REARM, "test"), True),
        (Asset.ETH, ev.Ticked(OPENS_NS + NS_PER_S), True),
    ]
    return told


class Writer:
    """Takes events as the engine does, and keeps the lines it would write."""

    def __init__(self) -> None:
        self.mind = Mind()
        self.lines = [HEADER]

    def take(self, asset: Asset, event: ev.Event, is_last: bool) -> None:
        at_ns = OPENS_NS + self.mind.seq * NS_PER_S
        try:
            taken = self.mind.take(asset, at_ns, event, is_last=is_last)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            line = encode_raised(self.mind.seq, at_ns, asset.value, event, is_last, why)
        else:
            line = encode_record(taken.seq, at_ns, asset.value, event, taken.effects, is_last)
        self.lines.append(line)

    def write_digest(self) -> None:
        self.lines.append(encode_digest(self.mind.seq, self.mind.digest()))

    def write_checkpoint(self) -> None:
        seq, digest = self.mind.seq, self.mind.digest()
        self.lines.append(encode_checkpoint(seq, digest, checkpoint_of(self.mind)))


def a_session(*more: tuple[Asset, ev.Event, bool]) -> list[bytes]:
    writer = Writer()
    for told in [*world_events(), *more]:
        writer.take(*told)
    writer.write_digest()
    return writer.lines


def replayed(folder: Path, lines: list[bytes], *, is_verifying: bool = True) -> ReplayVerdict:
    path = folder / "journal.jsonl"
    path.write_bytes(sealed(lines))
    return replay_journal(path, is_verifying=is_verifying)


def changed(lines: list[bytes], at: int, change: Callable[[bytes], bytes]) -> list[bytes]:
    edited = change(lines[at])
    assert edited != lines[at]
    return [*lines[:at], edited, *lines[at + 1 :]]


def test_a_journal_replays_to_the_same_effects_and_digests(tmp_path: Path) -> None:
    verdict = replayed(tmp_path, a_session())
    assert verdict.is_equal, verdict.difference
    assert (verdict.events, verdict.digests) == (15, 1)
    assert verdict.effects >= 5
    assert verdict.text().endswith("all equal")


def test_a_changed_effect_is_shown_with_its_event(tmp_path: Path) -> None:
    lines = changed(a_session(), 12, lambda line: line.replace(b"kill switch", b"kill it all"))
    verdict = replayed(tmp_path, lines)
    assert verdict.difference.startswith("event 12 of btc: effects differ")
    assert "kill switch" in verdict.difference
    assert "kill it all" in verdict.difference
    assert verdict.events == 12


def test_an_effect_that_is_missing_is_a_difference(tmp_path: Path) -> None:
    def without(line: bytes) -> bytes:
        return line.partition(b'"effects":')[0] + b'"effects":[]}\n'

    verdict = replayed(tmp_path, changed(a_session(), 12, without))
    assert verdict.difference.startswith("event 12 of btc: effects differ")


def test_a_changed_event_shows_in_what_comes_of_it(tmp_path: Path) -> None:
    lines = changed(a_session(), 13, lambda line: line.replace(b"btc up", b"btc down"))
    assert replayed(tmp_path, lines).difference.startswith("event 13 of btc: effects differ")


def test_a_changed_digest_is_a_difference(tmp_path: Path) -> None:
    lines = [*a_session()[:-1], encode_digest(15, "0" * 16)]
    verdict = replayed(tmp_path, lines)
    assert verdict.difference.startswith("digest after event 15: ")
    assert verdict.difference.endswith(f"was {'0' * 16} (none before)")


def test_state_that_no_effect_shows_is_found_by_the_digest(tmp_path: Path) -> None:
    """A pause of a desk without a round has no effect; the digest knows of it."""
    more = (Asset.BTC, ev.Commanded(ev.Action.PAUSE, "test"), True)
    lines = changed(a_session(more), 16, lambda line: line.replace(b'"pause"', b'"resume"'))
    assert replayed(tmp_path, lines).difference.startswith("digest after event 16: ")


def test_the_ends_of_batches_are_part_of_the_journal(tmp_path: Path) -> None:
    def unended(line: bytes) -> bytes:
        return line.replace(b'"last":true', b'"last":false')

    verdict = replayed(tmp_path, changed(a_session(), 12, unended))
    assert verdict.difference.startswith("event 12 of btc: effects differ")


def test_a_missing_event_is_a_hole_and_no_journal(tmp_path: Path) -> None:
    lines = a_session()
    with pytest.raises(Fatal, match="line 16: it speaks of event 15, and stands after event 14"):
        replayed(tmp_path, [*lines[:15], *lines[16:]])
    with pytest.raises(Fatal, match="line 15: event 15 comes after event 13"):
        replayed(tmp_path, [*lines[:14], *lines[15:]])


def test_a_journal_that_lacks_its_beginning_is_no_journal(tmp_path: Path) -> None:
    lines = a_session()
    with pytest.raises(Fatal, match="line 2: event 6 comes after event 0"):
        replayed(tmp_path, [lines[0], *lines[6:]])


def test_without_verifying_nothing_is_compared(tmp_path: Path) -> None:
    lines = [*a_session()[:-1], encode_digest(15, "0" * 16)]
    verdict = replayed(tmp_path, lines, is_verifying=False)
    assert verdict.is_equal
    assert verdict.text() == f"15 events, {verdict.effects} effects, 1 digests replayed"


# --- what broke a desk --------------------------------------------------------------------------


def test_what_was_raised_is_raised_again(tmp_path: Path) -> None:
    lines = a_session(
        (Asset.ETH, BROKEN, True),
        (Asset.ETH, ev.DeskOpened(Asset.ETH, 2, Usd(1_000 * MICRO)), True),
    )
    assert b'"raised":"BadSettings: expected > 0' in lines[16]
    assert replayed(tmp_path, lines).is_equal


# --- checkpoints --------------------------------------------------------------------------------


def marked() -> list[bytes]:
    """A session with a checkpoint after every fifth event, a broken desk in it."""
    writer = Writer()
    again = ev.DeskOpened(Asset.ETH, 2, Usd(1_000 * MICRO))
    broken = [(Asset.ETH, BROKEN, True), (Asset.ETH, again, True)]
    after = [(Asset.BTC, ev.Commanded(action, "test"), True) for action in ev.Action]
    for told in [*world_events(), *broken, *after]:
        writer.take(*told)
        if writer.mind.seq % 5 == 0:
            writer.write_checkpoint()
    writer.write_digest()
    return writer.lines


def written_by_an_older_version(lines: list[bytes]) -> list[bytes]:
    """The same session, where one table of settings did not exist, and one name was another."""
    today = canonical_json(Settings())
    told = json.loads(today)
    del told["latency"]
    told["gates"]["max_oracle_age_ms"] = told["gates"].pop("max_chainlink_age_ms")
    older = json.dumps(told, sort_keys=True, separators=(",", ":"))

    def in_words_of_then(one: Any) -> Any:
        if isinstance(one, list):
            return [in_words_of_then(part) for part in one]
        return older if one == today else one

    writer = Writer()
    for line in lines[1:]:
        record = decode_record(line)
        if record.is_event:
            event = decode_event(record.event)
            if isinstance(event, ev.SettingsChanged):
                event = ev.SettingsChanged(older)
            writer.take(Asset(record.asset), event, record.last)
        elif record.is_checkpoint:
            writer.write_checkpoint()
            written = decode_record(writer.lines.pop())
            state = in_words_of_then(decode_checkpoint(written))
            assert older in str(state)
            writer.lines.append(encode_checkpoint(written.seq, written.digest, state))
        else:
            writer.write_digest()
    assert writer.mind.desks[Asset.BTC].settings_digest == digest_of_text(older), "as it was then"
    return writer.lines


def test_a_session_of_a_version_with_other_settings_replays_from_every_checkpoint(
    tmp_path: Path,
) -> None:
    lines = written_by_an_older_version(marked())
    verdict = replayed(tmp_path, lines)
    assert verdict.is_equal, verdict.text()
    assert (verdict.events, verdict.checkpoints, verdict.passed_over) == (23, 4, ())
    again = replay_journal(tmp_path / "journal.jsonl", is_verifying=True, from_event=20)
    assert (again.is_equal, again.events, again.passed_over) == (True, 3, ())


def with_state(lines: list[bytes], seq: int, spoil: Callable[[Any], None]) -> list[bytes]:
    """The same with another state in the checkpoint after an event; its digest is as it was."""
    at = next(
        i for i, line in enumerate(lines) if b'"checkpoint"' in line and b'":%d,' % seq in line
    )
    record = decode_record(lines[at])
    state = decode_checkpoint(record)
    spoil(state)
    return [*lines[:at], encode_checkpoint(seq, record.digest, state), *lines[at + 1 :]]


def test_a_replay_goes_on_from_every_checkpoint(tmp_path: Path) -> None:
    verdict = replayed(tmp_path, marked())
    assert verdict.is_equal, verdict.text()
    assert (verdict.events, verdict.checkpoints, verdict.passed_over) == (23, 4, ())
    assert verdict.text().endswith("1 digests, 4 checkpoints: all equal")
    assert replayed(tmp_path, marked(), is_verifying=False).checkpoints == 0


def test_what_comes_after_a_checkpoint_is_played_by_the_mind_that_was_made_of_it() -> None:
    replay = Replay(is_verifying=True)
    minds = []
    for line in marked()[1:]:
        assert replay.take(decode_record(line)) == ""
        if replay.mind not in minds:
            minds.append(replay.mind)
    assert len(minds) == 5


def test_a_state_that_no_digest_shows_is_compared_as_well(tmp_path: Path) -> None:
    """Lives are in the digest; since when a round was looked at is not."""

    def spoil(state: Any) -> None:
        row = next(row for row in state[1] if row[0] == "desk.round.DeskRound")
        desk_round = found(state[2], state[1].index(row))
        desk_round[row.index("looked_ns")] += 1

    verdict = replayed(tmp_path, with_state(marked(), 15, spoil))
    assert verdict.difference.startswith("the checkpoint after event 15: ")
    assert ".looked_ns: " in verdict.difference
    assert any(line.startswith("> checkpoint after event 15") for line in verdict.around)


def found(data: Any, place: int) -> Any:
    """The first object of a class in a written state."""
    if isinstance(data, list):
        if data[:2] == [OBJECT, place]:
            return data
        for part in data:
            if (inside := found(part, place)) is not None:
                return inside
    return None


def another_version(state: Any) -> None:
    state[0] += 1


def another_mind(state: Any) -> None:
    state[2][-1] += 1


@pytest.mark.parametrize(
    ("spoil", "says"), [(another_version, "it is of version"), (another_mind, "its digest is")]
)
def test_a_checkpoint_that_is_no_good_is_said_and_what_stands_before_it_is_read(
    tmp_path: Path, spoil: Callable[[Any], None], says: str
) -> None:
    verdict = replayed(tmp_path, with_state(marked(), 10, spoil))
    assert verdict.is_equal
    assert (verdict.events, verdict.checkpoints) == (23, 3)
    (said,) = verdict.passed_over
    assert says in said
    assert verdict.text().startswith("the checkpoint after event 10 is not used, what stands befor")


@pytest.mark.parametrize(("begin", "events"), [(23, 3), (20, 3), (19, 8), (10, 13), (4, 23)])
def test_it_may_begin_at_any_of_them(tmp_path: Path, begin: int, events: int) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed(marked()))
    verdict = replay_journal(path, is_verifying=True, from_event=begin)
    assert verdict.is_equal, verdict.text()
    assert verdict.events == events


def test_where_the_last_is_no_good_it_begins_at_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed(with_state(marked(), 20, another_mind)))
    verdict = replay_journal(path, is_verifying=True, from_event=23)
    assert (verdict.is_equal, verdict.events, verdict.checkpoints) == (True, 8, 0)
    assert [said[:34] for said in verdict.passed_over] == ["the checkpoint after event 20 is n"] * 2


def test_where_the_last_is_of_another_version_it_begins_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed(with_state(marked(), 20, another_version)))
    verdict = replay_journal(path, is_verifying=True, from_event=23)
    assert (verdict.is_equal, verdict.events, verdict.checkpoints) == (True, 23, 3)


def test_a_difference_after_a_checkpoint_is_found_from_there(tmp_path: Path) -> None:
    lines = [line.replace(b"command from test", b"command of test") for line in marked()]
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed(lines))
    assert "effects differ" in replay_journal(path, is_verifying=True, from_event=15).difference


def test_what_was_raised_and_is_not_is_a_difference(tmp_path: Path) -> None:
    lines = a_session()
    raised = encode_raised(16, OPENS_NS, "eth", ev.Ticked(1), True, "KeyError: 'x'")
    verdict = replayed(tmp_path, [*lines[:-1], raised])
    assert verdict.difference == "event 16: raised '', was \"KeyError: 'x'\""


def test_what_was_not_raised_and_is_now_is_a_difference(tmp_path: Path) -> None:
    lines = a_session()
    quiet = encode_record(16, OPENS_NS, "eth", BROKEN, (), True)
    verdict = replayed(tmp_path, [*lines[:-1], quiet])
    assert verdict.difference.startswith("event 16: raised 'BadSettings: ")


# --- files that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{oops}\n", "line 17"),
        (b'{"seq":16,"at":1,"asset":"btc","event":["Nope",{}]}\n', "16.*not an event"),
        (b'{"seq":16,"at":1,"asset":"doge","event":["Ticked",{"at_ns":1}]}\n', "16.*doge"),
    ],
)
def test_a_bad_line_is_named_with_its_file(tmp_path: Path, line: bytes, says: str) -> None:
    lines = [*a_session()[:-1], line]
    with pytest.raises(Fatal, match=rf"journal.jsonl.*{says}"):
        replayed(tmp_path, lines)


def test_a_journal_cut_short_is_replayed_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed(a_session()[:-1])[:-9])
    verdict = replay_journal(path, is_verifying=True)
    assert verdict.is_equal
    assert verdict.events == 14


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no journal header"):
        replayed(tmp_path, [b"time,price\n"])
    with pytest.raises(Fatal, match="No such file"):
        replay_journal(tmp_path / "nowhere", is_verifying=True)
