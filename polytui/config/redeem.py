"""Winners brought home and pairs made into dollars again: when, and how often."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import between, setting
from polytui.model.units import MICRO, NS_PER_S, Usd

_WEI = 10**18


@frozen
class RedeemSettings:
    """What a wallet does on the chain by itself, with real orders and in demos; session time."""

    is_on: bool = True
    """Redeem winners and merge pairs. Off: `polytui redeem` and `polytui merge` do it between
    sessions, or the website; what is won counts as won all the same, and cannot be spent before.
    What is under way is followed to its end even so."""
    merge_pairs_usd: float = setting(20.0, between(1.0, 1_000_000.0))
    """Shares of both outcomes of an open round become dollars once they are worth so much. Smaller
    ones are redeemed with their round, which costs no call of its own."""
    merge_within_s: float = setting(600.0, between(0.0, 3_600.0))
    """Pairs that are worth so much wait so long for those of other rounds and for winners, so that
    all of them are one call; if one goes earlier they go along. Those of a round that ends sooner
    are redeemed with it. Less frees their dollars sooner, and costs a call or two in each round."""
    within_s: float = setting(600.0, between(0.0, 86_400.0))
    """A round that is resolved waits so long for others, so that many of them are one call of the
    relayer; longer where the calls of the day would not last until its end. With its own gas a
    wallet redeems one round a call, and waits for none. More is fewer calls and dollars that are
    home later."""
    short_share: float = setting(0.5, between(0.0, 1.0))
    """Once more than this part of the dollars, free ones and those that wait, is waiting, all of it
    goes at once, as long as the day has calls. 1: never, 0: nothing ever waits for company."""
    look_every_s: float = setting(15.0, between(1.0, 600.0))
    """So often it is looked whether there is something to do, or what became of it."""
    dust_usd: float = setting(0.10, between(0.0, 100.0))
    """Less than that is no reason for a call: it goes along with others, or stays. A wallet that
    pays its own gas leaves it."""
    calls_per_day: int = setting(90, between(1, 10_000))
    """Batches and transactions in a day of UTC. A builder key that is not verified has 100. What a
    relayer sends is spread over the day by it: 90 are one in sixteen minutes."""
    gas_per_day_pol: float = setting(1.0, between(0.0, 1_000.0))
    """Of a wallet that pays its own gas: not more than that in a day of UTC."""
    tries: int = setting(4, between(1, 20))
    """A call that fails is tried so often, with growing pauses, the second time on alone. Then it
    is left, and said."""

    @property
    def merge_pairs(self) -> Usd:
        return Usd(round(self.merge_pairs_usd * MICRO))

    @property
    def dust(self) -> Usd:
        return Usd(round(self.dust_usd * MICRO))

    @property
    def within_ns(self) -> int:
        return int(self.within_s * NS_PER_S)

    @property
    def merge_within_ns(self) -> int:
        return int(self.merge_within_s * NS_PER_S)

    @property
    def look_every_ns(self) -> int:
        return int(self.look_every_s * NS_PER_S)

    @property
    def short_ppm(self) -> int:
        return round(self.short_share * MICRO)

    @property
    def gas_per_day_wei(self) -> int:
        return round(self.gas_per_day_pol * _WEI)
