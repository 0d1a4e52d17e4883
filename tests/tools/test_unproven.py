"""Before a strategy trades with real money: was there a forward test, of these very settings?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from attrs import evolve
from click.testing import CliRunner
from msgspec import structs

from polytui.config.schema import Settings
from polytui.confirmation import Confirmation
from polytui.live_start import IS_UNPROVEN, ask_of_unproven
from polytui.model.errors import Blocked
from polytui.results.kept_verdicts import EdgeWord, KeptVerdict, VerdictFile, own_digest
from polytui.strategy.registry import STRATEGIES


def only(*names: str) -> Settings:
    settings = Settings()
    tables = {
        one.name: evolve(one.thresholds(settings), is_enabled=one.name in names)
        for one in STRATEGIES
    }
    return evolve(settings, **tables)


SETTINGS = only("confluence", "distance_fade")


def verdict(strategy: str = "confluence", **changes: object) -> KeptVerdict:
    digest = own_digest(getattr(SETTINGS, strategy))
    proof = KeptVerdict(
        *(strategy, digest, EdgeWord.POSITIVE, True, 900, 0.04, 0.01, 0.07, "paper", "", 1, 2)
    )
    return structs.replace(proof, **changes)


BOTH = (verdict(), verdict("distance_fade"))


def asked(
    folder: Path, kept: Sequence[KeptVerdict], typed: str, confirmation: Confirmation
) -> tuple[str, str]:
    """What was shown, and what blocked."""
    file = VerdictFile(folder / "state" / "verdicts.jsonl")
    file.keep(kept)

    @click.command()
    def command() -> None:
        try:
            ask_of_unproven(SETTINGS, confirmation, file)
        except Blocked as blocked:
            click.echo(f"{blocked.tag}: {blocked}")

    ended = CliRunner().invoke(command, input=typed)
    assert ended.exception is None
    return ended.stderr, ended.stdout.strip()


AT_A_TERMINAL = Confirmation(is_there=True)


def test_proven_strategies_are_not_asked_about(tmp_path: Path) -> None:
    assert asked(tmp_path, BOTH, "", AT_A_TERMINAL) == ("", "")


def test_unproven_ones_are_named_and_asked_about_a_second_time(tmp_path: Path) -> None:
    shown, blocked = asked(tmp_path, [verdict()], " Unproven \n", AT_A_TERMINAL)
    assert blocked == ""
    assert "distance_fade: no verdict under these settings" in shown
    assert "confluence" not in shown
    assert "type unproven to trade with it all the same: " in shown


@pytest.mark.parametrize("typed", ["\n", "yes\n", "0x12\n"])
def test_whatever_else_is_typed_blocks(tmp_path: Path, typed: str) -> None:
    _, blocked = asked(tmp_path, [], typed, AT_A_TERMINAL)
    assert blocked.startswith(f"{IS_UNPROVEN}: confluence, distance_fade may trade")


@pytest.mark.parametrize(
    "other",
    [
        verdict(is_forward=False),
        verdict(word=EdgeWord.NONE),
        verdict(word=EdgeWord.UNKNOWN),
        verdict(digest=own_digest(evolve(SETTINGS.confluence, stake_usd=7.0))),
        verdict(strategy="predictor"),
    ],
    ids=["backtest", "none", "too little", "other settings", "another strategy"],
)
def test_nothing_else_is_a_proof(tmp_path: Path, other: KeptVerdict) -> None:
    _, blocked = asked(tmp_path, [other, BOTH[1]], "\n", AT_A_TERMINAL)
    assert blocked.startswith(f"{IS_UNPROVEN}: confluence may trade")


def test_the_last_forward_test_counts_and_no_backtest_after_it(tmp_path: Path) -> None:
    lost = verdict(word=EdgeWord.NONE, mean=-0.1, low=-0.2, high=0.0)
    shown, blocked = asked(tmp_path, [*BOTH, lost], "\n", AT_A_TERMINAL)
    assert blocked.startswith(IS_UNPROVEN)
    assert "confluence: forward test: none, -10.0% per dollar (-20.0% to +0.0%)" in shown
    later = verdict(is_forward=False, word=EdgeWord.NONE)
    assert asked(tmp_path / "other", [*BOTH, later], "", AT_A_TERMINAL) == ("", "")


def test_who_said_it_by_a_flag_is_told_and_not_asked(tmp_path: Path) -> None:
    shown, blocked = asked(tmp_path, [], "", Confirmation("0x12", is_there=True))
    assert blocked == ""
    assert "NO FORWARD TEST has found an edge of:" in shown
    assert "type" not in shown


def test_where_it_may_trade_is_no_other_opinion() -> None:
    own = SETTINGS.confluence
    assert own_digest(own) == own_digest(evolve(own, is_enabled=False))
    assert own_digest(own) != own_digest(evolve(own, min_edge_bps=151.0))


def test_a_torn_line_is_no_verdict_and_spoils_no_other(tmp_path: Path) -> None:
    file = VerdictFile(tmp_path / "verdicts.jsonl")
    assert file.kept() == ()
    file.keep([verdict()])
    with file.path.open("ab") as torn:
        torn.write(b'{"strategy":"confluence","dig\n')
    file.keep([verdict("distance_fade")])
    assert file.kept() == BOTH
    assert file.path.stat().st_mode & 0o077 == 0
