"""A journal decided again under other settings: what differs is what the setting governs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from traceback import clear_frames
from typing import Any

import attrs
import msgspec
import pytest

from polytui.backtest.inprocess import play
from polytui.backtest.what_if import Comparison, Divergence, compare
from polytui.cli import main
from polytui.config.deciding import StrategySettings
from polytui.config.load import canonical_json
from polytui.config.schema import SessionSettings, Settings
from polytui.desk.mind import Mind
from polytui.journal.codec import FORMAT, Header, encode_header, encode_raised, encode_record
from polytui.journal.seal import sealed
from polytui.model import events as ev
from polytui.model.effects import Effect, Explain, Place, Reason, recorded
from polytui.model.instrument import (
    Asset,
    FeeSchedule,
    Interval,
    PriceKind,
    Round,
    SettlementRule,
)
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, complement

OPENS_NS = 1_795_204_800 * NS_PER_S
"""2026-11-20 20:00:00 UTC."""
HEADER = encode_header(Header(FORMAT, "0", "demo", "s", OPENS_NS, 7))
BTC, ETH = Asset.BTC, Asset.ETH
FEES = FeeSchedule()


# --- a session with all five strategies -----------------------------------------------------------

DEFAULTS = Settings()
ALL_ENABLED = {
    field.name: attrs.evolve(table, is_enabled=True)
    for field in attrs.fields(Settings)
    if isinstance(table := getattr(DEFAULTS, field.name), StrategySettings)
}
SETTINGS = attrs.evolve(
    DEFAULTS,
    session=SessionSettings(assets=(BTC,), rounds=1),
    gates=attrs.evolve(DEFAULTS.gates, after_open_s=10.0),
    market=attrs.evolve(
        DEFAULTS.market, volatility_warmup_s=5.0, volatility_youth_s=0.0, tail_degrees=0.0
    ),
    risk=attrs.evolve(DEFAULTS.risk, max_order_usd=12.5),
    demo=attrs.evolve(DEFAULTS.demo, crowd_delay_s=3.0),
    **ALL_ENABLED,
)
"""Early in the round and against a slow crowd, so that a short journal has trades enough; and
orders that a limit cuts."""
LINES = 3_800
"""As many as it takes for every limit below to be broken once."""


@attrs.frozen
class Sent:
    """One order of a journal or of the mind that was asked what if."""

    seq: int
    at_ns: int
    strategy: str
    side: Side
    cost: int
    """With its fee, millionths of a dollar."""
    exposure: int
    """Of the account with it; here of one round as well, for there is no other."""

    @classmethod
    def of(cls, seq: int, at_ns: int, place: dict[str, Any]) -> Sent:
        order, price, shares = place["order"], place["order"]["price"], place["order"]["shares"]
        cost = -(-price * shares // MICRO) + FEES.fee(Price(price), Shares(shares))
        side, exposure = Side(order["side"]), place["exposure"]
        return cls(seq, at_ns, order["strategy"], side, cost, exposure)


@attrs.frozen
class Written:
    """A journal: where it is, its orders, and every reason that was given."""

    path: Path
    orders: tuple[Sent, ...]
    reasons: frozenset[str]
    events: int


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Written:
    # Of this seed nothing is won before the orders that the day's loss governs.
    start_ns = OPENS_NS - 10 * NS_PER_S
    lines = play(SETTINGS, seed=3, start_ns=start_ns, intervals=(Interval.M5,)).lines[:LINES]
    path = tmp_path_factory.mktemp("what_if") / "journal.jsonl"
    path.write_bytes(sealed([HEADER, *lines]))
    records = [record for record in map(msgspec.json.decode, lines) if "digest" not in record]
    orders = tuple(
        Sent.of(record["seq"], record["at"], fields)
        for record in records
        for name, fields in record["effects"]
        if name == "Place"
    )
    told = (effect for record in records for effect in record["effects"] if effect[0] == "Explain")
    reasons = frozenset(fields["why"]["reason"] for _, fields in told)
    return Written(path, orders, reasons, len(records))


def test_the_session_is_worth_asking(session: Written) -> None:
    assert sum(sent.side is Side.BUY for sent in session.orders) >= 4
    assert sum(sent.side is Side.SELL for sent in session.orders) >= 2
    assert len({sent.strategy for sent in session.orders}) >= 3
    assert Reason.LIMIT_ORDER.value in session.reasons
    assert Reason.LIMIT_TRADES.value not in session.reasons
    assert Reason.LIMIT_ASSET.value not in session.reasons


# --- what a limit governs -------------------------------------------------------------------------


@attrs.frozen
class Limit:
    """A setting made tight, and how a person would see that an entry keeps to it."""

    path: str
    value: float
    reason: Reason
    holds: Callable[[Sent, list[Sent], float], bool]
    """Given the entry, the orders of the session before it, and the value."""


def costs_no_more(entry: Sent, _: list[Sent], most: float) -> bool:
    return entry.cost <= most * MICRO


def risks_no_more(entry: Sent, _: list[Sent], most: float) -> bool:
    return entry.exposure <= most * MICRO


def comes_after_fewer_orders(_: Sent, before: list[Sent], most: float) -> bool:
    return len(before) < most


def comes_after_fewer_entries(_: Sent, before: list[Sent], most: float) -> bool:
    return sum(sent.side is Side.BUY for sent in before) < most


def keeps_its_distance(entry: Sent, before: list[Sent], least_s: float) -> bool:
    entries = [sent for sent in before if sent.side is Side.BUY]
    return all(entry.at_ns - sent.at_ns >= least_s * NS_PER_S for sent in entries)


LIMITS = (
    Limit("risk.max_order_usd", 10.0, Reason.LIMIT_ORDER, costs_no_more),
    Limit("risk.max_position_usd", 10.0, Reason.LIMIT_POSITION, risks_no_more),
    Limit("risk.max_round_usd", 10.0, Reason.LIMIT_ROUND, risks_no_more),
    Limit("risk.max_asset_usd", 10.0, Reason.LIMIT_ASSET, risks_no_more),
    Limit("risk.max_closing_usd", 10.0, Reason.LIMIT_CLOSING, risks_no_more),
    Limit("risk.max_account_usd", 10.0, Reason.LIMIT_ACCOUNT, risks_no_more),
    Limit("risk.max_daily_loss_usd", 10.0, Reason.LIMIT_DAILY_LOSS, risks_no_more),
    Limit("risk.max_orders_per_round", 1, Reason.LIMIT_ROUND_ORDERS, comes_after_fewer_orders),
    Limit("risk.max_trades_per_day", 1, Reason.LIMIT_TRADES, comes_after_fewer_entries),
    Limit("gates.cooldown_s", 60.0, Reason.COOLDOWN, keeps_its_distance),
)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.path)
def test_a_tighter_limit_changes_what_it_governs_and_nothing_else(
    session: Written, limit: Limit
) -> None:
    comparison = compare(session.path, [(limit.path, json.dumps(limit.value))])
    assert comparison.differences
    for one in comparison.differences:
        assert limit.reason.value in one.reasons(), one.text()
        effects = one.was + one.now
        governed = {effect.strategy for effect in effects if says(effect, limit.reason)}
        assert {whose(effect) for effect in effects} <= governed, one.text()
    sent = orders_of_the_other(session, comparison.differences)
    assert (comparison.orders_was, comparison.orders_now) == (len(session.orders), len(sent))
    assert sent != list(session.orders)
    for entry in sent:
        before = [order for order in session.orders if order.seq < entry.seq]
        assert entry.side is Side.SELL or limit.holds(entry, before, limit.value)
    assert any(
        sent.side is Side.BUY and not limit.holds(sent, list(session.orders[:at]), limit.value)
        for at, sent in enumerate(session.orders)
    ), "the session itself breaks the tighter limit, or this shows nothing"


def says(effect: Effect, reason: Reason) -> bool:
    return isinstance(effect, Explain) and effect.why.reason is reason


def whose(effect: Effect) -> str:
    """The strategy that an effect is about."""
    if isinstance(effect, Place):
        return effect.order.strategy
    assert isinstance(effect, Explain), f"no limit on entries cancels or stops: {effect}"
    return effect.strategy


def orders_of_the_other(session: Written, differences: list[Divergence]) -> list[Sent]:
    """What the mind under the changed settings sent: the session's, but for what differs."""
    gone = {sent for one in differences for sent in sent_in(one, one.was)}
    assert gone <= set(session.orders)
    come = [sent for one in differences for sent in sent_in(one, one.now)]
    kept = [sent for sent in session.orders if sent not in gone]
    return sorted([*kept, *come], key=lambda sent: sent.seq)


