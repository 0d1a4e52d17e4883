"""Orders and trades as the exchange's file has them, for whoever tests how they are spelt."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade

START_NS = 1_795_204_800 * NS_PER_S
CONDITION, OTHER_CONDITION = "0x" + "c1" * 32, "0x" + "c2" * 32
UP_TOKEN, DOWN_TOKEN = "11" * 30, "22" * 30
TAKER_KEY, MAKER_KEY = (
    "00000000-0000-4000-a000-000000000001",
    "00000000-0000-4000-a000-000000000002",
)
TAKER, MAKER = "0x" + "a1" * 20, "0x" + "b2" * 20


def signed(number: int = 1, **changes: Any) -> SignedOrder:
    """To buy ten Up at 0.52."""
    order = SignedOrder(
        order_id=f"0x{number:064x}",
        maker=TAKER,
        signer=TAKER,
        api_key=TAKER_KEY,
        token_id=UP_TOKEN,
        side=Side.BUY,
        maker_amount=5_200_000,
        taker_amount=10_000_000,
    )
    return evolve(order, **changes)


def placed(order: SignedOrder | None = None, **changes: Any) -> VenueOrder:
    made = VenueOrder(
        signed=order or signed(),
        slug="btc-updown-5m-1795204800",
        condition_id=CONDITION,
        outcome=Outcome.UP,
        price=Price(520_000),
        created_ns=START_NS + 1,
        changed_ns=START_NS + 1,
    )
    return evolve(made, **changes)


def trade(**changes: Any) -> VenueTrade:
    """Ten Up bought at 0.57 of one who bought Down at 0.43: a mint."""
    part = MakerPart(
        order_id=f"0x{2:064x}",
        api_key=MAKER_KEY,
        maker=MAKER,
        token_id=DOWN_TOKEN,
        outcome=Outcome.DOWN,
        side=Side.BUY,
        price=Price(430_000),
        shares=Shares(10_000_000),
        usd=Usd(4_300_000),
        taker_usd=Usd(5_700_000),
    )
    made = VenueTrade(
        trade_id="28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e",
        taker_order_id=f"0x{1:064x}",
        taker_api_key=TAKER_KEY,
        taker_wallet=TAKER,
        slug="btc-updown-5m-1795204800",
        condition_id=CONDITION,
        token_id=UP_TOKEN,
        outcome=Outcome.UP,
        side=Side.BUY,
        price=Price(570_000),
        shares=Shares(10_000_000),
        cost=Usd(5_700_000),
        fee=Usd(171_500),
        matched_ns=START_NS + 257_000_000,
        updated_ns=START_NS + 8 * NS_PER_S,
        maker_parts=(part,),
    )
    return evolve(made, **changes)


def order_told(
    order: VenueOrder, change: OrderChange = OrderChange.PLACEMENT, at_ns: int = START_NS
) -> OrderTold:
    return OrderTold(at_ns, change, order)


def trade_told(one: VenueTrade, at_ns: int = START_NS) -> TradeTold:
    return TradeTold(at_ns, one)


def killed(order_type: OrderType, words: str) -> VenueOrder:
    return placed(signed(order_type=order_type), words=words)
