"""The command line. Exit codes: 0 done, 1 failed, 2 usage or settings, 3 blocked for safety."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from polytui.config.called import tell_children
from polytui.config.load import BadSettings, canonical_json, digest_of, load_settings
from polytui.config.schema import Settings
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.plain_text import plain
from polytui.paths import has_terminal, journal_of
from polytui.precautions import ensure_standard_streams, keep_private
from polytui.sim.world.named_worlds import WorldName

DONE, FAILED, USAGE, BLOCKED = 0, 1, 2, 3
_MOST_LINES, _MOST_OF_A_FAULT = 8, 2_000
"""Characters: names of files and settings are somebody's text."""

_F = TypeVar("_F", bound=Callable[..., Any])


def main() -> None:
    """Run the command line and exit with its code."""
    ensure_standard_streams()
    keep_private()
    tell_children()
    try:
        cli(standalone_mode=True)
    except BadSettings as error:
        for fault in error.faults:
            click.echo(f"error: {plain(fault, _MOST_OF_A_FAULT)}", err=True)
        sys.exit(USAGE)
    except Fatal as error:
        lines = [plain(line, _MOST_OF_A_FAULT) for line in str(error).split("\n")[:_MOST_LINES]]
        click.echo("error: " + "\n".join(lines), err=True)
        sys.exit(FAILED)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("polytui"))
@click.pass_context
def cli(context: click.Context) -> None:
    """A trading terminal for Polymarket's crypto Up/Down rounds.

    Without a command: paper trading on live public data in the terminal.
    """
    if context.invoked_subcommand is None:
        context.invoke(run)


# --- options that commands share ----------------------------------------------------------------


def _csv(kind: type[Any]) -> Callable[[Any, Any, str | None], tuple[Any, ...] | None]:
    def parse(_: click.Context, param: click.Parameter, text: str | None) -> tuple[Any, ...] | None:
        if text is None:
            return None
        try:
            return tuple(dict.fromkeys(kind(part.strip().lower()) for part in text.split(",")))
        except ValueError:
            names = ", ".join(member.value for member in kind)
            raise click.BadParameter(f"{text!r}: use {names}, with commas") from None

    return parse


