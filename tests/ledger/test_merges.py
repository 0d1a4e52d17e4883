"""Pairs that became dollars: nothing is won or lost by it, and not a millionth goes astray."""

from __future__ import annotations

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st
from test_attribution import NAMES, Deal, check_shares, deals, play

from polytui.config.deciding import ClaimSettings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.ledger.attribution import NOBODY, Attribution
from polytui.ledger.bookings import MERGE
from polytui.ledger.positions import Positions
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Fill, Order, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
BTC = Asset.BTC
SLUGS = ("one", "two")


@define
class Merge:
    slug: str
    part: int
    """Of eight, of the pairs there are."""


STEPS = st.lists(
    st.one_of(
        deals((*NAMES, "flatten")), st.builds(Merge, st.sampled_from(SLUGS), st.integers(1, 8))
    ),
    max_size=12,
)
WINNERS = st.tuples(*[st.sampled_from([*Outcome, None]) for _ in SLUGS])


@given(STEPS, WINNERS)
def test_whatever_is_merged_shares_and_results_are_as_if_nothing_had_been(
    steps: list[list[Deal] | Merge], winners: tuple[Outcome | None, Outcome | None]
) -> None:
    """The account's ledger beside one of which nothing is merged: their results are equal, and
    those of the strategies add up to them."""
    attribution, positions, kept = Attribution(), Positions(), Positions()
    merged = dict.fromkeys(SLUGS, 0)
    for now_ns, step in enumerate(steps):
        if isinstance(step, Merge):
            before = positions.of(step.slug)
            worth = before.carried + before.cash_flow
            pairs = min(before.up, before.down) * step.part // 8
            if pairs:
                positions.merge(step.slug, Shares(pairs))
                attribution.merge(step.slug, Shares(pairs))
                merged[step.slug] += pairs
            after = positions.of(step.slug)
            assert 0 <= worth - (after.carried + after.cash_flow) <= 2, "no jump"
            assert after.fills == before.fills
            check_shares(attribution, positions)
            continue
        for deal in step:
            if play(attribution, positions, deal, now_ns):
                kept.fill(deal.slug, deal.outcome, deal.side, deal.fill())
        check_shares(attribution, positions)
    for slug, winner in zip(SLUGS, winners, strict=True):
        payout, pnl = positions.settle(slug, winner)
        paid, result = kept.settle(slug, winner)
        assert pnl == result
        assert paid - payout == merged[slug]
        assert sum(attribution.settle(slug, winner).values()) == pnl


def book(attribution: Attribution, strategy: str, outcome: Outcome, shares: int) -> None:
    fill = Fill("t", Price(400_000), Shares(shares * MICRO), Usd(0), False)
    attribution.fill("one", strategy, outcome, BUY, fill, 1)


@pytest.mark.parametrize("winner", [UP, DOWN])
def test_a_merge_takes_from_whom_it_is_no_loss(winner: Outcome) -> None:
    """One holds a side, another a ladder with pairs: the pairs are his who has both."""
    attribution = Attribution()
    book(attribution, "fade", UP, 10)
    book(attribution, "ladder", UP, 6)
    book(attribution, "ladder", DOWN, 7)
    attribution.merge("one", Shares(6 * MICRO))
    assert attribution.held("one", "fade", UP) == 10 * MICRO
    assert attribution.held("one", "ladder", UP) == 0
    assert attribution.held("one", "ladder", DOWN) == MICRO
    assert attribution.parts("one")["ladder"].flow == 6 * MICRO - 13 * 400_000
    pnls = attribution.settle("one", winner)
    assert pnls["fade"] == (10 * MICRO if winner is UP else 0) - 4 * MICRO
    assert pnls["ladder"] == 6 * MICRO + (MICRO if winner is DOWN else 0) - 13 * 400_000


def test_sides_of_two_hands_that_somebody_merged_are_paid_half_a_dollar_a_share() -> None:
    """Nobody here merges those; a person may, by hand."""
    attribution = Attribution()
    book(attribution, "fade", UP, 10)
    book(attribution, "predictor", DOWN, 10)
    attribution.merge("one", Shares(4 * MICRO))
    flows = {name: part.flow for name, part in attribution.parts("one").items()}
    assert flows == {"fade": 2 * MICRO - 4 * MICRO, "predictor": 2 * MICRO - 4 * MICRO}
    assert NOBODY not in flows


# --- through the ledger of an asset ---------------------------------------------------------------

LISTED = Round("one", BTC, Interval.M5, "0x1", "111", "222", 0, Interval.M5.ns, SettlementRule.TWAP)


