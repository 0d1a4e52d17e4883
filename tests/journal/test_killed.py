"""kill -9 of a process that writes, turns and presses segments as fast as it can: everything that
was known to be on the disk is read, and nothing but whole records in their order."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from polytui.journal.beginning import begin
from polytui.journal.reader import JournalReader
from polytui.journal.segments import in_folder, press_closed
from polytui.journal.tail import JournalTail

WRITER = """
import sys
from pathlib import Path
from polytui.config.schema import JournalSettings
from polytui.journal.codec import FORMAT, Header, encode_checkpoint, encode_record
from polytui.journal.log import JournalLog
from polytui.journal.segments import press_closed
from polytui.model.events import Ticked

log = JournalLog(
    Path(sys.argv[1]), Header(FORMAT, "0", "demo", "s", 5), JournalSettings(segment_mb=0.01)
)
seq = 0
while True:
    for _ in range(7):
        seq += 1
        log.append(encode_record(seq, seq, "btc", Ticked(seq), (), True))
    if log.is_segment_due:
        log.begin_segment(seq, encode_checkpoint(seq, "ab", [seq]))
    log.write_now()
    sys.stdout.buffer.write(b"%d\\n" % seq)
    sys.stdout.buffer.flush()
    if seq % 5 == 0:
        press_closed(log.path)
"""


@pytest.mark.parametrize("seed", range(8))
def test_whatever_moment_a_writer_is_killed_at_its_journal_is_whole(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told, until = 0, chance.randrange(50, 2_000)
        while told < until:
            told = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().split(b"\n")[:-1]
        told = max([told, *map(int, rest)])
    with JournalReader(tmp_path) as journal:
        seqs = [record.seq for record in journal if record.is_event]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= told
    with JournalTail(tmp_path) as tail:
        assert [r.seq for r in tail.read(10_000) if r.is_event] == seqs
    segments = in_folder(tmp_path / "journal")
    beginning = begin((tmp_path,), lambda state, _: int(state[0]))
    with beginning.reader as left:
        rest_of_it = [record.seq for record in left if record.is_event]
    assert beginning.state or len(segments) < 3, "each but the first begins with a checkpoint"
    assert rest_of_it == list(range((beginning.state or 0) + 1, len(seqs) + 1))
    press_closed(tmp_path / "journal")
    with JournalReader(tmp_path) as journal:
        assert [record.seq for record in journal if record.is_event] == seqs