def sent_in(one: Divergence, effects: tuple[Effect, ...]) -> list[Sent]:
    places = [effect for effect in effects if isinstance(effect, Place)]
    return [Sent.of(one.seq, one.at_ns, msgspec.to_builtins(recorded(place))) for place in places]


def test_the_same_values_again_change_nothing(session: Written) -> None:
    same = [(limit.path, json.dumps(value_of(limit.path))) for limit in LIMITS]
    comparison = compare(session.path, [*same, ("distance_fade.sizing", '"confidence"')])
    assert comparison.differences == []
    assert comparison.events == session.events
    assert comparison.orders_was == comparison.orders_now == len(session.orders)
    assert comparison.text() == (
        f"{session.events} events: 0 decided differently,"
        f" {len(session.orders)} orders became {len(session.orders)}"
    )


def value_of(path: str) -> Any:
    table, _, name = path.partition(".")
    return getattr(getattr(SETTINGS, table), name)


def test_a_limit_that_was_never_the_reason_may_be_raised_without_effect(session: Written) -> None:
    raised = [("risk.max_asset_usd", "5000"), ("risk.max_trades_per_day", "100000")]
    assert compare(session.path, raised).differences == []


def test_a_raised_limit_changes_only_what_it_had_stopped(session: Written) -> None:
    comparison = compare(session.path, [("risk.max_order_usd", "5000")])
    assert comparison.differences
    for one in comparison.differences:
        was = {effect.strategy for effect in one.was if says(effect, Reason.LIMIT_ORDER)}
        assert {whose(effect) for effect in one.was + one.now} == was, one.text()


