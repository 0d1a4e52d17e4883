"""Orders are signed and checked as live would, and nothing is sent; fills are those of paper."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
import trio
from test_paper_client import Clock
from test_paper_simulator import BUY, NEAR, ROUND, START_NS, _levels
from trio.testing import MockClock

from polytui.config.schema import Settings
from polytui.config.secrets import Secret
from polytui.execution.arming import arm_simulated
from polytui.execution.client import AccountNeeds
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import PaperClient
from polytui.execution.shadow_live import Rehearsal, ShadowLiveClient, open_shadow_live
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, Place, Stamp
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
WALLET = wallet_of(Secret("0x" + "2b" * 32), WalletType.DEPOSIT)
LISTED = attrs.evolve(ROUND, up_token="1" * 70, down_token="2" * 70, condition_id="0x" + "cd" * 32)


class Bench:
    """A client over a book of 100 shares at 0.50 / 0.52. State: what it reported and said."""

    def __init__(self) -> None:
        account = PaperAccount(Usd(1_000 * MICRO))
        paper = PaperClient(Asset.BTC, PaperSimulator(NEAR, account), Clock())
        self.said: list[str] = []
        self.rehearsal = Rehearsal(
            OrderSigner(WALLET), account, lambda level, asset, text: self.said.append(text)
        )
        self.client = ShadowLiveClient(Asset.BTC, paper, self.rehearsal)
        self.told: list[ev.Report] = []
        self.client.observe(ev.RoundFound(LISTED))
        self.client.observe(
            ev.BookSnapshotted(
                LISTED.up_token, _levels([(0.50, 100)]), _levels([(0.52, 100)]), None,
                START_NS, START_NS,
            )
        )  # fmt: skip

    def order(self, price: float, shares: float = 10, slug: str = LISTED.slug) -> Order:
        return Order(
            f"{LISTED.slug}-{price}",
            slug,
            LISTED.up_token,
            Outcome.UP,
            BUY,
            Price(round(price * MICRO)),
            Shares(round(shares * MICRO)),
            TimeInForce.GTC,
            False,
            "test",
            START_NS,
        )

    async def perform(self, effects: Sequence[Effect], session_s: float = 2.0) -> None:
        send, receive = trio.open_memory_channel[Effect](10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.client.run, receive, self.told.append)
            for effect in effects:
                send.send_nowait(effect)
            await trio.sleep(session_s / Clock.speed)
            nursery.cancel_scope.cancel()


def placed(order: Order) -> Place:
    return Place(order, Stamp.grant(order.quote, Usd(0)))


async def test_an_order_is_signed_and_filled_on_paper(autojump_clock: MockClock) -> None:
    bench = Bench()
    resting, taking = bench.order(0.45), bench.order(0.52)
    await bench.perform([placed(resting), placed(taking), Cancel(resting.order_id)])
    kinds = {(type(one).__name__, one.order_id) for one in bench.told}
    assert ("Filled", taking.order_id) in kinds
    assert ("Cancelled", resting.order_id) in kinds
    for order in (resting, taking):
        name = OrderSigner(WALLET).venue_id(order, LISTED)
        assert f"{order.order_id} is signed as {name[:10]}… and NOT SENT" in bench.said
    assert (bench.rehearsal.signed, bench.rehearsal.refused) == (2, 0)
    assert "2 orders were signed and checked, 0 would have been" in bench.rehearsal.words()
    assert "NOTHING WAS SENT" in bench.rehearsal.words()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"price": Price(455_500)}, "breaks the tick"),
        ({"shares": Shares(1 * MICRO)}, "shares, the least is"),
        ({"shares": Shares(5_000 * MICRO)}, "may cost"),
        ({"slug": "btc-updown-5m-1"}, "is not listed here"),
        ({"token_id": "3" * 70}, ""),
    ],
)
async def test_what_live_would_not_send_is_refused_in_its_words(
    changes: dict[str, object], why: str, autojump_clock: MockClock
) -> None:
    bench = Bench()
    order = attrs.evolve(bench.order(0.45), **changes)
    await bench.perform([placed(order)])
    (refused,) = bench.told
    assert isinstance(refused, ev.Refused)
    assert refused.detail.startswith("not sent: ")
    assert why in refused.detail
    assert (bench.rehearsal.signed, bench.rehearsal.refused) == (0, 1)
    assert not bench.client.has_working_orders


async def test_whoever_may_send_is_not_let_in() -> None:
    for armed in (None, arm_simulated(WALLET, None, [])):
        needs = AccountNeeds(Settings(), Clock(), armed=armed)
        with pytest.raises(Fatal, match="a wallet that may not send"):
            async with open_shadow_live(needs):
                pass
