"""Of what money a drawdown is a share, whatever comes and goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytui.desk.account import Account
from polytui.ledger.positions import Position
from polytui.model.events import CashKind, CashMoved, RiskStateRestored
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import MICRO, NS_PER_S, Usd

BTC = Asset.BTC
NOON = 20_777 * 86_400 * NS_PER_S
ROUND = Round("r", BTC, Interval.M5, "c", "u", "d", NOON, NOON + 1, SettlementRule.TWAP)


class Story:
    """An account with 100 dollars, and dollars that come and go."""

    def __init__(self, dollars: int = 100) -> None:
        self.account = Account()
        self.account.starting_cash = Usd(dollars)
        self._moves = 0

    def win(self, dollars: int) -> None:
        self.account.realise(BTC, Usd(dollars), NOON)

    def move(self, dollars: int) -> None:
        self._moves += 1
        self.account.move(CashMoved(CashKind.DEPOSIT, Usd(dollars), f"{self._moves}", NOON))

    def sell_open(self, dollars: int) -> None:
        """So much was won or lost in a round that is open."""
        self.account.of(BTC).exposure.hold(ROUND, Position(cash_flow=Usd(dollars)))

    @property
    def share(self) -> tuple[int, int]:
        """Lost, and of how much."""
        return self.account.drawdown, self.account.equity_peak

    @property
    def cash(self) -> int:
        return self.account.cash


def test_what_was_withdrawn_is_no_part_of_it() -> None:
    story = Story(1_000)
    story.move(-900)
    story.win(-20)
    assert story.share == (20, 100)
    assert story.account.drawdown_pct == 20 * MICRO
    story.move(-40)
    assert story.share == (20, 60)


def test_a_deposit_hides_no_loss_and_leaves_as_it_came() -> None:
    story = Story(100)
    story.win(-20)
    for dollars in (900, -300, -600):
        story.move(dollars)
        assert story.share == (20, 100)
    story.move(-10)
    assert story.share == (20, 90)


def test_a_deposit_is_there_at_the_next_highest() -> None:
    story = Story(100)
    story.win(-20)
    story.move(900)
    story.win(20)
    story.win(-50)
    assert story.share == (50, 1_000)


def test_a_highest_over_an_open_loss_is_of_the_money_before() -> None:
    """Otherwise a deposit between a loss that is only sold and its settlement would hide it."""
    story = Story(100)
    story.sell_open(-20)
    story.move(900)
    story.win(1)
    assert story.share == (20, 101)
    story.sell_open(0)
    story.win(-20)
    assert story.share == (20, 101)
    story.win(25)
    story.win(-10)
    assert story.share == (10, 1_006)


def test_who_measures_anew_measures_all_that_is_there() -> None:
    story = Story(100)
    story.win(-20)
    story.move(900)
    story.account.forgive_drawdown()
    story.win(-98)
    assert story.share == (98, 980)


def test_what_an_earlier_session_had_shrinks_with_it() -> None:
    story = Story(1_000)
    left = RiskStateRestored(20_777, Usd(0), 0, Usd(20), (), "", 0, equity_peak=Usd(500))
    story.account.restore(left, NOON)
    assert story.share == (20, 500)
    story.move(-400)
    assert story.share == (20, 100)
    story.move(-600)
    assert story.account.drawdown_pct >= 100 * MICRO, "and none is left that it could be a part of"


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["win", "move", "open"]), st.integers(-400, 400)), max_size=25
)


@given(actions=ACTIONS)
def test_whatever_comes_and_goes(actions: list[tuple[str, int]]) -> None:
    """Nothing that moves makes a drawdown in dollars; what comes makes no share of it smaller, and
    what goes none either; what is there is what is left of the base, and of what came."""
    story, opened, came = Story(500), 0, 0
    for what, dollars in actions:
        lost, base = story.share
        if what == "move":
            dollars = max(dollars, -story.cash)
            story.move(dollars)
            assert story.share[0] == lost
            assert base + min(0, dollars) <= story.share[1] <= base
        elif what == "win":
            story.win(max(dollars, -story.cash))
        else:
            opened = max(dollars, opened - story.cash)
            story.sell_open(opened)
        lost, base = story.share
        came += max(0, dollars) if what == "move" else 0
        if lost:  # what is open may have won more than the highest, and be withdrawn as well
            assert base - lost <= story.cash <= base - lost + came
            assert lost <= base + came


@given(actions=ACTIONS, came=st.integers(1, 500))
def test_what_comes_and_goes_at_once_was_never_there(
    actions: list[tuple[str, int]], came: int
) -> None:
    plain, moved = Story(10_000), Story(10_000)
    for what, dollars in actions:
        for story in (plain, moved):
            if what == "win":
                story.win(dollars)
            elif what == "move":
                story.move(dollars)
            else:
                story.sell_open(dollars)
        moved.move(came)
        moved.move(-came)
        assert moved.share == plain.share
