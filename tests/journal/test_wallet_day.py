"""A wallet has one day and one kill switch, whatever folder its sessions are in."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.state_folder import IN_USE, StateFolder
from polytui.journal.codec import encode_risk_state
from polytui.journal.risk_state_file import OfWallet, RiskStateFile
from polytui.journal.risk_state_sum import sum_of
from polytui.model.effects import Reason, Why
from polytui.model.errors import Blocked
from polytui.model.events import RiskStateRestored, Stopped
from polytui.model.units import Usd

NOW = 99
FUNDER = "0x" + "ab" * 20
LOST = RiskStateRestored(20_777, Usd(-5), 3, Usd(7), (("btc", 2),), "", 0)
KILLED = evolve(LOST, kill_why="by hand", kill_since_ns=9)


def wallet_in(folder: Path, funder: str = FUNDER) -> OfWallet:
    path = StateFolder(folder / "state" / "polytui").risk_state(funder, 137)
    return OfWallet(f"137:{funder}", path)


def opened(folder: Path, runs: str, session: str, funder: str = FUNDER) -> RiskStateFile:
    of_wallet = wallet_in(folder, funder)
    return RiskStateFile(folder / runs, "live", session, NOW, of_wallet=of_wallet)


def left(folder: Path, runs: str, session: str, *what: RiskStateRestored) -> RiskStateFile:
    """What a session found, after it wrote these."""
    file = opened(folder, runs, session)
    for one in what:
        file.write_if_changed(one)
    file.close()
    return file


def test_another_folder_goes_on_with_the_day(tmp_path: Path) -> None:
    assert left(tmp_path, "here", "first", LOST).restored is None
    there = left(tmp_path, "there", "second", KILLED)
    assert (there.restored, there.left_by, there.damage) == (LOST, "first", "")
    back = left(tmp_path, "here", "third")
    assert (back.restored, back.left_by) == (KILLED, "second")
    assert left(tmp_path, "here", "fourth").left_by == "third", "it had it, and its journal knows"
    assert [one.name for one in (tmp_path / "here").iterdir()] == ["live.lock"]


def test_two_wallets_have_two_days_in_one_folder(tmp_path: Path) -> None:
    left(tmp_path, "here", "first", KILLED)
    other = opened(tmp_path, "here", "second", "0x" + "cd" * 20)
    other.close()
    assert other.restored is None


def test_two_folders_at_once_are_refused(tmp_path: Path) -> None:
    first = opened(tmp_path, "here", "the-first")
    with pytest.raises(Blocked, match="the-first, process") as refused:
        opened(tmp_path, "there", "the-second")
    assert refused.value.tag == IN_USE
    first.close()
    left(tmp_path, "there", "the-second")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"{oops}\n", "cannot be read"),
        (encode_risk_state(LOST), "is of another wallet (it does not say which)"),
        (
            encode_risk_state(LOST)[:-2] + b',"wallet":"137:0xcc","session":"s"}\n',
            "is of another wallet (137:0xcc)",
        ),
        (encode_risk_state(LOST)[:-2] + b',"wallet":7}\n', "cannot be read"),
    ],
)
@pytest.mark.parametrize("before", [(), (LOST,)])
def test_a_line_that_is_not_this_wallets_might_have_been_a_kill(
    tmp_path: Path, line: bytes, wrong: str, before: tuple[RiskStateRestored, ...]
) -> None:
    path = left(tmp_path, "here", "first", *before).path
    with path.open("ab") as file:
        file.write(line)
    found = left(tmp_path, "there", "second")
    assert found.restored is not None
    assert found.restored.kill_why == f"what the last session left {wrong}: look, then rearm"
    assert found.restored.trades_today == (3 if before else 0)
    assert wrong in found.damage
    assert path.with_suffix(f".damaged-{NOW}").read_bytes().endswith(line)


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    left(tmp_path, "here", "first", LOST)
    kept = list((tmp_path / "state" / "polytui").iterdir())
    assert sorted(one.suffix for one in kept) == [".jsonl", ".lock"]
    assert all(one.stat().st_mode & 0o077 == 0 for one in (*kept, kept[0].parent))


# --- what was kept by folder ----------------------------------------------------------------------


def kept_by_folder(folder: Path, runs: str, what: RiskStateRestored) -> Path:
    path = folder / runs / "live.risk_state.jsonl"
    path.parent.mkdir()
    path.write_bytes(encode_risk_state(what))
    return path


def test_a_folders_day_becomes_the_wallets_once(tmp_path: Path) -> None:
    path = kept_by_folder(tmp_path, "here", KILLED)
    first = left(tmp_path, "here", "first")
    assert first.restored == KILLED
    assert first.moved == f"what {path} kept by folder is counted to the wallet now"
    assert not path.exists()
    again = left(tmp_path, "here", "second")
    assert (again.restored, again.moved) == (KILLED, "")
    assert path.with_suffix(f".moved-{NOW}").is_file()


def test_two_folders_of_one_day_are_added_up(tmp_path: Path) -> None:
    left(tmp_path, "there", "first", LOST)
    kept_by_folder(tmp_path, "here", evolve(KILLED, trades_today=4))
    found = left(tmp_path, "here", "second").restored
    assert found is not None
    assert (found.trades_today, found.realised_today, found.realised_peak) == (7, -10, 14)
    assert found.kill_why == "by hand"


def test_a_folders_file_that_cannot_be_read_is_a_kill(tmp_path: Path) -> None:
    left(tmp_path, "there", "first", LOST)
    kept_by_folder(tmp_path, "here", LOST).write_bytes(b"{oops}\n")
    found = left(tmp_path, "here", "second")
    assert found.restored is not None
    assert found.restored.kill_why == "what the last session left cannot be read: look, then rearm"
    assert "cannot be read" in found.damage


MONEY = st.integers(-(10**9), 10**9).map(Usd)
WHY = Why(Reason.KILL_SWITCH)
STOPS = st.lists(
    st.builds(
        Stopped,
        st.sampled_from(["btc", "eth"]),
        is_paused=st.booleans(),
        is_flattening=st.booleans(),
        is_flattened=st.booleans(),
        whys=st.just(()) | st.just((WHY,)),
        breakers=st.just(()) | st.integers(1, 9).map(lambda until_ns: ((WHY, until_ns),)),
    ),
    max_size=2,
    unique_by=lambda one: one.asset,
).map(tuple)
LEFT = st.builds(
    RiskStateRestored,
    st.integers(5, 6),
    MONEY,
    st.integers(0, 9),
    st.integers(0, 10**9).map(Usd),
    st.dictionaries(st.sampled_from(["btc", "eth"]), st.integers(1, 5)).map(
        lambda rows: tuple(sorted(rows.items()))
    ),
    st.sampled_from(["", "by hand"]),
    st.just(3),
    STOPS,
    equity_peak=st.integers(0, 10**9).map(Usd),
)


@given(kept=LEFT, more=LEFT)
def test_the_sum_leaves_no_more_room_than_either(
    kept: RiskStateRestored, more: RiskStateRestored
) -> None:
    both = sum_of(kept, more)
    assert both.day == max(kept.day, more.day)
    stopped = {one.asset: one for one in both.stopped}
    rows = dict(both.losses_in_a_row)
    for one in (kept, more):
        if one.day == both.day:
            assert both.realised_today <= one.realised_today
            assert both.trades_today >= one.trades_today
        assert both.realised_peak >= one.realised_peak
        assert not one.equity_peak or 0 < both.equity_peak <= one.equity_peak
        assert both.kill_why or not one.kill_why
        assert all(rows[asset] >= count for asset, count in one.losses_in_a_row)
        for stop in one.stopped:
            there = stopped[stop.asset]
            assert there.is_paused >= stop.is_paused
            assert there.is_flattening >= stop.is_flattening
            assert there.is_flattened >= stop.is_flattened
            assert there.whys or not stop.whys
            assert set(stop.breakers) <= set(there.breakers)
