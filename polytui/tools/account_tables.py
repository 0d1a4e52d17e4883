"""Positions, orders, cancels and sales of an account: rows for people, documents for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytui.model.table_cells import time_text
from polytui.model.units import format_micro, to_float
from polytui.tools.held_positions import HeldPosition
from polytui.tools.printed_table import PrintedColumn, print_table
from polytui.tools.selling_out import Sale
from polytui.tools.sweeping import Swept
from polytui.venues.polymarket.allowances import dollars
from polytui.venues.polymarket.user_channel import UserOrder

Document = dict[str, Any]
_NONE = "–"


# --- positions ------------------------------------------------------------------------------------


def show_positions(held: Sequence[HeldPosition], *words: str) -> None:
    if not held:
        print_table("positions", [PrintedColumn("", ["nothing is held"])], *words)
        return
    columns = [
        PrintedColumn("round", [one.round.slug for one in held]),
        PrintedColumn("outcome", [one.outcome.value for one in held]),
        _number("shares", [format_micro(one.shares) for one in held]),
        _number("cost", [_money(one.cost) for one in held], 0),
        _number("bid", [_NONE if one.bid is None else format_micro(one.bid) for one in held], 1),
        _number("value", [dollars(one.value) for one in held]),
        PrintedColumn("state", [one.state.value for one in held]),
    ]
    print_table("positions", columns, *words)


def position_document(one: HeldPosition) -> Document:
    return {
        "slug": one.round.slug,
        "asset": one.round.asset.value,
        "interval": one.round.interval.value,
        "outcome": one.outcome.value,
        "token_id": one.token_id,
        "condition_id": one.round.condition_id,
        "closes": time_text(one.round.closes_ns),
        "shares": to_float(one.shares),
        "cost": None if one.cost is None else to_float(one.cost),
        "bid": None if one.bid is None else to_float(one.bid),
        "value": to_float(one.value),
        "state": one.state.value,
    }


# --- orders ---------------------------------------------------------------------------------------


def show_orders(orders: Sequence[UserOrder], slugs: Mapping[str, str], *words: str) -> None:
    if not orders:
        print_table("orders at the venue", [PrintedColumn("", ["nothing works"])], *words)
        return
    columns = [
        PrintedColumn("placed", [time_text(one.venue_ns)[:19] for one in orders], spared=1),
        PrintedColumn("round", [slugs.get(one.condition_id, one.condition_id) for one in orders]),
        PrintedColumn("side", [one.side.value for one in orders]),
        _number("shares", [format_micro(one.original) for one in orders]),
        _number("price", [format_micro(one.price) for one in orders]),
        _number("matched", [format_micro(one.matched) for one in orders]),
        PrintedColumn("order", [one.order_id for one in orders], spared=0),
    ]
    print_table("orders at the venue", columns, *words)


def order_document(one: UserOrder, slugs: Mapping[str, str]) -> Document:
    return {
        "venue_id": one.order_id,
        "slug": slugs.get(one.condition_id, ""),
        "condition_id": one.condition_id,
        "token_id": one.token_id,
        "side": one.side.value,
        "shares": to_float(one.original),
        "price": to_float(one.price),
        "matched": to_float(one.matched),
        "status": one.status,
        "placed": time_text(one.venue_ns),
    }


# --- cancels --------------------------------------------------------------------------------------


def swept_words(swept: Swept) -> list[str]:
    """How many went, and each that did not with why."""
    words = [f"{len(swept.cancelled)} orders cancelled" if swept.cancelled else "nothing to cancel"]
    if len(swept.cancelled) == 1:
        words = ["1 order cancelled"]
    if not swept.cancelled and not swept.is_clean:
        words = ["no order was cancelled"]
    for one in swept.left:
        why = swept.why.get(one.order_id.lower(), "the venue gives no reason")
        words.append(f"STILL WORKS: {one.order_id}: {why}")
    if swept.unread:
        words.append(f"{swept.unread} orders of the venue's list could not be read: look there")
    if swept.fault:
        words.append(f"not certain: {swept.fault}")
    return words


def swept_document(swept: Swept) -> Document:
    left = [
        {**order_document(one, {}), "why": swept.why.get(one.order_id.lower(), "")}
        for one in swept.left
    ]
    return {
        "cancelled": list(swept.cancelled),
        "left": left,
        "unread": swept.unread,
        "fault": swept.fault,
    }


# --- sales ----------------------------------------------------------------------------------------


def show_sales(sales: Sequence[Sale], *words: str) -> None:
    if not sales:
        print_table("sold", [PrintedColumn("", ["nothing was held"])], *words)
        return
    columns = [
        PrintedColumn("round", [one.position.round.slug for one in sales]),
        PrintedColumn("outcome", [one.position.outcome.value for one in sales]),
        _number("held", [format_micro(one.position.shares) for one in sales]),
        _number("sold", [format_micro(one.sold) for one in sales]),
        _number("for at least", [dollars(one.usd) for one in sales]),
        _number("left", [format_micro(one.left) for one in sales]),
        PrintedColumn("why", [one.why for one in sales]),
    ]
    print_table("sold", columns, *words)


def sale_document(one: Sale) -> Document:
    return {
        "slug": one.position.round.slug,
        "outcome": one.position.outcome.value,
        "token_id": one.position.token_id,
        "held": to_float(one.position.shares),
        "sold": to_float(one.sold),
        "usd_at_least": to_float(one.usd),
        "left": to_float(one.left),
        "why": one.why,
    }


def _number(head: str, cells: list[str], spared: int | None = None) -> PrintedColumn:
    return PrintedColumn(head, cells, is_number=True, spared=spared)


def _money(usd: int | None) -> str:
    return _NONE if usd is None else dollars(usd)
