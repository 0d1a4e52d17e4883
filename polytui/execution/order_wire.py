"""One venue's requests about the orders of one asset, as a `VenueClient` asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from polytui.execution.client import Word
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import Cancelled, CancelRefused, DeskOpened, Event, InTransit
from polytui.model.orders import Order

Reports = Sequence[Word]
CancelAnswers = Mapping[str, Cancelled | CancelRefused]
"""By order id; of one that is missing the venue said nothing."""


def speaks_of_orders(words: Iterable[Word]) -> bool:
    """Whether anything of it came from an order itself."""
    return any(not isinstance(word, InTransit) for word in words)


@frozen
class Posted:
    """What the venue said to an order that it took."""

    reports: Reports = ()
    is_held: bool = False
    """It is inside the venue's hold of takers, where nobody finds it."""


PostOutcome = Posted | Retry | Rejected | Unknown
"""What became of one order of several. Errors say what happened: Rejected, proven not to live;
Retry, nothing happened and the same may be sent again; Unknown, it may have happened (a duplicate
of what was sent again is that, for then the first one arrived)."""


class OrderWire(Protocol):
    """What is raised means what it means in an `PostOutcome`."""

    def preflight(self, order: Order) -> str:
        """Why the venue would refuse it, as far as is known here; empty where nothing is."""
        ...

    def sign(self, order: Order) -> Any:
        """What `post` sends, once or more than once, and always the same. Rejected for an order
        that the venue has no words for."""
        ...

    async def post(self, signed: Any) -> Posted: ...

    async def post_many(self, signed: Sequence[Any]) -> Sequence[PostOutcome]:
        """In their order, `BATCH_MOST` at most."""
        ...

    async def cancel(self, order_ids: Sequence[str]) -> CancelAnswers: ...

    async def cancel_all(self) -> Sequence[Cancelled]:
        """Everything of the asset, known here or not; those that went."""
        ...

    async def look(self, order_id: str) -> Reports:
        """OrderFound, what ended it, or nothing where the venue does not know it. Fills that it had
        come first."""
        ...

    async def open(self, life: int, sent: Sequence[Order]) -> DeskOpened:
        """What a desk that begins must know; `sent` are orders that nothing ended, as far as is
        known here: each is found, or may live."""
        ...

    def observe(self, event: Event) -> Reports:
        """The market, before the desk hears of it; what it tells of our orders."""
        ...
