"""NetworkFaults: what goes wrong between a venue and its clients, on purpose and for a while.

silence     sockets live, no data comes
burst       data is held back, then comes all at once when it ends
gap         every third data frame is lost, though it was numbered
duplicates  the last frames come again with each new one
reorder     neighbouring frames change places
truncate    every fourth frame is cut short
skew        the venue's stamps are off by `value` milliseconds
refuse      upgrades are answered with the HTTP status `value`
"""

from __future__ import annotations

import re
from collections import deque
from weakref import WeakKeyDictionary

from attrs import define, field

KINDS = ("silence", "burst", "gap", "duplicates", "reorder", "truncate", "skew", "refuse")
_LOST_EVERY = 3
_CUT_EVERY = 4
_AGAIN = 3
_STAMP = re.compile(r"(?<![\d.])1\d{12}(?!\d)")
_USUAL_SKEW_MS, _USUAL_STATUS = 2_000, 503


@define(eq=False)
class Spell:
    """One kind of fault of one service's wires, until a moment of real time."""

    kind: str
    until: float
    value: int = 0
    count: int = 0


@define(eq=False)
class _Past:
    """What one connection has had: for repeating, holding back and changing places."""

    last: deque[str] = field(factory=lambda: deque(maxlen=_AGAIN))
    held: list[str] = field(factory=list)


class NetworkFaults:
    """State: the spells of each service, and what their connections wait for."""

    def __init__(self) -> None:
        self._spells: dict[str, list[Spell]] = {}
        self._pasts: WeakKeyDictionary[object, _Past] = WeakKeyDictionary()

    def begin(self, service: str, spell: Spell) -> None:
        self._spells.setdefault(service, []).append(spell)

    def is_calm(self, service: str) -> bool:
        return service not in self._spells

    def refusal(self, service: str, now: float) -> int:
        """The HTTP status for upgrades now; 0 where they are welcome."""
        for spell in self._now(service, now):
            if spell.kind == "refuse":
                return spell.value or _USUAL_STATUS
        return 0

    def bend(self, service: str, connection: object, texts: list[str], now: float) -> list[str]:
        """What becomes of frames on their way to one connection."""
        past = self._pasts.setdefault(connection, _Past())
        spells = self._now(service, now)
        if past.held and not any(spell.kind in ("burst", "reorder") for spell in spells):
            texts, past.held = past.held + texts, []
        for spell in spells:
            texts = _bent(spell, past, texts)
        past.last.extend(texts)
        return texts

    def _now(self, service: str, now: float) -> list[Spell]:
        spells = [spell for spell in self._spells.get(service, ()) if now < spell.until]
        if spells:
            self._spells[service] = spells
        elif not any(past.held for past in self._pasts.values()):
            self._spells.pop(service, None)
        return spells


def _bent(spell: Spell, past: _Past, texts: list[str]) -> list[str]:
    match spell.kind:
        case "silence":
            return []
        case "burst":
            past.held += texts
            return []
        case "gap":
            return [text for text in texts if not _is_nth(spell, _LOST_EVERY)]
        case "duplicates":
            return [*past.last, *texts] if texts else []
        case "reorder":
            return _swapped(past, texts)
        case "truncate":
            return [_cut(text) if _is_nth(spell, _CUT_EVERY) else text for text in texts]
        case "skew":
            off = spell.value or _USUAL_SKEW_MS
            return [_STAMP.sub(lambda found: str(int(found[0]) + off), text) for text in texts]
    return texts


def _swapped(past: _Past, texts: list[str]) -> list[str]:
    """Every second lot goes out before the one that came first."""
    if not past.held:
        past.held = texts
        return []
    waiting, past.held = past.held, []
    return texts + waiting


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _is_nth(spell: Spell, every: int) -> bool:
    spell.count += 1
    return spell.count % every == 0