# --- by hand --------------------------------------------------------------------------------------


EAGER = attrs.evolve(
    DEFAULTS,
    market=attrs.evolve(DEFAULTS.market, volatility_warmup_s=1.0),
    gates=attrs.evolve(
        DEFAULTS.gates, after_open_s=0.0, min_depth=0.0, entry_delay_s=0.0, max_slippage_ticks=0
    ),
    distance_fade=attrs.evolve(DEFAULTS.distance_fade, sizing="fixed"),
)
"""Two desks that buy what is cheap at once."""
CHEAP = 0.30


class Writer:
    """State: a mind, the time, and the lines of its journal. A second an event."""

    def __init__(self) -> None:
        self.mind = Mind()
        self.lines = [HEADER]
        self.now_ns = OPENS_NS + 60 * NS_PER_S

    def take(self, asset: Asset, event: ev.Event) -> None:
        self.now_ns += NS_PER_S
        try:
            taken = self.mind.take(asset, self.now_ns, event, is_last=True)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            line = encode_raised(self.mind.seq, self.now_ns, asset.value, event, True, why)
        else:
            line = encode_record(
                taken.seq, self.now_ns, asset.value, event, taken.effects, is_last=True
            )
        self.lines.append(line)

    def open(self, asset: Asset, life: int = 1) -> None:
        """A desk that knows its round, the strike and the price: it waits for a book."""
        listed = a_round(asset)
        for event in (
            ev.DeskOpened(asset, life, Usd(1_000 * MICRO)),
            ev.SettingsChanged(canonical_json(EAGER)),
            ev.FeedUp(ev.BOOK_FEED, self.now_ns),
            ev.RoundFound(listed),
            ev.RoundOpened(listed.slug, OPENS_NS),
            ev.StrikePublished(listed.slug, 100_000.0, "gamma"),
        ):
            self.take(asset, event)
        for _ in range(4):
            self.hear(asset)

    def hear(self, asset: Asset) -> None:
        at_ns = self.now_ns + NS_PER_S
        price = 100_030.0
        self.take(
            asset, ev.ChainlinkPriced(asset, "rtds", PriceKind.SPOT, price, 0, *(3 * [at_ns]))
        )

    def book(self, asset: Asset, ask: float) -> None:
        """Up is offered at so much; Down's book comes second and settles both."""
        listed, many = a_round(asset), Shares(1_000 * MICRO)
        high = Price(round(ask * MICRO))
        low = Price(high - 10_000)
        at_ns = self.now_ns + NS_PER_S
        for token, bid, best in (
            (listed.up_token, low, high),
            (listed.down_token, complement(high), complement(low)),
        ):
            bids, asks = ((bid, many),), ((best, many),)
            self.take(asset, ev.BookSnapshotted(token, bids, asks, None, at_ns, at_ns))

    def write(self, folder: Path) -> Path:
        path = folder / "journal.jsonl"
        path.write_bytes(sealed(self.lines))
        return path


