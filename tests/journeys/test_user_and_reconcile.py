"""The user channel and reconciles of an account, over loopback, with another client trading: the
books end with what the venue says that the account has, to the millionth."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
import trio
from attrs import evolve
from live_accounts import LIVE, Kept, control, kept_account

from polytui.config.api_key import ApiKey
from polytui.config.schema import SessionSettings
from polytui.config.secrets import Secret
from polytui.execution.client import Carried
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_beginning import rounds_in_play
from polytui.execution.live_books import LiveBooks
from polytui.execution.reconcile import Reconcile
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Shares, Usd
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.user_channel import UserChannel

pytestmark = pytest.mark.trio
BUY, DOWN, FAK = Side.BUY, Outcome.DOWN, TimeInForce.FAK


async def agree(kept: Kept, books: LiveBooks | None = None) -> None:
    """Dollars and shares; nothing on its way."""
    books = books or kept.books
    await kept.settled()
    there = await kept.wallet()
    assert Decimal(there["usd"]) * MICRO == books.money().cash
    live = books.rounds[kept.us.listed.slug]
    for outcome in Outcome:
        shares = Decimal(there["shares"].get(live.listed.token_of(outcome), "0"))
        assert shares * MICRO == live.shares(outcome)


async def meet(kept: Kept, shares: float = 5) -> None:
    """They buy the other outcome from an order of ours at 0.40: the two mint a set."""
    await kept.them.send(kept.them.order(BUY, 60, shares, DOWN))


async def test_orders_and_fills_of_both_sides_are_told_once_and_agree() -> None:
    async with kept_account(speed=10) as kept:
        rests = kept.us.order(BUY, 40, 10)
        await kept.place(rests)
        await meet(kept)
        (made,) = await kept.heard(ev.Filled)
        assert (made.order_id, made.shares, made.price, made.is_taker) == (
            rests.order_id, 5_000_000, 400_000, False,
        )  # fmt: skip
        await kept.them.send(kept.them.order(BUY, 55, 7.57))
        await kept.them.send(kept.them.order(BUY, 54, 5.31))
        takes = kept.us.order(BUY, 46, 12, DOWN, FAK)
        await kept.place(takes)
        taken = (await kept.heard(ev.Filled, 3))[1:]
        assert {one.order_id for one in taken} == {takes.order_id}
        assert all(one.is_taker and one.fee > 0 for one in taken)
        await kept.us.account.cancel([kept.us.venue_id(rests)])
        gone = await kept.heard(ev.Cancelled)
        await agree(kept)
        assert await kept.reconcile.once() == 0, "all of it was told by the channel"
        accepted = await kept.heard(ev.Accepted, 2)
        assert [len(one) for one in (accepted, gone)] == [2, len(gone)]
        assert rests.order_id in {one.order_id for one in gone}
        assert len(await kept.heard(ev.Filled)) == 3


async def test_a_trade_that_fails_on_the_chain_is_taken_back() -> None:
    async with kept_account(speed=10) as kept:
        await kept.place(kept.us.order(BUY, 40, 10))
        await kept.control("/trades", kind="fail", times=1)
        await meet(kept)
        (back,) = await kept.heard(ev.Reversed)
        assert back.shares == 5_000_000
        await agree(kept)
        assert kept.books.money().cash == 1000 * MICRO
        assert any("tried again" in text for _, _, text in kept.lines)


async def test_a_channel_that_is_up_and_tells_nothing_is_found_out() -> None:
    async with kept_account(speed=10) as kept:
        await kept.place(kept.us.order(BUY, 40, 10))
        await kept.control("/mute", who="user", seconds=30)
        await trio.sleep(1.1)  # a trade's time is told in whole seconds of the venue
        await meet(kept)
        await kept.reconcile.once()
        (filled,) = await kept.heard(ev.Filled)
        assert filled.shares == 5_000_000, "told by the reconcile"
        downs = await kept.heard(ev.FeedDown)
        assert "has not told of" in downs[0].detail
        await kept.heard(ev.FeedUp, 2)
        assert kept.watch.connects == 2
        assert kept.watch.is_doubted


async def test_what_happened_while_the_channel_was_cut_is_known_before_it_is_up_again() -> None:
    async with kept_account(speed=10) as kept:
        rests = kept.us.order(BUY, 40, 10)
        dies = kept.us.order(BUY, 30, 10)
        for order in (rests, dies):
            await kept.place(order)
        await kept.control("/fault", kind="refuse", who="user", seconds=1)
        await kept.control("/drop", who="user")
        await kept.heard(ev.FeedDown)
        await meet(kept)
        await kept.us.account.cancel([kept.us.venue_id(dies)])
        assert not any(isinstance(one, ev.Cancelled) for one in kept.reports)
        await kept.heard(ev.FeedUp, 2)
        assert len([one for one in kept.reports if isinstance(one, ev.Filled)]) == 1
        (gone,) = [one for one in kept.reports if isinstance(one, ev.Cancelled)]
        assert gone.order_id == dies.order_id
        await agree(kept)


@pytest.mark.parametrize("kind", ["duplicates", "reorder", "gap"])
async def test_frames_that_come_twice_in_another_order_or_never(kind: str) -> None:
    async with kept_account(speed=10) as kept:
        await kept.control("/fault", kind=kind, who="user", seconds=30, value=2)
        order = kept.us.order(BUY, 40, 30)
        await kept.place(order)
        for _ in range(3):
            await meet(kept)
        while await kept.reconcile.once() or kept.books.trades.on_the_way():
            await trio.sleep(0.3)
        fills = await kept.heard(ev.Filled, 3)
        assert [one.shares for one in fills] == [5_000_000] * 3
        await agree(kept)


async def test_what_the_accounts_other_hand_does_is_found_and_counted() -> None:
    """The website, or another process: the same wallet, orders that nobody here named."""
    async with kept_account(speed=10) as kept:
        by_hand = kept.us.order(BUY, 40, 10)
        await kept.us.send(by_hand)
        (found,) = await kept.heard(ev.OrderFound)
        assert found.order_id == kept.us.venue_id(by_hand)
        await meet(kept)
        (filled,) = await kept.heard(ev.Filled)
        assert filled.order_id == found.order_id
        await agree(kept)
        assert await kept.reconcile.once() == 0


async def test_money_that_no_trade_explains_is_told_once_it_was_seen_twice() -> None:
    async with kept_account(speed=10) as kept:
        kept.reconcile.balances.settles_ns = 0
        wallet = kept.us.account.wallet
        await control(
            kept.urls, "/faucet", owner=wallet.owner, wallet=wallet.funder, signature_type=3,
            dollars="25.5",
        )  # fmt: skip
        assert await kept.reconcile.once() == 1
        assert kept.reconcile.balances.is_in_doubt
        assert not [one for one in kept.news if isinstance(one, ev.CashMoved)]
        assert await kept.reconcile.once() == 0
        (moved,) = await kept.heard(ev.CashMoved)
        assert (moved.kind, moved.amount) == (ev.CashKind.UNEXPLAINED, 25_500_000)
        assert any("25.50 dollars" in text for _, _, text in kept.lines)
        await agree(kept)
        assert await kept.reconcile.once() == 0
        assert len(await kept.heard(ev.CashMoved)) == 1


async def test_shares_that_somebody_moved_are_told_with_both_figures() -> None:
    async with kept_account(speed=10, is_listening=False) as kept:
        await kept.place(kept.us.order(BUY, 40, 10))
        kept.reconcile.balances.settles_ns = 0
        live = kept.books.rounds[kept.us.listed.slug]
        while not live.fills:  # the crowd may have been quicker
            await meet(kept)
            await trio.sleep(1)
            await kept.reconcile.once()
        while kept.books.trades.on_the_way():
            await trio.sleep(0.2)
            await kept.reconcile.once()
        # As if two of the shares had come from elsewhere.
        key, fill = next(iter(live.fills.items()))
        there = int(live.shares(Outcome.UP)) // 1_000_000
        live.fills[key] = evolve(fill, shares=Shares(fill.shares - 2_000_000))
        for _ in range(3):
            await kept.reconcile.once()
        told = [text for level, _, text in kept.lines if level == "error"]
        assert len(told) == 1
        assert f"the venue has {there} shares of up, these books {there - 2}" in told[0]


async def test_another_process_goes_on_from_what_the_venue_says() -> None:
    async with kept_account(speed=10) as kept:
        first, second = kept.us.order(BUY, 40, 10), kept.us.order(BUY, 30, 10)
        for order in (first, second):
            await kept.place(order)
        await meet(kept)
        await kept.heard(ev.Filled)
        had = kept.books.opening(Asset.BTC, 0)
        carried = Carried(had.cash, kept.books.money().cash, {Asset.BTC: had})
        died_ns = kept.clock.now_ns()
        await meet(kept)  # nobody listens to this one,
        await kept.us.account.cancel([kept.us.venue_id(second)])  # nor to this
        books = LiveBooks(carried)
        for order in (first, second):
            books.names.know(order, kept.us.venue_id(order))
        told: list[ev.Report] = []
        balances = LiveBalances(
            kept.us.account, books, kept.clock, lambda *line: None, settles_ns=0
        )
        reconcile = Reconcile(
            kept.us.account, books, balances, kept.clock, LIVE,
            lambda asset, report: told.append(report), lambda news: None, lambda *line: None,
        )  # fmt: skip
        await reconcile.begin(died_ns)
        passing = (ev.Accepted, ev.InTransit)
        assert [type(one) for one in told if not isinstance(one, passing)] == [ev.Filled]
        looked = [one for _, one in await reconcile.look(kept.us.venue_id(first))]
        assert [type(one) for one in looked] == [ev.Accepted] or isinstance(looked[0], ev.Cancelled)
        (gone,) = await reconcile.look(kept.us.venue_id(second))
        assert isinstance(gone[1], ev.Cancelled)
        # One whose fill was counted, and whose terms were forgotten: the venue tells them again.
        terms = books.names._orders.pop(kept.us.venue_id(first))
        assert await reconcile.look(kept.us.venue_id(first))
        assert books.found(first.order_id).order.shares == terms.shares
        await kept.settled()
        await reconcile.once()
        await agree(kept, books)
        opened = books.opening(Asset.BTC, 1)
        assert [one.cash_flow for one in opened.held] == [-4_000_000]
        assert opened.cash == 1000 * MICRO


async def test_what_the_last_session_won_may_be_missing_for_a_while() -> None:
    async with kept_account(is_listening=False) as kept:
        books = LiveBooks(Carried(Usd(1000 * MICRO), Usd(1005 * MICRO), {}))
        news: list[object] = []
        balances = LiveBalances(
            kept.us.account, books, kept.clock, lambda *line: None, settles_ns=0
        )
        reconcile = Reconcile(
            kept.us.account, books, balances, kept.clock, LIVE,
            lambda asset, report: None, news.append, lambda *line: None,
        )  # fmt: skip
        await reconcile.begin(kept.clock.now_ns())
        assert [await reconcile.once() for _ in range(2)] == [0, 0]
        balances.patient_until_ns = 0
        assert [await reconcile.once() for _ in range(2)] == [1, 0]
        (moved,) = [one for one in news if isinstance(one, ev.CashMoved)]
        assert moved.amount == -5 * MICRO
        assert books.money().cash == 1000 * MICRO


async def test_a_first_session_counts_from_now_on() -> None:
    """What was traded before is left out, whatever is told of it later."""
    async with kept_account(speed=10, is_listening=False) as kept:
        by_hand = kept.us.order(BUY, 40, 5)
        await kept.us.send(by_hand)
        await meet(kept)
        await trio.sleep(2)
        books = LiveBooks()
        books.list_round(kept.us.listed)
        balances = LiveBalances(
            kept.us.account, books, kept.clock, lambda *line: None, settles_ns=0
        )
        told: list[ev.Report] = []
        reconcile = Reconcile(
            kept.us.account, books, balances, kept.clock, LIVE,
            lambda asset, report: told.append(report), lambda news: None, lambda *line: None,
        )  # fmt: skip
        await reconcile.begin()
        assert books.purse.starting_cash == 998 * MICRO
        (trade,) = await kept.us.account.trades()
        assert books.take_trade(trade) == []
        assert told == []


async def test_a_first_session_begins_with_what_the_wallet_has_in_rounds_in_play() -> None:
    """Of another folder's session, or of a person's hand: it is held, and no money is missing."""
    async with kept_account(speed=10, is_listening=False) as kept:
        by_hand = kept.us.order(BUY, 40, 5)
        await kept.us.send(by_hand)
        await meet(kept)
        await trio.sleep(2)
        http = Http(kept.urls.gamma, HttpSettings(), is_loopback_only=True)
        session = SessionSettings(assets=(Asset.BTC,), intervals=(Interval.M5,))
        books = LiveBooks()
        balances = LiveBalances(
            kept.us.account, books, kept.clock, lambda *line: None, settles_ns=0
        )
        reconcile = Reconcile(
            kept.us.account, books, balances, kept.clock, LIVE,
            lambda asset, report: None, lambda news: None, lambda *line: None,
            in_play=partial(rounds_in_play, Gamma(http), session, kept.clock),
        )  # fmt: skip
        await reconcile.begin()
        await http.close()
        opened = books.opening(Asset.BTC, 1)
        (held,) = opened.held
        assert held.round == kept.us.listed
        assert [int(one.shares) for one in held.holdings] == [5 * MICRO]
        assert (held.cash_flow, opened.cash) == (-2 * MICRO, 1000 * MICRO)
        assert len(opened.counted) == 1
        assert books.money().cash == 998 * MICRO
        assert [await reconcile.once() for _ in range(2)] == [0, 0]


async def test_a_key_that_the_venue_does_not_know_is_told_in_plain_words() -> None:
    async with kept_account(is_listening=False) as kept:
        wrong = ApiKey("00000000-0000-4000-8000-000000000000", Secret("bm8="), Secret("no no no"))
        kept.watch.codec = UserChannel(wrong)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(kept.listen)
            (down, *_) = await kept.heard(ev.FeedDown)
            assert "does not know this API key" in down.detail
            await trio.sleep(0.5)
            assert len([one for one in kept.news if isinstance(one, ev.FeedDown)]) == 1
            assert not [one for one in kept.news if isinstance(one, ev.FeedUp)]
            nursery.cancel_scope.cancel()
        assert "no no no" not in repr((kept.news, kept.lines, kept.watch))


async def test_an_order_that_is_over_here_and_open_there_is_cancelled_when_seen_twice() -> None:
    async with kept_account(is_listening=False) as kept:
        order = kept.us.order(BUY, 40, 5)
        venue_id = await kept.place(order)
        kept.books.refused(order.order_id)
        assert await kept.reconcile.once() == 0, "a list may be older than an end"
        assert (await kept.us.account.order(venue_id)) is not None
        assert await kept.reconcile.once() == 1
        found = await kept.us.account.order(venue_id)
        assert found is not None
        assert found.is_over


async def test_a_trade_of_a_round_that_is_listed_later() -> None:
    async with kept_account(speed=10) as kept:
        listed = kept.us.listed
        kept.books.rounds.forget(listed.slug)
        await kept.us.send(kept.us.order(BUY, 40, 5))
        await meet(kept)
        while not (kept.books.trades.waiting() or kept.books.trades.elsewhere()[1]):
            await trio.sleep(0.05)
        assert kept.reports == []
        told = kept.books.list_round(evolve(listed))
        assert [type(one) for _, one in told] in ([ev.InTransit, ev.Filled], [ev.Filled])
        await agree(kept)


async def test_an_order_that_the_venue_never_heard_of_is_not_found_twice_and_no_more() -> None:
    async with kept_account(is_listening=False) as kept:
        order = kept.us.order(BUY, 40, 5)
        kept.books.names.know(order, kept.us.venue_id(order))
        kept.books.accepted(order.order_id)
        assert [await kept.reconcile.once() for _ in range(3)] == [1, 1, 0]
        found = [one for one in kept.reports if isinstance(one, ev.NotFound)]
        assert [one.order_id for one in found] == [order.order_id] * 2


async def test_winners_that_are_not_redeemed_yet_are_money_and_no_difference() -> None:
    """A round to its end, its result, and until the venue's redeemer has come by."""
    async with kept_account(speed=10) as kept:
        listed = kept.us.listed
        await kept.place(kept.us.order(BUY, 40, 10))
        await meet(kept, 7.5)
        await kept.heard(ev.Filled)
        await kept.settled()
        await kept.hurry(200.0)
        http = Http(kept.urls.clob, HttpSettings(), is_loopback_only=True)
        while (winner := await Clob(http).winner(listed.condition_id)) is None:
            await trio.sleep(0.05)
        await http.close()
        kept.books.settle(ev.RoundSettled(listed.condition_id, winner, "clob", 1))
        payout = kept.books.money().payouts
        up = kept.books.rounds[listed.slug].position.up
        assert up >= 7_500_000, "the crowd may have taken the rest as the round began"
        assert payout == (up if winner == listed.up_token else 0)
        there = -1
        while there != kept.books.money().cash:
            assert await kept.reconcile.once() == 0
            there = int(Decimal((await kept.wallet())["usd"]) * MICRO)
            await trio.sleep(0.05)
        assert await kept.reconcile.once() == 0
        told = [one for one in kept.news if isinstance(one, ev.Reconciled) and one.slugs]
        assert [one.slugs for one in told] == [(listed.slug,)]
        assert not [one for one in kept.news if isinstance(one, ev.CashMoved)]


async def test_a_deposit_that_the_data_api_knows_has_its_name() -> None:
    async with kept_account(speed=100) as kept:
        wallet = kept.us.account.wallet
        await kept.reconcile.once()
        await control(
            kept.urls, "/faucet", owner=wallet.owner, wallet=wallet.funder, signature_type=3,
            dollars="40",
        )  # fmt: skip
        await trio.sleep(3)  # five minutes there: the index is one to three behind
        while cash_by_kind(kept) != {ev.CashKind.DEPOSIT: 40_000_000}:
            assert sum(cash_by_kind(kept).values()) in (0, 40_000_000), "named or not, it is once"
            await kept.reconcile.once()


def cash_by_kind(kept: Kept) -> dict[ev.CashKind, int]:
    """What came of movements: one that was nobody's is taken back once it has a name."""
    moved = Counter[ev.CashKind]()
    for one in kept.news:
        if isinstance(one, ev.CashMoved):
            moved[one.kind] += one.amount
    return {kind: amount for kind, amount in moved.items() if amount}
