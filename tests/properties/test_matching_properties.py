"""The book against a slow one that keeps every order in a list and sorts it for each match."""

from __future__ import annotations

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.amounts import are_amounts_exact, dollars_for, market_shares
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook, Match, MatchKind, MatchResult

TICK = Price(10_000)
LEAST = Shares(5 * MICRO)


@define
class Resting:
    order_id: str
    is_bid: bool
    price: int
    shares: int


@define
class SlowBook:
    """Price-time priority as one would write it on paper. Prices in terms of Up."""

    entries: list[Resting] = field(factory=list)

    def take(self, is_bid: bool, price: int, shares: int) -> list[tuple[str, int, int]]:
        taken: list[tuple[str, int, int]] = []
        # sorted() is stable: at one price, the order of arrival.
        for entry in sorted(self.entries, key=lambda e: e.price if is_bid else -e.price):
            crosses = entry.price <= price if is_bid else entry.price >= price
            if entry.is_bid is is_bid or not crosses or not shares:
                continue
            size = min(shares, entry.shares)
            taken.append((entry.order_id, entry.price, size))
            entry.shares -= size
            shares -= size
        self.drop_empty()
        return taken

    def shares_for(self, is_bid: bool, price: int, dollars: int) -> int:
        """What so many millionths of a dollar buy, the best first; a buyer of Down pays one dollar
        less the bid that it takes."""
        shares = 0
        for entry in sorted(self.entries, key=lambda e: e.price if is_bid else -e.price):
            crosses = entry.price <= price if is_bid else entry.price >= price
            if entry.is_bid is is_bid or not crosses:
                continue
            paid = entry.price if is_bid else MICRO - entry.price
            size = min(dollars * MICRO // paid, entry.shares)
            dollars -= -(-paid * size // MICRO)
            shares += size
        return shares

    def crowd(self, is_bid: bool, price: int) -> int:
        return sum(e.shares for e in self.at(is_bid, price) if not e.order_id)

    def at(self, is_bid: bool, price: int) -> list[Resting]:
        return [e for e in self.entries if e.is_bid is is_bid and e.price == price]

    def shrink(self, is_bid: bool, price: int, shares: int) -> None:
        for entry in reversed(self.at(is_bid, price)):
            if not entry.order_id:
                gone = min(shares, entry.shares)
                entry.shares -= gone
                shares -= gone
        self.drop_empty()

    def show(self, is_bid: bool, price: int, shares: int) -> list[tuple[str, int, int]]:
        growth = shares - self.crowd(is_bid, price)
        if growth <= 0:
            self.shrink(is_bid, price, -growth)
            return []
        named = SlowBook([e for e in self.entries if e.order_id])
        taken = named.take(is_bid, price, growth)
        rest = growth - sum(size for _, _, size in taken)
        self.give_way(is_bid, price, taken, rest)
        self.drop_empty()
        if rest:
            self.entries.append(Resting("", is_bid, price, rest))
        return taken

    def give_way(
        self, is_bid: bool, price: int, taken: list[tuple[str, int, int]], rest: int
    ) -> None:
        """The crowd's own crossing shares vanish, as far as the growth reached."""
        crossing = [
            e.price
            for e in self.entries
            if e.is_bid is not is_bid and (e.price <= price if is_bid else e.price >= price)
        ]
        if not crossing:
            return
        furthest = price if rest else taken[-1][1]
        for entry in self.entries:
            reached = entry.price <= furthest if is_bid else entry.price >= furthest
            if not entry.order_id and entry.is_bid is not is_bid and reached:
                entry.shares = 0

    def drop_empty(self) -> None:
        self.entries[:] = [e for e in self.entries if e.shares]

    def levels(self, is_bid: bool) -> list[tuple[int, int]]:
        total: dict[int, int] = {}
        for entry in self.entries:
            if entry.is_bid is is_bid:
                total[entry.price] = total.get(entry.price, 0) + entry.shares
        return sorted(total.items(), reverse=is_bid)


def merged(matches: tuple[Match, ...]) -> list[tuple[str, int, int]]:
    """(maker, price of Up, shares), neighbours of one maker put together."""
    out: list[tuple[str, int, int]] = []
    for match in matches:
        up_price = (
            match.maker_price if match.maker_outcome is Outcome.UP else MICRO - match.maker_price
        )
        if out and out[-1][:2] == (match.maker_order_id, up_price):
            out[-1] = (*out[-1][:2], out[-1][2] + match.shares)
        else:
            out.append((match.maker_order_id, up_price, match.shares))
    return out


def folded(taken: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    out: list[tuple[str, int, int]] = []
    for maker, price, shares in taken:
        if out and out[-1][:2] == (maker, price):
            out[-1] = (maker, price, out[-1][2] + shares)
        else:
            out.append((maker, price, shares))
    return out


@define
class Bench:
    """Both books, and what every named order has become."""

    book: ConditionBook = field(factory=lambda: ConditionBook(TICK, FeeSchedule(), LEAST))
    slow: SlowBook = field(factory=SlowBook)
    wanted: dict[str, int] = field(factory=dict)
    gone: dict[str, int] = field(factory=dict)
    cash_in: int = 0
    cash_out: int = 0
    fees: int = 0
    sets: int = 0

    def account(self, matches: tuple[Match, ...]) -> None:
        """Dollars x shares move here in millionths of millionths, so nothing is rounded."""
        for match in matches:
            for name in (match.maker_order_id, match.taker_order_id):
                if name:
                    self.gone[name] += match.shares
            check_kind(match)
            maker, taker = match.maker_price * match.shares, match.taker_price * match.shares
            taker_buys = match.kind is not MatchKind.MERGE and (
                match.kind is MatchKind.MINT or match.maker_side is Side.SELL
            )
            self.fees += match.taker_fee
            self.cash_in += taker if taker_buys else 0
            self.cash_out += 0 if taker_buys else taker
            self.cash_in += maker if match.maker_side is Side.BUY else 0
            self.cash_out += maker if match.maker_side is Side.SELL else 0
            self.sets += {"mint": 1, "merge": -1, "normal": 0}[match.kind.value] * match.shares

    def check(self) -> None:
        bids, asks = self.book.levels(Outcome.UP, Side.BUY), self.book.levels(Outcome.UP, Side.SELL)
        assert bids == self.slow.levels(True)
        assert asks == self.slow.levels(False)
        assert not bids or not asks or bids[0][0] < asks[0][0]
        down_asks = self.book.levels(Outcome.DOWN, Side.SELL)
        assert [(MICRO - price, shares) for price, shares in bids] == down_asks
        down_bids = self.book.levels(Outcome.DOWN, Side.BUY)
        assert [(MICRO - price, shares) for price, shares in asks] == down_bids
        for name, shares in self.wanted.items():
            assert self.book.remaining(name) + self.gone[name] == shares
        assert self.cash_in == self.cash_out + self.sets * MICRO


def check_kind(match: Match) -> None:
    if match.kind is MatchKind.NORMAL:
        assert match.maker_price == match.taker_price
    else:
        assert match.maker_price + match.taker_price == MICRO
    assert match.taker_fee == FeeSchedule().fee(match.taker_price, match.shares)
    assert match.shares > 0


outcomes = st.sampled_from(Outcome)
sides = st.sampled_from(Side)
prices = st.integers(48, 52).map(lambda cents: Price(cents * 10_000))
sizes = st.integers(500, 4_000).map(lambda lots: Shares(lots * 10_000))
submits = st.tuples(
    st.just("submit"), outcomes, sides, prices, sizes, st.sampled_from(TimeInForce), st.booleans()
)
shows = st.tuples(st.just("show"), sides, prices, st.one_of(st.just(Shares(0)), sizes))
sweeps = st.tuples(st.just("sweep"), outcomes, sides, prices, sizes)
cancels = st.tuples(st.just("cancel"), st.integers(0, 20))
steps = st.lists(st.one_of(submits, submits, shows, sweeps, cancels), min_size=8, max_size=40)


def is_bid(outcome: Outcome, side: Side) -> bool:
    return (outcome is Outcome.UP) == (side is Side.BUY)


def in_up(outcome: Outcome, price: int) -> int:
    return price if outcome is Outcome.UP else MICRO - price


def submit(bench: Bench, number: int, order: tuple[object, ...]) -> None:
    _, outcome, side, price, shares, tif, is_post_only = order
    assert isinstance(outcome, Outcome)
    assert isinstance(side, Side)
    assert isinstance(price, int)
    assert isinstance(shares, int)
    assert isinstance(tif, TimeInForce)
    name = f"o{number}"
    if tif.spends(side) and number % 2:
        shares = market_shares(Price(price), Shares(shares), TICK)
    before = bench.book.levels(Outcome.UP, Side.BUY), bench.book.levels(Outcome.UP, Side.SELL)
    result = bench.book.submit(
        MatchOrder(name, "me", outcome, side, Price(price), Shares(shares), tif, bool(is_post_only))
    )
    if result.refusal:
        assert result == MatchResult(refusal=result.refusal)
        after = bench.book.levels(Outcome.UP, Side.BUY), bench.book.levels(Outcome.UP, Side.SELL)
        assert before == after
        return
    up_price, bids = in_up(outcome, price), is_bid(outcome, side)
    if tif.spends(side):
        dollars = dollars_for(Price(price), Shares(shares))
        wanted = bench.slow.shares_for(bids, up_price, dollars)
        paid = sum(-(-m.taker_price * m.shares // MICRO) for m in result.matches)
        assert paid <= dollars
        assert paid == dollars or tif is TimeInForce.FAK
        shares = max(shares, wanted)
    else:
        wanted = shares
    assert merged(result.matches) == folded(bench.slow.take(bids, up_price, wanted))
    rest = shares - sum(match.shares for match in result.matches)
    bench.wanted[name] = shares
    bench.gone[name] = 0
    bench.account(result.matches)
    if tif.may_rest:
        assert result.resting == rest
        if rest:
            bench.slow.entries.append(Resting(name, bids, up_price, rest))
    else:
        assert result.resting == 0
        assert rest == 0 or tif is TimeInForce.FAK or tif.spends(side)
        bench.gone[name] += rest
    assert not (is_post_only and result.matches)


def cancel(bench: Bench, number: int) -> None:
    name = f"o{number}"
    held = bench.book.remaining(name)
    assert bench.book.cancel(name) == held
    if held:
        bench.gone[name] += held
    bench.slow.entries[:] = [e for e in bench.slow.entries if e.order_id != name]


@given(steps)
def test_the_book_agrees_with_a_slow_one_and_conserves_shares_and_dollars(
    sequence: list[tuple[object, ...]],
) -> None:
    bench = Bench()
    for number, step in enumerate(sequence):
        if step[0] == "submit":
            submit(bench, number, step)
        elif step[0] == "cancel":
            assert isinstance(step[1], int)
            cancel(bench, step[1])
        elif step[0] == "show":
            _, side, price, shares = step
            assert isinstance(side, Side)
            assert isinstance(price, int)
            assert isinstance(shares, int)
            matches = bench.book.show(side, Price(price), Shares(shares))
            assert merged(matches) == bench.slow.show(side is Side.BUY, price, shares)
            bench.account(matches)
        else:
            _, outcome, side, price, shares = step
            assert isinstance(outcome, Outcome)
            assert isinstance(side, Side)
            assert isinstance(price, int)
            assert isinstance(shares, int)
            result = bench.book.sweep(outcome, side, Price(price), Shares(shares))
            taken = bench.slow.take(is_bid(outcome, side), in_up(outcome, price), shares)
            assert merged(result.matches) == folded(taken)
            bench.account(result.matches)
        bench.check()


@given(steps, prices, sizes)
def test_a_fok_order_is_filled_in_full_or_leaves_no_trace(
    sequence: list[tuple[object, ...]], price: Price, shares: Shares
) -> None:
    bench = Bench()
    for number, step in enumerate(sequence):
        if step[0] == "submit":
            submit(bench, number, step)
    before = bench.book.levels(Outcome.UP, Side.BUY)
    offered = sum(size for level, size in before if level >= price)
    order = MatchOrder("fok", "me", Outcome.UP, Side.SELL, price, shares, TimeInForce.FOK)
    result = bench.book.submit(order)
    assert sum(match.shares for match in result.matches) == (shares if offered >= shares else 0)
    assert bool(result.refusal) is (offered < shares)
    if result.refusal:
        assert bench.book.levels(Outcome.UP, Side.BUY) == before


@given(steps, outcomes, prices, sizes)
def test_a_fok_purchase_spends_all_of_its_dollars_or_leaves_no_trace(
    sequence: list[tuple[object, ...]], outcome: Outcome, price: Price, shares: Shares
) -> None:
    bench = Bench()
    for number, step in enumerate(sequence):
        if step[0] == "submit":
            submit(bench, number, step)
    before = bench.book.levels(outcome, Side.SELL)
    offered = sum(level * size for level, size in before if level <= price)
    order = MatchOrder("fok", "me", outcome, Side.BUY, price, shares, TimeInForce.FOK)
    dollars = dollars_for(price, shares)
    result = bench.book.submit(order)
    paid = sum(-(-match.taker_price * match.shares // MICRO) for match in result.matches)
    if result.refusal:
        assert bench.book.levels(outcome, Side.SELL) == before
        is_exact = are_amounts_exact(price, shares, TICK)
        assert not is_exact or offered < dollars * MICRO or "min size" in result.refusal
    else:
        assert paid == dollars
        assert sum(match.shares for match in result.matches) >= shares - 100