def a_round(asset: Asset) -> Round:
    slug = f"{asset.value}-updown-5m-1795204800"
    return Round(
        slug,
        asset,
        Interval.M5,
        f"0x{asset.value}",
        f"{asset.value} up",
        f"{asset.value} down",
        OPENS_NS,
        OPENS_NS + Interval.M5.ns,
        SettlementRule.TWAP,
    )


def two_desks_buy() -> Writer:
    writer = Writer()
    for asset in (BTC, ETH):
        writer.open(asset)
        writer.book(asset, CHEAP)
    return writer


def strategies_that_differ(comparison: Comparison) -> set[tuple[str, str]]:
    return {
        (one.asset, whose(effect)) for one in comparison.differences for effect in one.was + one.now
    }


def test_two_desks_buy_one_each(tmp_path: Path) -> None:
    comparison = compare(two_desks_buy().write(tmp_path), [])
    assert (comparison.orders_was, comparison.orders_now) == (2, 2)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("risk.max_open_positions", "1", Reason.LIMIT_OPEN),
        ("risk.max_interval_positions", "1", Reason.LIMIT_OPEN_INTERVAL),
        ("risk.max_account_usd", "21", Reason.LIMIT_ACCOUNT),
        ("risk.max_closing_usd", "21", Reason.LIMIT_CLOSING),
        ("risk.max_daily_loss_usd", "21", Reason.LIMIT_DAILY_LOSS),
        ("risk.max_trades_per_day", "1", Reason.LIMIT_TRADES),
    ],
)
def test_a_limit_of_the_account_stops_the_desk_that_comes_second(
    tmp_path: Path, path: str, value: str, reason: Reason
) -> None:
    comparison = compare(two_desks_buy().write(tmp_path), [(path, value)])
    assert (comparison.orders_was, comparison.orders_now) == (2, 1)
    assert strategies_that_differ(comparison) == {("eth", "distance_fade")}
    (one,) = comparison.differences
    assert one.reasons() == {reason.value}
    assert any(isinstance(effect, Place) for effect in one.was)
    assert not any(isinstance(effect, Place) for effect in one.now)


def test_a_limit_that_is_not_shared_stops_both(tmp_path: Path) -> None:
    comparison = compare(two_desks_buy().write(tmp_path), [("risk.max_order_usd", "1")])
    assert (comparison.orders_was, comparison.orders_now) == (2, 0)
    assert [one.asset for one in comparison.differences] == ["btc", "eth"]


def test_a_reason_that_goes_on_is_one_difference(tmp_path: Path) -> None:
    """The session holds its shares from then on; the other mind says its limit and no more."""
    writer = two_desks_buy()
    for _ in range(5):
        writer.hear(BTC)
        writer.hear(ETH)
    comparison = compare(writer.write(tmp_path), [("risk.max_order_usd", "1")])
    assert len(comparison.differences) == 2


