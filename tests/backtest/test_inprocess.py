"""A whole demo in one loop: one seed gives one session, and its journal is as good as any."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from polytui.backtest.drive import Drive
from polytui.backtest.early_events import Until
from polytui.backtest.inprocess import InProcess, Played
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.played_journal import JournalSink
from polytui.backtest.replay import replay_journal
from polytui.backtest.world_source import WorldSource
from polytui.config.schema import JournalSettings, SessionSettings, Settings
from polytui.journal.codec import FORMAT, Header, decode_event, decode_record, encode_header
from polytui.journal.seal import sealed
from polytui.model import events as ev
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.world.shared_prices import forget_prices
from polytui.sim.world.world import WorldSettings

START_NS = 1_795_204_790 * NS_PER_S
"""2026-11-20 19:59:50 UTC, ten seconds before a round."""
FEW = 0.01
"""Messages, a quarter of what is usual: they are of every kind, and none of these tests counts
them."""


def asked(
    seed: int, *assets: Asset, venues: tuple[Exchange, ...] = tuple(Exchange)
) -> tuple[Settings, WorldSettings]:
    journal = JournalSettings(checkpoint_every=1_000)
    session = SessionSettings(assets=assets, rounds=1)
    settings = attrs.evolve(Settings(), session=session, journal=journal)
    return settings, WorldSettings(
        seed, START_NS, assets, (Interval.M5,), venues=venues, messages=FEW
    )


def play(seed: int, *assets: Asset, venues: tuple[Exchange, ...] = tuple(Exchange)) -> Played:
    return InProcess(*asked(seed, *assets, venues=venues)).play()


@pytest.fixture(scope="module")
def both() -> Played:
    return play(7, Asset.BTC, Asset.ETH)


def test_one_seed_one_session_to_the_byte(both: Played) -> None:
    """The first third of it once more: whatever is different once stays so."""
    forget_prices()
    (settings, world), lines = asked(7, Asset.BTC, Asset.ETH), list[bytes]()
    source = Until(WorldSource(settings, world), START_NS + 100 * NS_PER_S)
    Drive(settings, source, [JournalSink(settings.journal, lines)]).play()
    until_it_ends = next(at for at, line in enumerate(lines) if b'"action":"stop"' in line)
    assert until_it_ends > len(both.lines) // 5
    assert lines[:until_it_ends] == both.lines[:until_it_ends]


def test_another_seed_is_another_session(both: Played) -> None:
    other = play(8, Asset.BTC, venues=(Exchange.BINANCE,))
    orders = [placed(played, Asset.BTC) for played in (both, other)]
    assert all(orders)
    assert orders[0] != orders[1]


def placed(played: Played, asset: Asset) -> list[Any]:
    """What was ordered and at what price, in its order; no number that counts events."""
    records = [decode_record(line) for line in played.lines if b'"Place"' in line]
    effects = [msgspec.json.decode(one.effects) for one in records if one.asset == asset.value]
    places = [given["order"] for told in effects for name, given in told if name == "Place"]
    return [(one["slug"], one["outcome"], one["side"], one["price"]) for one in places]


def test_it_trades_and_the_money_adds_up(both: Played) -> None:
    account = both.mind.account
    for asset in (Asset.BTC, Asset.ETH):
        asset_account = account.of(asset)
        assert asset_account.rounds_settled == 1
        assert asset_account.fills > 0
        assert asset_account.working == 0
    assert both.venue.cash == account.cash
    assert account.realised == both.venue.traded + both.venue.payouts
    assert account.cash == account.starting_cash + account.realised
    assert both.rejected == 0, "our codecs believe everything that our venue says"


def test_its_journal_replays_equal(both: Played, tmp_path: Path) -> None:
    header = encode_header(Header(FORMAT, "0", "demo", "s", START_NS, 7))
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed([header, *both.lines]))
    verdict = replay_journal(path, is_verifying=True)
    assert verdict.is_equal, verdict.text()
    assert verdict.events == both.mind.seq
    assert verdict.digests >= 5
    assert verdict.checkpoints >= 5
    assert verdict.effects > 10


def test_its_journal_is_a_source_of_the_same_session(both: Played, tmp_path: Path) -> None:
    """Market in, orders and fills made anew: equal effects, reports and digests, to the byte."""
    header = encode_header(Header(FORMAT, "0", "demo", "s", START_NS, 7))
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed([header, *both.lines]))
    begun, lines = beginning_of(path), list[bytes]()
    source = JournalSource(path, is_as_then=True)
    sink = JournalSink(begun.settings.journal, lines)
    driven = Drive(begun.settings, source, [sink], model=begun.model).play()
    assert lines == both.lines
    assert driven.venue == both.venue
    assert any(b'"Filled"' in line for line in lines)


def test_a_digest_that_was_changed_is_found(both: Played, tmp_path: Path) -> None:
    header = encode_header(Header(FORMAT, "0", "demo", "s", START_NS, 7))
    lines = list(both.lines)
    at = next(i for i, line in enumerate(lines) if b'"digest":' in line)
    lines[at] = re.sub(rb'"digest":"....', b'"digest":"0bad', lines[at])
    path = tmp_path / "journal.jsonl"
    path.write_bytes(sealed([header, *lines]))
    assert "digest after event" in replay_journal(path, is_verifying=True).difference


def test_a_desk_hears_of_the_learned_model_before_the_world() -> None:
    settings = attrs.evolve(Settings(), session=SessionSettings(assets=(Asset.BTC,), rounds=0))
    world = WorldSettings(1, START_NS, (Asset.BTC,), (Interval.M5,))
    model = ev.ModelLoaded("", "no model at nowhere")
    lines = InProcess(settings, world, model=model).play().lines
    heard = [decode_event(decode_record(line).event) for line in lines[:3]]
    assert [type(event) for event in heard[:2]] == [ev.DeskOpened, ev.SettingsChanged]
    assert heard[2] == model
