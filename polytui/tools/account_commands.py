"""`polytui positions`, `orders --at-venue`, `cancel-all` and `flatten`: the venue's own truth."""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from polytui.config.called import called
from polytui.confirmation import Confirmation
from polytui.json_output import write_json
from polytui.model.errors import Fatal, Rejected, Restricted, Retry, Unknown
from polytui.model.events import Action
from polytui.model.link import Hello
from polytui.model.units import to_float
from polytui.paths import running_socket, running_sockets
from polytui.precautions import check_writable
from polytui.runtime.signals import hear_signals
from polytui.tools.account_access import AccountAccess, check_named
from polytui.tools.account_tables import (
    order_document,
    position_document,
    sale_document,
    show_orders,
    show_positions,
    show_sales,
    swept_document,
    swept_words,
)
from polytui.tools.engine_line import command, greeting_of
from polytui.tools.held_positions import HeldAnswer, PositionState, held_positions
from polytui.tools.printed_table import print_words
from polytui.tools.selling_out import Sale, SellingOut, unpaired
from polytui.tools.sweeping import Swept, sweep
from polytui.tools.venue_account import VenueAccount
from polytui.venues.polymarket.allowances import dollars
from polytui.venues.polymarket.user_channel import UserOrder


def positions(access: AccountAccess, days: float, json_path: str | None) -> int:
    """What is held, and 1 where some of it could not be read."""
    check_writable(json_path)
    usd, held = trio.run(_positions, access, days)
    wallet = access.access.wallet.funder
    if json_path:
        rows = [position_document(one) for one in held.positions]
        document = {"wallet": wallet, "usd": to_float(usd), "positions": rows}
        write_json({**document, "unread": held.unread}, json_path)
    else:
        worth = sum(one.value for one in held.positions)
        money = f"{wallet}: {dollars(usd)} in cash, {dollars(worth)} in shares at the best bids"
        show_positions(held.positions, money, *_unread(held))
    return 1 if held.unread else 0


async def _positions(access: AccountAccess, days: float) -> tuple[int, HeldAnswer]:
    async with access.opened() as account:
        await account.orders.refresh_collateral()
        return (await account.orders.collateral()).balance, await held_positions(account, days)


def _unread(held: HeldAnswer) -> list[str]:
    return [f"not read: {words}" for words in held.unread]


def orders_at_venue(access: AccountAccess, json_path: str | None) -> int:
    """What works, of every key of the account; 1 where some of it could not be read."""
    check_writable(json_path)
    orders, slugs, unread = trio.run(_orders, access)
    wallet = access.access.wallet.funder
    if json_path:
        rows = [order_document(one, slugs) for one in orders]
        write_json({"wallet": wallet, "orders": rows, "unread": unread}, json_path)
    else:
        words = [f"{unread} rows could not be read: look at polymarket.com"] if unread else []
        show_orders(orders, slugs, wallet, *words)
    return 1 if unread else 0


async def _orders(access: AccountAccess) -> tuple[list[UserOrder], dict[str, str], int]:
    async with access.opened() as account:
        orders = await account.orders.open_orders()
        slugs: dict[str, str] = {}
        for one in orders:
            if one.condition_id not in slugs:
                slugs[one.condition_id] = await _slug(account, one.condition_id)
        return orders, slugs, account.orders.unread


async def _slug(account: VenueAccount, condition_id: str) -> str:
    """The market's own id where it has no name that we can read."""
    try:
        return await account.clob.slug_of(condition_id)
    except (Retry, Rejected, Unknown):
        return condition_id


def cancel_all(access: AccountAccess, json_path: str | None) -> int:
    """1 where an order still works, or nobody knows. No gate: it only ever takes back."""
    check_writable(json_path)
    swept = trio.run(_cancel_all, access)
    if (found := _engine(access, None)) is not None:
        again = called(f"attach {found[1].session}")
        words = f"{found[1].session} trades this wallet and may order again: pull its kill switch"
        sys.stderr.write(f"{words} ({again})\n")
    if json_path:
        write_json({"wallet": access.access.wallet.funder, **swept_document(swept)}, json_path)
    else:
        print_words(*swept_words(swept))
    return 0 if swept.is_clean else 1


