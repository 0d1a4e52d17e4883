"""How much one may ask: windows of requests by address of the network, tokens of orders by signer.

The venue's figures of October 2026. All time is the world's: at twenty times its speed a second has
twenty times the tokens. Whole numbers only, so the same requests at the same times always fare
alike.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from attrs import define, field, frozen

from polytui.model.units import MICRO, NS_PER_S

_SLOTS = 20
"""Parts of a window that leave it one by one: it slides in steps, not all at once."""
_MOST_ADDRESSES = 1_000
_MOST_SIGNERS = 10_000
_TIER_LASTS_NS = 3 * 3600 * NS_PER_S
"""How old a tier may be (venue rule)."""


class LimitMode(str, Enum):
    OFF = "off"
    WARNING = "warning"
    """Nothing is refused; who would be is told so."""
    ENFORCED = "enforced"


@frozen
class Tier:
    """What a signer may do in a second, and at once when it has been quiet."""

    name: str
    least_usd: int
    """Of thirty days' volume, in whole dollars."""
    place_per_s: int
    place_burst: int
    cancel_per_s: int
    cancel_burst: int
    may_owe: bool = True
    """A sweeping cancel may leave less than nothing."""


TIERS = (
    Tier("Standard", 0, 40, 60, 80, 120),
    Tier("Copper", 30_000, 60, 90, 120, 180),
    Tier("Bronze", 50_000, 80, 120, 160, 240),
    Tier("Silver", 100_000, 200, 300, 400, 600),
    Tier("Gold", 500_000, 400, 600, 800, 1200),
    Tier("Platinum", 2_500_000, 450, 675, 900, 1350, may_owe=False),
    Tier("Diamond", 5_000_000, 525, 787, 1050, 1575, may_owe=False),
    Tier("Elite", 10_000_000, 600, 900, 1200, 1800, may_owe=False),
)


def tier_of_volume(volume_usd: int) -> Tier:
    """`volume_usd` in millionths."""
    return next(one for one in reversed(TIERS) if volume_usd >= one.least_usd * MICRO)


