"""People's own orders: to the desk that they are meant for, and back what became of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen
from loguru import logger

from polytui.desk.desk import Desk
from polytui.desk.mind import Taken
from polytui.model.effects import Cancel, Decline, Place
from polytui.model.errors import Rejected
from polytui.model.events import TicketSent, TicketWithdrawn
from polytui.model.link import Obeyed
from polytui.model.notice_kinds import HAND
from polytui.model.ticket import Ticket, TicketLook
from polytui.model.units import NS_PER_S, format_micro
from polytui.runtime.asset import AssetRun, run_named
from polytui.runtime.session import Session

_TICKET_ID = re.compile(r"[0-9a-f]{8,32}")
_NAME = re.compile(r"[a-z0-9-]{1,120}")
_MOST = 1 << 53
"""Of a price or of shares: beyond it nobody's numbers are exact."""


@frozen
class Tickets:
    """Stateless: a ticket is journaled by the desk that takes it, refused or not. It goes to a
    life, and waits for none: what was seen before a crash is no reason to buy after it."""

    session: Session
    runs: Sequence[AssetRun]

    async def send(self, asset: str, ticket: Ticket, seen_ns: int, origin: str) -> Obeyed:
        """Sent, and on the disk, before this returns; Rejected with why it was not sent."""
        run = run_named(self.runs, asset)
        _check(ticket)
        event = TicketSent(ticket, self._valid_until_ns(seen_ns), origin)
        logger.warning("{} ticket from {}: {}", asset, origin, words_of(ticket))
        taken = await run.command(event)
        if taken is None:
            raise Rejected(f"{asset} restarts: look at its orders before you send it again")
        for effect in taken.effects:
            if isinstance(effect, Decline) and effect.order_id == ticket.order_id:
                raise Rejected(effect.why.text())
        if not any(isinstance(effect, Place) for effect in taken.effects):
            raise Rejected("the desk did not send it")
        return await self._kept(taken, asset, f"by hand, sent: {words_of(ticket)}")

    async def take_back(self, asset: str, order_id: str, origin: str) -> Obeyed:
        """Its cancel is on the way; Rejected where nothing works under that name."""
        run = run_named(self.runs, asset)
        if not _NAME.fullmatch(order_id):
            raise Rejected("no order of that name")
        taken = await run.command(TicketWithdrawn(order_id, origin))
        if taken is None:
            raise Rejected(f"{asset} restarts: its orders are cancelled")
        if not any(isinstance(e, Cancel) and e.order_id == order_id for e in taken.effects):
            raise Rejected("it does not work any more, or its cancel is on the way")
        return await self._kept(taken, asset, "by hand, taken back")

    def look(self, asset: str, ticket: Ticket) -> TicketLook:
        """What it would be now."""
        _check(ticket)
        desk = self._desk_of(run_named(self.runs, asset))
        if desk is None:
            raise Rejected(f"{asset} restarts")
        return desk.by_hand(self.session.clock.now_ns()).look(ticket)

    async def _kept(self, taken: Taken, asset: str, words: str) -> Obeyed:
        seqs, unkept = (taken.seq,), await self.session.keep()
        said = f"{words}, #{taken.seq}" + (f", NOT on disk: {unkept}" if unkept else "")
        self.session.notice("error" if unkept else "info", asset, said, seqs, HAND)
        return Obeyed(seqs, unkept)

    def _valid_until_ns(self, seen_ns: int) -> int:
        """The person's patience is real time, whatever the session's pace."""
        clock, now_ns = self.session.clock, self.session.clock.now_ns()
        most_s = self.session.settings.ticket.max_view_age_s * clock.speed
        return min(seen_ns, now_ns) + int(most_s * NS_PER_S)

    def _desk_of(self, run: AssetRun) -> Desk | None:
        desk = self.session.mind.desks.get(run.asset)
        return desk if desk is not None and desk.is_sound and not run.deaf.is_set() else None


def _check(ticket: Ticket) -> None:
    """What a face may write into a journal."""
    if not (_TICKET_ID.fullmatch(ticket.ticket_id) and _NAME.fullmatch(ticket.slug)):
        raise Rejected("this ticket has no name, or its round none")
    if not (0 < ticket.price < _MOST and 0 < ticket.shares < _MOST):
        raise Rejected("a ticket has a price above 0 and shares above 0")


def words_of(ticket: Ticket) -> str:
    """ "buy up 10.00 at 0.52 gtc"."""
    how = "post-only" if ticket.is_post_only else ticket.tif.value
    shares, price = format_micro(ticket.shares, 2), format_micro(ticket.price, 2)
    return f"{ticket.side.value} {ticket.outcome.value} {shares} at {price} {how}"
