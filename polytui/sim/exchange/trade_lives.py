"""From a match to the chain: mined after seconds, confirmed after more, or tried again and failed.

Which trades fail is a matter of chance that is against whoever has a name: of those that fail, most
had turned out well for him by then, as users of the venue report. Each trade has a generator of its
own, so what becomes of one changes nothing about another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial

from attrs import define, evolve

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.funds import Funds
from polytui.sim.exchange.holdings import Holdings, ShortError
from polytui.sim.exchange.names import CROWD, hash_of
from polytui.sim.exchange.news import News
from polytui.sim.exchange.rebates import Rebates
from polytui.sim.exchange.reserves import Reserves
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.settling import promises_of, settle
from polytui.sim.exchange.trade_file import TradeFile
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.exchange.volumes import Volumes
from polytui.sim.world.chance import Chance
from polytui.sim.world.takers import middle
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_REVERTED = "transaction reverted"
_SHORT = "not enough balance / allowance at settlement"


class Fate(Enum):
    """What becomes of a trade, where that is not left to chance."""

    RETRY = "retry"
    FAIL = "fail"


@define
class _Settlement:
    trade_id: str
    listed: Round
    chance: Chance
    fate: Fate | None


class TradeLives:
    """State: the fates that were ordered for trades to come."""

    def __init__(
        self,
        world: World,
        rules: ExchangeRules,
        holdings: Holdings,
        reserves: Reserves,
        funds: Funds,
        news: News,
        rebates: Rebates,
    ) -> None:
        self.file = TradeFile(int(rules.keep_traded_s * NS_PER_S), rules.keep_most)
        self.volumes = Volumes()
        self._world = world
        self._rules = rules
        self._holdings = holdings
        self._reserves = reserves
        self._funds = funds
        self._news = news
        self._rebates = rebates
        self._ordered: deque[tuple[Fate, int]] = deque()
        """And for how many trades, the next ones first."""

    def order_fate(self, fate: Fate, count: int) -> None:
        """For the next trades that are matched, after those of earlier orders."""
        if count > 0:
            self._ordered.append((fate, count))

    def spare(self) -> None:
        """Takes back what was ordered for trades to come."""
        self._ordered.clear()

    def begin(self, trade: VenueTrade, listed: Round) -> None:
        """It was matched just now: what it takes is promised from here on."""
        self._keep(trade)
        self.volumes.add(trade)
        fate = self._next_fate()
        life = _Settlement(
            trade.trade_id, listed, Chance(f"{self._world.seed}:{trade.trade_id}:life"), fate
        )
        self._later(life, self._rules.mined_s, self._try_first)

    # --- steps --------------------------------------------------------------------------------

    def _try_first(self, life: _Settlement) -> None:
        trade = self._trade(life)
        fails, retries = life.chance.random(), life.chance.random()
        if life.fate is None and fails < self._danger(trade):
            life.fate = Fate.FAIL
        if life.fate is None and retries < self._rules.retries:
            life.fate = Fate.RETRY
        if life.fate is None:
            self._mine(life, 0)
        else:
            self._retry(life, _REVERTED)

    def _try_again(self, life: _Settlement) -> None:
        if life.fate is Fate.FAIL:
            self._move(life, TradeStatus.FAILED, _REVERTED)
        else:
            self._mine(life, 1)

    def _mine(self, life: _Settlement, tries: int) -> None:
        trade = self._trade(life)
        try:
            settle(trade, life.listed, self._holdings, self._funds)
        except ShortError:
            if tries:
                self._move(life, TradeStatus.FAILED, _SHORT)
            else:
                self._retry(life, _SHORT)
            return
        self._rebates.earn(trade, life.listed)
        transaction = hash_of(f"{self._world.seed}:{trade.trade_id}:{tries}")
        self._move(life, TradeStatus.MINED, transaction=transaction)
        self._later(life, self._rules.confirmed_s, self._confirm)

    def _confirm(self, life: _Settlement) -> None:
        self._move(life, TradeStatus.CONFIRMED)

    def _retry(self, life: _Settlement, error: str) -> None:
        self._move(life, TradeStatus.RETRYING, error)
        self._later(life, self._rules.retry_s, self._try_again)

    def _next_fate(self) -> Fate | None:
        if not self._ordered:
            return None
        fate, count = self._ordered.popleft()
        if count > 1:
            self._ordered.appendleft((fate, count - 1))
        return fate

    # --- inside -------------------------------------------------------------------------------

    def _trade(self, life: _Settlement) -> VenueTrade:
        trade = self.file.get(life.trade_id)
        if trade is None:
            raise LookupError(life.trade_id)
        return trade

    def _move(
        self, life: _Settlement, status: TradeStatus, error: str = "", transaction: str = ""
    ) -> None:
        trade = self._trade(life)
        moved = evolve(
            trade,
            status=status,
            updated_ns=self._world.now_ns,
            error=error,
            transaction_hash=transaction or trade.transaction_hash,
        )
        self._keep(moved)
        if status is TradeStatus.FAILED:
            self.volumes.take_back(moved)

    def _keep(self, trade: VenueTrade) -> None:
        self.file.put(trade)
        is_promised = trade.status in (TradeStatus.MATCHED, TradeStatus.RETRYING)
        for number, promise in enumerate(promises_of(trade)):
            self._reserves.put(f"{trade.trade_id}:{number}", promise if is_promised else None)
        self._news.tell(TradeTold(self._world.now_ns, trade))

    def _later(
        self, life: _Settlement, span_s: tuple[float, float], step: Callable[[_Settlement], None]
    ) -> None:
        at_ns = self._world.now_ns + int(life.chance.uniform(*span_s) * NS_PER_S)
        self._world.add(Deed(at_ns, partial(_done, step, life)))

    def _danger(self, trade: VenueTrade) -> float:
        """How likely it is to fail."""
        rules = self._rules
        gain = self._gain(trade)
        if not gain:
            return rules.failures
        return rules.failures * 2.0 * (rules.adversity if gain > 0 else 1.0 - rules.adversity)

    def _gain(self, trade: VenueTrade) -> float:
        """How much a share has won since, for the taker, or for the maker whom the crowd met; 0
        where nobody can say."""
        status = self._world.status(trade.slug)
        if status.is_resolved:
            worth: float | None = status.payout(Outcome.UP)
        else:
            worth = middle(self._world.book(trade.slug))
        if worth is None:
            return 0.0
        if trade.outcome is Outcome.DOWN:
            worth = MICRO - worth
        gain = worth - trade.price if trade.side is Side.BUY else trade.price - worth
        return -gain if trade.taker_wallet == CROWD else gain


def _done(step: Callable[[_Settlement], None], life: _Settlement) -> Iterable[WorldEvent]:
    step(life)
    return ()
