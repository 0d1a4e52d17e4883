"""The money there was when the result stood highest, of which a drawdown is a share.

    new highest, nothing open lost      whatever came since is money of the highest
    money comes                         it waits: a deposit must hide no loss
    money goes                          first what came since, then what was there: a loss of little
                                        is no smaller because there was much

So money there = base - drawdown + what came since.
"""

from __future__ import annotations

from attrs import define

from polytui.model.units import Usd


@define
class HighWater:
    """State: the highest result, and money that came and went otherwise."""

    result: Usd = Usd(0)
    """The highest that it stood; above zero from the start where earlier sessions had come down
    from it."""
    moved: Usd = Usd(0)
    """Of money that came or went: what the base has more, or less, than cash of the start."""
    since: Usd = Usd(0)
    """What came since the highest, and is there still."""
    left: Usd = Usd(0)
    """The base of an earlier session that stood there; 0 since we do."""

    def rise(self, result: Usd, *, is_open_even: bool) -> None:
        """A new highest. Where open rounds have lost something already, what came since must wait:
        that loss is of the money before."""
        self.result, self.left = result, Usd(0)
        if is_open_even:
            self._take_in()

    def begin_anew(self, result: Usd) -> None:
        """It is measured from here, whatever was before."""
        self.result, self.left = result, Usd(0)
        self._take_in()

    def go_on(self, result: Usd, base: Usd) -> None:
        """As an earlier session left it."""
        self.result, self.left = result, base

    def move(self, amount: Usd) -> None:
        """Money came; below zero it went."""
        self.since = Usd(self.since + amount)
        if self.since < 0:
            self.moved = Usd(self.moved + self.since)
            if self.left:
                self.left = Usd(max(1, self.left + self.since))
            self.since = Usd(0)

    def base(self, starting_cash: Usd) -> Usd:
        """Where an earlier session stood there, not more than it had, so that no restart makes a
        share of it smaller."""
        base = Usd(starting_cash + self.result + self.moved)
        return min(base, self.left) if self.left else base

    def state(self) -> tuple[object, ...]:
        return self.result, self.left

    def moved_state(self) -> tuple[object, ...]:
        """Nothing where nothing ever moved."""
        return ((self.moved, self.since),) if self.moved or self.since else ()

    def _take_in(self) -> None:
        self.moved, self.since = Usd(self.moved + self.since), Usd(0)
