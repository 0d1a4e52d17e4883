"""A journal replayed: equal to the byte, or the first difference with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polytui.backtest.replay import ReplayVerdict, replay_journal
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.journal.codec import (
    FORMAT,
    Header,
    encode_digest,
    encode_header,
    encode_raised,
    encode_record,
)
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S

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
            (asset, ev.DeskOpened(asset, 1), False),
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


def a_session(*more: tuple[Asset, ev.Event, bool]) -> list[bytes]:
    writer = Writer()
    for told in [*world_events(), *more]:
        writer.take(*told)
    writer.write_digest()
    return writer.lines


def replayed(folder: Path, lines: list[bytes], *, is_verifying: bool = True) -> ReplayVerdict:
    path = folder / "journal.jsonl"
    path.write_bytes(b"".join(lines))
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


def test_a_missing_event_is_a_difference(tmp_path: Path) -> None:
    lines = a_session()
    verdict = replayed(tmp_path, [*lines[:15], *lines[16:]])
    assert verdict.difference.startswith("digest after event 15: ")
    again = replayed(tmp_path, [*lines[:14], *lines[15:]])
    assert again.difference == "event 15: the replay is at event 14"


def test_without_verifying_nothing_is_compared(tmp_path: Path) -> None:
    lines = [*a_session()[:-1], encode_digest(15, "0" * 16)]
    verdict = replayed(tmp_path, lines, is_verifying=False)
    assert verdict.is_equal
    assert verdict.text() == f"15 events, {verdict.effects} effects, 1 digests replayed"


# --- what broke a desk --------------------------------------------------------------------------


def test_what_was_raised_is_raised_again(tmp_path: Path) -> None:
    lines = a_session((Asset.ETH, BROKEN, True), (Asset.ETH, ev.DeskOpened(Asset.ETH, 2), True))
    assert b'"raised":"BadSettings: expected > 0' in lines[16]
    assert replayed(tmp_path, lines).is_equal


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
    lines = a_session()
    verdict = replayed(tmp_path, [*lines[:-2], lines[-2][:-9]])
    assert verdict.is_equal
    assert verdict.events == 14


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no journal header"):
        replayed(tmp_path, [b"time,price\n"])
    with pytest.raises(Fatal, match="No such file"):
        replay_journal(tmp_path / "nowhere", is_verifying=True)
