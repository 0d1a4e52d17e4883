"""Everything that happens on the chain and is read from it, over one ledger of holdings."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.auto_redeemer import AutoRedeemer, RedeemerSettings
from polytui.sim.exchange.chain import Blockchain, ChainSettings
from polytui.sim.exchange.data_index import DataIndex, IndexSettings
from polytui.sim.exchange.effects import Effects
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.relayer import Relayer, RelayerSettings
from polytui.sim.exchange.wallet_acts import WalletActs
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.world.world import World
from polytui.sim.world.world_events import RoundResolved, WorldEvent

_NOTED = frozenset((RoundResolved, TradeTold))


@frozen
class OnChainSettings:
    chain: ChainSettings = ChainSettings()
    relayer: RelayerSettings = RelayerSettings()
    redeemer: RedeemerSettings = RedeemerSettings()
    index: IndexSettings = IndexSettings()


class OnChain:
    """Holdings are the venue's; what moves them from here are calls of wallets alone."""

    def __init__(
        self,
        world: World,
        holdings: Holdings,
        wallets: Wallets,
        settings: OnChainSettings,
        moved: Callable[[str], None] = lambda _wallet: None,
    ) -> None:
        """`moved` as of `Effects`."""
        self.holdings = holdings
        self.wallets = wallets
        self.acts = WalletActs()
        self.effects = Effects(world, holdings, self.acts, moved)
        self.chain = Blockchain(world, self.effects, settings.chain)
        self.relayer = Relayer(world, self.chain, self.effects, wallets, settings.relayer)
        self.redeemer = AutoRedeemer(world, holdings, self.effects, settings.redeemer)
        self.index = DataIndex(world, holdings, self.acts, settings.index)

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event, in order."""
        # Thousands a second that are neither.
        if type(world_event) in _NOTED:
            self.redeemer.note(world_event)
            self.index.note(world_event)
