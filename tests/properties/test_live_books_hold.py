"""A venue's life at random, told twice, late, shuffled, half by the stream and half by answers, in
every spelling that was seen: the books of each account end with exactly what it has, and each fill
of each order was told once."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from attrs import define, field
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strangers import PEOPLE, START_NS, Strangers, key_of

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.execution.client import Carried
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_fills import flow_of
from polytui.execution.live_trades import Told
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, TimeInForce
from polytui.sim.exchange.account_events import OrderTold, TradeTold
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.wire.desk.account_documents import order_document, trade_document
from polytui.sim.wire.desk.odd_forms import OddForms
from polytui.sim.wire.desk.odd_reads import OddReads
from polytui.sim.wire.desk.user_frames import order_frame, trade_frame
from polytui.venues.polymarket.user_channel import UserChannel, UserEvent, UserOrder

_STEPS = 80
HEARD = PEOPLE[::2]
Document = dict[str, object]


@define
class Account:
    """One stranger's books. State: what they were told, and what they told."""

    wallet: str
    strangers: Strangers
    books: LiveBooks
    filled: Counter[ev.Trade] = field(factory=Counter)
    back: Counter[ev.Trade] = field(factory=Counter)
    lives: Counter[tuple[type, str]] = field(factory=Counter)
    awaited: dict[str, ev.InTransit] = field(factory=dict)
    flow: int = 0
    codec: UserChannel = field(init=False)

    def __attrs_post_init__(self) -> None:
        secret = Secret("c2VjcmV0IG9mIG5vYm9keQ==")
        self.codec = UserChannel(ApiKey(self.key, secret, secret), self.is_ours, self.wallet)

    @property
    def key(self) -> str:
        return key_of(self.wallet)

    def is_ours(self, venue_id: str) -> bool:
        return self.books.names.is_ours(venue_id)

    def know(self) -> None:
        """Its bot sent every other order; the rest was made by hand."""
        for listed in self.strangers.world.rounds.values():
            self.take(self.books.list_round(listed))
        for told in self.strangers.orders_told.values():
            order = told[0].order
            if order.maker == self.wallet and int(order.order_id[-1], 16) % 2:
                self.books.names.know(_order_of(order), order.order_id)

    def hear(self, event: UserEvent) -> None:
        if isinstance(event, UserOrder):
            self.take(self.books.take_order(event))
        else:
            self.take(self.books.take_trade(event))

    def take(self, told: Told) -> None:
        for asset, report in told:
            assert asset is Asset.BTC
            if isinstance(report, ev.InTransit):
                self.awaited[report.slug] = report
                self.check_awaited()
                continue
            self.check_awaited()
            key = (report.order_id, getattr(report, "trade_id", ""))
            if isinstance(report, ev.Filled):
                assert not self.back[key], "filled after it was reversed"
                self.filled[key] += 1
                assert report.side is not None
                self.flow += flow_of(report.side, report.price, report.shares, report.fee)
            elif isinstance(report, ev.Reversed):
                if self.filled[key] and not self.back[key]:
                    self.flow -= flow_of(report.side, report.price, report.shares, report.fee)
                self.back[key] += 1
            else:
                self.lives[type(report), report.order_id] += 1
        on_the_way = {slug: one for slug, one in self.awaited.items() if one != ev.InTransit(slug)}
        assert on_the_way == self.books.transit.now()

    def check_awaited(self) -> None:
        """Whatever was told so far, nobody thinks that more is here than there is."""
        for slug, one in self.books.transit.now().items():
            told = self.awaited.get(slug, ev.InTransit(slug))
            assert told.up >= one.up
            assert told.down >= one.down
            assert told.usd >= one.usd

    # --- what the venue has -----------------------------------------------------------------------

    def orders_told(self) -> Iterator[OrderTold]:
        for told in self.strangers.orders_told.values():
            yield from (one for one in told if one.order.maker == self.wallet)

    def trades_told(self) -> Iterator[TradeTold]:
        for told in self.strangers.trades_told.values():
            yield from (one for one in told if self.key in one.trade.api_keys)

    def audit(self) -> None:
        """Dollars and shares to the millionth; each fill that stands, once."""
        holdings, exchange = self.strangers.exchange.holdings, self.strangers.exchange
        rebates = sum(one.usd for one in exchange.rebates if one.wallet == self.wallet)
        moved = self.strangers.funded[self.wallet] + self.strangers.chain_usd[self.wallet] + rebates
        rounding = self.books.purse.take_rounding()
        assert self.flow + rounding == holdings.usd(self.wallet) - moved
        assert self.books.money().traded == self.flow
        for live in self.books.rounds:
            for outcome in Outcome:
                token_id = live.listed.token_of(outcome)
                moved_shares = self.strangers.chain_shares[self.wallet, token_id]
                there = holdings.shares(self.wallet, token_id) - moved_shares
                assert live.shares(outcome) == there
        assert set(self.filled.values()) <= {1}, "told twice"
        assert set(self.lives.values()) <= {1}, "a life or an end was told twice"
        stands = {key for key in self.filled if not self.back[key]}
        assert stands == set(self._fills(is_failed=False))
        assert set(self.back) <= set(self._fills(is_failed=True))
        assert not self.books.trades.on_the_way()

    def _fills(self, *, is_failed: bool) -> Iterator[ev.Trade]:
        for told in self.strangers.trades_told.values():
            trade = told[-1].trade
            if (trade.status.value == "FAILED") is not is_failed:
                continue
            parts = [(trade.taker_wallet, trade.taker_order_id)]
            parts += [(part.maker, part.order_id) for part in trade.maker_parts]
            for wallet, order_id in parts:
                if wallet == self.wallet:
                    yield (self.books.names.ours(order_id) or order_id, trade.trade_id)


