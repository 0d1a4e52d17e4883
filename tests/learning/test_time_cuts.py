"""Past and future: nothing that overlaps the future, or is near to it, is in the past."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytui.learning.samples import SampledRound
from polytui.learning.time_cuts import cut_at, cut_off_last, longest_ns, walk_forward
from polytui.model.instrument import Asset, Interval


def a_round(opens: int, length: int) -> SampledRound:
    return SampledRound(f"{opens}+{length}", Asset.BTC, Interval.M5, opens, opens + length, True)


def test_a_round_that_is_open_at_the_cut_is_on_neither_side() -> None:
    long, short = 900, 300
    rounds = [a_round(0, long), *(a_round(at, short) for at in range(0, 1_800, short))]
    cut = cut_at(rounds, 600, 0)
    assert [rounds[index].slug for index in cut.past] == ["0+300", "300+300"]
    assert [rounds[index].opens_ns for index in cut.future] == [600, 900, 1_200, 1_500]
    assert (cut.purged, cut.embargoed) == (1, 0)
    later = cut_at(rounds, 600, 300)
    assert [rounds[index].slug for index in later.past] == ["0+300"]
    assert (later.purged, later.embargoed) == (1, 1)


_ROUNDS = st.lists(
    st.builds(a_round, st.integers(0, 10_000), st.sampled_from([300, 900, 3_600])),
    min_size=8,
    max_size=60,
)


@given(_ROUNDS, st.sampled_from([0, 300, 900]), st.floats(0.1, 0.9))
def test_everything_past_is_over_before_the_future_begins(
    rounds: list[SampledRound], embargo: int, share: float
) -> None:
    cuts = [cut_off_last(rounds, share, embargo), *walk_forward(rounds, 4, embargo)]
    for cut in cuts:
        over = max((rounds[index].closes_ns for index in cut.past), default=0)
        begins = min((rounds[index].opens_ns for index in cut.future), default=cut.cut_ns)
        assert not len(cut.past) or over + embargo <= begins
    whole = cuts[0]
    counted = len(whole.past) + len(whole.future) + whole.purged + whole.embargoed
    assert counted == len(rounds)


@given(_ROUNDS)
def test_walking_forward_tries_no_round_twice(rounds: list[SampledRound]) -> None:
    tried = [index for cut in walk_forward(rounds, 4, 0) for index in cut.future]
    assert len(tried) == len(set(tried))
    assert longest_ns(rounds) == max(one.closes_ns - one.opens_ns for one in rounds)