@define
class TokenBucket:
    """Tokens that come back by themselves. State: how many there were when it was last looked at,
    in tokens times nanoseconds."""

    per_s: int
    burst: int
    level: int
    at_ns: int

    @classmethod
    def full(cls, per_s: int, burst: int, now_ns: int) -> TokenBucket:
        return cls(per_s, burst, burst * NS_PER_S, now_ns)

    def resize(self, per_s: int, burst: int, now_ns: int) -> None:
        """Another tier: what was saved stays, as far as it fits."""
        self._refill(now_ns)
        self.per_s, self.burst = per_s, burst
        self.level = min(self.level, burst * NS_PER_S)

    def has(self, tokens: int, now_ns: int) -> bool:
        self._refill(now_ns)
        return self.level >= tokens * NS_PER_S

    def take(self, tokens: int) -> None:
        """Even where there are not so many; look first."""
        self.level -= tokens * NS_PER_S

    def forgive(self) -> None:
        """Nothing less than nothing."""
        self.level = max(self.level, 0)

    @property
    def whole(self) -> int:
        """Tokens there are; below nothing where some are owed."""
        return self.level // NS_PER_S

    def wait_ns(self, tokens: int) -> int:
        """Until there will be so many, or as many as there ever are."""
        lacking = min(tokens, self.burst) * NS_PER_S - self.level
        return max(0, -(-lacking // self.per_s))

    def _refill(self, now_ns: int) -> None:
        if now_ns > self.at_ns:
            gained = (now_ns - self.at_ns) * self.per_s
            self.level = min(self.burst * NS_PER_S, self.level + gained)
            self.at_ns = now_ns


@frozen
class Admission:
    """What became of a request at its signer's bucket."""

    is_within: bool
    remaining: int
    reset_ns: int
    """When the wait ends that this request has, or would have next time."""
    tier: str


@define
class _Signer:
    tier: Tier
    tier_ns: int
    """When the tier was found."""
    place: TokenBucket
    cancel: TokenBucket


class SignerLimits:
    """State: two buckets and a tier of each signer that asked lately."""

    def __init__(self, volume_usd: Callable[[str], int] = lambda address: 0) -> None:
        """`volume_usd`: of a signer's thirty days, in millionths."""
        self._volume_usd = volume_usd
        self._signers: OrderedDict[str, _Signer] = OrderedDict()
        self._given: dict[str, Tier] = {}

    def give(self, address: str, name: str) -> bool:
        """A tier by its name, whatever the volume; False for a name that is none."""
        tier = next((one for one in TIERS if one.name.lower() == name.lower()), None)
        if tier is None or (len(self._given) >= _MOST_SIGNERS and address not in self._given):
            return False
        self._given[address] = tier
        signer = self._signers.get(address)
        if signer is not None:
            signer.tier_ns = -_TIER_LASTS_NS
        return True

    def tier_of(self, address: str, now_ns: int) -> str:
        return self._signer(address, now_ns).tier.name

    def place(self, address: str, orders: int, now_ns: int) -> Admission:
        """All of them or none."""
        signer = self._signer(address, now_ns)
        return _taken(signer.place, orders, orders, signer.tier.name, now_ns)

    def cancel(self, address: str, orders: int, now_ns: int) -> Admission:
        """By their ids: all of them or none."""
        signer = self._signer(address, now_ns)
        return _taken(signer.cancel, orders, orders, signer.tier.name, now_ns)

    def sweep(self, address: str, orders: int, now_ns: int) -> Admission:
        """Everything, or everything of a market: one token lets it in, and then it costs one for
        each order that it met as well."""
        signer = self._signer(address, now_ns)
        admission = _taken(signer.cancel, 1, 1 + orders, signer.tier.name, now_ns)
        if not signer.tier.may_owe:
            signer.cancel.forgive()
        return admission

    def _signer(self, address: str, now_ns: int) -> _Signer:
        signer = self._signers.get(address)
        if signer is None:
            signer = self._newcomer(address, now_ns)
        elif now_ns - signer.tier_ns >= _TIER_LASTS_NS:
            signer.tier, signer.tier_ns = self._tier(address), now_ns
            tier = signer.tier
            signer.place.resize(tier.place_per_s, tier.place_burst, now_ns)
            signer.cancel.resize(tier.cancel_per_s, tier.cancel_burst, now_ns)
        self._signers.move_to_end(address)
        return signer

    def _newcomer(self, address: str, now_ns: int) -> _Signer:
        tier = self._tier(address)
        signer = self._signers[address] = _Signer(
            tier,
            now_ns,
            TokenBucket.full(tier.place_per_s, tier.place_burst, now_ns),
            TokenBucket.full(tier.cancel_per_s, tier.cancel_burst, now_ns),
        )
        if len(self._signers) > _MOST_SIGNERS:
            self._signers.popitem(last=False)
        return signer

    def _tier(self, address: str) -> Tier:
        return self._given.get(address) or tier_of_volume(self._volume_usd(address))


def _taken(bucket: TokenBucket, needed: int, cost: int, tier: str, now_ns: int) -> Admission:
    is_within = bucket.has(needed, now_ns)
    if is_within:
        bucket.take(cost)
    # Who was refused waits for as many as it asked for; who was not, until one is there again.
    wait_ns = bucket.wait_ns(1 if is_within else needed)
    return Admission(is_within, bucket.whole, now_ns + wait_ns, tier)


@frozen
class Window:
    """So many requests of one kind within so many seconds."""

    name: str
    requests: int
    seconds: int = 10


@define
class _Count:
    """Requests of one kind from one address, by the parts of the window they came in."""

    slots: OrderedDict[int, int] = field(factory=OrderedDict)
    total: int = 0

    def forget_before(self, slot: int) -> None:
        while self.slots and next(iter(self.slots)) <= slot:
            self.total -= self.slots.popitem(last=False)[1]


class AddressLimits:
    """State: how many requests of each kind came lately, by address of the network."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, dict[Window, _Count]] = OrderedDict()

    def wait_ns(self, address: str, windows: tuple[Window, ...], now_ns: int) -> int:
        """0 for a request that fits into all its windows, and is counted; how long to wait for one
        that does not, and is not."""
        counts = self._counts.setdefault(address, {})
        self._counts.move_to_end(address)
        if len(self._counts) > _MOST_ADDRESSES:
            self._counts.popitem(last=False)
        longest = max((_wait_ns(counts, one, now_ns) for one in windows), default=0)
        if not longest:
            for window in windows:
                count = counts[window]
                slot = now_ns // _slot_ns(window)
                count.slots[slot] = count.slots.get(slot, 0) + 1
                count.total += 1
        return longest


def _wait_ns(counts: dict[Window, _Count], window: Window, now_ns: int) -> int:
    count = counts.setdefault(window, _Count())
    slot_ns = _slot_ns(window)
    count.forget_before(now_ns // slot_ns - _SLOTS)
    if count.total < window.requests:
        return 0
    oldest = next(iter(count.slots))
    return max(1, (oldest + _SLOTS) * slot_ns - now_ns)


def _slot_ns(window: Window) -> int:
    return window.seconds * NS_PER_S // _SLOTS
