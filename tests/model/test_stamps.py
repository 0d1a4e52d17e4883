"""An order without a stamp cannot be sent, and only risk can stamp."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polytui
from polytui.model.effects import Place, Reason, Stamp, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

ORDER = Order(
    "o-1",
    "btc-updown-5m-1",
    "111",
    Outcome.UP,
    Side.BUY,
    Price(500_000),
    Shares(10_000_000),
    TimeInForce.GTC,
    False,
    "distance_fade",
    1,
)


@pytest.mark.parametrize("proof", [None, object(), True, "_GRANT"])
def test_a_stamp_is_not_made_by_hand(proof: Any) -> None:
    with pytest.raises(TypeError, match="risk/pretrade"):
        Stamp(ORDER.quote, Usd(5), proof)


def test_a_stamp_is_not_changed_by_hand() -> None:
    granted = Stamp.grant(ORDER.quote, Usd(5))
    with pytest.raises(AttributeError):
        granted.exposure = Usd(0)  # type: ignore[misc]


def test_one_place_grants_stamps() -> None:
    """Whoever could would be a way around the limits."""
    package = Path(polytui.__file__).parent
    granting = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("grant", "_GRANT")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
        or "_GRANT" in path.read_text(encoding="utf-8")
    ]
    assert sorted(granting) == ["model/effects.py", "risk/pretrade.py"]


@pytest.mark.parametrize("instead", [None, object(), "stamped", Why(Reason.NONE)])
def test_nothing_is_placed_without_a_stamp(instead: Any) -> None:
    with pytest.raises(TypeError, match="Stamp"):
        Place(ORDER, instead)


def test_a_stamp_never_shows_its_proof() -> None:
    assert "proof" not in repr(Stamp.grant(ORDER.quote, Usd(5)))


def test_a_stamp_is_good_for_one_quote_only() -> None:
    granted = Stamp.grant(ORDER.quote, Usd(5))
    dearer = attrs.evolve(ORDER, price=Price(510_000))
    with pytest.raises(ValueError, match="another order"):
        Place(dearer, granted)


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (Why(Reason.NO_STRIKE), "no strike"),
        (Why(Reason.EDGE_SMALL, 41.0, 60.0, "bps"), "edge small: 41 < 60 bps"),
        (Why(Reason.SPREAD_WIDE, 700.0, 600.0, "bps"), "spread wide: 700 > 600 bps"),
        (Why(Reason.COOLDOWN, 1.25, 4.0, "s"), "cooldown: 1.25 < 4 s"),
        (Why(Reason.LIMIT_LOSSES, 3, 3, "rounds"), "losses in a row: 3 >= 3 rounds"),
        (Why(Reason.LIMIT_ORDER, 59.98, 60.0, "USD"), "order limit: 59.98 < 60.00 USD"),
        (Why(Reason.LIMIT_ORDER, 100.2, 100.0, "USD"), "order limit: 100.2 > 100.0 USD"),
        (Why(Reason.LIMIT_ORDER, -0.0, 0.0, "USD"), "order limit: 0 >= 0 USD"),
        (Why(Reason.LIMIT_ORDER, math.inf, 100.0, "USD"), "order limit: inf > 100 USD"),
    ],
)
def test_a_reason_comes_with_its_number(why: Why, text: str) -> None:
    assert why.text() == text


def test_a_number_of_five_digits_is_written_out() -> None:
    assert "12345" in Why(Reason.CHAINLINK_STALE, 12_345.0, 8000.0, "ms").text().replace(",", "")


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_two_numbers_that_differ_look_different(value: float, limit: float) -> None:
    """As far as ten decimals can tell."""
    _, value_text, sign, limit_text, _ = Why(Reason.NONE, value, limit, "x").text().split(" ")
    if value == limit:
        assert (sign, value_text) == (">=", limit_text)
    elif abs(value - limit) > 1e-8 * max(1.0, abs(value)) and abs(value) < 1e6:
        assert value_text != limit_text
        assert (sign == "<") == (value < limit)
