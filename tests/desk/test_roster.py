"""Strategies that are not ours in a whole desk: seated, halted with words, replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from attrs import evolve, frozen
from stories import CHEAP_BOOK, FAIR_BOOK, PLAIN, Story, make_round, of_kind, only

from polytui.config.deciding import DistanceFadeSettings, StrategySettings
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.config.strategy_tables import with_tables
from polytui.desk.checkpoint import checkpoint_of, restored
from polytui.desk.mind import Mind
from polytui.desk.patience import as_recorded
from polytui.desk.snapshots_deciding import show_scores, show_signals
from polytui.model import events as ev
from polytui.model.effects import Effect, Explain, HaltStrategy, Place, Reason, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.strategy.entry import Valuation
from polytui.strategy.own import OwnStrategy, PlayedStrategy, no_opinion
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.registry import OfOthers, having_own, own_loaded

NAME = "up_only"
SLUG = make_round().slug


@frozen
class UpOnlySettings(StrategySettings):
    worth: float = 0.7


class UpOnly(OwnStrategy[UpOnlySettings]):
    """Buys Up; or does what the test puts in its place."""

    name = NAME
    settings = UpOnlySettings
    does: Callable[[View], object] | None = None

    def opinion(self, view: View, own: UpOnlySettings) -> Valuation | Why:
        if UpOnly.does is not None:
            return UpOnly.does(view)  # type: ignore[return-value]
        return Valuation(Outcome.UP, own.worth, 0.9)


def loaded(digest: str = "aaaa") -> OfOthers:
    return OfOthers(
        PlayedStrategy(UpOnly(), __file__), ev.LoadedStrategy(NAME, digest, "up_only.py")
    )


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    with having_own([loaded()]):
        yield
    UpOnly.does = None


QUIET = evolve(PLAIN, distance_fade=DistanceFadeSettings(is_enabled=False))


def enabled(settings: Settings = QUIET, *, is_enabled: bool = True) -> Settings:
    return with_tables(settings, {NAME: UpOnlySettings(is_enabled=is_enabled)})


def a_story(settings: Settings | None = None) -> Story:
    story = Story(settings or enabled()).a_minute_in()
    load(story)
    return story


def load(story: Story, session: str = "monday", *strategies: ev.LoadedStrategy) -> list[Effect]:
    told = story.tell(ev.StrategiesLoaded(strategies or own_loaded(), session), is_last=False)
    return told + story.tell(ev.SettingsChanged(canonical_json(story.settings)))


def halts(effects: list[Effect]) -> list[HaltStrategy]:
    return of_kind(effects, HaltStrategy)


def why(story: Story) -> Why:
    return story.round().whys[NAME]


# --- seated ---------------------------------------------------------------------------------------


def test_it_trades_where_it_is_enabled_and_is_in_shadow_where_not() -> None:
    story = a_story()
    assert only(story.book(CHEAP_BOOK), Place).order.strategy == NAME
    shy = a_story(enabled(is_enabled=False))
    assert not of_kind(shy.book(CHEAP_BOOK), Place)
    assert why(shy).reason is Reason.SHADOW
    assert [one.is_live for one in show_signals(shy.desk(), shy.round())][-1] is False


def test_nobody_is_asked_whom_the_journal_does_not_name() -> None:
    """What is here does not matter: a journal from before it was written replays as it was."""
    story = Story(enabled()).a_minute_in()
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    assert NAME not in story.round().whys
    before = story.mind.digest()
    with having_own([]):
        again = Story(enabled()).a_minute_in()
        again.book(CHEAP_BOOK)
        assert again.mind.digest() == before


def test_a_reason_of_its_own_is_told_with_its_number() -> None:
    UpOnly.does = lambda _: no_opinion("cats on the roof", 3, 5)
    story = a_story()
    assert why(story).text() == "its own reason: 3 < 5 cats on the roof"


def test_its_values_and_its_record_are_shown_as_ours_are() -> None:
    story = a_story()
    assert [one.strategy for one in show_scores(story.desk())][-2:] == ["predictor", NAME]


# --- halted ---------------------------------------------------------------------------------------


def test_what_it_raises_halts_it_and_nobody_else() -> None:
    UpOnly.does = lambda _: 1 / 0  # type: ignore[assignment, return-value]
    story = a_story(enabled(PLAIN))
    halt = only(story.effects, HaltStrategy)
    assert halt.strategy == NAME
    assert halt.words.startswith("strategy halted, it raised: ZeroDivisionError: division by zero")
    assert "(line " in halt.words
    assert why(story).reason is Reason.OWN_RAISED
    assert only(story.book(CHEAP_BOOK), Place).order.strategy == "distance_fade"
    assert show_scores(story.desk())[-1].halted == halt.words
    assert story.desk().is_sound


def test_it_is_asked_no_more_in_any_asset() -> None:
    asked: list[int] = []

    def count(_: View) -> object:
        asked.append(1)
        raise KeyError("rsi")

    UpOnly.does = count
    story = Story(enabled(), (Asset.BTC, Asset.ETH)).a_minute_in(Asset.BTC, Asset.ETH)
    load(story)
    story.tell(ev.SettingsChanged(canonical_json(story.settings)), Asset.ETH)
    story.wait(3, Asset.BTC, Asset.ETH)
    assert len(asked) == 1
    assert story.round(Asset.ETH).whys[NAME].reason is Reason.OWN_RAISED


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "opinion() gave NoneType, not a Valuation or a Why"),
        (0.7, "opinion() gave float, not a Valuation or a Why"),
        (Valuation("up", 0.9, 0.9), "neither Outcome.UP nor Outcome.DOWN"),  # type: ignore[arg-type]
        (Valuation(Outcome.UP, "much", 0.9), "the worth of its Valuation is no number"),  # type: ignore[arg-type]
        (Valuation(Outcome.UP, 0.9, True), "the confidence of its Valuation is no number"),
        (Why("because"), "opinion() gave a Why whose parts are none"),  # type: ignore[arg-type]
    ],
)
def test_an_answer_that_is_none_halts_it(answer: object, words: str) -> None:
    UpOnly.does = lambda _: answer
    story = a_story()
    assert words in only(story.effects, HaltStrategy).words
    assert why(story).reason is Reason.OWN_WRONG


def test_a_worth_that_is_no_probability_is_no_price_and_halts_nobody() -> None:
    UpOnly.does = lambda _: Valuation(Outcome.UP, float("nan"), 0.9)
    story = a_story()
    assert not halts(story.effects)
    assert why(story).reason is Reason.NO_PRICE


def test_what_a_halted_one_holds_leaves_by_the_exits() -> None:
    story = a_story()
    story.holding()
    UpOnly.does = lambda _: 1 / 0  # type: ignore[assignment, return-value]
    assert halts(story.book(FAIR_BOOK))
    story.now_ns = make_round().closes_ns - 19 * NS_PER_S
    sale = [one for one in of_kind(story.wait(1), Place) if one.grounds.is_exit]
    assert [one.order.strategy for one in sale] == [NAME]


def test_another_version_or_another_session_is_asked_again() -> None:
    UpOnly.does = lambda _: 1 / 0  # type: ignore[assignment, return-value]
    story = a_story()
    UpOnly.does = None
    load(story)
    assert why(story).reason is Reason.OWN_RAISED, "an asset's next life is no reason"
    load(story, "tuesday")
    assert why(story).reason is not Reason.OWN_RAISED
    UpOnly.does = lambda _: 1 / 0  # type: ignore[assignment, return-value]
    story.wait(2)
    UpOnly.does = None
    load(story, "tuesday", ev.LoadedStrategy(NAME, "bbbb", "up_only.py"))
    assert why(story).reason is not Reason.OWN_RAISED


# --- slow -----------------------------------------------------------------------------------------


class NeverAnswered:
    """Waits for nobody. State: who was asked, and where."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def ask(self, strategy: str, slug: str, question: Callable[[], Proposal]) -> Proposal | None:
        self.asked.append((strategy, slug))
        return None