def _order_of(order: VenueOrder) -> Order:
    signed = order.signed
    tif = TimeInForce.GTC if signed.order_type.may_rest else TimeInForce.FAK
    return Order(
        f"ours-{order.order_id[2:14]}",
        order.slug,
        signed.token_id,
        order.outcome,
        signed.side,
        order.price,
        order.original,
        tif,
        is_post_only=False,
        strategy="s",
        placed_ns=START_NS,
    )


def a_life(seed: int) -> Strangers:
    strangers = Strangers(random.Random(seed).randrange, seed % 5)
    for _ in range(_STEPS):
        strangers.step()
    strangers.come_to_rest()
    return strangers


def tellings(account: Account, chance: random.Random, *, is_hostile: bool) -> list[UserEvent]:
    """Everything that was ever said, in any order: by the stream, by answers, twice, or not."""
    odd, odd_reads = OddForms(account.key), OddReads(account.key)
    said: list[UserEvent] = []

    def stream(frames: Sequence[Document]) -> None:
        for frame in frames:
            events, parsed = account.codec.read(json.dumps(frame))
            assert not parsed.rejected, parsed.rejected
            said.extend(events)

    def answer(read: Callable[[bytes], UserEvent], row: Document) -> None:
        said.append(read(json.dumps(row).encode()))

    for told in account.orders_told():
        frame = order_frame(told)
        if chance.random() < 0.6:
            stream(odd.order(frame) if is_hostile else [frame])
        if chance.random() < 0.3:
            row = order_document(told.order)
            answer(account.codec.order_of, odd_reads.order(row) if is_hostile else row)
    for trade in account.trades_told():
        frame = trade_frame(trade, account.key)
        if chance.random() < 0.6:
            stream(odd.trade(frame) if is_hostile else [frame])
        if chance.random() < 0.3:
            row = trade_document(trade.trade, account.key)
            answer(account.codec.trade_of, odd_reads.trade(row) if is_hostile else row)
    stream(odd.late())
    said += chance.sample(said, len(said) // 4)
    chance.shuffle(said)
    return said


def the_end(account: Account, chance: random.Random) -> list[UserEvent]:
    """A reconcile, after which nothing happens any more."""
    orders = {told.order.order_id: told.order for told in account.orders_told()}
    trades = {told.trade.trade_id: told.trade for told in account.trades_told()}
    said: list[UserEvent] = [
        account.codec.order_of(json.dumps(order_document(one)).encode()) for one in orders.values()
    ]
    for trade in trades.values():
        row = json.dumps(trade_document(trade, account.key)).encode()
        said.append(account.codec.trade_of(row))
    chance.shuffle(said)
    return said


EXAMPLES = max(settings().max_examples // 10, 2)


@given(st.integers(0, 2**32), st.booleans())
@settings(deadline=None, max_examples=EXAMPLES)
def test_however_it_is_told_the_books_end_with_what_the_account_has(
    seed: int, is_hostile: bool
) -> None:
    strangers, chance = a_life(seed), random.Random(seed)
    for wallet in HEARD:
        account = Account(wallet, strangers, LiveBooks())
        account.know()
        for event in tellings(account, chance, is_hostile=is_hostile):
            account.hear(event)
        for event in the_end(account, chance):
            account.hear(event)
        account.audit()


@given(st.integers(0, 2**32), st.floats(0, 1))
@example(0, 0.75)  # a trade that had failed before is told of late
@settings(deadline=None, max_examples=EXAMPLES)
def test_books_that_go_on_from_what_others_counted_end_the_same(seed: int, share: float) -> None:
    """The process dies somewhere; the next one knows what its desk was told, and the orders."""
    strangers, chance = a_life(seed), random.Random(seed)
    for wallet in HEARD:
        account = Account(wallet, strangers, LiveBooks())
        account.know()
        said = tellings(account, chance, is_hostile=False)
        died = int(len(said) * share)
        for event in said[:died]:
            account.hear(event)
        before = account.books
        desk = before.opening(Asset.BTC, 0)
        desks = {Asset.BTC: desk}
        failed = {Asset.BTC: tuple(key for key, times in account.back.items() if times)}
        carried = Carried(before.purse.starting_cash, before.money().cash, desks, failed=failed)
        account.books = LiveBooks(carried)
        account.lives.clear()
        account.awaited.clear()
        account.know()
        for event in [*said[died:], *the_end(account, chance)]:
            account.hear(event)
        account.audit()
        cash = account.books.money().cash
        assert cash == before.purse.starting_cash + account.flow


def test_the_lives_mean_something() -> None:
    """Every form of a fill is met by the people whose books are kept."""
    forms, fates = Counter[tuple[bool, str]](), Counter[str]()
    for seed in range(3):
        strangers = a_life(seed)
        for told in strangers.trades_told.values():
            trade = told[-1].trade
            fates[trade.status.value] += 1
            for wallet in HEARD:
                if trade.taker_wallet == wallet:
                    forms[True, trade.side.value] += 1
                for part in trade.maker_parts:
                    if part.maker == wallet:
                        kind = "normal" if part.outcome is trade.outcome else "set"
                        forms[False, kind] += 1
    assert set(fates) == {"CONFIRMED", "FAILED"}
    assert set(forms) == {(True, "buy"), (True, "sell"), (False, "normal"), (False, "set")}
