"""Two courses of the same rounds held against each other: backtest, paper, live, and where they
part first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from attrs import field, frozen

from polytui.backtest.courses import Course, OrderCourse, RoundCourse
from polytui.model.units import NS_PER_S, format_micro

_MOST_ROUNDS = 20


@frozen
class RoundDivergence:
    """One round: the first thing that was not done alike, both sides in words."""

    slug: str
    opens_ns: int
    first: str
    second: str
    first_seq: int
    """Of the event that it came with; 0 where nothing did."""
    second_seq: int


@frozen
class CourseComparison:
    """All rounds that both saw, and the events around the first difference."""

    first: str
    second: str
    together: int
    """Rounds that both saw."""
    only_first: int
    only_second: int
    orders_first: int
    orders_second: int
    divergences: tuple[RoundDivergence, ...]
    around_first: tuple[str, ...] = field(default=())
    around_second: tuple[str, ...] = field(default=())

    @property
    def is_equal(self) -> bool:
        """Whether the rounds that both saw went alike; never where there was none."""
        return not self.divergences and self.together > 0

    def lines(self) -> Iterator[str]:
        yield f"A: {self.first}; B: {self.second}"
        yield (
            f"{self.together:,} rounds that both saw: {len(self.divergences):,} went differently,"
            f" {self.orders_first:,} orders in A, {self.orders_second:,} in B"
        )
        if self.only_first or self.only_second:
            yield f"left out: {self.only_first:,} that A alone saw, {self.only_second:,} that B did"
        for number, one in enumerate(self.divergences[:_MOST_ROUNDS]):
            yield f"{one.slug}"
            yield f"  A: {one.first}"
            yield f"  B: {one.second}"
            if not number:
                yield from self._events()
        if len(self.divergences) > _MOST_ROUNDS:
            yield f"and {len(self.divergences) - _MOST_ROUNDS:,} rounds more"

    def _events(self) -> Iterator[str]:
        for name, lines in (("A", self.around_first), ("B", self.around_second)):
            if lines:
                yield f"  events around it in {name}:"
                yield from (f"    {line}" for line in lines)


def compare_courses(first: Course, second: Course) -> CourseComparison:
    one, other = first.rounds(), second.rounds()
    both = sorted(one.keys() & other.keys(), key=lambda slug: (one[slug].listed.opens_ns, slug))
    divergences = tuple(found for slug in both if (found := _parting(one[slug], other[slug])))
    around: tuple[tuple[str, ...], ...] = ((), ())
    if divergences:
        start = divergences[0]
        around = (
            tuple(first.around(start.first_seq)) if start.first_seq else (),
            tuple(second.around(start.second_seq)) if start.second_seq else (),
        )
    return CourseComparison(
        first.name,
        second.name,
        len(both),
        len(one) - len(both),
        len(other) - len(both),
        sum(len(one[slug].orders) for slug in both),
        sum(len(other[slug].orders) for slug in both),
        divergences,
        *around,
    )


def _parting(one: RoundCourse, other: RoundCourse) -> RoundDivergence | None:
    for a, b in zip_longest(one.orders, other.orders):
        if a is None or b is None or a.asked != b.asked:
            return _told(one, _order(a), _order(b), a.seq if a else 0, b.seq if b else 0)
        if a.became != b.became:
            words = (f"{_order(a)}: {a.became_text()}", f"{_order(b)}: {b.became_text()}")
            return _told(one, *words, a.ended_seq or a.seq, b.ended_seq or b.seq)
    if _result(one) != _result(other):
        return _told(one, _result(one), _result(other), one.credit_seq, other.credit_seq)
    return None


def _told(one: RoundCourse, first: str, second: str, *seqs: int) -> RoundDivergence:
    listed = one.listed
    return RoundDivergence(listed.slug, listed.opens_ns, first, second, seqs[0], seqs[1])


def _order(course: OrderCourse | None) -> str:
    if course is None:
        return "no order"
    opens_s = course.at_ns / NS_PER_S
    return f"{course.text()} at {opens_s:.3f}"


def _result(course: RoundCourse) -> str:
    if course.credit is None:
        return "not settled"
    return f"{course.credit.winner} won, {format_micro(course.credit.pnl)} USD"
