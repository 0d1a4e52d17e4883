"""What the venue answers to an order or a cancel, and the waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from attrs import field, frozen

T = TypeVar("T")


@frozen
class Refusal:
    """Why not, in the venue's words and with its HTTP status."""

    words: str
    http_status: int = 400
    retry_after_s: int = 0
    """0: not said."""
    code: str = ""
    """Beside the words, where the venue has one ("post_only_mode")."""


@frozen
class OrderAnswer:
    """To one posted order. Amounts are millionths; 0 where nothing matched."""

    order_id: str
    status: str = ""
    """live, matched, delayed, unmatched; "" for a refusal."""
    making: int = 0
    """What it gave: a buyer dollars, a seller shares."""
    taking: int = 0
    trade_ids: tuple[str, ...] = ()
    refused: Refusal | None = None

    @property
    def refusal(self) -> str:
        """The venue's words, or ""."""
        return self.refused.words if self.refused else ""

    @property
    def http_status(self) -> int:
        return self.refused.http_status if self.refused else 200

    @property
    def retry_after_s(self) -> int:
        """0: not said."""
        return self.refused.retry_after_s if self.refused else 0


@frozen
class CancelAnswer:
    """Which orders are gone, and why others are not."""

    cancelled: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(factory=dict)
    """Reason by order id."""
    not_now: Refusal | None = None
    """The whole request was refused: the engine restarts."""


class Pending(Generic[T]):
    """An answer to come, in the world's time. `then` is called when it is there."""

    __slots__ = ("_waiting", "answer")

    def __init__(self) -> None:
        self.answer: T | None = None
        self._waiting: list[Callable[[], None]] = []

    def then(self, told: Callable[[], None]) -> None:
        """Calls `told` once, as soon as the answer is there: now, if it is there already."""
        if self.answer is None:
            self._waiting.append(told)
        else:
            told()

    def give(self, answer: T) -> None:
        self.answer = answer
        waiting, self._waiting = self._waiting, []
        for told in waiting:
            told()