def _config_or_default(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """A file that is named must be there; the usual one may be absent."""
    usual = Path("config.toml")
    return usual if path is None and usual.exists() else path


def _load(config: Path | None) -> Settings:
    return Settings() if config is None else load_settings(config)


def _config_option(command: _F) -> _F:
    return click.option(
        "--config", type=click.Path(path_type=Path), callback=_config_or_default,
        help="The settings file; config.toml where there is one, else the defaults.",
    )(command)  # fmt: skip


def _world_option(command: _F) -> _F:
    return click.option(
        "--world", type=click.Choice([name.value for name in WorldName]),
        help="What sort of prices it has.",
    )(command)  # fmt: skip


def _crowd_options(command: _F) -> _F:
    """How much the simulated venue says, and how late its crowd is."""
    messages = click.option(
        "--messages", type=click.FloatRange(0.001, 1.0),
        help="Share of a real day's messages; 1 is all of them.",
    )  # fmt: skip
    delay = click.option(
        "--crowd-delay", "crowd_delay_s", type=click.FloatRange(0.02, 30.0),
        help="Seconds by which the crowd is behind the exchanges; real ones are 0.3 behind.",
    )  # fmt: skip
    return messages(delay(command))


def _session_options(command: _F) -> _F:
    """What every command that runs a session takes."""
    for option in reversed(
        [
            click.option("--headless", is_flag=True, help="The engine alone, with a status line."),
            click.option("--assets", callback=_csv(Asset), help="btc,eth,sol,xrp"),
            click.option("--interval", "intervals", callback=_csv(Interval), help="5m,15m,1h,4h"),
            click.option("--rounds", type=click.IntRange(0), help="Stop after N rounds; 0: never."),
            click.option("--json", "json_path", help="Write the summary here; - is stdout."),
            click.option("--theme", help="Colours of the terminal: a file in the themes folder."),
            click.option("--socket", type=click.Path(path_type=Path), hidden=True),
            click.option(
                "--folder",
                type=click.Path(path_type=Path),
                help="Where its journal, logs and summary go; its name names the session.",
            ),
            click.option("--owned", is_flag=True, hidden=True),
        ]
    ):
        command = option(command)
    return _config_option(command)


def _plain_errors(command: _F) -> _F:
    """Exceptions of a user's making as one line each; everything else keeps its traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except BaseExceptionGroup as group:
            # Not `except*`: until Python 3.11.4 what is raised in there comes out in a group again.
            fatal, other = group.split(Fatal)
            if fatal is None or other is not None:
                raise
            error: BaseException = fatal
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None

    return wrapped  # type: ignore[return-value]  # same signature, wrapped


# --- sessions ------------------------------------------------------------------------------------


@cli.command()
@click.option("--mode", type=click.Choice(["paper"]), default="paper", show_default=True)
@_session_options
@_plain_errors
def run(mode: str = "paper", **options: Any) -> None:
    """Paper trading on live public data. It has no live execution client."""
    from polytui.launch import launch

    sys.exit(launch(mode, _settings_for(options), options))


@cli.command()
@click.option("--speed", type=click.FloatRange(0.1, 200), help="Session seconds a real second.")
@click.option("--seed", type=click.IntRange(0), help="Of the simulated world.")
@click.option("--start", help="Session time at which it begins, 2026-11-20T14:59:00Z.")
@_world_option
@_crowd_options
@click.option(
    "--prices", type=click.Path(path_type=Path), help="Recorded Chainlink ticks (CSV, .gz)."
)
@click.option("--chaos", default="", help='"crash:eth@round2" or "spread:market@round3+60sx5"')
@click.option("--in-process", is_flag=True, help="No sockets, no waiting: one seed, one result.")
@_session_options
@_plain_errors
def demo(**options: Any) -> None:
    """Trade against a venue simulated on this machine: no account, no internet."""
    from polytui.launch import launch
    from polytui.runtime.chaos import parse_chaos

    settings = _settings_for(options)
    is_watched = has_terminal() and not options["headless"]
    if is_watched and options["speed"] is None:
        options["speed"] = settings.demo.watched_speed
        settings = _settings_for(options)
    if options["rounds"] is None:
        rounds = 0 if is_watched else settings.demo.rounds
        settings = attrs.evolve(settings, session=attrs.evolve(settings.session, rounds=rounds))
    _as_usage(parse_chaos, options["chaos"], settings.session.assets)
    sys.exit(launch("demo", settings, options))


def _as_usage(check: Callable[..., Any], *args: Any) -> None:
    """What is wrong on the command line itself is told as such, before anything starts."""
    try:
        check(*args)
    except Fatal as error:
        raise click.UsageError(str(error)) from None


_DEMO = ("speed", "seed", "start", "world", "messages", "crowd_delay_s")


def _settings_for(options: dict[str, Any]) -> Settings:
    """The file's settings with the command line's on top."""
    settings = _load(options["config"])
    session = _overridden(settings.session, options, "assets", "intervals", "rounds")
    demo_settings = _overridden(settings.demo, options, *_DEMO)
    _check_start(demo_settings.start)
    terminal = _overridden(settings.terminal, options, "theme")
    return attrs.evolve(settings, session=session, demo=demo_settings, terminal=terminal)


def _check_start(text: str) -> None:
    from polytui.sim_world import start_ns

    try:
        start_ns(text)
    except Fatal as error:
        raise BadSettings([f"{error} @ demo.start"]) from None


def _overridden(table: Any, options: dict[str, Any], *names: str) -> Any:
    given = {name: options[name] for name in names if options.get(name) is not None}
    return attrs.evolve(table, **given)


@cli.command()
@click.argument("session", required=False)
@click.option("--socket", type=click.Path(path_type=Path), help="The engine's socket.")
@click.option("--theme", help="Colours of the terminal.")
@_config_option
@_plain_errors
def attach(
    session: str | None, socket: Path | None, theme: str | None, config: Path | None
) -> None:
    """Attach a terminal to an engine that already runs: the only one, or the named session."""
    from polytui.launch import attach_to

    settings = _load(config)
    sys.exit(attach_to(settings, socket, session, theme or settings.terminal.theme))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65534), default=0, help="0: any free port.")
@click.option("--speed", type=click.FloatRange(0.1, 200))
@click.option("--seed", type=click.IntRange(0))
@click.option("--start", help="World time at which it begins.")
@_world_option
@_crowd_options
@click.option("--assets", callback=_csv(Asset))
@click.option("--intervals", callback=_csv(Interval))
@click.option("--prices", type=click.Path(path_type=Path), help="Recorded Chainlink ticks.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@_config_option
@_plain_errors
def venue(**options: Any) -> None:
    """The simulated venue alone: prints one JSON line with its addresses, then serves."""
    from polytui.paths import existing_prices
    from polytui.sim_world import serve_venue, starting_with, world_settings

    settings = _settings_for({"rounds": None, **options})
    prices = existing_prices(options["prices"])
    if prices is not None and options["start"] is None:
        settings = starting_with(settings, prices)
    world = world_settings(settings, options["intervals"] or tuple(Interval), prices)
    lasts = options["until_stdin_closes"]
    serve_venue(world, settings.demo.speed, options["port"], until_stdin_closes=lasts)


# --- looking and listening -----------------------------------------------------------------------

_SOURCES = ("binance", "bybit", "coinbase", "clob-market", "clob-user", "rtds", "polybolt", "gamma")


@cli.command()
@click.argument("source", type=click.Choice(_SOURCES))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--feed", default="", help="Of a recording: only the frames of this feed.")
@click.option("--json", "json_path", help="Write the account of frames here; - is stdout.")
@click.option("--quiet", is_flag=True, help="No events, only the account.")
@_plain_errors
def decode(source: str, file: Path, feed: str, json_path: str | None, quiet: bool) -> None:
    """Recorded raw frames into normalised events, one JSON text a line; 1 if one is rejected."""
    from polytui.tools import commands as tools

    sys.exit(tools.decode(source, file, feed, json_path, is_quiet=quiet or json_path == "-"))


@cli.command()
@click.option("--assets", callback=_csv(Asset))
@click.option("--interval", "intervals", callback=_csv(Interval))
@click.option("--for", "for_s", type=click.FloatRange(0.1), help="Seconds; else until Ctrl-C.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to; a new one by default.")
@click.option("--json", "json_path", help="Write the summary here; - is stdout.")
@click.option("--demo", "is_demo", is_flag=True, help="From a venue simulated on this machine.")
@_config_option
@_plain_errors
def record(**options: Any) -> None:
    """Write down every feed's raw frames and events, compressed and rotated. Nothing trades."""
    from polytui.tools import commands as tools

    sys.exit(tools.record(_settings_for({"rounds": None, **options}), options))


@cli.command()
@click.option("--wait", type=click.FloatRange(0.5, 120), help="Seconds for each answer.")
@click.option("--json", "json_path", help="Write the findings here; - is stdout.")
@click.option("--demo", "is_demo", is_flag=True, help="A venue simulated on this machine.")
@_config_option
@_plain_errors
def doctor(wait: float | None, **options: Any) -> None:
    """Reach every endpoint, compare clocks, and say in plain words what is wrong; 1 if anything."""
    from polytui.tools import commands as tools

    settings = _load(options["config"])
    checks = settings.doctor if wait is None else attrs.evolve(settings.doctor, wait_s=wait)
    sys.exit(tools.doctor(attrs.evolve(settings, doctor=checks), options))


# --- journals ------------------------------------------------------------------------------------


def _wishes(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Paths of settings with values as JSON; what is no JSON is a word."""
    wishes = []
    for text in texts:
        path, sign, value = text.partition("=")
        if not sign:
            raise click.BadParameter(f"{text!r} is not like risk.max_order_usd=5")
        try:
            json.loads(value)
        except ValueError:
            value = json.dumps(value)
        wishes.append((path.strip(), value))
    return tuple(wishes)


@cli.command()
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Check every effect and digest.")
@click.option(
    "--with",
    "wishes",
    multiple=True,
    callback=_wishes,
    metavar="TABLE.NAME=VALUE",
    help="What would have been decided under another setting; may be repeated.",
)
@click.option("--json", "json_path", help="Write the verdict here; - is stdout.")
@_plain_errors
def replay(
    session: Path, verify: bool, wishes: tuple[tuple[str, str], ...], json_path: str | None
) -> None:
    """Play a session's folder, or its journal, through the same desks again, as fast as it goes."""
    journal = journal_of(session)
    if wishes:
        if verify:
            raise click.UsageError("--verify and --with are two questions: ask one at a time")
        _what_if(journal, wishes, json_path)
        return
    from polytui.backtest.replay import replay_journal

    verdict = replay_journal(journal, is_verifying=verify)
    if json_path:
        write_json(attrs.asdict(verdict), json_path)
    if json_path != "-":
        click.echo(verdict.text())
    sys.exit(DONE if verdict.is_equal else FAILED)


def _what_if(journal: Path, wishes: tuple[tuple[str, str], ...], json_path: str | None) -> None:
    from polytui.backtest.what_if import compare

    comparison = compare(journal, wishes)
    if json_path:
        write_json(comparison.plain(), json_path)
    if json_path != "-":
        click.echo(comparison.text())


# --- settings ------------------------------------------------------------------------------------


@cli.group()
def config() -> None:
    """Begin, check, show and name the settings."""


@config.command()
def init() -> None:
    """Write a commented config.toml and .env.example here; what is there already stays."""
    from polytui.config.starters import write_starters

    for path, is_new in write_starters(Path()):
        click.echo(f"{path}: written" if is_new else f"{path}: is here already, left as it is")


@config.command()
@_config_option
def check(config: Path | None) -> None:
    """Every fault of the file at once; exit code 2 if there is one."""
    _load(config)
    click.echo(f"{config or 'no config.toml here, the defaults'}: good")


@config.command()
@_config_option
def show(config: Path | None) -> None:
    """The settings in force, defaults included. Secrets are not settings and never here."""
    click.echo(json.dumps(json.loads(canonical_json(_load(config))), indent=2))


@config.command()
@_config_option
def digest(config: Path | None) -> None:
    """Twelve hex digits that name these settings."""
    click.echo(digest_of(_load(config)))
