"""Which API key a wallet uses: the one that is given, else the one that is kept, else the one that
the venue derives, which is kept from then on."""

from __future__ import annotations

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.state_folder import StateFolder
from polytui.net.http import Http
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.wallet import Wallet


@frozen
class AccountKey:
    """Stateless: the folder remembers. Errors as of `api_key_of`."""

    wallet: Wallet
    clob: Http
    given: ApiKey | None
    states: StateFolder | None
    """Where keys are kept; None for a wallet that ends with its venue."""

    @property
    def kept(self) -> ApiKey | None:
        """One that the venue may not know any more; None where another one is given."""
        if self.given is not None or self.states is None:
            return None
        return self.states.api_key(self.wallet.owner, self.wallet.chain_id)

    async def found(self) -> ApiKey:
        return self.given or self.kept or await self.derived()

    async def derived(self) -> ApiKey:
        """Asked of the venue, and kept in place of another one."""
        api_key = await api_key_of(self.clob, self.wallet)
        if self.states is not None:
            self.states.keep_api_key(self.wallet.owner, self.wallet.chain_id, api_key)
        return api_key
