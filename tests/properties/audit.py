"""Every limit reckoned once more, from orders, fills and settlements alone: no code of the mind's.

Shares and money are whole millionths or fractions of them. What works counts as if it were filled;
of what may or may not happen the worst is taken.
"""

from __future__ import annotations

from fractions import Fraction

from attrs import define, field, fields

from polytui.config.schema import RiskSettings
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce

MICRO = 1_000_000
DAY_NS = 86_400_000_000_000
A_FILL = 20
"""Fees are floored fill by fill at ten millionths, and costs rounded up: so much may each add."""


EVERYTHING = {field.name for field in fields(RiskSettings)} | {"cash"}


class Broken(AssertionError):
    """A limit does not hold."""


def towards(order: Order) -> Outcome:
    """What it makes more of."""
    return order.outcome if order.side is Side.BUY else order.outcome.other


OF_A_SALE = {
    "max_net_usd",
    "max_closing_usd",
    "max_daily_loss_usd",
    "max_working_orders",
    "max_rungs_per_round",
}


def asked_of(order: Order) -> set[str]:
    """Limits that an entry has to keep: rungs are counted apart from other orders, and one that
    sells costs nothing."""
    if not order.rung:
        return EVERYTHING - {"max_rungs_per_round"}
    return OF_A_SALE if order.side is Side.SELL else EVERYTHING - {"max_orders_per_round"}


