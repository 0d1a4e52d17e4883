"""What polymarket-client reads in public: books, Gamma, the Data API."""

from __future__ import annotations

import asyncio
import time
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import polymarket
from rows import Rows, Venue

BUILDER = "0x" + "b1" * 32
INDEXED_WITHIN_S = 240
TODAY = time.strftime("%Y-%m-%d", time.gmtime())


def first_of(paginator: Any) -> Any:
    """A call for its first page."""
    return lambda: paginator().first_page()


def is_page(page: Any) -> bool:
    return isinstance(page.items, tuple)


def has_items(page: Any) -> bool:
    return len(page.items) > 0


async def market_rows(rows: Rows, client: Any, venue: Venue) -> None:
    up, down = venue.round["up"], venue.round["down"]
    both = [up, down]
    asked = [polymarket.PriceRequest(up, "BUY"), polymarket.PriceRequest(down, "SELL")]
    await rows.wait(
        "get_order_book",
        lambda: client.get_order_book(asset_id=up),
        holds=lambda it: it.asks and it.asset_id == up,
    )
    await rows.wait(
        "get_order_book (unknown)",
        lambda: client.get_order_book(asset_id="12345"),
        refused="404 No orderbook exists",
    )
    await rows.wait(
        "get_order_books",
        lambda: client.get_order_books(asset_ids=both),
        holds=lambda it: {one.asset_id for one in it} == set(both),
    )
    await rows.wait(
        "get_midpoint", lambda: client.get_midpoint(asset_id=up), holds=lambda it: 0 < it < 1
    )
    await rows.wait(
        "get_midpoints",
        lambda: client.get_midpoints(asset_ids=both),
        holds=lambda it: sum(it.values()) == 1,
    )
    await rows.wait(
        "get_price", lambda: client.get_price(asset_id=up, side="BUY"), holds=lambda it: 0 <= it < 1
    )
    await rows.wait(
        "get_prices", lambda: client.get_prices(requests=asked), holds=lambda it: it[up]["BUY"] >= 0
    )
    await rows.wait(
        "get_spread", lambda: client.get_spread(asset_id=up), holds=lambda it: 0 < it <= 1
    )
    await rows.wait(
        "get_spreads",
        lambda: client.get_spreads(asset_ids=both),
        holds=lambda it: set(it) == set(both),
    )
    await rows.wait(
        "get_last_trade_price",
        lambda: client.get_last_trade_price(asset_id=up),
        holds=lambda it: it is None or 0 < it.price < 1,
    )
    await rows.wait(
        "get_last_trade_prices",
        lambda: client.get_last_trade_prices(asset_ids=both),
        holds=lambda it: {one.asset_id for one in it} <= set(both),
    )


async def sums_rows(rows: Rows, client: Any, venue: Venue) -> None:
    """What is reckoned from books, and rewards that anybody may read."""
    up, condition = venue.round["up"], venue.round["condition_id"]
    await rows.wait(
        "estimate_market_price",
        lambda: client.estimate_market_price(asset_id=up, side="BUY", amount=5),
        holds=lambda it: 0 < it < 1,
    )
    await rows.wait(
        "list_builder_trades",
        first_of(lambda: client.list_builder_trades(builder_code=BUILDER)),
        holds=is_page,
    )
    await rows.wait("list_current_rewards", first_of(client.list_current_rewards), holds=is_page)
    await rows.wait(
        "list_market_rewards",
        first_of(lambda: client.list_market_rewards(condition_id=condition)),
        holds=is_page,
    )
    await rows.wait("list_reward_markets", first_of(client.list_reward_markets), holds=is_page)
    await rows.wait(
        "get_current_rebates",
        lambda: client.get_current_rebates(date=TODAY, maker_address="0x" + "11" * 20),
        holds=lambda it: it == (),
    )


async def gamma_rows(rows: Rows, client: Any, venue: Venue) -> None:
    told = venue.round
    event_id, slug = told["event_id"], told["slug"]
    await rows.wait(
        "get_event", lambda: client.get_event(slug=slug), holds=lambda it: it.id == event_id
    )
    await rows.wait(
        "get_event (by id)", lambda: client.get_event(id=event_id), holds=lambda it: it.slug == slug
    )
    await rows.wait(
        "get_event (unknown)", lambda: client.get_event(slug="no-such-event"), refused="404 "
    )
    await rows.wait("get_event_tags", lambda: client.get_event_tags(event_id), holds=bool)
    await rows.wait(
        "get_market",
        lambda: client.get_market(id=told["market_id"]),
        holds=lambda it: it.condition_id == told["gamma_condition"],
    )
    await rows.wait(
        "get_market (by slug)",
        lambda: client.get_market(slug=slug),
        holds=lambda it: it.id == told["market_id"],
    )
    await rows.wait(
        "get_market_tags", lambda: client.get_market_tags(told["market_id"]), holds=bool
    )
    await rows.wait(
        "list_events",
        first_of(lambda: client.list_events(slug=slug)),
        holds=lambda it: [one.slug for one in it.items] == [slug],
    )
    pages = await rows.wait(
        "list_events (paged)",
        first_of(lambda: client.list_events(page_size=3)),
        holds=lambda it: len(it.items) == 3 and it.has_more,
    )
    if pages is not None:
        await rows.wait(
            "list_events (second page)",
            first_of(lambda: client.list_events(page_size=3).from_cursor(pages.next_cursor)),
            holds=lambda it: not {one.id for one in it.items} & {one.id for one in pages.items},
        )
    await rows.wait(
        "list_markets",
        first_of(lambda: client.list_markets(condition_ids=[told["gamma_condition"]])),
        holds=lambda it: [one.id for one in it.items] == [told["market_id"]],
    )
    found = await rows.wait(
        "list_series",
        first_of(lambda: client.list_series(slug=told["series_slug"])),
        holds=lambda it: [one.slug for one in it.items] == [told["series_slug"]],
    )
    series_id = found.items[0].id if found and found.items else "0"
    await rows.wait(
        "get_series",
        lambda: client.get_series(series_id),
        holds=lambda it: it.slug == told["series_slug"],
    )
    await rows.wait(
        "search",
        first_of(lambda: client.search(q="Bitcoin Up or Down", page_size=5)),
        holds=lambda it: it.items[0].events,
    )
    await _tag_rows(rows, client)


