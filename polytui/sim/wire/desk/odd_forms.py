"""Forms of user frames that were seen in the wild beside the documented ones, for clients that
must live with them: other spellings of one frame, and another order of several.

Everything here is drawn from a generator of the account's own, so a session happens again.
"""

from __future__ import annotations

from collections.abc import Callable

from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.world.chance import Chance

_OFTEN = 0.5
_SELDOM = 0.2
_MOST_PLACEMENTS = 1_000


class OddForms:
    """State: what was held back, and the placements that may come again after their end."""

    def __init__(self, name: str) -> None:
        self._chance = Chance(f"odd:{name}")
        self._held: list[Document] = []
        self._placements: dict[str, Document] = {}

    def order(self, frame: Document) -> list[Document]:
        """A placement may come late, an update after its trade, a LIVE after the cancellation."""
        change = frame["type"]
        if change == "PLACEMENT":
            self._placements[frame["id"]] = frame
            if len(self._placements) > _MOST_PLACEMENTS:
                del self._placements[next(iter(self._placements))]
        if change != "CANCELLATION" and self._is(_OFTEN):
            released, self._held = self._held, [frame]
            return self._spelt(released)
        late = self._placements.pop(frame["id"], None) if change == "CANCELLATION" else None
        follows = [late] if late is not None and self._is(_OFTEN) else []
        return self._spelt([*self._release(), frame, *follows])

    def trade(self, frame: Document) -> list[Document]:
        """The state of a trade comes before whatever was held back; a match may come twice, once
        with a name that only REST uses."""
        frames = [frame]
        if frame["status"] == "MATCHED" and self._is(_SELDOM):
            frames.insert(0, {**frame, "status": "MATCHED_NOT_BROADCASTED"})
        return self._spelt([*frames, *self._release()])

    def late(self) -> list[Document]:
        """What has been held back long enough."""
        return self._spelt(self._release())

    def _release(self) -> list[Document]:
        held, self._held = self._held, []
        return held

    def _is(self, probability: float) -> bool:
        return self._chance.random() < probability

    def _spelt(self, frames: list[Document]) -> list[Document]:
        spelt = []
        for frame in frames:
            odd = dict(frame)
            for bend in _ORDERS if frame["event_type"] == "order" else _TRADES:
                if self._is(_SELDOM):
                    bend(odd)
            spelt += [odd] * (2 if self._is(_SELDOM) else 1)
        return spelt


def _in_millis(frame: Document) -> None:
    for name in ("created_at", "match_time", "matchtime", "last_update"):
        if frame.get(name):
            frame[name] += "000"


def _in_seconds(frame: Document) -> None:
    frame["timestamp"] = frame["timestamp"][:-3]


def _lower_sides(frame: Document) -> None:
    for name in ("side", "trader_side"):
        if name in frame:
            frame[name] = frame[name].lower()


def _prefixed(frame: Document) -> None:
    word = "TRADE" if frame["event_type"] == "trade" else "ORDER"
    frame["status"] = f"{word}_STATUS_{frame['status']}"


def _empty_for_nothing(frame: Document) -> None:
    if frame["size_matched"] == "0":
        frame["size_matched"] = ""


def _null_for_nothing(frame: Document) -> None:
    if frame["size_matched"] == "0":
        frame["size_matched"] = None


def _killed(frame: Document) -> None:
    """A killed order has no size, outcome or time."""
    if frame["type"] == "CANCELLATION" and frame["order_type"] in ("FOK", "FAK"):
        frame["size_matched"] = frame["outcome"] = frame["created_at"] = ""


def _invalid(frame: Document) -> None:
    """What the venue takes away by itself was seen with this status."""
    if frame["type"] == "CANCELLATION":
        frame["status"] = "INVALID"


def _other_match_time(frame: Document) -> None:
    if "matchtime" in frame:
        frame["match_time"] = frame.pop("matchtime")


def _token_ids(frame: Document) -> None:
    frame["maker_orders"] = [
        {("token_id" if name == "asset_id" else name): value for name, value in part.items()}
        for part in frame.get("maker_orders", ())
    ]


def _no_makers(frame: Document) -> None:
    """A taker can do without them."""
    if frame.get("trader_side", "").upper() == "TAKER":
        frame.pop("maker_orders", None)


def _no_side(frame: Document) -> None:
    """Of an own trade: whose it is follows from the orders and their owners."""
    frame.pop("trader_side", None)


_Bend = Callable[[Document], None]
_ANY: tuple[_Bend, ...] = (_in_millis, _in_seconds, _lower_sides)
_ORDERS: tuple[_Bend, ...] = (
    *_ANY,
    _empty_for_nothing,
    _null_for_nothing,
    _killed,
    _invalid,
    _prefixed,
)
_TRADES: tuple[_Bend, ...] = (*_ANY, _other_match_time, _token_ids, _no_makers, _no_side, _prefixed)