def test_both_words_of_one_difference_are_shown(tmp_path: Path) -> None:
    comparison = compare(two_desks_buy().write(tmp_path), [("risk.max_order_usd", "5")])
    first, second = comparison.differences
    assert first.text().startswith(f"event {first.seq} btc: buy ")
    assert " up @ 0.30 (distance_fade) > buy " in first.text()
    assert first.text().endswith("distance_fade: order limit: 20 > 5 USD")
    assert comparison.plain() == {
        "events": len(two_desks_buy().lines) - 1,
        "orders_was": 2,
        "orders_now": 2,
        "reasons": {"order limit": 2},
        "differences": [first.text(), second.text()],
    }
    lines = comparison.text().splitlines()
    assert lines[0].endswith("events: 2 decided differently, 2 orders became 2")
    assert lines[1:] == ["  2 x order limit", f"  {first.text()}", f"  {second.text()}"]


# --- a journal with a crash in it -----------------------------------------------------------------


def bad_settings(_: str) -> list[ev.Event]:
    return [ev.SettingsChanged('{"risk":{"max_order_usd":0}}')]


def bad_model(order_id: str) -> list[ev.Event]:
    return [ev.Accepted(order_id), ev.ModelLoaded("{", "no model")]


@pytest.mark.parametrize("crash", [bad_settings, bad_model])
def test_a_crash_does_not_stop_it(tmp_path: Path, crash: Callable[[str], list[ev.Event]]) -> None:
    """Before it, and in the life after it, the limit makes the only difference."""
    writer = two_desks_buy()
    (working,) = writer.mind.desks[ETH].ledger.orders.working()
    for event in crash(working.order.order_id):
        writer.take(ETH, event)
    assert b'"raised":' in writer.lines[-1]
    writer.open(ETH, 2)
    writer.book(ETH, CHEAP)
    comparison = compare(writer.write(tmp_path), [("risk.max_order_usd", "5")])
    assert (comparison.orders_was, comparison.orders_now) == (3, 3)
    assert [one.asset for one in comparison.differences] == ["btc", "eth", "eth"]
    assert comparison.reasons() == {"order limit": 3}


