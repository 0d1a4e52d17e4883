"""The redeemer of a session, with everything that it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from polytui.execution.arming import Armed
from polytui.execution.client import AccountNeeds
from polytui.execution.kept_books import KeptBooks
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.execution.redeemable import Redeemable
from polytui.execution.redeemer import Redeemer
from polytui.execution.redeeming_doors import RedeemingDoors
from polytui.execution.senders import sender_of
from polytui.execution.strange_positions import StrangePositions
from polytui.execution.unredeemed import Unredeemed
from polytui.execution.venue_client import VenueClient
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_log import WalletLog
from polytui.execution.wallet_sender import WalletSender
from polytui.model.errors import Fatal
from polytui.model.events import WinnersRedeemed
from polytui.model.instrument import Asset
from polytui.net.http import Http
from polytui.venues.polymarket.approvals import standing
from polytui.venues.polymarket.chain_reads import ChainReads
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.node import ChainNode

_NOTHING_IS_SENT = "winners are not redeemed and pairs not merged"


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
) -> Iterator[Redeemer | KeptBooks | None]:
    """Whatever may be sent, the log is read and the books are told. Switched off, or where nothing
    can be sent for this kind of wallet, people are told and trading goes on; None where there is no
    log to be had."""
    settings, wallet = needs.settings, armed.wallet
    endpoints, clock, say = settings.endpoints, needs.clock, needs.say
    log = WalletLog(wallet.funder, needs.works, clock.now_ns)
    try:
        log.begin()
    except Fatal as error:
        say("warn", "", f"{_NOTHING_IS_SENT}: {error}")
        yield None
        return
    if log.damage:
        say("error", "", f"{log.damage}: what it said is not known, the rest is")
    node = ChainNode(http(endpoints.rpc))
    sender = _sender(needs, armed, http(endpoints.relayer), node)
    strangers = StrangePositions(DataApi(http(endpoints.data_api)), gamma, wallet.funder, clock)
    reads = ChainReads(node)
    doors = RedeemingDoors(partial(standing, reads, wallet.funder, 0), clock, say)
    redeemable = Redeemable(
        reads,
        wallet.funder,
        books,
        unredeemed,
        clients,
        settings.redeem,
        clock,
        say,
        strangers,
        needs.pairs_of,
        doors,
    )

    def pass_point(point: str) -> None:
        if needs.pass_point is not None:
            needs.pass_point(point, "")

    wallet_books = WalletBooks(books, unredeemed, clients, route, tell, clock)
    bringer: Redeemer | KeptBooks
    if sender is None:
        bringer = KeptBooks(log, redeemable, wallet_books, settings.redeem, clock, say)
    else:
        bringer = Redeemer(
            sender, log, redeemable, wallet_books, settings.redeem, clock, say, pass_point
        )
    bringer.begin()
    try:
        yield bringer
    finally:
        log.close()


def _sender(
    needs: AccountNeeds, armed: Armed, relayer: Http, node: ChainNode
) -> WalletSender | None:
    """None where nothing can be sent, in words for whoever wants it."""
    try:
        return sender_of(armed.wallet, armed.gasless, needs.clock, relayer, node)
    except Fatal as error:
        if needs.settings.redeem.is_on:
            needs.say("warn", "", f"{_NOTHING_IS_SENT}: {error}")
        return None