async def _tag_rows(rows: Rows, client: Any) -> None:
    found = await rows.wait("list_tags", first_of(client.list_tags), holds=has_items)
    tag = found.items[0] if found and found.items else None
    tag_id, slug = (str(tag.id), str(tag.slug)) if tag else ("0", "none")
    await rows.wait("get_tag", lambda: client.get_tag(id=tag_id), holds=lambda it: it.slug == slug)
    await rows.wait(
        "get_tag (by slug)", lambda: client.get_tag(slug=slug), holds=lambda it: it.id == tag_id
    )
    await rows.wait(
        "get_related_tags",
        lambda: client.get_related_tags(id=tag_id),
        holds=lambda it: isinstance(it, tuple),
    )
    await rows.wait(
        "get_related_tag_resources",
        lambda: client.get_related_tag_resources(id=tag_id),
        holds=lambda it: isinstance(it, tuple),
    )


async def indexed_rows(rows: Rows, client: Any, venue: Venue) -> None:
    """What the index knows of a wallet that traded minutes ago, where there is time for that."""
    if not venue.is_patient:
        return
    for name in ("list_trades", "list_activity", "list_positions"):
        await rows.wait(
            f"{name} (of our own)",
            lambda name=name: _indexed(getattr(client, name)),
            holds=has_items,
        )
    await rows.wait(
        "get_portfolio_value (of our own)",
        client.get_portfolio_value,
        holds=lambda it: it.value > 0,
    )


async def _indexed(listing: Any) -> Any:
    page = await settled(listing().first_page())
    async with asyncio.timeout(INDEXED_WITHIN_S):
        while not page.items:
            await asyncio.sleep(5)
            page = await settled(listing().first_page())
    return page


async def settled(value: Any) -> Any:
    """A value of either client: the asyncio one gives something to wait for."""
    return await value if hasattr(value, "__await__") else value


async def data_rows(rows: Rows, client: Any, venue: Venue, user: str, *, is_public: bool) -> None:
    """`user` traded, where the client is a secure one, and never did otherwise."""
    told = venue.round
    up, condition, event_id = told["up"], told["condition_id"], int(told["event_id"])

    await rows.wait("list_trades", first_of(lambda: client.list_trades(user=user)), holds=is_page)
    await rows.wait(
        "list_trades (of a market)",
        first_of(lambda: client.list_trades(condition_id=condition)),
        holds=is_page,
    )
    await rows.wait(
        "list_activity", first_of(lambda: client.list_activity(user=user)), holds=is_page
    )
    await rows.wait(
        "list_positions", first_of(lambda: client.list_positions(user=user)), holds=is_page
    )
    await rows.wait(
        "list_combo_activity",
        first_of(lambda: client.list_combo_activity(user=user)),
        holds=lambda it: it.items == (),
    )
    await rows.wait(
        "list_combo_positions",
        first_of(lambda: client.list_combo_positions(user=user)),
        holds=lambda it: it.items == (),
    )
    await rows.wait("get_portfolio_value", lambda: client.get_portfolio_value(user=user))
    await rows.wait("get_user_stats", lambda: client.get_user_stats(user=user))
    await rows.wait("get_user_pnl", lambda: client.get_user_pnl(user=user))
    await rows.wait("get_user_volume", lambda: client.get_user_volume(user=user))
    await rows.wait(
        "list_market_holders",
        first_of(lambda: client.list_market_holders(condition_ids=condition)),
        holds=is_page,
    )
    await rows.wait(
        "get_open_interests",
        lambda: client.get_open_interests(condition_ids=condition),
        holds=lambda it: isinstance(it, tuple),
    )
    await rows.wait(
        "get_event_live_volume", lambda: client.get_event_live_volume(event_ids=event_id)
    )
    await rows.wait(
        "list_price_history",
        first_of(lambda: client.list_price_history(asset_id=up, interval="1h")),
        holds=is_page,
    )
    await rows.wait(
        "get_token_references",
        lambda: client.get_token_references(asset_ids=up),
        holds=lambda it: len(it) == 1,
    )
    await rows.wait(
        "get_resolutions",
        lambda: client.get_resolutions(condition_ids=condition),
        holds=lambda it: isinstance(it, tuple),
    )
    await rows.wait(
        "list_trader_leaderboard", first_of(client.list_trader_leaderboard), holds=is_page
    )
    await rows.wait(
        "get_trader_leaderboard_standing",
        lambda: client.get_trader_leaderboard_standing(user=user),
    )
    await rows.wait("list_biggest_winners", first_of(client.list_biggest_winners), holds=is_page)
    await rows.wait(
        "list_builder_leaderboard", first_of(client.list_builder_leaderboard), holds=is_page
    )
    await rows.wait("get_builder_volumes", client.get_builder_volumes)
    await rows.wait(
        "get_trading_approvals_state",
        lambda: client.get_trading_approvals_state(wallet=user),
        holds=lambda it: it.is_fully_approved is not is_public,
    )
    await rows.wait(
        "download_accounting_snapshot",
        lambda: client.download_accounting_snapshot(user=user),
        holds=lambda it: ZipFile(BytesIO(it)).namelist() == ["positions.csv", "equity.csv"],
    )