def test_an_answer_that_was_not_waited_for_is_missing_in_the_replay_too() -> None:
    story = a_story()
    again = story.again()
    tick = ev.Ticked(story.now_ns)
    patience = NeverAnswered()
    live = story.mind.take(Asset.BTC, story.now_ns, tick, is_last=True, patience=patience)
    assert patience.asked == [(NAME, SLUG)]
    (halt,) = [one for one in live.effects if isinstance(one, HaltStrategy)]
    assert halt.words == f"strategy halted, too slow: no answer in time, in {SLUG}"

    def asked_after_all(_: View) -> object:
        raise AssertionError("a replay must not wait for what was not waited for")

    UpOnly.does = asked_after_all
    replayed = again.mind.take(
        Asset.BTC, again.now_ns, tick, is_last=True, patience=as_recorded(patience.asked)
    )
    assert replayed.effects == live.effects
    assert again.mind.digest() == story.mind.digest()


def test_who_was_slow_too_often_is_halted_by_who_has_a_clock() -> None:
    story = a_story()
    effects = story.tell(ev.StrategyDawdled(NAME, 20, 9.25, 5.0))
    words = "strategy halted, too slow: 20 answers of more than 5 ms within a minute"
    assert only(effects, HaltStrategy).words == f"{words}, the slowest 9.2 ms"
    assert why(story).reason is Reason.OWN_SLOW
    assert not story.tell(ev.StrategyDawdled(NAME, 20, 9.25, 5.0)), "it is halted already"
    assert not story.tell(ev.StrategyDawdled("confluence", 20, 9.25, 5.0)), "ours are nobody's"


