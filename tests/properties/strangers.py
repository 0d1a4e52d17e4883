"""Ten strangers, a crowd and all kinds of trouble in one venue, audited after every step.

Whoever chooses what is done gives a number below a bound: a generator of chance, or Hypothesis.
What must hold is said here a second time, in other words than the venue's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from attrs import evolve

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Pending
from polytui.sim.exchange.contracts import CONDITIONAL_TOKENS, CTF_EXCHANGE, PUSD
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.modes import EngineMode
from polytui.sim.exchange.names import CROWD, hash_of, uuid_of, wallet_of
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.venue_order import OrderStatus, VenueOrder
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.resolver import ResolverSettings
from polytui.sim.world.sources import BUSY
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import AccountEvent, BookMoved, BookSwept

UP, BUY = Outcome.UP, Side.BUY
START_NS = 1_795_219_200 * NS_PER_S - 400 * NS_PER_S
"""Before a midnight of UTC: rebates are paid on the way."""
PEOPLE = tuple(wallet_of(f"stranger {number}") for number in range(10))
TYPES = (OrderType.GTC, OrderType.GTC, OrderType.GTC, OrderType.GTD, OrderType.FAK, OrderType.FOK)
RULES = ExchangeRules(failures=0.1, retries=0.1, keep_untraded_s=1e6)
_CALM = CrowdRates(4.0, 0.5, 2.0)
CROWD_HERE = CrowdSettings(
    open=dict.fromkeys(Interval, _CALM), next=_CALM, early=_CALM, ended=_CALM
)
_QUIET = {
    asset: evolve(usual, trades_per_s=0.05, quotes_per_s=0.05) for asset, usual in BUSY.items()
}
_UNSETTLED = (TradeStatus.MATCHED, TradeStatus.RETRYING)
_LOOK_BACK = 150
Choose = Callable[[int], int]
"""A number from 0 up to, and without, the bound."""

LEGAL_ORDER = {
    "": {"LIVE", "DELAYED", "CANCELED", "INVALID", "CANCELED_MARKET_RESOLVED"},
    "DELAYED": {"LIVE", "CANCELED", "INVALID", "CANCELED_MARKET_RESOLVED"},
    "LIVE": {
        "LIVE",
        "MATCHED",
        "CANCELED",
        "CANCELED_EXPIRED_ORDER",
        "CANCELED_MARKET_RESOLVED",
        "CANCELED_NOT_ENOUGH_BALANCE",
    },
}
"""What an owner may be told after what; nothing follows what is not here. Of an order that is held
he hears nothing before its end, unless the venue tells of delays."""
LEGAL_TRADE = {
    "": {"MATCHED"},
    "MATCHED": {"MINED", "RETRYING"},
    "RETRYING": {"MINED", "FAILED"},
    "MINED": {"CONFIRMED"},
}


def key_of(wallet: str) -> str:
    return uuid_of(wallet)


class Strangers:
    """State: the venue, what everybody asked, and what everybody was told."""

    def __init__(self, choose: Choose, seed: int, rules: ExchangeRules = RULES) -> None:
        self._choose = choose
        self.world = World(
            WorldSettings(
                seed,
                START_NS,
                (Asset.BTC,),
                (Interval.M5,),
                crowd=CROWD_HERE,
                messages=0.05,
                exchanges=_QUIET,
                venues=(),
                resolver=ResolverSettings(result_s=(10.0, 20.0)),
            )
        )
        self.exchange = Exchange(self.world, rules)
        self.answers: list[Pending[tuple[OrderAnswer, ...]]] = []
        self.cancels: list[Pending[CancelAnswer]] = []
        self.orders_told: dict[str, list[OrderTold]] = {}
        self.trades_told: dict[str, list[TradeTold]] = {}
        self.refusals: Counter[str] = Counter()
        self.funded = dict.fromkeys(PEOPLE, 0)
        self.chain_usd = dict.fromkeys(PEOPLE, 0)
        self.chain_shares: Counter[tuple[str, str]] = Counter()
        self._sent: list[SignedOrder] = []
        self._count = 0
        for number, wallet in enumerate(PEOPLE):
            # Two are poor, one has allowed nobody anything.
            self._fund(wallet, 20 if number < 2 else 2_000, is_approved=number != 2)

    @property
    def placed(self) -> int:
        """Orders so far, repeated ones too."""
        return len(self._sent)

    def unsettled(self) -> list[VenueTrade]:
        """Matched, and neither mined nor failed; of the latest, for none takes a minute."""
        latest = self.exchange.every_trade()[-_LOOK_BACK:]
        found = [trade for trade in latest if trade.status in _UNSETTLED]
        assert not found or found[0] is not latest[0] or len(latest) < _LOOK_BACK
        return found

    # --- what is done -------------------------------------------------------------------------

    def step(self) -> None:
        """One of them does something, and some time goes by."""
        what = self._choose(40)
        if what < 26:
            self._place([self._order() for _ in range(1 + self._choose(8) // 6)])
        elif what < 30:
            self._cancel()
        elif what < 36:
            self._act_on_chain()
        else:
            self._trouble()
        self.play((0, 0.01, 0.1, 0.3, 0.6)[self._choose(5)])
        audit(self)

    def play(self, seconds: float) -> None:
        for world_event in self.world.run_until(self.world.now_ns + int(seconds * NS_PER_S)):
            if isinstance(world_event, BookMoved | BookSwept):
                bid, ask = (self.world.book(world_event.slug).best(UP, side) for side in Side)
                assert bid is None or ask is None or bid < ask, "the book is crossed"
            elif isinstance(world_event, AccountEvent):
                assert world_event.at_ns == self.world.now_ns
            if isinstance(world_event, OrderTold):
                self.orders_told.setdefault(world_event.order.order_id, []).append(world_event)
            elif isinstance(world_event, TradeTold):
                self.trades_told.setdefault(world_event.trade.trade_id, []).append(world_event)

    def come_to_rest(self) -> None:
        """Everything that was begun ends."""
        for wallet in PEOPLE:
            for mode in EngineMode:
                self.exchange.modes.end(mode)
            self.cancels.append(self.exchange.cancel_all(key_of(wallet)))
        self.play(40.0)

    def _fund(self, wallet: str, dollars: int, *, is_approved: bool = True) -> None:
        self.exchange.fund(wallet, Usd(dollars * MICRO), is_approved=is_approved)
        self.funded[wallet] += dollars * MICRO

    def _person(self) -> str:
        return PEOPLE[self._choose(len(PEOPLE))]

    def _round(self) -> Round:
        """The round that runs, or the next one."""
        now_ns = self.world.now_ns - 15 * NS_PER_S * self._choose(2)
        return next(one for one in self.world.rounds.values() if one.closes_ns > now_ns)

    def _order(self) -> SignedOrder:
        if self._sent and not self._choose(25):
            return self._sent[self._choose(len(self._sent))]
        listed, outcome, side = self._round(), tuple(Outcome)[self._choose(2)], self._side()
        order_type = TYPES[self._choose(len(TYPES))]
        book = self.world.book(listed.slug)
        near = book.best(outcome, side.other if self._choose(2) else side) or 500_000
        tick = book.tick
        price = near + (self._choose(9) - 4) * tick
        if order_type is OrderType.GTD:
            # Far enough away to see its end.
            price += (-8 if side is BUY else 8) * tick
        price = min(max(price // tick * tick, tick), MICRO - tick)
        if not self._choose(30):
            price = 1 + self._choose(MICRO - 1)
        return self._signed(listed, outcome, side, order_type, price)

    def _side(self) -> Side:
        return tuple(Side)[self._choose(2)]

    def _signed(
        self, listed: Round, outcome: Outcome, side: Side, order_type: OrderType, price: int
    ) -> SignedOrder:
        self._count += 1
        who = self._person()
        lots = (500, 1_000, 500 + self._choose(4_000), self._choose(4_000))[self._choose(4)]
        size = max(lots, 1) * 10_000
        dollars = size * price // MICRO
        if side is BUY and not order_type.may_rest:
            dollars = max(dollars // 10_000, 1) * 10_000
            size = -(-dollars * MICRO // price // 100) * 100
        amounts = (dollars, size) if side is BUY else (size, dollars)
        end_s = self.world.now_ns // NS_PER_S + 178 + self._choose(40)
        return SignedOrder(
            order_id=hash_of(f"order {self._count}"),
            maker=who,
            signer=who,
            api_key=key_of(who),
            token_id=listed.token_of(outcome),
            side=side,
            maker_amount=amounts[0],
            taker_amount=amounts[1],
            order_type=order_type,
            expiration_s=end_s if order_type is OrderType.GTD else 0,
            is_post_only=not self._choose(8),
        )

    def _place(self, orders: Sequence[SignedOrder]) -> None:
        self._sent += orders
        self.answers.append(self.exchange.place(orders))

    def _cancel(self) -> None:
        exchange, who, what = self.exchange, self._person(), self._choose(4)
        if what == 0:
            self.cancels.append(exchange.cancel_all(key_of(who)))
        elif what == 1:
            condition_id = self._round().condition_id
            self.cancels.append(exchange.cancel_market(key_of(who), condition_id, None))
        elif self._sent:
            recent = self._sent[-30:]
            names = [recent[self._choose(len(recent))] for _ in range(1 + self._choose(3))]
            ids = [one.order_id for one in names]
            self.cancels.append(exchange.cancel(names[0].api_key, ids))

    def _act_on_chain(self) -> None:
        """Sets are made and melted, dollars sent, winners redeemed: as much as there is."""
        holdings, who, listed = self.exchange.holdings, self._person(), self._round()
        tokens = (listed.up_token, listed.down_token)
        self.exchange.watch(listed)
        what = self._choose(9)
        if what < 5:
            amount = min(self._choose(200) * 1_000_000, self.exchange.free_usd(who))
            if amount > 0:
                holdings.split(who, listed, Shares(amount))
                self._note(who, -amount, dict.fromkeys(tokens, amount))
        elif what == 5:
            amount = min(holdings.shares(who, token) for token in tokens) // 2
            if amount:
                holdings.merge(who, listed, Shares(amount))
                self._note(who, amount, dict.fromkeys(tokens, -amount))
        elif what == 6:
            self._send(who, self._person())
        elif what == 7:
            self._redeem(who)
        else:
            self._allow(who)
        self.exchange.recheck(who)

    def _allow(self, who: str) -> None:
        """All of it, or so little that what is matched may fail for it."""
        approvals, is_all = self.exchange.holdings.approvals, bool(self._choose(3))
        approvals.approve_everything(who)
        if not is_all:
            approvals.approve(who, PUSD, CTF_EXCHANGE, self._choose(30) * 1_000_000)
            approvals.approve_all(
                who, CONDITIONAL_TOKENS, CTF_EXCHANGE, is_approved=bool(self._choose(2))
            )

    def _send(self, giver: str, taker: str) -> None:
        usd = Usd(self.exchange.holdings.usd(giver) * self._choose(4) // 4)
        self.exchange.holdings.transfer_usd(giver, taker, usd)
        self._note(giver, -usd, {})
        self._note(taker, usd, {})

    def _redeem(self, who: str) -> None:
        holdings = self.exchange.holdings
        for token_id, held in holdings.positions(who).items():
            sets = holdings.sets(token_id)
            if sets is not None and sets.payouts is not None:
                paid = holdings.redeem(who, token_id, held)
                self._note(who, paid, {token_id: -held})

    def _note(self, who: str, usd: int, moved: dict[str, int]) -> None:
        self.chain_usd[who] += usd
        for token_id, amount in moved.items():
            self.chain_shares[who, token_id] += amount

    def _trouble(self) -> None:
        exchange, now_ns, what = self.exchange, self.world.now_ns, self._choose(10)
        if what == 0:
            exchange.fail_next(1 + self._choose(3))
        elif what == 1:
            exchange.retry_next()
        elif what == 2:
            exchange.modes.restart(now_ns, NS_PER_S, 2 * NS_PER_S)
        elif what == 3:
            mode = (EngineMode.CANCEL_ONLY, EngineMode.DISABLED)[self._choose(2)]
            exchange.modes.begin(mode, now_ns + NS_PER_S)
        elif what == 4:
            ticks = (Price(1_000), Price(10_000), Price(10_000), Price(100_000))
            exchange.set_tick(self._round().slug, ticks[self._choose(4)])
        elif what == 5:
            exchange.touch(key_of(self._person()))
        elif what == 6:
            exchange.expire_heartbeat(key_of(self._person()))
        elif what == 7:
            accounts = exchange.modes.closed_only
            accounts.symmetric_difference_update({self._person()})
        else:
            self._fund(self._person(), 1 + self._choose(50))


def audit(strangers: Strangers) -> None:
    """What holds at any moment."""
    exchange, world = strangers.exchange, strangers.world
    holdings = exchange.holdings
    in_wallets = sum(holdings.usd(wallet) for wallet in holdings.wallets())
    locked = sum(sets.locked for sets in holdings.every_set())
    assert in_wallets + locked == holdings.funded, "dollars came or went"
    for sets in holdings.every_set():
        up, down = (holdings.outstanding(token_id) for token_id in sets.tokens)
        if sets.payouts is None:
            assert up == down == sets.locked, "a set is a dollar"
        else:
            assert sets.locked == (up if sets.payouts[0] else down), "winners cannot be paid"
    promised_usd: Counter[str] = Counter()
    promised: Counter[tuple[str, str]] = Counter()
    for wallet in PEOPLE:
        for order in exchange.orders_of(wallet):
            _audit_open(order, world)
            _promise(order, exchange, promised_usd, promised)
    for trade in strangers.unsettled():
        _promise_trade(trade, promised_usd, promised)
    for wallet in PEOPLE:
        assert exchange.reserves.usd(wallet) == promised_usd[wallet], "promises do not add up"
        for token_id in {token for owner, token in promised if owner == wallet}:
            assert exchange.reserves.shares(wallet, token_id) == promised[wallet, token_id]


def _audit_open(order: VenueOrder, world: World) -> None:
    book = world.book(order.slug)
    if order.status is OrderStatus.DELAYED:
        assert not book.remaining(order.order_id)
        return
    assert book.remaining(order.order_id) == order.original - order.matched > 0
    if order.side is BUY:
        assert order.spent <= -(-order.price * order.matched // MICRO), "paid more than its price"
    else:
        assert order.spent >= order.price * order.matched // MICRO - len(order.trade_ids)


def _promise(
    order: VenueOrder,
    exchange: Exchange,
    usd: Counter[str],
    shares: Counter[tuple[str, str]],
) -> None:
    left = order.original - order.matched
    if order.status is OrderStatus.DELAYED:
        promise = exchange.reserves.promises()[order.order_id]
        usd[order.maker] += promise.usd
        shares[order.maker, order.signed.token_id] += promise.shares
        assert promise.shares == (0 if order.side is BUY else order.original)
    elif order.side is BUY:
        usd[order.maker] += -(-order.price * left // MICRO)
    else:
        shares[order.maker, order.signed.token_id] += left


def _promise_trade(trade: VenueTrade, usd: Counter[str], shares: Counter[tuple[str, str]]) -> None:
    if trade.side is BUY:
        usd[trade.taker_wallet] += trade.cost + trade.fee
    else:
        shares[trade.taker_wallet, trade.token_id] += trade.shares
    for part in trade.maker_parts:
        if part.side is BUY:
            usd[part.maker] += part.usd
        else:
            shares[part.maker, part.token_id] += part.shares


def audit_the_end(strangers: Strangers) -> None:
    """What holds once everything came to rest: what was told adds up to what is there."""
    exchange = strangers.exchange
    assert all(pending.answer is not None for pending in strangers.answers)
    assert all(pending.answer is not None for pending in strangers.cancels)
    assert not exchange.reserves.promises()
    for told in strangers.orders_told.values():
        _audit_life(told, exchange)
        order = told[0].order
        assert not strangers.world.book(order.slug).remaining(order.order_id)
    for told_trades in strangers.trades_told.values():
        _audit_trade(told_trades)
    _audit_money(strangers)


def _audit_life(told: list[OrderTold], exchange: Exchange) -> None:
    """News come in no order; in the order of their happening they are one life."""
    rank = {change: number for number, change in enumerate(OrderChange)}
    told = sorted(told, key=lambda one: (one.order.changed_ns, one.order.matched, rank[one.change]))
    status, matched = "", 0
    for one in told:
        order = one.order
        assert order.status.value in LEGAL_ORDER[status], (status, order.status)
        assert order.matched >= matched
        status, matched = order.status.value, order.matched
    last = exchange.order(told[0].order.order_id)
    assert last == told[-1].order
    assert status not in ("LIVE", "DELAYED")
    signed = last.signed
    if signed.side is BUY and not signed.order_type.may_rest:
        assert last.spent <= signed.maker_amount
    else:
        assert last.matched <= last.original
    if status == "MATCHED":
        assert last.matched >= last.original - _slack(last)
    parts = [_part_of(trade, last.order_id) for trade in map(exchange.trade, last.trade_ids)]
    assert sum(parts) == last.matched, "an order's trades are its fills"
    _audit_price(last)


def _audit_price(order: VenueOrder) -> None:
    """Nobody pays more, or gets less, than he signed for."""
    signed, slack = order.signed, _slack(order)
    given, got = (order.spent, order.matched)
    if order.side is BUY:
        assert given * signed.taker_amount <= (got + slack) * signed.maker_amount + MICRO * slack
    else:
        assert (given + slack) * signed.maker_amount >= got * signed.taker_amount


def _slack(order: VenueOrder) -> int:
    """Millionths that rounding may cost: a few a fill; of a market purchase's shares, whose number
    is rounded up when they are signed, the last of four decimals."""
    is_market = order.side is BUY and not order.signed.order_type.may_rest
    return 3 * (len(order.trade_ids) + 1) + (100 if is_market else 0)


def _part_of(trade: VenueTrade | None, order_id: str) -> int:
    assert trade is not None
    mine = sum(part.shares for part in trade.maker_parts if part.order_id == order_id)
    return mine + (trade.shares if trade.taker_order_id == order_id else 0)


def _audit_trade(told: list[TradeTold]) -> None:
    status = ""
    for one in sorted(told, key=lambda each: each.trade.updated_ns):
        assert one.trade.status.value in LEGAL_TRADE[status], (status, one.trade.status)
        status = one.trade.status.value
        assert one.trade.shares == sum(part.shares for part in one.trade.maker_parts)
        for part in one.trade.maker_parts:
            owed = part.price * part.shares - part.usd * MICRO
            assert owed >= 0 if part.side is BUY else owed <= 0, "rounded against a maker"
            assert abs(owed) < MICRO
    assert status in ("CONFIRMED", "FAILED")


def _audit_money(strangers: Strangers) -> None:
    """Everybody has what he was given, and what his own news say."""
    exchange = strangers.exchange
    usd: Counter[str] = Counter(strangers.funded)
    shares: Counter[tuple[str, str]] = Counter(strangers.chain_shares)
    for wallet, moved in strangers.chain_usd.items():
        usd[wallet] += moved
    for rebate in exchange.rebates:
        usd[rebate.wallet] += rebate.usd
    for told in strangers.trades_told.values():
        mined = [one.trade for one in told if one.trade.status.value == "MINED"]
        for trade in mined:
            _add(trade.taker_wallet, trade.side, trade, trade.cost, usd, shares)
            usd[trade.taker_wallet] -= trade.fee
            for part in trade.maker_parts:
                _add(part.maker, part.side, part, part.usd, usd, shares)
    for wallet in PEOPLE:
        assert exchange.holdings.usd(wallet) == usd[wallet]
        held = {token: held for token, held in exchange.holdings.positions(wallet).items() if held}
        owned = {token: count for (owner, token), count in shares.items() if owner == wallet}
        assert held == {token: count for token, count in owned.items() if count}
    assert CROWD not in PEOPLE


def _add(
    wallet: str,
    side: Side,
    of: object,
    dollars: int,
    usd: Counter[str],
    shares: Counter[tuple[str, str]],
) -> None:
    sign = 1 if side is BUY else -1
    usd[wallet] -= sign * dollars
    shares[wallet, of.token_id] += sign * of.shares  # type: ignore[attr-defined]
