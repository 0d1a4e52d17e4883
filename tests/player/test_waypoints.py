"""Waypoints: states between checkpoints that a jump begins from."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from recorded_session import WAYPOINT_EVERY, Recorded
from test_bad_recordings import bodies
from test_deck import plain_segment, unpressed
from test_watched_session import arrived, opened

from polytui.desk.checkpoint import checkpoint_of
from polytui.journal.codec import BadJournal, decode_record, packed
from polytui.journal.seal import sealed
from polytui.journal.segment_reader import opened as read
from polytui.journal.segments import in_folder, journal_folder, press
from polytui.journal.state_lines import WAYPOINT_BEGINS, StateLines, unpacked_waypoint
from polytui.journal.thinning import RAW, thin


def _plain(recorded: Recorded) -> bytes:
    (whole,) = in_folder(journal_folder(recorded.folder))
    parts = []
    with closing(read(whole)) as source:
        while part := source.read(1 << 20):
            parts.append(part)
    return b"".join(parts)


def _written(folder: Path, plain: bytes) -> Path:
    (folder / "journal").mkdir(parents=True)
    plain_segment(folder).write_bytes(plain)
    return folder


def test_wherever_a_jump_goes_the_way_from_the_last_state_is_short(recorded: Recorded) -> None:
    with closing(opened(recorded.folder)) as known:
        spots = list(known.index.spots)
    waypoints = [spot for spot in spots if spot.base is not None]
    assert len(waypoints) > len(spots) / 2
    with closing(opened(recorded.folder)) as straight:
        for spot in [one for one in waypoints if one.seq > 1_500][::6]:
            straight.play_until(spot.at_ns - 1, 600.0)
            with closing(opened(recorded.folder)) as cold:
                cold.go(spot.at_ns - 1)
                short = spot.seq - cold.cursor.seq <= 2 * WAYPOINT_EVERY
                assert short, "it began at the one before"
                assert arrived(cold).recorded.mind.digest() == straight.recorded.mind.digest()


def test_a_waypoint_is_the_whole_mind_and_a_fraction_of_it(recorded: Recorded) -> None:
    with closing(opened(recorded.folder)) as player:
        player.go(recorded.accounts[6].at_ns)
        arrived(player)
        lines = StateLines()
        first = lines.waypoint(player.cursor.seq, checkpoint_of(player.recorded.mind))
        base = packed(checkpoint_of(player.recorded.mind))
        assert unpacked_waypoint(decode_record(first), b"") == base, "the first one is whole"
        player.play_until(recorded.accounts[7].at_ns, 60.0)
        state = checkpoint_of(player.recorded.mind)
        second = lines.waypoint(player.cursor.seq, state)
        assert unpacked_waypoint(decode_record(second), base) == packed(state)
        assert len(second) < len(first) / 2
        with pytest.raises(BadJournal, match="does not decode"):
            unpacked_waypoint(decode_record(second), b"something else")


def test_a_waypoint_that_was_spoilt_is_passed_over(recorded: Recorded, tmp_path: Path) -> None:
    spoilt = [
        re.sub(rb'"state":"....', b'"state":"AAAA', body)
        if body.startswith(WAYPOINT_BEGINS)
        else body
        for body in bodies(_plain(recorded))
    ]
    folder = _written(tmp_path / recorded.folder.name, sealed(spoilt))
    view = recorded.accounts[5]
    with closing(opened(recorded.folder)) as good, closing(opened(folder)) as player:
        assert len(player.index.spots) == len(good.index.spots)
        for one in (good, player):
            one.go(view.at_ns)
            arrived(one)
        assert player.recorded.mind.digest() == good.recorded.mind.digest()
        assert len(player.index.spots) < len(good.index.spots)
        assert any(spot.base is None for spot in player.index.spots), "checkpoints are still there"


def test_what_a_waypoint_hangs_on_must_be_there(recorded: Recorded, tmp_path: Path) -> None:
    lines = [one for one in bodies(_plain(recorded)) if not one.startswith(b'{"checkpoint"')]
    with closing(opened(recorded.folder)) as whole:
        hanging = [spot for spot in whole.index.spots if spot.base not in (None, spot.place)]
    assert hanging
    with closing(opened(_written(tmp_path / recorded.folder.name, sealed(lines)))) as player:
        left = {spot.seq for spot in player.index.spots}
        assert left.isdisjoint(one.seq for one in hanging if one.seq > min(left) + 700)
        player.go(recorded.accounts[7].at_ns)
        assert arrived(player).words == ""


def test_a_thinned_segment_has_none(recorded: Recorded, tmp_path: Path) -> None:
    folder = _written(tmp_path / recorded.folder.name, _plain(recorded))
    assert WAYPOINT_BEGINS in plain_segment(folder).read_bytes()
    pressed = press(plain_segment(folder))
    thin(pressed, RAW)
    assert WAYPOINT_BEGINS not in unpressed(pressed)
