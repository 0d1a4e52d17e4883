"""Commands on the past: what strategies would have come to, where two courses part, how much the
desk bears."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click

from polytui.cli.data_options import data_options
from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors, wishes_option
from polytui.json_output import write_bytes, write_json
from polytui.paths import data_said, journal_said
from polytui.precautions import check_writable

_ALL = "all"


@click.command()
@click.argument("session")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100_000),
    default=20.0,
    show_default=True,
    help="Session seconds a real second.",
)
@click.option("--json", "json_path", help="Write the verdict here; - is stdout.")
@config_option
@plain_errors
def stress(session: str, speed: float, json_path: str | None, config: Path | None) -> None:
    """The market of a session (its name, its folder or its journal) through the desk at N times its
    speed: queue, steps, memory, and what must hold after every event."""
    from polytui.tools.stressing import stress as press

    check_writable(json_path)
    verdict = press(_journals(config, session)[0], speed)
    if json_path:
        write_json(attrs.asdict(verdict), json_path)
    if json_path != "-":
        click.echo("\n".join(verdict.lines()))
    raise SystemExit(DONE if verdict.is_good else FAILED)


@click.command()
@click.argument("first")
@click.argument("second", required=False)
@click.option(
    "--as-late",
    is_flag=True,
    help="Without SECOND: every order is answered as late as it was, not as [paper] says.",
)
@click.option("--json", "json_path", help="Write the differences here; - is stdout.")
@config_option
@plain_errors
def compare(
    first: str, second: str | None, as_late: bool, json_path: str | None, config: Path | None
) -> None:
    """Two sessions on the same rounds, or one and a backtest of its own market: where they part.

    FIRST and SECOND are sessions (a name, a folder or a journal), on paper or live; without SECOND
    what FIRST heard is played again by the driver of backtests, under the settings it had.
    """
    from polytui.backtest.compare import compare_courses
    from polytui.backtest.courses import BacktestCourse, JournalCourse

    if as_late and second is not None:
        raise click.UsageError("--as-late is for a backtest: leave SECOND out")
    check_writable(json_path)
    one, *others = _journals(config, *filter(None, (first, second)))
    other = JournalCourse(others[0]) if others else BacktestCourse(one, as_late)
    found = compare_courses(JournalCourse(one), other)
    if json_path:
        write_json(attrs.asdict(found), json_path)
    if json_path != "-":
        click.echo("\n".join(found.lines()))
    raise SystemExit(DONE if found.is_equal else FAILED)


def _journals(config: Path | None, *said: str) -> list[Path]:
    """Of these sessions; the strategies that the settings name are loaded."""
    directory = Path(load(config).journal.directory)
    return [journal_said(directory, one) for one in said]


@click.command()
@data_options
@click.option(
    "--fills",
    type=click.Choice(["through", "pessimistic", "realistic", "optimistic", "touch", _ALL]),
    help="How resting orders queue; all: each rule, side by side. Else paper.queue.",
)
@click.option(
    "--latencies-of",
    metavar="SESSION",
    help="Orders as late as those of this session, not as [paper] says.",
)
@click.option(
    "--feed-latency",
    metavar="MS|measured",
    default="0",
    help="By how much feeds are later than recorded; measured: as --latencies-of has it.",
)
@wishes_option("Under another setting than the file's; may be repeated.")
@click.option("--report", help="Write a page here: .html or .md.")
@click.option("--json", "json_path", help="Write all figures here; - is stdout.")
@config_option
@plain_errors
def backtest(data: tuple[str, ...], **options: Any) -> None:
    """Play recordings, or a session's journal, through the desk; what strategies come to.

    DATA are files and folders of any known schema, or one session (its name or its folder). The
    first line says what the result is worth: what was recorded, what is modelled, how orders were
    filled.
    """
    from polytui.tools.backtesting import bracket, data_of, play_data

    report_path, json_path = options["report"], options["json_path"]
    asked = asked_backtest(data, options)
    if options["fills"] == _ALL:
        if report_path or json_path:
            raise click.UsageError("--fills all compares: ask for a report of one rule")
        _print_bracket(bracket(asked))
        raise SystemExit(DONE)
    # Minutes may lie between here and there.
    check_writable(json_path)
    check_writable(report_path, "--report")
    with _telling() as say:
        evidence = play_data(data_of(asked), asked, say)
    _tell(evidence, report_path, json_path)
    raise SystemExit(DONE)


def _tell(evidence: Any, report_path: str | None, json_path: str | None) -> None:
    """Wherever it is wanted."""
    from rich.console import Console

    from polytui.results.pages.document import json_bytes
    from polytui.results.pages.words import print_report
    from polytui.results.report import report_of

    report = report_of(evidence)
    if json_path:
        write_bytes(json_bytes(report), json_path)
    if report_path:
        write_bytes(_page(report, evidence, report_path), report_path)
    if json_path != "-":
        print_report(report, Console())


@contextmanager
def _telling() -> Iterator[Callable[[str], None] | None]:
    """One line for whoever sits there, gone at the end whatever that is."""
    if not sys.stderr.isatty():
        yield None
        return
    _say("looked through and put in order ...")
    try:
        yield _say
    finally:
        _say("")


def _say(text: str) -> None:
    """In place of what was said before."""
    click.echo(f"\r\x1b[K{text}", err=True, nl=False)


def _page(report: Any, evidence: Any, path: str) -> bytes:
    from polytui.results.pages.web import html_page
    from polytui.results.pages.words import markdown

    text = markdown(report) if path.endswith(".md") else html_page(report, evidence)
    return text.encode()


def asked_backtest(data: tuple[str, ...], options: dict[str, Any]) -> Any:
    """What the options of `backtest` come to; those of fills and lateness may be absent."""
    from polytui.config.change import changed_at_rest
    from polytui.tools.backtesting import AskedBacktest, only

    settings = changed_at_rest(load(options["config"]), *options["wishes"])
    settings = _filled_by(only(settings, options["strategies"]), options.get("fills"))
    directory = Path(settings.journal.directory)
    late, lived = options.get("feed_latency", "0"), options.get("latencies_of")
    is_measured = late == "measured"
    if is_measured and lived is None:
        raise click.UsageError("--feed-latency measured needs --latencies-of SESSION")
    return AskedBacktest(
        tuple(data_said(directory, one) for one in data),
        settings,
        options["assets"] or (),
        options["intervals"] or (),
        options["start_ns"] or 0,
        options["end_ns"] or (1 << 63) - 1,
        0.0 if is_measured else _milliseconds(late),
        None if lived is None else journal_said(directory, lived),
        is_measured,
        int(options["step_s"]),
    )


def _filled_by(settings: Any, rule: str | None) -> Any:
    """The settings' own rule, where another is not asked for or all of them are."""
    if rule in (None, _ALL):
        return settings
    return attrs.evolve(settings, paper=attrs.evolve(settings.paper, queue=rule))


def _milliseconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 60_000:
        raise click.UsageError(f"--feed-latency {text!r}: 0 to 60000 milliseconds, or measured")
    return found


def _print_bracket(found: Any) -> None:
    click.echo(f"{'fills':<12} {'orders':>8} {'filled':>8} {'fees':>10} {'result':>10}")
    for one in found:
        click.echo(
            f"{one.rule:<12} {one.orders:>8,} {one.filled:>8,} {one.fees_usd:>10,.2f}"
            f" {one.pnl_usd:>+10,.2f}"
        )