async def _cancel_all(access: AccountAccess) -> Swept:
    async with access.opened() as account:
        return await sweep(account.orders)


# --- flatten --------------------------------------------------------------------------------------


def flatten(
    access: AccountAccess,
    session: str | None,
    named: str,
    days: float,
    json_path: str | None,
) -> int:
    """Through the engine that trades the account, where one runs; at the venue itself else."""
    check_writable(json_path)
    found = _engine(access, session)
    if found is not None:
        socket, engine = found
        check_named(engine, named)
        return _told(socket, json_path)
    access.check_gates()
    return _at_venue(access, named, days, json_path)


def _engine(access: AccountAccess, session: str | None) -> tuple[Path, Hello] | None:
    """The one that is named; else the one that trades with this wallet."""
    sockets = running_sockets() if session is None else [running_socket(session)]
    greeted = trio.run(_greetings, sockets)
    if session is not None:
        if not greeted:
            raise Fatal(f"{session} does not say which engine it is; look with polytui attach")
        return greeted[0]
    return next((one for one in greeted if access.is_traded_by(one[1])), None)


async def _greetings(sockets: list[Path]) -> list[tuple[Path, Hello]]:
    told = [(socket, await greeting_of(socket)) for socket in sockets]
    return [(socket, engine) for socket, engine in told if engine is not None]


def _told(socket: Path, json_path: str | None) -> int:
    ack = trio.run(command, socket, Action.FLATTEN)
    fault = ack.error or ack.left_out or ack.unkept
    if json_path:
        write_json({"engine": socket.stem, "seqs": list(ack.seqs), "fault": fault}, json_path)
    else:
        words = f"{socket.stem} is flattening" if ack.seqs else f"{socket.stem} does not flatten"
        print_words(f"{words}: {fault}" if fault else f"{words}; polytui positions shows the rest")
    return 1 if fault else 0


def _at_venue(access: AccountAccess, named: str, days: float, json_path: str | None) -> int:
    is_quiet = json_path == "-"
    with access.held("polytui flatten"):
        swept, sales, unread = trio.run(_sold, access, named, days, is_quiet)
    if json_path:
        rows = [sale_document(one) for one in sales]
        document = {"wallet": access.access.wallet.funder, **swept_document(swept)}
        write_json({**document, "sales": rows, "unread_positions": unread}, json_path)
    if not is_quiet:
        words = [f"not read: {one}" for one in unread]
        show_sales(sales, *swept_words(swept), *words)
    has_failed = unread or not swept.is_clean or any(map(_is_stuck, sales))
    return 1 if has_failed else 0


def _is_stuck(sale: Sale) -> bool:
    """Whether more is left of it than the venue's rules leave to everybody."""
    listed = sale.position.round
    return sale.position.state is PositionState.OPEN and sale.left >= listed.min_shares


async def _sold(
    access: AccountAccess, named: str, days: float, is_quiet: bool
) -> tuple[Swept, list[Sale], list[str]]:
    """Shown, confirmed, swept, sold. Ctrl-C and SIGTERM end it between two orders."""
    # Where nobody can be asked, the answer is known before anything is.
    confirmation = Confirmation(named, "sell all of it")
    armed = None if confirmation.will_ask else access.armed(confirmation)
    async with access.opened() as account:
        held = await held_positions(account, days)
        if not is_quiet:
            show_positions(held.positions, "to be sold at the best bids, after every order is gone")
        armed = armed or access.armed(confirmation)
        swept = await sweep(account.orders)
        selling, sales = SellingOut(account, armed), list[Sale]()
        async with hear_signals() as signals:
            for one in unpaired(held.positions):
                if signals.came.is_set():
                    sales.append(Sale(one, why=f"{signals.name} came first"))
                    continue
                try:
                    sales.append(await selling.sell(one))
                except Restricted as error:
                    sales.append(Sale(one, why=str(error)))
                    break
        return swept, sales, held.unread
