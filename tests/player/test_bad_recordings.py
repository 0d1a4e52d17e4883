"""Recordings that are cut off, damaged, thinned, of another version, or none at all."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from recorded_session import Recorded
from test_deck import plain_segment, unpressed
from test_watched_session import arrived, opened

from polytui.journal.codec import (
    CHECKPOINT_BEGINS,
    FIGURES_BEGINS,
    FORMAT,
    NOTICE_BEGINS,
    BadJournal,
    OtherFormat,
)
from polytui.journal.seal import sealed
from polytui.journal.segments import in_folder, journal_folder, press
from polytui.journal.thinning import RAW, thin
from polytui.model.errors import Fatal
from polytui.player.serving import play_recording
from polytui.player.showing import account_of


@pytest.fixture
def spoilt(recorded: Recorded, tmp_path: Path) -> tuple[Path, bytes]:
    """A folder of one's own, and the bytes that its segment had."""
    folder = Path(shutil.copytree(recorded.folder, tmp_path / recorded.folder.name))
    (whole,) = in_folder(journal_folder(folder))
    return folder, unpressed(whole)


def bodies(plain: bytes) -> list[bytes]:
    """Lines without their seals."""
    return [line.rpartition(b',"bytes":')[0] + b"}\n" for line in plain.splitlines()]


def test_a_journal_that_ends_in_mid_record_is_played_up_to_there(
    recorded: Recorded, spoilt: tuple[Path, bytes]
) -> None:
    folder, plain = spoilt
    plain_segment(folder).write_bytes(plain[: len(plain) * 2 // 3 - 7])
    with closing(opened(folder)) as player:
        player.go(player.index.last_ns)
        arrived(player)
        assert (player.words, player.at_ns) == ("", player.index.last_ns)
        assert player.recorded.at_ns == player.index.last_ns
        assert player.index.last_ns < recorded.accounts[-1].at_ns


def test_damage_is_named_and_what_stands_before_and_behind_it_is_shown(
    spoilt: tuple[Path, bytes],
) -> None:
    folder, plain = spoilt
    at = len(plain) // 2
    plain_segment(folder).write_bytes(plain[:at] + b"~" + plain[at + 1 :])
    with closing(opened(folder)) as player:
        player.play_until(player.index.last_ns, 60.0)
        assert re.match(r"goes no further: .*000001\.jsonl, line \d+: ", player.words)
        assert player.index.first_ns < player.at_ns < player.index.last_ns
        assert account_of(player).at_ns == player.at_ns
        player.go(player.index.first_ns)
        assert arrived(player).words == "", "before it everything is as it was"
        player.go(player.index.last_ns)
        assert arrived(player).words == "", "behind it is a checkpoint, whose digest is held"
        assert player.recorded.at_ns == player.index.last_ns


@pytest.mark.parametrize("begins", [NOTICE_BEGINS, FIGURES_BEGINS])
def test_damage_in_a_line_that_no_mind_needs_is_no_other_damage(
    spoilt: tuple[Path, bytes], begins: bytes
) -> None:
    folder, plain = spoilt
    last = plain.rindex(b"\n" + CHECKPOINT_BEGINS)
    places = [found.start() for found in re.finditer(b"\n" + begins, plain[:last])]
    for at in [one + len(begins) + 1 for one in places[1:]]:
        plain = plain[:at] + b"~" + plain[at + 1 :]
    plain_segment(folder).write_bytes(plain)
    with closing(opened(folder)) as player:
        player.play_until(player.index.last_ns, 60.0)
        assert re.match(r"goes no further: .*000001\.jsonl, line \d+: ", player.words)
        player.go(player.index.last_ns)
        assert arrived(player).recorded.at_ns == player.index.last_ns


def test_a_closed_segment_that_was_changed_hides_nothing_but_its_own_end(
    spoilt: tuple[Path, bytes],
) -> None:
    folder, plain = spoilt
    plain_segment(folder).write_bytes(plain)
    closed = press(plain_segment(folder))
    whole = closed.read_bytes()
    with closing(opened(folder)) as player:
        last_ns = player.index.last_ns
    at = len(whole) * 2 // 3
    closed.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    (folder / "journal" / "000002.jsonl").write_bytes(b"nonsense\n")
    with closing(opened(folder)) as player:
        assert player.index.is_whole
        assert player.index.first_ns < player.index.last_ns < last_ns
        player.go((player.index.first_ns + player.index.last_ns) // 2)
        assert arrived(player).words == ""
        assert account_of(player).at_ns == player.at_ns


@pytest.mark.parametrize("text", [b"", b"{}\n", b'{"journal":3,"vers'])
def test_what_is_no_journal_is_one_line(tmp_path: Path, text: bytes) -> None:
    folder = tmp_path / "s"
    (folder / "journal").mkdir(parents=True)
    if text:
        (folder / "journal" / "000001.jsonl").write_bytes(text)
    with pytest.raises(Fatal) as found:
        play_recording(folder, tmp_path / "k" / "s.sock")
    assert "\n" not in str(found.value)


def test_a_session_in_which_nothing_happened_yet_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    (folder / "journal").mkdir(parents=True)
    header = b'{"journal":%d,"version":"0","mode":"demo","session":"s","started_ns":1}\n' % FORMAT
    (folder / "journal" / "000001.jsonl").write_bytes(sealed([header]))
    with pytest.raises(Fatal, match="nothing has happened in it"):
        play_recording(folder, tmp_path / "k" / "s.sock")


def test_a_journal_of_another_format_is_said_with_who_wrote_it(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    (folder / "journal").mkdir(parents=True)
    (folder / "journal" / "000001.jsonl").write_bytes(sealed([b'{"journal":99,"version":"7.7"}\n']))
    with pytest.raises(OtherFormat, match=r"version 7\.7 wrote it in journal format 99"):
        opened(folder)


def test_checkpoints_of_another_version_are_left_and_all_is_played_from_the_start(
    recorded: Recorded, spoilt: tuple[Path, bytes]
) -> None:
    folder, plain = spoilt
    other = [
        re.sub(rb'^\{"checkpoint":"[^"]*"', b'{"checkpoint":"eNpjYGBg"', line)
        for line in bodies(plain)
    ]
    plain_segment(folder).write_bytes(sealed(other))
    view = recorded.accounts[7]
    with closing(opened(folder)) as player:
        assert player.index.spots
        player.go(view.at_ns)
        arrived(player)
        assert player.words == ""
        assert account_of(player).cash == view.cash


def test_where_this_program_decides_otherwise_it_says_so(spoilt: tuple[Path, bytes]) -> None:
    folder, plain = spoilt
    other = [
        re.sub(rb'"digest":"[0-9a-f]{16}"\}', b'"digest":"0123456789abcdef"}', line)
        if not line.startswith(b'{"checkpoint"')
        else line
        for line in bodies(plain)
    ]
    plain_segment(folder).write_bytes(sealed(other))
    with closing(opened(folder)) as player:
        player.play_until(player.index.last_ns, 60.0)
        assert re.match(r"differs from what was recorded since event 1\d\d ", player.words)


def test_a_thinned_stretch_is_named(spoilt: tuple[Path, bytes]) -> None:
    folder, plain = spoilt
    plain_segment(folder).write_bytes(plain)
    thin(press(plain_segment(folder)), RAW)
    with closing(opened(folder)) as player:
        player.go(player.index.last_ns)
        arrived(player)
        assert player.words.startswith("raw market data are gone from here")


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadJournal, match="no journal in"):
        opened(tmp_path)
