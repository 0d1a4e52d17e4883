"""A world in which hardly anybody trades, and the chain below it."""

from __future__ import annotations

from collections.abc import Callable

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.calls import ChainCall
from polytui.sim.exchange.chain import SentTransaction, gas_of
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.names import hash_of, uuid_of, wallet_of
from polytui.sim.exchange.on_chain import OnChain, OnChainSettings
from polytui.sim.exchange.relayer import BatchKind, WalletBatch
from polytui.sim.exchange.venue_trade import MakerPart, TradeStatus, VenueTrade
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.world import World, WorldSettings

START_NS = 1_795_204_815 * NS_PER_S
_SELDOM = CrowdRates(1.0, 0.001, 0.01)
ASLEEP = CrowdSettings(
    open=dict.fromkeys(Interval, _SELDOM), next=_SELDOM, early=_SELDOM, ended=_SELDOM
)
ANN, BOB, CEM = wallet_of("ann"), wallet_of("bob"), wallet_of("cem")
PEOPLE = (ANN, BOB, CEM)
UP, DOWN = Outcome.UP, Outcome.DOWN


class ChainYard:
    """Three people with a hundred dollars each, and every approval unless told otherwise."""

    def __init__(
        self,
        settings: OnChainSettings | None = None,
        *,
        is_approved: bool = True,
        seed: int = 7,
        v2_share: float = 0.0,
        derive: Callable[[str, int], tuple[str, ...]] = lambda _owner, _kind: (),
    ) -> None:
        self.world = World(
            WorldSettings(
                seed,
                START_NS,
                (Asset.BTC,),
                (Interval.M5,),
                crowd=ASLEEP,
                crowd_ahead=0.0,
                messages=0.004,
                rounds_ahead_s=900,
                v2_share=v2_share,
            )
        )
        self.holdings = Holdings()
        self.wallets = Wallets(derive)
        self.yard = OnChain(self.world, self.holdings, self.wallets, settings or OnChainSettings())
        self.chain, self.relayer = self.yard.chain, self.yard.relayer
        for wallet in PEOPLE:
            self.holdings.fund(wallet, Usd(100 * MICRO), START_NS, is_approved=is_approved)
            self.wallets.register(wallet, wallet, 3)
        self.first: Round = min(self.world.rounds.values(), key=lambda one: one.opens_ns)
        self._sent = 0

    def play(self, seconds: float) -> None:
        """So much time passes."""
        for event in self.world.run_until(self.world.now_ns + int(seconds * NS_PER_S)):
            self.yard.note(event)

    def play_until_resolved(self) -> None:
        while self.world.status(self.first.slug).winner is None:
            self.play(10.0)

    def perform(self, wallet: str, *calls: ChainCall) -> None:
        self._sent += 1
        self.yard.effects.perform(wallet, calls, hash_of(f"test:{self._sent}"))

    def batch(self, wallet: str, *calls: ChainCall, nonce: int | None = None) -> WalletBatch:
        known = self.relayer.nonce(wallet, BatchKind.WALLET)
        return WalletBatch(
            BatchKind.WALLET, wallet, wallet, known if nonce is None else nonce, calls
        )

    def transaction(
        self, wallet: str, call: ChainCall | None, nonce: int, price: int = 0, **other: int
    ) -> SentTransaction:
        data = b"" if call is None else b"\1" * 68
        self._sent += 1
        return SentTransaction(
            hash_of(f"test:{self._sent}"),
            wallet,
            (other.pop("to", 0) and CEM) or BOB,
            nonce,
            other.get("gas", gas_of(data)),
            price or self.chain.gas_price_wei,
            other.get("value", 0),
            data,
            call,
        )

    def shares(self, wallet: str) -> tuple[int, int]:
        """Up and Down of the first round."""
        holdings, first = self.holdings, self.first
        return holdings.shares(wallet, first.up_token), holdings.shares(wallet, first.down_token)

    def assert_conserved(self) -> None:
        """Every dollar is in a wallet or locked in a set, and every set is whole."""
        holdings = self.holdings
        locked = sum(sets.locked for sets in holdings.every_set())
        assert sum(holdings.usd(one) for one in holdings.wallets()) + locked == holdings.funded
        assert all(holdings.usd(one) >= 0 for one in holdings.wallets())
        for sets in holdings.every_set():
            up, down = (holdings.outstanding(token) for token in sets.tokens)
            if sets.payouts is None:
                assert up == down == sets.locked
            else:
                owed = (up * sets.payouts[0] + down * sets.payouts[1]) // MICRO
                assert owed == sets.locked


def traded(
    yard: ChainYard,
    cents: int,
    size: int,
    *,
    side: Side = Side.BUY,
    fee: int = 0,
    status: TradeStatus = TradeStatus.MINED,
    number: int = 1,
) -> VenueTrade:
    """Ann takes, Bob's order of the other outcome is hit (a mint or a merge)."""
    first, price = yard.first, Price(cents * 10_000)
    trade = VenueTrade(
        trade_id=uuid_of(f"trade:{number}"),
        taker_order_id="0x1",
        taker_api_key="a",
        taker_wallet=ANN,
        slug=first.slug,
        condition_id=first.condition_id,
        token_id=first.up_token,
        outcome=UP,
        side=side,
        price=price,
        shares=Shares(size * MICRO),
        cost=Usd(price * size),
        fee=Usd(fee),
        matched_ns=yard.world.now_ns,
        updated_ns=yard.world.now_ns,
        maker_parts=(
            MakerPart(
                "0x2",
                "b",
                BOB,
                first.down_token,
                DOWN,
                side,
                Price(MICRO - price),
                Shares(size * MICRO),
                Usd((MICRO - price) * size),
                Usd(price * size),
            ),
        ),
        status=status,
        transaction_hash="0x" + "ee" * 32,
    )
    yard.yard.note(TradeTold(yard.world.now_ns, trade))
    return trade
