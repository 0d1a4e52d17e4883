"""What must be taken while nobody lives: between two lives of an asset, after its last one.

A kill may not wait for a desk to come back. The desk of before is still there, perhaps half
changed, so it is told and asked to decide nothing; the next life begins with what the account
knows then.
"""

from __future__ import annotations

from polytui.desk.mind import Taken
from polytui.model.effects import CancelAll, Effect
from polytui.model.events import Commanded, Event
from polytui.runtime.asset import AssetRun
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Item
from polytui.runtime.session import Session


async def obey_without_a_life(run: AssetRun, session: Session, command: Commanded) -> int:
    """The number it got. Nobody performs effects now: what a desk had at the venue is taken back
    from here."""
    seq, effects = take_without_a_life(run, session, command)
    if any(isinstance(effect, CancelAll) for effect in effects):
        await run.take_orders_back(session.settings.execution.cancel_all_s)
    return seq


def take_without_a_life(run: AssetRun, session: Session, event: Event) -> tuple[int, list[Effect]]:
    """The number it got, and what it would have done. Whatever it breaks goes up, after it was
    written down."""
    taken, effects = list[Taken](), list[Effect]()
    DeskLoop(run, session, effects.append).take([Item(event, 0, taken.append)], decides=False)
    return taken[0].seq, effects
