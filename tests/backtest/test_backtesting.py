"""A session's journal as data: backtested, compared with itself, and pressed through the desk."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from polytui.backtest.compare import compare_courses
from polytui.backtest.courses import BacktestCourse, JournalCourse, OrderCourse
from polytui.backtest.drive import Drive
from polytui.backtest.inprocess import InProcess, Played
from polytui.backtest.invariants import Invariants
from polytui.backtest.journal_data import LATE, UNKNOWN, journal_data
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.latency import SampledLatencies
from polytui.backtest.lived_latency import LivedExchange, lived_latencies
from polytui.backtest.moments import Moment
from polytui.backtest.played_journal import JournalSink
from polytui.cli.main import cli
from polytui.config.load import from_canonical_json
from polytui.config.schema import PaperSettings, SessionSettings, Settings
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import FORMAT, Header, encode_header, encode_record
from polytui.journal.seal import sealed
from polytui.model import events as ev
from polytui.model.amounts import market_shares
from polytui.model.effects import Effect, Place, Stamp
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Exchange, Interval, Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, NS_PER_US, Price, Shares, Usd
from polytui.results.pages.document import json_bytes
from polytui.results.report import report_of
from polytui.sim.world.world import WorldSettings
from polytui.tools.backtest_progress import ToldSource
from polytui.tools.backtesting import AskedBacktest, only, play
from polytui.tools.settings_grid import grid_of
from polytui.tools.settings_sweep import sweep
from polytui.tools.stressing import TimedSource, stress
from polytui.tools.sweep_jobs import DAY_NS, Done, SweepJob, days_of, job_of
from polytui.tools.sweep_workers import here, on_dask

START_NS = 1_795_204_797 * NS_PER_S
SETTINGS = attrs.evolve(Settings(), session=SessionSettings(assets=(Asset.BTC,), rounds=1))


def written(folder: Path, lines: list[bytes]) -> Path:
    header = encode_header(Header(FORMAT, "0", "paper", folder.name, START_NS, 7))
    path = folder / "journal.jsonl"
    path.write_bytes(sealed([header, *lines]))
    return path


def of_a_round(seed: int) -> Played:
    venues, btc = (Exchange.BINANCE,), (Asset.BTC,)
    world = WorldSettings(seed, START_NS, btc, (Interval.M5,), venues=venues, messages=0.01)
    return InProcess(SETTINGS, world).play()


@pytest.fixture(scope="module")
def played() -> Played:
    """A round of one asset that trades."""
    return of_a_round(9)


@pytest.fixture(scope="module")
def journal(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("session"), played.lines)


# --- as data --------------------------------------------------------------------------------------


def test_only_rounds_that_are_known_from_their_opening_to_their_winner_are_played(
    journal: Path,
) -> None:
    data = journal_data(journal)
    coverage = data.coverage
    assert (coverage.seen, coverage.used) == (3, 1)
    assert dict(coverage.skipped) == {LATE: 1, UNKNOWN: 1}
    found = [e for one in data.moments() for e in one.events if isinstance(e, ev.RoundFound)]
    assert {one.round.slug for one in found} == {one.slug for one in data.rounds.used}
    with pytest.raises(Fatal, match="none of its 3 rounds can be played"):
        journal_data(journal, start_ns=START_NS + 3_600 * NS_PER_S)
    with pytest.raises(Fatal, match="none of its 0 rounds"):
        journal_data(journal, intervals=(Interval.H1,))


def test_a_backtest_comes_to_what_the_session_did(journal: Path, played: Played) -> None:
    report = report_of(play(AskedBacktest((journal,), SETTINGS)))
    account = played.mind.account
    assert account.realised != 0
    assert round(report.total.pnl_usd * MICRO) == account.realised
    assert report.coverage.fills.startswith("resting orders from the back of the queue")


def test_a_name_that_is_no_strategy_is_told_with_those_there_are() -> None:
    with pytest.raises(Fatal, match="no strategy confluense: there are confluence, "):
        only(SETTINGS, ["confluense"])
    chosen = only(SETTINGS, ["predictor"])
    assert chosen.predictor.is_enabled
    assert not chosen.confluence.is_enabled
    assert only(SETTINGS, []) == SETTINGS


def test_how_far_it_is_is_said_twice_a_second_and_taken_back(journal: Path) -> None:
    seconds = iter(range(1_000))
    said = list[str]()
    data = journal_data(journal)
    before = data.coverage
    source = ToldSource(
        data, before.from_ns, before.until_ns, before.used, said.append, lambda: next(seconds)
    )
    Drive(SETTINGS, source).play()
    shares = [int(text.partition("%")[0]) for text in said[:-1]]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert shares[0] < 20 < 80 < shares[-1] <= 100
    assert said[-1] == ""
    assert source.settled == 1
    assert " of 1 rounds, " in said[-2]


class Told:
    def __init__(self, *moments: Moment) -> None:
        self._moments = moments

    def moments(self) -> Iterator[Moment]:
        return iter(self._moments)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """Nobody answers."""


def ticks(*at_ns: int) -> Told:
    return Told(*(Moment(at, Asset.BTC, (ev.Ticked(at),)) for at in at_ns))


def test_time_that_goes_back_is_refused() -> None:
    with pytest.raises(Fatal, match="the moments of btc go back in time, to 5"):
        Drive(SETTINGS, ticks(10, 5)).play()


def test_a_clock_that_was_set_back_stands_still_and_is_counted(tmp_path: Path) -> None:
    """A demo that its machine cannot follow is slowed down, and its clock with it."""
    lines = [
        encode_record(seq, at_ns, asset.value, ev.Ticked(at_ns), (), True)
        for seq, at_ns, asset in ((1, 10, Asset.BTC), (2, 30, Asset.ETH), (3, 20, Asset.BTC))
    ]
    source = JournalSource(
        written(tmp_path, [*lines, encode_record(4, 31, "eth", ev.Ticked(31), (), True)])
    )
    for _ in range(2):
        assert [one.at_ns for one in source.moments()] == [10, 30, 30, 31]
        assert source.set_back == 1


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--fills", "all", "--report", "x.html"], "ask for a report of one rule"),
        (["--report", "/nowhere/x.html"], "no folder for --report /nowhere/x.html"),
        (["--json", "/nowhere/x.json"], "no folder for --json /nowhere/x.json"),
        (["--feed-latency", "measured"], "needs --latencies-of SESSION"),
        (["--feed-latency", "-3"], "0 to 60000 milliseconds"),
        (["--from", "yesterday"], "is not like 2026-11-20"),
        (["--with", "paper.que=1"], "unknown setting"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_said(
    journal: Path, arguments: list[str], says: str
) -> None:
    result = CliRunner().invoke(cli, ["backtest", str(journal), *arguments])
    assert result.exit_code != 0
    assert says in f"{result.output}{result.exception}"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("backtest", "last", "--latencies-of", "x"), "no session x in"),
        (("backtest", "2026"), "1 of 3 rounds used"),
        (("backtest", "2027"), "no session 2027 in"),
        (("backtest", "gone.csv"), "no file gone.csv"),
        (("backtest", ""), "no file"),
        (("stress", "last"), "invariants after each of"),
        (("stress", "last", "--json", "/nowhere/x"), "no folder for --json /nowhere/x"),
        (("compare", "last", "--json", "/nowhere/x"), "no folder for --json /nowhere/x"),
        (("lookahead", "last", "--json", "/nowhere/x"), "no folder for --json /nowhere/x"),
        (("train", "last", "--out", "/nowhere/x"), "no folder for --out /nowhere/x"),
        (
            ("sweep", "last", "--grid", "paper.queue=touch", "--json", "/no/x"),
            "no folder for --json",
        ),
        (("compare", "last", "gone"), "no session gone in"),
        (("compare", "last"), "0 went differently"),
    ],
)
def test_a_session_is_named_as_everywhere(
    played: Played, tmp_path: Path, command: tuple[str, ...], says: str
) -> None:
    """By its name, the beginning of it, or `last`; what is there under a name is meant itself."""
    folder = tmp_path / "runs" / "20261120-150000-paper-1" / "journal"
    folder.mkdir(parents=True)
    written(folder, played.lines).rename(folder / "000001.jsonl")
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\ndirectory = "{(tmp_path / "runs").as_posix()}"\n')
    result = CliRunner().invoke(cli, [*command, "--config", str(config)])
    assert says in " ".join(f"{result.output}{result.exception}".split())


# --- two courses ----------------------------------------------------------------------------------


def test_a_session_and_a_backtest_of_it_go_alike(journal: Path) -> None:
    found = compare_courses(JournalCourse(journal), BacktestCourse(journal))
    assert found.is_equal, "\n".join(found.lines())
    assert found.orders_first == found.orders_second > 0


def test_the_first_order_that_differs_is_told_with_both_sides_and_its_events(
    journal: Path, tmp_path: Path
) -> None:
    risk = attrs.evolve(SETTINGS.risk, max_order_usd=5.0)
    settings, lines = attrs.evolve(SETTINGS, risk=risk), list[bytes]()
    source = JournalSource(journal, is_as_then=True)
    Drive(settings, source, [JournalSink(settings.journal, lines)]).play()
    found = compare_courses(JournalCourse(journal), JournalCourse(written(tmp_path, lines)))
    assert not found.is_equal
    one = found.divergences[0]
    assert one.first.split(" at ")[0] != one.second.split(" at ")[0]
    assert "filled" not in one.first, "what was asked for differs before what became of it"
    for seq, around in (
        (one.first_seq, found.around_first),
        (one.second_seq, found.around_second),
    ):
        (marked,) = [line for line in around if line.startswith("> ")]
        assert marked.startswith(f"> {seq} btc at ")
        assert len(around) == 7
    assert any("A: buy" in line for line in found.lines())


def test_a_purchase_that_spent_its_dollars_is_whole_whoever_cancels_the_rest() -> None:
    """Less than a cent is left of it: the venue cancels that, and paper says nothing."""
    price, tick = Price(520_000), Price(10_000)
    shares = market_shares(price, Shares(38_640_000), tick)
    terms = (Outcome.UP, Side.BUY, price, shares, TimeInForce.FAK, False, "fade", 0)
    whole = OrderCourse(1, 0, Order("o", "slug", "token", *terms))
    whole.filled, whole.paid = shares - 85, 20_089_955
    assert whole.order.dollars == 20_090_000
    assert whole.is_whole
    whole.paid = 20_080_000
    assert not whole.is_whole, "a cent"


_TERMS = (Side.BUY, Price(500_000), Shares(5 * MICRO), TimeInForce.GTC, False, "fade", 0)
BLOCK_NS = 45 * NS_PER_S


def slow_exchange(paper: PaperSettings, account: PaperAccount) -> PaperSimulator:
    late = SampledLatencies(paper, (20 * NS_PER_S,), (BLOCK_NS,))
    return PaperSimulator(paper, account, late)


@pytest.mark.parametrize("seed", [9, 8])
def test_a_session_that_was_later_than_its_settings_say_goes_as_late_again(
    tmp_path: Path, seed: int
) -> None:
    """Its orders and cancels took twenty seconds, its settings say a fifth of one; its blocks 45
    seconds, which no setting says. In 8 an order is taken back that long."""
    (heard := tmp_path / "heard").mkdir()
    journal = written(heard, of_a_round(seed).lines)
    source, lines = JournalSource(journal, is_as_then=True), list[bytes]()
    Drive(SETTINGS, source, [JournalSink(SETTINGS.journal, lines)], exchange=slow_exchange).play()
    session = written(tmp_path, lines)
    first = JournalCourse(session)
    assert not compare_courses(first, BacktestCourse(session)).is_equal
    found = compare_courses(first, BacktestCourse(session, is_as_late=True))
    assert found.is_equal, "\n".join(found.lines())
    assert found.orders_first > 0
    lived = lived_latencies(session)
    blocks = [block for blocks in lived.blocks.values() for block in blocks]
    assert blocks == [BLOCK_NS] * len(blocks)
    assert bool(blocks) is (seed == 9), "in 8 nothing was filled"
    if not blocks:
        return
    again = LivedExchange(lived, SETTINGS.paper, PaperAccount(Usd(0)))
    (slug, at_ns), *_ = lived.blocks
    order = Order("o", slug, "token", Outcome.UP, *_TERMS)
    again.perform(Place(order, Stamp.grant(order.quote, Usd(0))), at_ns)
    assert again.latencies.mined_ns("o", "o-t") == BLOCK_NS


# --- pressed --------------------------------------------------------------------------------------


def test_a_session_is_borne_and_everything_holds(journal: Path) -> None:
    verdict = stress(journal, 0.1)
    assert verdict.is_good, "\n".join(verdict.lines())
    assert verdict.checked > verdict.events > 1_000
    assert verdict.deepest >= 1


def test_who_comes_while_the_desk_is_busy_waits() -> None:
    """Each takes 15 us: of ticks 10 us apart the second waits 5, the third 10, and at a tenth of
    the speed nobody."""
    times = iter(range(0, 10_000_000, 15 * NS_PER_US))
    source = ticks(*(n * 10 * NS_PER_US for n in range(1, 4)))
    for speed, waits, deepest in ((1.0, 10 * NS_PER_US, 2), (0.1, 0, 1)):
        pressed = TimedSource(source, speed, lambda: next(times))
        assert len(list(pressed.moments())) == 3
        assert (pressed.waits.largest, pressed.deepest) == (waits, deepest)
        assert (pressed.events, pressed.busy_ns) == (3, 45 * NS_PER_US)


def test_money_that_one_of_two_counts_has_not_is_found(journal: Path) -> None:
    begun = beginning_of(journal)
    elsewhere = PaperAccount(Usd(7))
    invariants = Invariants(elsewhere)
    Drive(begun.settings, JournalSource(journal), [invariants]).play()
    assert ": cash 1000000000, at the exchange 7" in invariants.broken


# --- many settings --------------------------------------------------------------------------------

STAKES = ("risk.max_order_usd=5,10", "gates.after_open_s=30,45")


def test_a_sweep_is_a_backtest_of_each_setting_whoever_does_it(
    journal: Path, tmp_path: Path
) -> None:
    asked, reports = AskedBacktest((journal,), SETTINGS), dict[int, bytes]()
    tried = grid_of(SETTINGS, STAKES[:1])

    def keep(done: Done, jobs: int) -> None:
        assert jobs == len(tried) == 2
        reports[done.cell.setting] = done.report_json

    found = sweep(asked, tried, partial(here, workers=1), heard=keep)
    for number, one in enumerate(tried):
        alone = report_of(play(attrs.evolve(asked, settings=one.settings)))
        assert reports[number] == json_bytes(alone)
        assert found.sums[number].pnl_usd == alone.total.pnl_usd
        assert found.sums[number].orders == sum(each.sent for each in alone.orders)
    assert len(set(reports.values())) == 2
    assert any(one.orders for one in found.sums)
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as cluster:
        elsewhere = sweep(asked, tried, partial(on_dask, address=cluster.scheduler_address))
    assert elsewhere == found


def test_a_job_is_a_day_within_what_was_asked_and_takes_its_settings_along(journal: Path) -> None:
    day_ns = START_NS // DAY_NS * DAY_NS
    asked = AskedBacktest((journal,), SETTINGS, start_ns=day_ns + 5, end_ns=day_ns + 3 * DAY_NS)
    (only_one,) = grid_of(SETTINGS, ["risk.max_order_usd=7"])
    first, second = (job_of(3, only_one.settings, asked, day_ns + n * DAY_NS) for n in (0, 1))
    assert (first.asked.start_ns, first.asked.end_ns) == (day_ns + 5, day_ns + DAY_NS)
    assert (second.asked.start_ns, second.asked.end_ns) == (day_ns + DAY_NS, day_ns + 2 * DAY_NS)
    assert (first.setting, first.day, second.day) == (3, "2026-11-20", "2026-11-21")
    assert from_canonical_json(first.settings_json).risk.max_order_usd == 7.0
    assert days_of(attrs.evolve(asked, start_ns=0)) == (day_ns,)


def test_a_worker_of_another_version_is_not_believed(journal: Path) -> None:
    def answering(jobs: Sequence[SweepJob]) -> Iterator[Done]:
        (done,) = here(jobs, 1)
        yield attrs.evolve(done, version="0.0.1")

    with pytest.raises(Fatal, match=r"a worker has polytui 0\.0\.1"):
        sweep(AskedBacktest((journal,), SETTINGS), grid_of(SETTINGS, ()), answering)


def test_a_walk_forward_wants_more_days_than_there_are(journal: Path) -> None:
    asked = AskedBacktest((journal,), SETTINGS)
    with pytest.raises(Fatal, match="1 days have rounds, 2 are needed"):
        sweep(asked, grid_of(SETTINGS, STAKES), partial(here, workers=1), (1, 1))


def test_nobody_at_the_address_of_a_scheduler_is_told_in_a_line(journal: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(Fatal, match="no Dask scheduler answers at nonsense"):
        list(on_dask((), "nonsense://here"))


def test_the_command_of_a_sweep_keeps_its_reports(journal: Path, tmp_path: Path) -> None:
    out, kept = tmp_path / "sweep.json", tmp_path / "reports"
    arguments = ["sweep", str(journal), "--grid", STAKES[0], "--workers", "1"]
    arguments += ["--reports", str(kept), "--json", str(out)]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "2 settings were tried on the same days" in " ".join(result.output.split())
    told = json.loads(out.read_bytes())
    assert told["settings"] == [{"risk.max_order_usd": "5"}, {"risk.max_order_usd": "10"}]
    for cell in told["cells"]:
        report = (kept / f"{cell['setting']:04}_{cell['day']}.json").read_bytes()
        assert hashlib.sha256(report).hexdigest() == cell["report"]


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_whoever_sits_there_is_told_before_the_first_row_and_left_an_empty_line(
    monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    """Looking through and sorting may take minutes; what goes wrong stands alone in its line."""
    monkeypatch.setattr("sys.stderr", told := Tty())
    command = ["backtest", str(journal), "--from", "2030-01-01"]
    with pytest.raises(Fatal):
        cli(command, standalone_mode=False)
    first, last = told.getvalue().split("\r\x1b[K")[1:]
    assert "looked through" in first
    assert last == ""
