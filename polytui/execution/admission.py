"""What is asked before a wallet trades: may we, from here and with it; and has it what trading
takes. No answer is no permission, and nothing here looks for a way around one.

    may this place trade       else REAL_TRADING_BLOCKED_PLACE
    may this wallet trade      else REAL_TRADING_BLOCKED_CLOSED_ONLY
    has it dollars, may the venue's contracts move them: said in words, for every order of it would
    be refused; what is held can be sold all the same
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.state_folder import StateFolder
from polytui.execution.account_key import AccountKey
from polytui.execution.arming import BLOCKED, Armed, Unarmed
from polytui.model.errors import Blocked, Rejected, Restricted, Retry, Unknown
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.venues.polymarket.allowances import allowances_of
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import Funds
from polytui.venues.polymarket.geoblock import place_of
from polytui.venues.polymarket.user_channel import UserChannel
from polytui.venues.polymarket.wallet import Wallet

NO_PLACE = f"{BLOCKED}PLACE"
CLOSED_ONLY = f"{BLOCKED}CLOSED_ONLY"
_UNAUTHORISED = 401
_FOREIGN = (Retry, Rejected, Unknown)

Say = Callable[[str, str, str], None]
"""(level, asset, text)."""


@frozen
class Admission:
    """One wallet at the door of a venue. The simulated venue has the same word for a request that
    its pace lets in."""

    who: Armed | Unarmed
    clob: Http
    website: Http
    """Which says whether a place may trade."""
    clock: SessionClock
    say: Say
    states: StateFolder | None
    """Where API keys are kept; None for a wallet that ends with its venue."""
    is_ours: Callable[[str], bool] = lambda venue_id: False
    """Knows the venue's names of our orders."""
    restricted: Callable[[object], None] = lambda why: None
    """Told by the account, from then on, that we may not trade."""

    async def admitted(self) -> ClobAccount:
        """The account, once everything was asked. Blocked where trading is not allowed, or nobody
        can be asked: nothing began that would have to be stopped."""
        await self._check_place()
        try:
            account = await self._open()
            await self._ask_how_fast(account)
            await self._say_what_is_missing(account)
        except Restricted as error:
            raise _not_let(error) from error
        return account

    @staticmethod
    async def _ask_how_fast(account: ClobAccount) -> None:
        """The slowest until it is known."""
        try:
            await account.tier()
        except Restricted:
            raise
        except _FOREIGN:
            pass

    # --- may we ---------------------------------------------------------------------------------

    async def _check_place(self) -> None:
        try:
            place = await place_of(self.website)
        except _FOREIGN as error:
            words = f"nobody says whether trading is allowed from here ({error}): nothing is sent"
            raise Blocked(NO_PLACE, words) from error
        if place.is_blocked:
            words = f"Polymarket does not allow trading from here ({place}): paper trading only"
            raise Blocked(NO_PLACE, words)

    async def _open(self) -> ClobAccount:
        """With the key that is given, kept, or derived, in this order. A kept one that the venue
        does not take any more is derived anew, once."""
        key = AccountKey(self.who.wallet, self.clob, self.who.api_key, self.states)
        kept = key.kept
        account = self._with(kept or await self._told(key.found))
        try:
            await self._check_standing(account)
        except Restricted:
            raise
        except Rejected as error:
            if error.status != _UNAUTHORISED or kept is None:
                raise self._refused(error) from error
            account = self._with(await self._told(key.derived))
            try:
                await self._check_standing(account)
            except Restricted:
                raise
            except Rejected as again:
                raise self._refused(again) from again
        return account

    def _with(self, api_key: ApiKey) -> ClobAccount:
        reader = UserChannel(api_key, self.is_ours, self.who.wallet.funder)
        wallet = self.who.wallet
        return ClobAccount(self.clob, wallet, api_key, self.clock, reader, self.restricted)

    async def _told(self, ask: Callable[[], Awaitable[ApiKey]]) -> ApiKey:
        try:
            return await ask()
        except Restricted:
            raise
        except _FOREIGN as error:
            raise self._refused(error) from error

    async def _check_standing(self, account: ClobAccount) -> None:
        """Rejected where the venue does not know us."""
        try:
            is_closed_only = await account.is_closed_only()
        except (Retry, Unknown) as error:
            words = f"the venue does not say whether this wallet may trade ({error})"
            raise Blocked(CLOSED_ONLY, f"{words}: nothing is sent") from error
        if is_closed_only:
            words = (
                f"the venue lets {self.who.wallet.funder} only sell what it holds (closed only):"
                " write to its support"
            )
            raise Blocked(CLOSED_ONLY, words)

    def _refused(self, error: Exception) -> Blocked:
        words = (
            f"the venue does not take the key of {self.who.wallet.owner} ({error}): log in once on"
            " its website with this wallet, and see `polytui doctor`"
        )
        return Blocked(CLOSED_ONLY, words)

    # --- what it has ----------------------------------------------------------------------------

    async def _say_what_is_missing(self, account: ClobAccount) -> None:
        """What the venue believes is asked after it has looked again at the chain."""
        try:
            await account.refresh_collateral()
            funds = await account.collateral()
        except Restricted:
            raise
        except _FOREIGN as error:
            self.say("warn", "", f"the venue does not say what the wallet holds: {error}")
            return
        for words in missing(self.who.wallet, funds):
            self.say("error", "", words)


def _not_let(error: Restricted) -> Blocked:
    """What the venue says of the place is no matter of the wallet."""
    words = (
        f"the venue does not let us trade ({error}): nothing is sent, and nothing tries another way"
    )
    return Blocked(NO_PLACE if "region" in str(error).lower() else CLOSED_ONLY, words)


def missing(wallet: Wallet, funds: Funds) -> list[str]:
    """What stands in the way of a first order, in words; nothing where nothing does."""
    found = []
    if funds.balance <= 0:
        found.append(
            f"the venue sees no dollars in {wallet.funder} ({wallet.kind.label} wallet): deposit"
            " some; if there are some, the wallet type or the funder is another one"
        )
    found += [
        f"of {wallet.funder} {one.name} ({one.contract}) {one.short}: enable trading on the venue's"
        " website, or approve it from the wallet"
        for one in allowances_of(wallet, funds.balance, funds.allowances)
        if one.short
    ]
    return found
