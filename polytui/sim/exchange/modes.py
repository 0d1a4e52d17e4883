"""What state the matching engine is in, and which accounts may not trade."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.answers import Refusal

_POST_ONLY = "post-only mode: only post-only orders and cancels are allowed"
_CANCEL_ONLY = (
    "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."
)
_DISABLED = "Trading is currently disabled. Check polymarket.com for updates"
_RESTARTING = "the matching engine is restarting, please retry"


class EngineMode(str, Enum):
    NORMAL = "normal"
    RESTARTING = "restarting"
    POST_ONLY = "post_only"
    CANCEL_ONLY = "cancel_only"
    DISABLED = "disabled"


class EngineModes:
    """State: until when each mode lasts, UTC nanoseconds of the world; accounts by lower-case
    wallet. Where several last, the strictest counts."""

    def __init__(self, halt: Callable[[int], None]) -> None:
        """`halt` is told until when nobody trades, the crowd included; 0: they do."""
        self._halt = halt
        self._until_ns: dict[EngineMode, int] = {}
        self.closed_only: set[str] = set()
        """Wallets that may only sell what they hold."""
        self.banned: set[str] = set()
        self.unready: set[str] = set()
        """Conditions that take no orders yet."""

    def is_closed_only(self, maker: str) -> bool:
        return maker in self.closed_only

    def begin(self, mode: EngineMode, until_ns: int) -> None:
        """A later end counts."""
        self._until_ns[mode] = max(self._until_ns.get(mode, 0), until_ns)
        self._tell()

    def end(self, mode: EngineMode) -> None:
        self._until_ns.pop(mode, None)
        self._tell()

    def restart(self, now_ns: int, lasts_ns: int, post_only_ns: int) -> None:
        """Nothing is answered for a while, then only orders that cannot match are taken."""
        self.begin(EngineMode.RESTARTING, now_ns + lasts_ns)
        self.begin(EngineMode.POST_ONLY, now_ns + lasts_ns + post_only_ns)

    def mode(self, now_ns: int) -> EngineMode:
        for mode in _STRICTEST_FIRST:
            if now_ns < self._until_ns.get(mode, 0):
                return mode
        return EngineMode.NORMAL

    def refusal(self, now_ns: int, *, is_post_only: bool) -> Refusal | None:
        """Why no order is taken just now; None where this one is."""
        standing = self.cancel_refusal(now_ns)
        if standing is not None:
            return standing
        mode = self.mode(now_ns)
        if mode is EngineMode.CANCEL_ONLY:
            return Refusal(_CANCEL_ONLY, 503)
        if mode is EngineMode.POST_ONLY and not is_post_only:
            return Refusal(_POST_ONLY, 503, self._left_s(mode, now_ns), "post_only_mode")
        return None

    def cancel_refusal(self, now_ns: int) -> Refusal | None:
        """Why nothing can be cancelled just now."""
        mode = self.mode(now_ns)
        if mode is EngineMode.RESTARTING:
            return Refusal(_RESTARTING, 425, self._left_s(mode, now_ns))
        return Refusal(_DISABLED, 503) if mode is EngineMode.DISABLED else None

    def account_refusal(self, maker: str, *, is_buy: bool) -> Refusal | None:
        if maker in self.banned:
            return Refusal(f"'{maker}' address banned")
        if is_buy and self.is_closed_only(maker):
            return Refusal(f"'{maker}' address in closed only mode")
        return None

    def _tell(self) -> None:
        standing = (EngineMode.RESTARTING, EngineMode.DISABLED)
        self._halt(max(self._until_ns.get(mode, 0) for mode in standing))

    def _left_s(self, mode: EngineMode, now_ns: int) -> int:
        return -(-(self._until_ns[mode] - now_ns) // NS_PER_S)


_STRICTEST_FIRST = (
    EngineMode.RESTARTING,
    EngineMode.DISABLED,
    EngineMode.CANCEL_ONLY,
    EngineMode.POST_ONLY,
)
