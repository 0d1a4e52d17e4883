"""What a signature costs: an order built, hashed and signed, beside the venue's own client."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version

from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import lazy_key_api
from py_clob_client_v2.clob_types import CreateOrderOptions, OrderArgsV2
from py_clob_client_v2.order_builder.builder import OrderBuilder
from py_clob_client_v2.order_utils import SignatureTypeV2
from py_clob_client_v2.signer import Signer

from benchmarks.result import Result
from polytui.config.secrets import Secret
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import LOT, NS_PER_MS, Price, Shares
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

_BUDGET_US = 60.0
_ORDERS = 1_000
_RUN = 25
KEY = "0x" + "11" * 32
"""Everybody's."""
TOKEN = "113013382422133157315656090194075928009220145127085300671933810669470922115281"
_START_NS = 1_795_186_740_000_000_000
ROUND = Round(
    slug="btc-updown-5m-1795186800",
    asset=Asset.BTC,
    interval=Interval.M5,
    condition_id="0x" + "ab" * 32,
    up_token=TOKEN,
    down_token="1",
    opens_ns=_START_NS,
    closes_ns=_START_NS + Interval.M5.ns,
    settlement=SettlementRule.TWAP,
)


def signing() -> list[Result]:
    # Without it the peer would sign in plain Python, ten times as slow.
    assert isinstance(lazy_key_api.backend, CoinCurveECCBackend)
    return [_beside_the_peer(kind) for kind in (WalletType.EOA, WalletType.DEPOSIT)]


def _beside_the_peer(kind: WalletType) -> Result:
    """Turn about in short runs, so that whatever else the machine does hits both; no order comes
    twice."""
    wallet = wallet_of(Secret(KEY), kind)
    ours, theirs = _ours(wallet), _theirs(wallet)
    our_ns, their_ns = [], []
    for begun in range(0, _ORDERS, _RUN):
        our_ns += [ours(number) for number in range(begun, begun + _RUN)]
        their_ns += [theirs(number) for number in range(begun, begun + _RUN)]
    p50, p99 = percentile_us(our_ns, 0.5), percentile_us(our_ns, 0.99)
    peer_us = percentile_us(their_ns, 0.5)
    peer = f"py-clob-client-v2 {version('py-clob-client-v2')} build_order, coincurve"
    note = f"p99 {p99:.1f} us; {peer} in the same run: p50 {peer_us:,.0f} us"
    name = f"build_hash_sign_{'plain' if kind is WalletType.EOA else kind.label}"
    return Result(name, round(p50, 1), None, "us", _BUDGET_US, peer, round(peer_us / p50, 1), note)


def an_order(number: int, shares: Shares, placed_ns: int) -> Order:
    """A purchase that rests, one of many that differ."""
    return Order(
        order_id=f"{ROUND.slug}-{number}",
        slug=ROUND.slug,
        token_id=TOKEN,
        outcome=Outcome.UP,
        side=Side.BUY,
        price=Price(520_000),
        shares=shares,
        tif=TimeInForce.GTC,
        is_post_only=False,
        strategy="bench",
        placed_ns=placed_ns,
    )


def _ours(wallet: Wallet) -> Callable[[int], int]:
    signer = OrderSigner(wallet)

    def once(number: int) -> int:
        order = an_order(number, Shares((500 + number) * LOT), _START_NS + number * NS_PER_MS)
        began = time.perf_counter_ns()
        signer.sign(order, ROUND)
        return time.perf_counter_ns() - began

    return once


def _theirs(wallet: Wallet) -> Callable[[int], int]:
    signer = Signer(KEY, wallet.chain_id)
    builder = OrderBuilder(signer, SignatureTypeV2(int(wallet.kind)), wallet.funder)
    options = CreateOrderOptions(tick_size="0.01", neg_risk=False)

    def once(number: int) -> int:
        asked = OrderArgsV2(token_id=TOKEN, price=0.52, size=(500 + number) / 100, side="BUY")
        began = time.perf_counter_ns()
        builder.build_order(asked, options, version=2)
        return time.perf_counter_ns() - began

    return once


def percentile_us(took_ns: list[int], share: float) -> float:
    return sorted(took_ns)[int(len(took_ns) * share)] / 1000
