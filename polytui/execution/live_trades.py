"""Trades of ours, each of which is told once for each of our orders in it, and reversed once.

MATCHED, MINED, CONFIRMED   one fill, told with the first of them
RETRYING                    the same, and people are told
FAILED                      reversed; also where nothing of it was ever told
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, evolve

from polytui.execution.live_fills import LiveFill, fill_of
from polytui.execution.live_purse import LivePurse
from polytui.execution.live_rounds import LiveRounds, TokenPlace
from polytui.execution.order_names import VENUE_NAMES, OrderNames
from polytui.model.events import InTransit, PairsMerged, Report, Trade
from polytui.model.instrument import Asset, FeeSchedule, Outcome, Round
from polytui.model.units import Shares, Usd
from polytui.venues.polymarket.user_channel import TradeStatus, UserMatch, UserTrade

Say = Callable[[str, str, str], None]
"""A line for people: level, asset, text."""
Told = list[tuple[Asset, Report | InTransit | PairsMerged]]

_MOST_UNPLACED = 1_000
_NEWEST = 32
_ON_THE_WAY = (TradeStatus.MATCHED, TradeStatus.RETRYING)
_RANKS = {
    TradeStatus.MATCHED: 0,
    TradeStatus.RETRYING: 1,
    TradeStatus.MINED: 2,
    TradeStatus.CONFIRMED: 3,
    TradeStatus.FAILED: 4,
}
"""Only forwards: frames come in any order."""


@define
class KnownTrade:
    """One (order, trade) of ours."""

    asset: Asset
    status: TradeStatus | None
    """None where an earlier session counted it, and nothing was heard of it since."""
    fill: LiveFill | None = None
    slug: str = ""
    rounding: Usd = Usd(0)
    """By how much it moved more than its fill says."""


class LiveTrades:
    """State: what was told, and what waits for its round to be listed."""

    def __init__(self, rounds: LiveRounds, names: OrderNames, purse: LivePurse, say: Say) -> None:
        self._rounds = rounds
        self._names = names
        self._purse = purse
        self._say = say
        self._trades: dict[Trade, KnownTrade] = {}
        self._by_trade: dict[str, list[Trade]] = {}
        self._by_order: dict[str, list[Trade]] = {}
        self._moving: dict[Trade, LiveFill] = {}
        """Whose dollars and shares have not moved yet at the venue: few, and asked for at each
        order."""
        self._unplaced: dict[Trade, UserTrade] = {}
        """By the venue's name of the order."""
        self._left_out: set[str] = set()
        """Trades of before these books, which count nothing of them."""
        self._elsewhere: set[Trade] = set()
        """Unplaced ones whose money was told as money."""
        self._newest: deque[LiveFill] = deque(maxlen=_NEWEST)
        self._has_dropped = False
        """Some of those were given up."""
        self.changes = 0
        """Grows with whatever moves money or shares here or at the venue."""

    def count_already(self, asset: Asset, keys: Iterable[Trade]) -> None:
        """Earlier sessions have these."""
        for key in keys:
            self._know(key, KnownTrade(asset, None))

    def failed_already(self, asset: Asset, keys: Iterable[Trade]) -> None:
        """Earlier sessions took these back: nothing that comes late brings them again."""
        for key in keys:
            self._know(key, KnownTrade(asset, TradeStatus.FAILED))

    def note_merge(self, key: Trade, listed: Round) -> bool:
        """Counted like a trade, under a name of its own; False where it is."""
        if key in self._trades:
            return False
        self._know(key, KnownTrade(listed.asset, TradeStatus.CONFIRMED, slug=listed.slug))
        return True

    def has(self, key: Trade) -> bool:
        """Whether it counts here, or failed."""
        return key in self._trades

    def leave_out(self, trade: UserTrade) -> None:
        """It is of before these books, whatever is told of it from now on."""
        self._left_out.add(trade.trade_id)

    def listed(self, listed: Round) -> Told:
        """A round was found; what was told of its tokens before is told now."""
        tokens = (listed.up_token, listed.down_token)
        kept = [
            (key, trade, match)
            for key, trade in self._unplaced.items()
            for match in _whole(trade.matches)
            if match.order_id == key[0] and match.token_id in tokens
        ]
        told = Told()
        for key, trade, match in kept:
            del self._unplaced[key]
            told += self._take_match(trade, match)
        return told

    def take(self, trade: UserTrade) -> Told:
        """One message or row about one trade; what is new in it."""
        told = Told()
        if trade.trade_id in self._left_out:
            return told
        for match in _whole(trade.matches):
            told += self._take_match(trade, match)
        return told + self._move_others(trade)

    def _move_others(self, trade: UserTrade) -> Told:
        """A trade settles as a whole: so do orders of ours in it that this message does not name,
        as where we met ourselves and it names no makers."""
        named = {self._name(match.order_id, trade.trade_id) for match in trade.matches}
        told = Told()
        for key in self._by_trade.get(trade.trade_id, ()):
            known = self._trades[key]
            if key[0] not in named and known.fill is not None:
                told += self._move(key, known, trade.status, None)
                self._note_moving(key)
        return told

    def knows(self, trade_id: str) -> bool:
        """Whether anything of it was told, or waits for its round."""
        return trade_id in self._by_trade or any(key[1] == trade_id for key in self._unplaced)

    def _take_match(self, trade: UserTrade, match: UserMatch) -> Told:
        key = (self._name(match.order_id, trade.trade_id), trade.trade_id)
        known, place = self._trades.get(key), self._rounds.place_of(match.token_id)
        if known is None and place is None:
            self._keep(trade, match)
            return []
        if known is None:
            assert place is not None
            told = self._first(key, trade, match, place)
            self._note_moving(key)
            return told
        if known.fill is None and place is not None:
            known.slug = place.listed.slug
            known.fill = fill_of(match, *key, place.outcome, place.listed.fees)
        elif known.fill is not None and not known.fill.is_exact and match.parts:
            self._know_better(known, match)
        told = self._move(key, known, trade.status, match)
        self._note_moving(key)
        return told

    def _note_moving(self, key: Trade) -> None:
        known = self._trades[key]
        if known.fill is not None and known.status in _ON_THE_WAY:
            self._moving[key] = known.fill
        else:
            self._moving.pop(key, None)

    def _name(self, venue_id: str, trade_id: str) -> str:
        """Ours; of an order whose name is lost, the one by which an earlier session counted this
        trade and that nothing else is called by."""
        if ours := self._names.ours(venue_id):
            return ours
        for order_id, _ in self._by_trade.get(trade_id, ()):
            known = self._trades[order_id, trade_id]
            if known.status is None and self._is_nameless(order_id):
                self._names.call(venue_id, order_id)
                return order_id
        return venue_id

    def _is_nameless(self, order_id: str) -> bool:
        """Whether it is a name of ours for which nobody knows the venue's."""
        return not order_id.startswith(VENUE_NAMES) and not self._names.venue(order_id)

    def _keep(self, trade: UserTrade, match: UserMatch) -> None:
        """Until its round is listed; the last that was said of it."""
        key = (match.order_id, trade.trade_id)
        before = self._unplaced.pop(key, None)
        self._unplaced[key] = trade if before is None else _later(before, trade)
        if len(self._unplaced) > _MOST_UNPLACED:
            self._drop(next(iter(self._unplaced)))

    def _drop(self, key: Trade) -> None:
        """Whoever trades so much elsewhere is told once what that does here."""
        del self._unplaced[key]
        if not self._has_dropped:
            self._has_dropped = True
            words = (
                f"more than {_MOST_UNPLACED} trades of this wallet are in markets not played here"
            )
            self._say("warn", "", f"{words}: the oldest are given up, their money has no name")

    def _first(self, key: Trade, trade: UserTrade, match: UserMatch, place: TokenPlace) -> Told:
        listed = place.listed
        fill = fill_of(match, *key, place.outcome, listed.fees)
        known = KnownTrade(listed.asset, trade.status, fill, listed.slug)
        self._know(key, known)
        if trade.status is TradeStatus.FAILED:
            return [(listed.asset, fill.reversed(trade.status.value))]
        self._count(key, fill, listed.slug)
        if trade.status is TradeStatus.RETRYING:
            self._warn_of_retry(known)
        return [(listed.asset, fill.filled())]

    def _know(self, key: Trade, known: KnownTrade) -> None:
        self._trades[key] = known
        self._by_trade.setdefault(key[1], []).append(key)
        self._by_order.setdefault(key[0], []).append(key)

    def _count(self, key: Trade, fill: LiveFill, slug: str) -> None:
        live = self._rounds[slug]
        paid = live.payout
        live.fills[key] = fill
        self._newest.append(fill)
        self._purse.trade(fill.flow, live.payout - paid)
        self.changes += 1

    def _know_better(self, known: KnownTrade, match: UserMatch) -> None:
        """The makers are named at last: what it moved to the millionth. It is told by money."""
        old = known.fill
        assert old is not None
        fees = self._rounds[known.slug].listed.fees
        new = fill_of(match, old.order_id, old.trade_id, old.outcome, fees)
        known.fill = evolve(old, is_exact=True)
        if known.status is not TradeStatus.FAILED:
            known.rounding = Usd(new.flow - old.flow)
            self._purse.round_off(known.rounding)

    def _move(
        self, key: Trade, known: KnownTrade, status: TradeStatus, match: UserMatch | None
    ) -> Told:
        """How far it has come; only FAILED is news to a desk."""
        before = known.status
        if before is not None and _RANKS[status] <= _RANKS[before]:
            return []
        if before is TradeStatus.CONFIRMED:
            self._say(
                "error",
                known.asset.value,
                f"trade {key[1]} failed after it was confirmed: it counts until money shows it",
            )
            return []
        known.status = status
        self.changes += 1
        if status is TradeStatus.RETRYING:
            self._warn_of_retry(known)
        return self._fail(key, known, match) if status is TradeStatus.FAILED else []

    def _warn_of_retry(self, known: KnownTrade) -> None:
        self._say("warn", known.asset.value, "a trade did not settle at once; it is tried again")

    def _fail(self, key: Trade, known: KnownTrade, match: UserMatch | None) -> Told:
        if known.fill is None:
            assert match is not None
            # Of a round that an earlier session settled: only its ledger knows what that changes.
            words = f"trade {key[1]} failed after its round was settled: money will differ by it"
            self._say("error", known.asset.value, words)
            fill = fill_of(match, *key, Outcome.UP, FeeSchedule())
            return [(known.asset, fill.reversed(TradeStatus.FAILED.value))]
        live = self._rounds[known.slug]
        paid = live.payout
        if live.fills.pop(key, None) is None:
            live.taken_back[key] = known.fill
        self._purse.trade(-known.fill.flow, live.payout - paid)
        self._purse.round_off(-known.rounding)
        return [(known.asset, known.fill.reversed(TradeStatus.FAILED.value))]

    # --- what is known ----------------------------------------------------------------------------

    def shares_of(self, order_id: str) -> Shares:
        """That matched in an order, whatever became of the trades."""
        fills = [self._trades[key].fill for key in self._by_order.get(order_id, ())]
        return Shares(sum(fill.shares for fill in fills if fill is not None))

    def shares_in(self, order_id: str, trade_ids: Iterable[str]) -> Shares:
        """That matched in an order in these trades, whatever became of them."""
        keys = dict.fromkeys((order_id, trade_id) for trade_id in trade_ids)
        fills = [self._trades[key].fill for key in keys if key in self._trades]
        return Shares(sum(fill.shares for fill in fills if fill is not None))

    def on_the_way(self) -> list[LiveFill]:
        """Fills whose dollars and shares have not moved yet at the venue."""
        return list(self._moving.values())

    def newest(self) -> Iterator[LiveFill]:
        """The last fills that were counted, the newest first."""
        return reversed(self._newest)

    def waiting(self) -> set[str]:
        """Trades whose end nobody has told."""
        of_rounds = {trade_id for _, trade_id in self._moving}
        kept = {key[1] for key, one in self._unplaced.items() if one.status in _ON_THE_WAY}
        return of_rounds | kept

    def elsewhere(self) -> tuple[Usd, set[Trade]]:
        """About how much trades of tokens that nobody has listed moved, and was not told yet;
        nobody knows their fees."""
        flow, keys = 0, set[Trade]()
        for key, trade in self._unplaced.items():
            if key in self._elsewhere or trade.status in (*_ON_THE_WAY, TradeStatus.FAILED):
                continue
            keys.add(key)
            for match in _whole(trade.matches):
                if match.order_id == key[0]:
                    flow += fill_of(match, *key, Outcome.UP, FeeSchedule()).flow
        return Usd(flow), keys

    def note_elsewhere(self, keys: set[Trade]) -> None:
        """Their money was told."""
        self._elsewhere |= keys

    def counted(self, asset: Asset, but: set[str]) -> Iterator[Trade]:
        """What counts in an asset, but of those rounds. One that failed is told with its reversal,
        or not at all."""
        for key, known in self._trades.items():
            is_there = known.status is not TradeStatus.FAILED and known.slug not in but
            if known.asset is asset and is_there:
                yield key

    def forget_round(self, slug: str) -> None:
        for key in [key for key, known in self._trades.items() if known.slug == slug]:
            del self._trades[key]
            self._by_trade.pop(key[1], None)
            self._by_order.pop(key[0], None)
            self._moving.pop(key, None)


def _later(before: UserTrade, now: UserTrade) -> UserTrade:
    return now if _RANKS[now.status] > _RANKS[before.status] else before


def _whole(matches: Iterable[UserMatch]) -> Sequence[UserMatch]:
    """One match an order: a maker may be named once for each part of his that was taken."""
    by_order: dict[str, UserMatch] = {}
    for match in matches:
        before = by_order.get(match.order_id)
        shares = match.shares if before is None else Shares(before.shares + match.shares)
        by_order[match.order_id] = evolve(match, shares=shares)
    return tuple(by_order.values())