@define
class Told:
    """A ledger, and what it was told."""

    ledger: AssetLedger
    account: Account
    now_ns: int = 1

    @classmethod
    def begin(cls) -> Told:
        account = Account()
        ledger = AssetLedger(BTC, account)
        ledger.begin(ev.DeskOpened(BTC, 1, Usd(100 * MICRO)), 1)
        return cls(ledger, account)

    def buy(self, outcome: Outcome, cents: int, shares: int) -> tuple[str, str]:
        self.now_ns += 1
        token, name = LISTED.token_of(outcome), f"o{self.now_ns}"
        price = Price(cents * 10_000)
        order = Order(
            name,
            "one",
            token,
            outcome,
            BUY,
            price,
            Shares(shares * MICRO),
            TimeInForce.GTC,
            False,
            "fade",
            self.now_ns,
        )
        self.ledger.place(order, LISTED)
        filled = ev.Filled(
            name, f"t{self.now_ns}", price, Shares(shares * MICRO), Usd(0), False, token, BUY
        )
        self.ledger.reported(filled, self.now_ns, lambda _: (LISTED, outcome))
        return name, filled.trade_id

    def merge(self, shares: int, key: str) -> bool:
        self.now_ns += 1
        event = ev.PairsMerged("one", Shares(shares * MICRO), key, self.now_ns)
        return self.ledger.merged(event, self.now_ns)

    def settle(self, winner: Outcome | None) -> int:
        return self.ledger.settle(LISTED, winner, self.now_ns, ClaimSettings())[1]

    @property
    def money(self) -> tuple[int, ...]:
        account, now_ns = self.account, self.now_ns
        totals = account.at_risk.totals
        return (account.realised_today(now_ns), account.drawdown, totals.at_stake)


def test_money_is_free_again_and_nothing_is_won_or_lost() -> None:
    told = Told.begin()
    told.buy(UP, 40, 10)
    told.buy(DOWN, 55, 6)
    before, cash = told.money, told.account.cash
    assert told.merge(6, "a")
    assert told.money == before
    assert told.account.cash == cash + 6 * MICRO
    assert told.account.exposure == 4 * 400_000
    assert told.ledger.positions.of("one").up == 4 * MICRO


def test_a_merge_that_is_told_twice_is_one_through_a_crash_as_well() -> None:
    told = Told.begin()
    told.buy(UP, 40, 10)
    told.buy(DOWN, 55, 10)
    assert told.merge(6, "a")
    assert not told.merge(6, "a")
    assert (MERGE, "a") in told.ledger.counted()
    again = AssetLedger(BTC, told.account)
    positions = told.ledger.positions
    held = ev.HeldRound(LISTED, positions.holdings("one"), positions.of("one").cash_flow)
    again.begin(ev.DeskOpened(BTC, 2, Usd(100 * MICRO), held=(held,), counted=((MERGE, "b"),)), 9)
    told.ledger = again
    assert not told.merge(6, "a")
    assert not told.merge(1, "b"), "the venue had counted it when this life began"
    assert told.merge(2, "c")
    assert again.positions.of("one").up == 2 * MICRO


@pytest.mark.parametrize("winner", [UP, DOWN, None])
def test_one_that_is_told_after_the_end_changes_no_result(winner: Outcome | None) -> None:
    told = Told.begin()
    told.buy(UP, 40, 11)
    told.buy(DOWN, 55, 6)
    pnl = told.settle(winner)
    realised = told.account.realised
    told.merge(6, "a")
    assert told.account.realised == realised == pnl


@pytest.mark.parametrize("winner", [UP, DOWN, None])
def test_a_fill_may_fail_whose_shares_were_merged(winner: Outcome | None) -> None:
    """What was merged and never bought is owed, as what was sold; so the result is that of the
    fills that are left and of the merge."""
    told = Told.begin()
    told.buy(UP, 40, 10)
    order_id, trade_id = told.buy(DOWN, 55, 6)
    told.merge(6, "a")
    failed = ev.Reversed(
        order_id, trade_id, "222", BUY, Price(550_000), Shares(6 * MICRO), Usd(0), "FAILED"
    )
    told.ledger.reported(failed, 99, lambda _: (LISTED, DOWN))
    position = told.ledger.positions.of("one")
    assert (position.up, position.down_owed) == (4 * MICRO, 6 * MICRO)
    pays = {UP: 4 * MICRO, DOWN: -6 * MICRO, None: -1 * MICRO}[winner]
    assert told.settle(winner) == 6 * MICRO - 4 * MICRO + pays


def test_a_round_that_nobody_knows_any_more_was_paid_as_it_was() -> None:
    told = Told.begin()
    assert not told.merge(5, "a")
    assert told.account.cash == 100 * MICRO
