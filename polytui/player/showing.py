"""What faces are shown of a recording: the same views as of an engine, of the same mind."""

from __future__ import annotations

from attrs import define, field

from polytui.config.change import hot_settings
from polytui.desk.snapshots_account import show_account, show_life
from polytui.journal.segments import journal_folder
from polytui.model.engine_figures import SessionFacts
from polytui.model.instrument import Asset
from polytui.model.playing import RECORDING, PlayView
from polytui.model.snapshot import AccountView, AssetView
from polytui.player.player import Player
from polytui.runtime.hub import Hub


def account_of(player: Player) -> AccountView:
    """The account at the moment that is shown."""
    recorded, header = player.recorded, player.index.header
    figures = recorded.heard.figures
    assets = tuple(asset.value for asset in assets_of(player))
    facts = SessionFacts(
        RECORDING,
        header.started_ns,
        str(journal_folder(player.folder)),
        assets,
        is_simulated=header.seed is not None,
    )
    digest = next((desk.settings_digest for desk in recorded.mind.desks.values()), "")
    return show_account(recorded.mind, player.at_ns, recorded.settings, digest, facts, figures)


def asset_of(player: Player, asset: Asset) -> AssetView:
    """One asset at that moment."""
    recorded, now_ns = player.recorded, player.at_ns
    return show_life(recorded.mind, asset, now_ns, recorded.heard.of(asset, now_ns))


def assets_of(player: Player) -> tuple[Asset, ...]:
    """In the order of the session's settings."""
    desks = player.recorded.mind.desks
    if not desks:
        return ()
    wanted = player.recorded.settings.session.assets
    return tuple(dict.fromkeys((*wanted, *desks)))


@define
class RecordingShow:
    """State: the settings that faces know."""

    player: Player
    hub: Hub
    _settings_digest: str | None = field(default=None, init=False)

    def show(self, place: PlayView) -> None:
        """Everything as it is now: lines of the log in their order, the rest as the latest."""
        player, hub = self.player, self.hub
        is_elsewhere, said = player.take_said()
        if is_elsewhere:
            hub.forget_all(said)
            self._settings_digest = None
        for notice in () if is_elsewhere else said:
            hub.notice(notice)
        account = account_of(player)
        for asset in assets_of(player):
            hub.asset(asset_of(player, asset))
        hub.account(account)
        self._show_settings(account.settings_digest)
        hub.playing(place)

    def _show_settings(self, digest: str) -> None:
        if digest != self._settings_digest:
            self._settings_digest = digest
            self.hub.settings(hot_settings(self.player.recorded.settings))