# --- what is left of it ---------------------------------------------------------------------------


def test_a_checkpoint_knows_who_plays_and_who_is_halted() -> None:
    story = a_story()
    story.tell(ev.StrategyDawdled(NAME, 20, 9.25, 5.0))
    mind = restored(checkpoint_of(story.mind))
    assert mind.digest() == story.mind.digest()
    assert mind.account.roster.halted_words(NAME) == story.mind.account.roster.halted_words(NAME)
    said = ev.Ticked(story.now_ns + NS_PER_S)
    for one in (mind, story.mind):
        one.take(Asset.BTC, said.at_ns, said, is_last=True)
    assert mind.digest() == story.mind.digest()


def test_where_its_code_is_not_nobody_asks_it_and_its_settings_stay() -> None:
    story = a_story()
    text = canonical_json(story.settings)
    with having_own([]):
        mind = Mind()
        for asset, now_ns, event, is_last in story.said:
            mind.take(asset, now_ns, event, is_last=is_last)
        kept = mind.desks[Asset.BTC].settings
        assert canonical_json(kept) == text
        assert kept.own.get(NAME) is not None
    told = [one for one in of_kind(story.effects, Explain) if one.strategy == NAME]
    assert told, "where it is, it is heard of"


def test_who_plays_is_told_in_words_with_its_version_and_why_it_is_halted() -> None:
    story = a_story()
    assert story.mind.account.roster.words() == [f"{NAME} is aaaa of up_only.py"]
    story.tell(ev.StrategyDawdled(NAME, 20, 9.25, 5.0))
    (words,) = story.mind.account.roster.words()
    assert words.startswith(f"{NAME} is aaaa of up_only.py: strategy halted, too slow: 20 answers")


# --- who reads no features ------------------------------------------------------------------------


class DeafUpOnly(UpOnly):
    reads_features = False


def a_quarter_later(*, is_deaf: bool, is_shadow_followed: bool) -> bool:
    """Whether a trade that comes when features are due, and changes nothing, is a reason to ask."""
    made = DeafUpOnly() if is_deaf else UpOnly()
    version = ev.LoadedStrategy(NAME, "aaaa", "up_only.py")
    deciding = evolve(QUIET.deciding, is_shadow_followed=is_shadow_followed)
    with having_own([OfOthers(PlayedStrategy(made, __file__), version)]):
        story = a_story(enabled(evolve(QUIET, deciding=deciding)))
        story.silence(0.001)
        story.now_ns = story.desk().prices.features.latest.at_ns + NS_PER_S // 4
        at_ns = story.now_ns
        story.tell(ev.ExchangeTraded(Asset.BTC, "binance", 1, 1.0, 0.01, Side.BUY, at_ns, at_ns))
        is_asked = story.round().looked_ns == at_ns
        story.silence(0.5)
        assert story.desk().prices.features.latest.at_ns == story.now_ns, "with a second, of now"
        return is_asked


def test_new_features_are_no_reason_while_nobody_who_is_asked_reads_them() -> None:
    assert a_quarter_later(is_deaf=False, is_shadow_followed=False)
    assert a_quarter_later(is_deaf=True, is_shadow_followed=True)
    assert not a_quarter_later(is_deaf=True, is_shadow_followed=False)
