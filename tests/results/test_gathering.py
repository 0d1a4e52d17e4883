"""What is gathered while something is played: the same money as the desk has, to the millionth."""

from __future__ import annotations

from collections import Counter

import pytest
from gathered_chance import GatheredChance, gathered_chance

from polytui.config.load import from_canonical_json
from polytui.ledger.attribution import Attribution
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import NS_PER_S
from polytui.results.evidence import MARK_SECONDS
from polytui.results.tables import SETTLEMENT


@pytest.fixture(scope="module")
def gathered() -> GatheredChance:
    return gathered_chance(3)


def attributed(gathered: GatheredChance, *, is_shadow: bool) -> Counter[tuple[str, str]]:
    """By asset and strategy, what the desks say that settled rounds came to."""
    found = Counter[tuple[str, str]]()
    for asset in Asset:
        account = gathered.mind.account.of(asset)
        results = account.shadow.results() if is_shadow else account.live.results()
        for name, result in results.items():
            found[asset.value, name] += result.pnl
    return found


@pytest.mark.parametrize("is_shadow", [False, True])
def test_trades_of_settled_rounds_add_up_to_what_desks_say(
    gathered: GatheredChance, is_shadow: bool
) -> None:
    settled = {one.slug for one in gathered.evidence.rounds if one.winner}
    ours = Counter[tuple[str, str]]()
    for one in gathered.evidence.trades:
        if one.is_shadow is is_shadow and one.slug in settled:
            ours[one.asset, one.strategy] += one.pnl or 0
    assert ours == attributed(gathered, is_shadow=is_shadow)
    assert any(ours.values()), "who earns nothing shows nothing"
    assert gathered.evidence.differences == ()


def test_what_is_open_is_what_desks_hold(gathered: GatheredChance) -> None:
    def held(attribution: Attribution) -> list[tuple[str, str, int, int]]:
        return [
            (slug, one.strategy, one.shares, one.cost)
            for slug in attribution.rounds
            for one in attribution.open(slug)
        ]

    accounts = [gathered.mind.account.of(asset) for asset in Asset]
    expected = [one for each in accounts for one in held(each.live)]
    found = [one for one in gathered.evidence.left_open if not one.is_shadow]
    assert sorted((one.slug, one.strategy, one.shares, one.cost) for one in found) == sorted(
        expected
    )
    assert gathered.evidence.left_open


def test_marks_are_the_mids_of_the_first_word_from_then_on(gathered: GatheredChance) -> None:
    checked = Counter[bool]()
    for fill in gathered.evidence.fills:
        seen = gathered.witness.mids[fill.slug, Outcome(fill.outcome)]
        for seconds, mark in zip(MARK_SECONDS, fill.marks, strict=True):
            due_ns = fill.at_ns + seconds * NS_PER_S
            # Whatever its desk heard first from then on; rounds of one desk see the same moments.
            mid = next((mid for at_ns, mid in seen if at_ns >= due_ns), None)
            assert mark == mid
            checked[mark is not None] += 1
    assert checked[True] > 20


def test_fills_and_trades_tell_of_the_same_money(gathered: GatheredChance) -> None:
    for is_shadow in (False, True):
        fees = sum(one.fee for one in gathered.evidence.fills if one.is_shadow is is_shadow)
        assert fees == sum(
            one.fees for one in gathered.evidence.trades if one.is_shadow is is_shadow
        )
        assert fees > 0


def test_a_trade_says_why_it_was_left(gathered: GatheredChance) -> None:
    ended = Counter((one.is_shadow, one.ended) for one in gathered.evidence.trades)
    for is_shadow in (False, True):
        assert ended[is_shadow, SETTLEMENT]
        assert ended[is_shadow, "signal flipped"] or ended[is_shadow, "stop loss"]


def test_each_open_round_is_looked_at_at_even_times(gathered: GatheredChance) -> None:
    evidence = gathered.evidence
    seen = evidence.forecasts
    assert len(seen.round) > 10
    assert ((seen.fair_up >= 0) & (seen.fair_up <= 1)).all()
    assert ((seen.mid_up > 0) & (seen.mid_up < 1)).all()
    for number, one in enumerate(evidence.rounds):
        own = seen.left_s[seen.round == number]
        assert len(own) <= 19
        whole_s = (one.closes_ns - one.opens_ns) / NS_PER_S
        assert ((own > 0) & (own < whole_s)).all()
        assert len({round(left / whole_s * 20) for left in own}) == len(own), "no moment twice"


def test_nothing_blocks_longer_than_rounds_are_open(gathered: GatheredChance) -> None:
    evidence = gathered.evidence
    seconds = sum((one.closes_ns - one.opens_ns) / NS_PER_S for one in evidence.rounds)
    by_strategy = Counter[str]()
    for block in evidence.blocks:
        assert block.times > 0
        by_strategy[block.strategy] += block.seconds
    assert by_strategy
    assert max(by_strategy.values()) <= seconds


def test_equity_ends_where_the_account_does(gathered: GatheredChance) -> None:
    account, evidence = gathered.mind.account, gathered.evidence
    carried = account.at_risk.totals.carried
    assert evidence.equity.equity[-1] == account.cash + carried - account.moves.total
    assert (evidence.equity.at_ns[1:] > evidence.equity.at_ns[:-1]).all()


def test_orders_are_counted(gathered: GatheredChance) -> None:
    sent = sum(gathered.mind.account.of(asset).orders for asset in Asset)
    assert sum(one.sent for one in gathered.evidence.orders) == sent
    assert all(one.filled + one.refused <= one.sent for one in gathered.evidence.orders)


def test_coverage_counts_what_was_played_where_nobody_did(gathered: GatheredChance) -> None:
    coverage = gathered.evidence.coverage
    assert coverage.seen == len(gathered.evidence.rounds)
    assert coverage.used + sum(count for _, count in coverage.skipped) == coverage.seen
    assert coverage.from_ns < coverage.until_ns


def test_settings_are_those_that_were_in_force(gathered: GatheredChance) -> None:
    settings = from_canonical_json(gathered.evidence.settings_json)
    assert settings in [desk.settings for desk in gathered.mind.desks.values()]
