"""What a database would lose by becoming another one: sessions, or rows of theirs."""

from __future__ import annotations

from polytui.store.database import Database

_COUNTED = ("events", "rounds", "orders", "fills")
_MOST_NAMED = 3


def losses(before: Database, after: Database) -> dict[str, str]:
    """By session, in words; empty where the other one has all of it."""
    found, known, faults = dict[str, str](), after.counts(), after.faults()
    for session, had in before.counts().items():
        has = known.get(session)
        if has is None:
            if any(had):
                found[session] = "all of it: its journal is gone"
        elif less := [
            f"{now} of {then} {what}"
            for what, then, now in zip(_COUNTED, had, has, strict=True)
            # Of a journal that is whole, the last events that led to nothing may be thinned out.
            if now < then and (what != _COUNTED[0] or session in faults)
        ]:
            found[session] = f"it would have {', '.join(less)}"
    return found


def in_short(lost: dict[str, str]) -> str:
    named = [f"{session}: {what}" for session, what in [*lost.items()][:_MOST_NAMED]]
    more = len(lost) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")
