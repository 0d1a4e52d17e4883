"""What `polytui new-strategy` writes: a small strategy that works, and its test."""

from __future__ import annotations

from pathlib import Path

from polytui.model.errors import Fatal
from polytui.own.names import fault_of_name

_STRATEGY = '''"""@NAME@: buys what is cheap by its fair value, unless takers push the other way.

Say here when it loses. It sees one open round at one moment (`View`) and says a side, what a share
of it is worth and how sure that is, or why it stays out. Price, fees, gates, size and exits are not
its business: docs/your-strategy.md.
"""

from attrs import frozen

from polytui.config.checks import between, setting
from polytui.config.deciding import StrategySettings
from polytui.model.effects import Why
from polytui.model.instrument import Outcome
from polytui.strategy.entry import Valuation
from polytui.strategy.own import OwnStrategy, no_opinion
from polytui.strategy.proposal import View
from polytui.strategy.readings import finite, middle


@frozen
class @CLASS@Settings(StrategySettings):
    """Its table [own.@NAME@] of config.toml, with what every strategy has besides."""

    min_gap: float = setting(0.04, between(0.0, 0.5))
    """Dollars a share: so far must the fair value be above the mid of a side."""
    min_flow: float = setting(-0.2, between(-1.0, 1.0))
    """Bought less sold by takers on the exchange, of their sum and towards the side that is bought:
    not below this. Where no exchange is heard, as in some recordings, nobody is asked."""


class @CLASS@(OwnStrategy[@CLASS@Settings]):
    """Keeps nothing: the same view and settings always give the same opinion."""

    name = "@NAME@"
    settings = @CLASS@Settings

    def opinion(self, view: View, own: @CLASS@Settings) -> Valuation | Why:
        up_mid, flow = middle(view.up), finite(view.features, "trade_flow")
        if up_mid is None:
            return no_opinion("one side of the book is empty")
        outcome = Outcome.UP if view.fair_up >= up_mid else Outcome.DOWN
        gap = abs(view.fair_up - up_mid)
        if gap < own.min_gap:
            return no_opinion("USD between fair value and mid", gap, own.min_gap)
        if flow is not None:
            lean = flow if outcome is Outcome.UP else -flow
            if lean < own.min_flow:
                return no_opinion("of the flow of takers", lean, own.min_flow)
        worth = view.fair(outcome)
        return Valuation(outcome, worth, confidence=min(1.0, 0.6 + gap))


STRATEGY = @CLASS@()
'''
_TEST = '''"""Run it with `pytest @FOLDER@`: what @NAME@ says of views that you make up."""

from pathlib import Path

from @NAME@ import STRATEGY, @CLASS@Settings

from polytui.model.effects import Why
from polytui.model.instrument import Outcome
from polytui.own.loading import faults_of_file
from polytui.own.trial import a_view
from polytui.strategy.entry import Valuation

OWN = @CLASS@Settings()


def test_it_passes_every_check_of_the_loader() -> None:
    assert faults_of_file(Path(__file__).with_name("@NAME@.py")) == []


def test_it_buys_up_where_the_book_is_too_low_and_takers_buy() -> None:
    view = a_view(fair_up=0.70, up_mid=0.60, trade_flow=0.4)
    said = STRATEGY.opinion(view, OWN)
    assert isinstance(said, Valuation)
    assert (said.outcome, said.worth) == (Outcome.UP, 0.70)


def test_it_buys_down_where_the_book_is_too_high_and_takers_sell() -> None:
    view = a_view(fair_up=0.30, up_mid=0.40, trade_flow=-0.4)
    said = STRATEGY.opinion(view, OWN)
    assert isinstance(said, Valuation)
    assert (said.outcome, said.worth) == (Outcome.DOWN, 0.70)


def test_it_goes_by_the_book_alone_where_no_exchange_is_heard() -> None:
    deaf = a_view(fair_up=0.70, up_mid=0.60, rsi_14=50.0)
    assert isinstance(STRATEGY.opinion(deaf, OWN), Valuation)


def test_it_says_why_it_stays_out() -> None:
    said = STRATEGY.opinion(a_view(fair_up=0.70, up_mid=0.60, trade_flow=-0.4), OWN)
    assert isinstance(said, Why)
    assert said.text() == "its own reason: -0.4 < -0.2 of the flow of takers"
'''


def write_starter(name: str, folder: Path) -> tuple[Path, Path]:
    """The strategy's file and its test's, in a folder that is made. Fatal for a name that no
    strategy can have, where a file is there already, and where the folder takes none."""
    if fault := fault_of_name(name):
        raise Fatal(fault)
    paths = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in paths:
        if path.exists():
            raise Fatal(f"{path} is there already: nothing is written")
    words = {"@NAME@": name, "@CLASS@": _class_of(name), "@FOLDER@": folder.as_posix()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, (_STRATEGY, _TEST), strict=True):
            path.write_text(_filled(text, words), encoding="utf-8")
    except OSError as error:
        raise Fatal(f"cannot write into {folder}: {error.strerror}") from error
    return paths


def _class_of(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
