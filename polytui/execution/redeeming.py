"""The redeemer of a session, with everything that it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from polytui.execution.arming import Armed
from polytui.execution.client import AccountNeeds
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.execution.redeemable import Redeemable
from polytui.execution.redeemer import Redeemer
from polytui.execution.senders import sender_of
from polytui.execution.strange_positions import StrangePositions
from polytui.execution.unredeemed import Unredeemed
from polytui.execution.venue_client import VenueClient
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_log import WalletLog
from polytui.model.errors import Fatal
from polytui.model.events import WinnersRedeemed
from polytui.model.instrument import Asset
from polytui.net.http import Http
from polytui.venues.polymarket.chain_reads import ChainReads
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.node import ChainNode


@contextmanager
def redeeming(
    needs: AccountNeeds,
    armed: Armed,
    http: Callable[[str], Http],
    books: LiveBooks,
    unredeemed: Unredeemed,
    clients: Mapping[Asset, VenueClient],
    route: Callable[[Told], None],
    tell: Callable[[WinnersRedeemed], None],
    gamma: Gamma,
) -> Iterator[Redeemer | None]:
    """None where it is switched off, or where nothing can be sent for this kind of wallet: people
    are told, and trading goes on."""
    settings, wallet = needs.settings, armed.wallet
    if not settings.redeem.is_on:
        yield None
        return
    endpoints, clock, say = settings.endpoints, needs.clock, needs.say
    log = WalletLog(wallet.funder, needs.works, clock.now_ns)
    try:
        node = ChainNode(http(endpoints.rpc))
        sender = sender_of(wallet, armed.gasless, clock, http(endpoints.relayer), node)
        log.begin()
    except Fatal as error:
        say("warn", "", f"winners are not redeemed and pairs not merged: {error}")
        yield None
        return
    if log.damage:
        say("error", "", f"{log.damage}: what it said is not known, the rest is")
    strangers = StrangePositions(DataApi(http(endpoints.data_api)), gamma, wallet.funder, clock)
    redeemable = Redeemable(
        ChainReads(node),
        wallet.funder,
        books,
        unredeemed,
        clients,
        settings.redeem,
        clock,
        say,
        strangers,
        needs.pairs_of,
    )

    def pass_point(point: str) -> None:
        if needs.pass_point is not None:
            needs.pass_point(point, "")

    wallet_books = WalletBooks(books, unredeemed, clients, route, tell, clock)
    redeemer = Redeemer(
        sender, log, redeemable, wallet_books, settings.redeem, clock, say, pass_point
    )
    redeemer.begin()
    try:
        yield redeemer
    finally:
        log.close()
