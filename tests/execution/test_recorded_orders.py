"""What was read of a journal is never sent: an order needs the stamp that was given to it here."""

from __future__ import annotations

import msgspec
import pytest

from polytui.config.schema import PaperSettings
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import decode_effects, encode_effects
from polytui.model.effects import Effect, Place, Stamp
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

ORDER = Order(
    "o-1",
    "btc-updown-5m-1",
    "111",
    Outcome.UP,
    Side.BUY,
    Price(530_000),
    Shares(10_000_000),
    TimeInForce.GTC,
    False,
    "distance_fade",
    7,
)


def test_an_order_that_was_read_cannot_be_performed() -> None:
    sent = Place(ORDER, Stamp.grant(ORDER.quote, Usd(5)))
    (read,) = decode_effects(msgspec.Raw(encode_effects((sent,))))
    simulator = PaperSimulator(PaperSettings(), PaperAccount(Usd(10**9)))
    with pytest.raises(TypeError, match="RecordedPlace is nothing that can be sent"):
        simulator.perform(read, 1)  # type: ignore[arg-type]
    assert not simulator.has_working_orders
    performed: Effect = sent
    simulator.perform(performed, 1)
    assert simulator.has_working_orders, "the one with its stamp is"