def test_a_journal_cut_short_is_asked_as_far_as_it_goes(tmp_path: Path) -> None:
    path = two_desks_buy().write(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    comparison = compare(path, [("risk.max_order_usd", "5")])
    assert [one.asset for one in comparison.differences] == ["btc"]


# --- the command ----------------------------------------------------------------------------------


@attrs.frozen
class Ended:
    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`polytui replay` with these arguments, to its end, in this process."""

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["polytui", "replay", *map(str, arguments)])
        # It tells its children how it was called, and this process goes on to have others.
        monkeypatch.setenv("POLYTUI_CALLED", "polytui")
        with pytest.raises(SystemExit) as ended:
            main()
        code, said = ended.value.code, capsys.readouterr()
        # Where the process went on, what it left half read would be open until it is collected.
        if ended.value.__context__ is not None:
            clear_frames(ended.value.__context__.__traceback__)
        return Ended(int(code or 0), said.out, said.err)

    return run


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return two_desks_buy().write(tmp_path)


def test_the_command_says_what_would_have_been(replay: Command, journal: Path) -> None:
    ended = replay(journal, "--with", "risk.max_order_usd=5")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == compare(journal, [("risk.max_order_usd", "5")]).text() + "\n"


def test_several_settings_at_once(replay: Command, journal: Path) -> None:
    both = ["--with", "risk.max_order_usd=5", "--with", "risk.max_open_positions=1"]
    out = replay(journal, *both).out
    assert "2 decided differently, 2 orders became 1" in out
    assert "1 x order limit" in out
    assert "1 x open positions limit" in out


def test_a_word_needs_no_quotes_and_blanks_do_no_harm(replay: Command, journal: Path) -> None:
    word = replay(journal, "--with", "distance_fade.sizing=confidence")
    assert word.code == 0
    assert " 2 decided differently, 2 orders became 0" in word.out
    assert replay(journal, "--with", 'distance_fade.sizing = "confidence"').out == word.out


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("risk.max_ordr_usd=5", "error: unknown setting @ risk.max_ordr_usd"),
        ("max_order_usd=5", "error: unknown setting @ max_order_usd"),
        ("=5", "error: unknown setting @ "),
        ("session.rounds=5", "error: needs a restart @ session.rounds"),
        ("risk.max_order_usd=0", "error: expected > 0, got 0 @ risk.max_order_usd"),
        ("risk.max_order_usd=", "error: expected a number, got '' @ risk.max_order_usd"),
        ("risk.max_order_usd=lots", "error: expected a number, got 'lots' @ risk.max_order_usd"),
        ("risk.max_open_positions=1.5", "error: expected a whole number, got 1.5 @ risk."),
        ("distance_fade.min_price=0.95", "error: expected < max_price, got 0.95 @ distance_fade."),
    ],
)
def test_a_wish_that_cannot_be_is_one_line(
    replay: Command, journal: Path, wish: str, says: str
) -> None:
    ended = replay(journal, "--with", wish)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith(says)


def test_what_is_no_wish_is_told_with_an_example(replay: Command, journal: Path) -> None:
    ended = replay(journal, "--with", "risk.max_order_usd")
    assert (ended.code, ended.out) == (2, "")
    assert "'risk.max_order_usd' is not like risk.max_order_usd=5" in ended.err.splitlines()[-1]


def test_a_good_wish_does_not_hide_a_bad_one(replay: Command, journal: Path) -> None:
    good, bad = "risk.max_order_usd=5", "risk.max_round_usd=-1"
    for wishes in ((good, bad), (bad, good)):
        ended = replay(journal, *(word for wish in wishes for word in ("--with", wish)))
        assert ended.code == 2
        assert ended.err == "error: expected > 0, got -1 @ risk.max_round_usd\n"


def test_verifying_and_asking_are_two_questions(replay: Command, journal: Path) -> None:
    ended = replay(journal, "--verify", "--with", "risk.max_order_usd=5")
    assert (ended.code, ended.out) == (2, "")
    assert "ask one at a time" in ended.err.splitlines()[-1]


DOGE = b'{"seq":1,"at":1,"asset":"doge","event":["Ticked",{"at_ns":1}]}\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no file"),
        (b"", "no journal header"),
        (b"time,price\n", "no journal header"),
        (sealed([HEADER, b"{oops}\n"]), "line 2: not a record"),
        (sealed([HEADER, DOGE]), "doge"),
    ],
)
def test_a_file_that_is_no_journal_is_one_line(
    replay: Command, tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "rates.csv"
    if content is not None:
        path.write_bytes(content)
    ended = replay(path, "--with", "risk.max_order_usd=5")
    # What is not there was named wrongly; what is there and no journal is another fault.
    assert (ended.code, ended.out) == (2 if content is None else 1, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("error: ")
    assert f"{path}" in line
    assert says in line


def test_json_on_stdout_is_all_there_is(replay: Command, journal: Path) -> None:
    ended = replay(journal, "--with", "risk.max_order_usd=1", "--json", "-")
    assert (ended.code, ended.err) == (0, "")
    verdict = json.loads(ended.out)
    assert verdict == compare(journal, [("risk.max_order_usd", "1")]).plain()
    assert (verdict["orders_was"], verdict["orders_now"]) == (2, 0)
    # Of the strategy that trades, and of those that are followed in shadow.
    assert verdict["reasons"]["order limit"] == 2
    assert len(verdict["differences"]) == 2


def test_json_in_a_file_comes_beside_the_words(
    replay: Command, journal: Path, tmp_path: Path
) -> None:
    ended = replay(journal, "--with", "risk.max_order_usd=1", "--json", tmp_path / "verdict.json")
    assert "2 orders became 0" in ended.out
    assert json.loads((tmp_path / "verdict.json").read_text())["orders_now"] == 0
