"""A session that was lived through, and what its own publisher showed of it at some moments."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import trio
from virtual_engine import EAGER, QUICK_JOURNAL, open_engine, quick_settings

from polytui.model.instrument import Asset
from polytui.model.snapshot import AccountView, AssetView, Notice
from polytui.runtime.publisher import Publisher

EVERY_S = 29.7310007
"""At such a moment nothing else happens: events of the very same nanosecond would be taken after
the view was made."""


WAYPOINT_EVERY = 100
"""Of checkpoints there is one every 700 events: most jumps begin at a waypoint."""


@attrs.frozen
class Recorded:
    folder: Path
    assets: list[AssetView]
    accounts: list[AccountView]
    notices: list[Notice]


async def record(patch: pytest.MonkeyPatch, folder: Path) -> Recorded:
    journal = {**QUICK_JOURNAL, "waypoint_every": WAYPOINT_EVERY}
    settings = quick_settings(session={"assets": (Asset.BTC,)}, journal=journal, **EAGER)
    async with open_engine(patch, folder, settings, seed=11) as engine:
        publisher = Publisher(engine.session, engine.runs, engine.tree.pace)
        assets, accounts = list[AssetView](), list[AccountView]()
        account = engine.session.mind.account
        while not all(account.of(run.asset).rounds_settled for run in engine.runs):
            await trio.sleep(EVERY_S)
            assets += [publisher.asset_view(run) for run in engine.runs]
            accounts.append(publisher.account_view())
        await trio.sleep(EVERY_S)
    # A line has a number for whoever asks for those before it: a hub counts its own.
    notices = [attrs.evolve(one, number=0) for one in engine.notices]
    return Recorded(folder, assets, accounts, notices)