@define
class Working:
    order: Order
    fee: int
    """What a taker would pay for all of it."""
    left: int
    spent: int = 0
    """Of the dollars of a market purchase."""

    def fill(self, event: ev.Filled) -> None:
        """What is left of it: shares, or what the rest of its dollars buys at its price."""
        self.left -= event.shares
        if self.order.dollars:
            self.spent += -(-event.price * event.shares // MICRO)
            self.left = max(0, self.order.dollars - self.spent) * MICRO // self.order.price

    @property
    def cost(self) -> Fraction:
        """Price of what is left, and its share of the fee."""
        paid = Fraction(self.order.price * self.left, MICRO)
        return paid + Fraction(self.fee * self.left, self.order.shares)

    def takes(self, winner: Outcome) -> Fraction:
        """From the result, at worst, if this outcome wins."""
        pays = self.left if self.order.outcome is winner else 0
        if self.order.side is Side.BUY:
            return max(Fraction(0), self.cost - pays)
        fee = Fraction(self.fee * self.left, self.order.shares)
        brings = Fraction(self.order.price * self.left, MICRO) - fee
        return max(Fraction(0), pays - brings)


@define
class Book:
    """State of one round."""

    listed: Round
    shares: dict[Outcome, int] = field(factory=lambda: dict.fromkeys(Outcome, 0))
    costs: dict[Outcome, Fraction] = field(factory=lambda: dict.fromkeys(Outcome, Fraction(0)))
    flow: int = 0
    sent: int = 0
    rungs: int = 0
    working: dict[str, Working] = field(factory=dict)

    @property
    def is_open(self) -> bool:
        return bool(self.working) or any(self.shares.values())

    @property
    def so_far(self) -> Fraction:
        """Won or lost already: what is held at its cost, pairs at their dollar."""
        paired = min(self.shares.values())
        alone = sum(
            self.costs[one] * Fraction(held - paired, held)
            for one, held in self.shares.items()
            if held
        )
        return self.flow + paired + alone

    @property
    def worst(self) -> Fraction:
        return min(
            self.flow + self.shares[winner] - sum(each.takes(winner) for each in self.at_work)
            for winner in Outcome
        )

    @property
    def at_work(self) -> list[Working]:
        return list(self.working.values())

    def ordered(self, side: Side, outcome: Outcome) -> int:
        """Shares that working orders may still trade."""
        orders = ((each.order.side, each.order.outcome, each.left) for each in self.at_work)
        return sum(left for *what, left in orders if what == [side, outcome])

    def alone(self, outcome: Outcome) -> int:
        """Shares of it that nothing pairs or sells."""
        free = self.shares[outcome] - self.ordered(Side.SELL, outcome)
        return free - self.shares[outcome.other] - self.ordered(Side.BUY, outcome.other)

    def lost_with(self, outcome: Outcome) -> Fraction:
        """What the round loses if this outcome loses, from where it stands: the net inventory."""
        end = self.shares[outcome.other] - sum(each.takes(outcome.other) for each in self.at_work)
        return self.so_far - self.flow - end

    def merged(self, pairs: int) -> None:
        """So many shares of each became dollars."""
        for outcome, held in self.shares.items():
            self.costs[outcome] *= Fraction(held - pairs, held)
            self.shares[outcome] = held - pairs
        self.flow += pairs

    def spent(self, outcome: Outcome) -> Fraction:
        """Paid for what is held of it, and what its working buys may still cost."""
        buying = [each for each in self.at_work if each.order.side is Side.BUY]
        return self.costs[outcome] + sum(
            each.cost for each in buying if each.order.outcome is outcome
        )


@define
class Audit:
    """State: books of every round, results, and how near entries came to each limit."""

    risk: RiskSettings
    cash: int
    """At the start."""
    moved: int = 0
    """Money that came or went by itself since."""
    books: dict[str, Book] = field(factory=dict)
    settled: int = 0
    """The result of everything that ended."""
    peak: int = 0
    today: int = 0
    day: int = 0
    trades: int = 0
    losses: dict[Asset, int] = field(factory=dict)
    stopped_deep: set[Asset] = field(factory=set)
    """Assets that a drawdown stopped, until a person resumes."""
    nearest: dict[str, Fraction] = field(factory=dict)
    """By limit, the least room that an entry left."""
    entries: int = 0
    fills: int = 0
    is_changed: bool = False
    """Since it was last checked."""

    # --- what is reckoned -----------------------------------------------------------------------

    def of_asset(self, asset: Asset) -> list[Book]:
        return [book for book in self.books.values() if book.listed.asset is asset]

    def exposure(self, books: list[Book]) -> Fraction:
        return sum((book.spent(one) for book in books for one in Outcome), Fraction(0))

    def at_stake(self, books: list[Book]) -> Fraction:
        return sum((book.so_far - book.worst for book in books), Fraction(0))

    @property
    def day_at_worst(self) -> Fraction:
        return self.today + sum(book.worst for book in self.books.values())

    @property
    def drawdown(self) -> Fraction:
        return self.peak - self.settled - sum(book.so_far for book in self.books.values())

    @property
    def drawdown_pct(self) -> Fraction:
        return self.drawdown * 100 / (self.cash + self.peak)

    def uses(self, order: Order, fee: int) -> dict[str, tuple[Fraction, float, bool]]:
        """By setting, what is used with this order among what works; the setting; whether it is in
        dollars."""
        books, risk = list(self.books.values()), self.risk
        book = self.books[order.slug]
        listed, asset = book.listed, self.of_asset(book.listed.asset)
        together = [one for one in books if one.listed.closes_ns == listed.closes_ns]
        cost = Fraction(order.price * order.shares, MICRO) + fee
        wanted = sum(
            each.cost for one in books for each in one.at_work if each.order.side is Side.BUY
        )

        def opened(some: list[Book]) -> Fraction:
            return Fraction(sum(one.is_open for one in some))

        same = [one for one in books if one.listed.interval is listed.interval]
        return {
            "max_order_usd": (cost, risk.max_order_usd, True),
            "max_position_usd": (book.spent(order.outcome), risk.max_position_usd, True),
            "max_round_usd": (self.exposure([book]), risk.max_round_usd, True),
            "max_net_usd": (book.lost_with(towards(order)), risk.max_net_usd, True),
            "max_asset_usd": (self.exposure(asset), risk.max_asset_usd, True),
            "max_closing_usd": (self.at_stake(together), risk.max_closing_usd, True),
            "max_account_usd": (self.exposure(books), risk.max_account_usd, True),
            "max_daily_loss_usd": (-self.day_at_worst, risk.max_daily_loss_usd, True),
            "cash": (wanted, (self.cash + self.moved + self.flows) / MICRO, True),
            "max_open_positions": (opened(books), risk.max_open_positions, False),
            "max_interval_positions": (opened(same), risk.max_interval_positions, False),
            "max_asset_positions": (opened(asset), risk.max_asset_positions, False),
            "max_working_orders": (
                Fraction(sum(len(one.working) for one in asset)),
                risk.max_working_orders,
                False,
            ),
            "max_orders_per_round": (Fraction(book.sent), risk.max_orders_per_round, False),
            "max_rungs_per_round": (Fraction(book.rungs), risk.max_rungs_per_round, False),
            "max_trades_per_day": (
                Fraction(self.trades + self.rungs_that_may_trade),
                risk.max_trades_per_day,
                False,
            ),
        }

    def results(self, asset: Asset) -> dict[str, tuple[Fraction, float]]:
        """Those at which entries end: by setting, what is reached of it, in its unit."""
        return {
            "max_drawdown_usd": (self.drawdown / MICRO, self.risk.max_drawdown_usd),
            "max_drawdown_pct": (self.drawdown_pct, self.risk.max_drawdown_pct),
            "max_losses_in_a_row": (
                Fraction(self.losses.get(asset, 0)),
                self.risk.max_losses_in_a_row,
            ),
        }

    @property
    def rungs_that_may_trade(self) -> int:
        """Buys of ladders that have not yet."""
        working = [each for book in self.books.values() for each in book.at_work]
        buys = [each for each in working if each.order.rung and each.order.side is Side.BUY]
        return sum(each.left == each.order.shares for each in buys)

    # --- what happens ---------------------------------------------------------------------------

    @property
    def flows(self) -> int:
        """Received minus paid, of all rounds."""
        return self.settled + sum(book.flow for book in self.books.values())

    def hear(self, event: ev.Event, now_ns: int) -> None:
        """Before the mind is told."""
        self.begin_day(now_ns)
        self.is_changed = True
        if isinstance(event, ev.ChainlinkPriced | ev.BookSnapshotted | ev.BookChanged):
            self.is_changed = False
        elif isinstance(event, ev.RoundFound):
            self.books.setdefault(event.round.slug, Book(event.round))
        elif isinstance(event, ev.Filled | ev.Refused | ev.Cancelled):
            self.reported(event)

    def placed(self, order: Order, now_ns: int) -> None:
        """An order is sent: an entry keeps every limit, whatever fills; a purchase of the other
        outcome is for no more than is held alone. A rung of a ladder is an entry whatever it does,
        but no order that its round or the day is counted by until it trades."""
        self.begin_day(now_ns)
        book = self.books[order.slug]
        asset, alone = book.listed.asset, book.alone(order.outcome.other)
        is_way_out = order.side is Side.SELL or order.tif is TimeInForce.FAK
        is_exit = is_way_out and not order.rung
        if order.side is Side.BUY and is_exit and order.shares > alone:
            raise Broken(f"{order} for {alone} held alone")
        is_entry = not is_exit and order.side is Side.BUY
        for name, (used, most) in self.results(asset).items() if is_entry else ():
            if used >= Fraction(str(most)):
                raise Broken(f"{name}: an entry at {float(used)} of {most}")
            self.note(name, Fraction(str(most)) - used)
        self.is_changed = True
        book.sent += not order.rung
        book.rungs += bool(order.rung)
        fee = book.listed.fees.fee(order.price, order.shares)
        book.working[order.order_id] = Working(order, fee, order.shares)
        if is_exit:
            return
        self.entries += 1
        self.trades += not order.rung
        for name, (used, most, is_usd) in self.uses(order, fee).items():
            if name not in asked_of(order):
                continue
            left = Fraction(str(most)) * (MICRO if is_usd else 1) - used
            if left < (-A_FILL * (self.fills + 1) if is_usd else 0):
                raise Broken(f"{name}: {float(used)} of {most} with {order}")
            self.note(name, left)

    def note(self, name: str, left: Fraction) -> None:
        self.nearest[name] = min(left, self.nearest.get(name, left))

    def reported(self, event: ev.Filled | ev.Refused | ev.Cancelled) -> None:
        for book in self.books.values():
            entry = book.working.get(event.order_id)
            if entry is not None and isinstance(event, ev.Filled):
                self.fills += 1
                is_first = entry.left == entry.order.shares
                self.trades += bool(entry.order.rung) and entry.order.side is Side.BUY and is_first
                self.filled(book, entry, event)
            elif entry is not None:
                del book.working[event.order_id]

    def filled(self, book: Book, entry: Working, event: ev.Filled) -> None:
        outcome, held = entry.order.outcome, book.shares[entry.order.outcome]
        paid = event.price * event.shares
        if entry.order.side is Side.BUY:
            flow = -(-(-paid // MICRO) + event.fee)
            book.shares[outcome] += event.shares
            book.costs[outcome] -= flow
        else:
            flow = paid // MICRO - event.fee
            book.shares[outcome] -= event.shares
            book.costs[outcome] *= Fraction(held - event.shares, held)
        book.flow += flow
        entry.fill(event)
        if not entry.left:
            del book.working[event.order_id]

    def ended(self, listed: Round, winner: Outcome, now_ns: int, *, is_heard: bool) -> int:
        """A round settled: its result. Where the desk was dead it hears of it, and goes on."""
        self.begin_day(now_ns)
        book, asset = self.books.pop(listed.slug), listed.asset
        payout = book.shares[winner]
        result = book.flow + payout
        self.settled += result
        self.today += result
        self.peak = max(self.peak, self.settled)
        if result:
            self.losses[asset] = self.losses.get(asset, 0) + 1 if result < 0 else 0
        if is_heard and (result or payout) and self.is_deep:
            self.stopped_deep.add(asset)
        return result

    @property
    def is_deep(self) -> bool:
        reached = self.results(Asset.BTC)
        names = ("max_drawdown_usd", "max_drawdown_pct")
        return any(reached[name][0] >= Fraction(str(reached[name][1])) for name in names)

    def crashed(self, asset: Asset) -> None:
        for book in self.of_asset(asset):
            book.working.clear()
            book.sent = book.rungs = 0

    def resumed(self, asset: Asset) -> None:
        """A row that was reached begins anew; so does a drawdown, where it is this asset's to
        forgive or nobody waits for it."""
        if self.losses.get(asset, 0) >= self.risk.max_losses_in_a_row:
            self.losses[asset] = 0
        if self.is_deep and (asset in self.stopped_deep or not self.stopped_deep):
            so_far = sum(book.so_far for book in self.books.values())
            self.peak = int(self.settled + so_far)
        self.stopped_deep.discard(asset)

    def begin_day(self, now_ns: int) -> None:
        if now_ns // DAY_NS > self.day:
            self.day = now_ns // DAY_NS
            self.today = self.trades = 0

    def check(self, now_ns: int) -> None:
        """What holds at any time, not only when something enters."""
        if not self.is_changed:
            return
        self.is_changed = False
        slack = A_FILL * (self.fills + 1)
        checks: list[tuple[str, Fraction, float]] = [
            ("max_daily_loss_usd", -self.day_at_worst, self.risk.max_daily_loss_usd)
        ]
        for closes_ns in {book.listed.closes_ns for book in self.books.values()}:
            together = [b for b in self.books.values() if b.listed.closes_ns == closes_ns]
            stake = self.at_stake(together)
            checks.append(("max_closing_usd", stake, self.risk.max_closing_usd))
        for name, used, most in checks:
            if used > Fraction(str(most)) * MICRO + slack:
                raise Broken(f"{name}: {float(used)} of {most} at {now_ns}")
