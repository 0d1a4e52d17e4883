"""What must be taken while nobody lives: between two lives of an asset, after its last one.

A kill may not wait for a desk to come back. The desk of before is still there, perhaps half
changed, so it is told and asked to decide nothing; the next life begins with what the account
knows then.
"""

from __future__ import annotations

from polytui.model.effects import CancelAll, Effect
from polytui.model.events import AssetHalted, Commanded
from polytui.runtime.asset import AssetRun
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Item
from polytui.runtime.session import Session


def take_without_a_life(run: AssetRun, session: Session, event: Commanded | AssetHalted) -> int:
    """The number it got. Whatever it breaks goes up, after it was written down."""
    seqs: list[int] = []

    def act(effect: Effect) -> None:
        # No executor lives; what a desk had on its way is cancelled where it is.
        if isinstance(effect, CancelAll):
            run.client.cancel_at_once()

    DeskLoop(run, session, act).take([Item(event, 0, seqs.append)], decides=False)
    return seqs[0]
