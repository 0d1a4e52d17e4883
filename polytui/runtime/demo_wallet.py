"""The throwaway wallet of a demo: filled by its venue, armed for this machine alone."""

from __future__ import annotations

import msgspec

from polytui.config.relayer_key import RelayerKey
from polytui.config.schema import Settings
from polytui.config.secrets import Secret
from polytui.execution.arming import Armed, arm_simulated
from polytui.execution.throwaway import throwaway_wallet
from polytui.net.http import Http
from polytui.runtime.venue_control import controlling
from polytui.sim.server.urls import Urls
from polytui.venues.polymarket.wallet import Wallet, WalletType


def wallet_at(urls: Urls, settings: Settings) -> Wallet:
    """The one that every session and command has at this venue."""
    kinds = {kind.label: kind for kind in WalletType}
    return throwaway_wallet(urls.control_token, kinds[settings.demo.wallet_type])


async def armed_at(urls: Urls, settings: Settings) -> Armed:
    """With money. One that has traded there already keeps what that left it."""
    wallet = wallet_at(urls, settings)
    async with controlling(urls) as http:
        told = await http.get("/account", {"wallet": wallet.funder})
        account = msgspec.json.decode(told, type=_Account)
        if not account.trades and account.usd == "0":
            money = {
                "owner": wallet.owner,
                "wallet": wallet.funder,
                "signature_type": int(wallet.kind),
                "dollars": f"{settings.paper.starting_cash_usd:.6f}",
                "is_redeemed": not settings.redeem.is_on,
            }
            await http.post("/faucet", msgspec.json.encode(money))
        gasless = await _relayer_key(http, wallet)
    addresses = (settings.endpoints.clob, settings.endpoints.user_ws, settings.endpoints.geoblock)
    return arm_simulated(wallet, None, addresses, gasless)


async def relayer_key_at(urls: Urls, wallet: Wallet) -> RelayerKey:
    """For the wallets of that owner; a simulated venue tells it to whoever started it."""
    async with controlling(urls) as http:
        return await _relayer_key(http, wallet)


async def _relayer_key(http: Http, wallet: Wallet) -> RelayerKey:
    owner = msgspec.json.encode({"address": wallet.owner})
    made = msgspec.json.decode(await http.post("/relayer-key", owner), type=_MadeKey)
    return RelayerKey(Secret(made.key), wallet.owner)


class _MadeKey(msgspec.Struct):
    """Of the relayer."""

    key: str


class _Account(msgspec.Struct):
    """What a venue's control address tells of a wallet, as far as it is needed."""

    usd: str
    trades: list[msgspec.Raw]
