"""What commands share: options, and the settings that they come to."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from polytui.config.keys import KeySettings, key_settings
from polytui.config.load import BadSettings, load_settings, own_strategies_of, read_toml
from polytui.config.schema import Settings
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.sim.world.named_worlds import WorldName

_F = TypeVar("_F", bound=Callable[..., Any])
_DEMO = ("speed", "seed", "start", "world", "messages", "crowd_delay_s")


def csv_of(kind: type[Any]) -> Callable[[Any, Any, str | None], tuple[Any, ...] | None]:
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


def load(config: Path | None) -> Settings:
    """The settings of a file, with the strategies that it names: BadSettings, BadStrategy."""
    if config is None:
        return Settings()
    if (own := own_strategies_of(config)).is_any:
        from polytui.own.loading import load_own

        load_own(own)
    try:
        settings = load_settings(config)
    except BadSettings as error:
        raise BadSettings([*error.faults, *_key_faults(_keys_of(config))]) from error
    if faults := _key_faults(settings.keys):
        raise BadSettings(faults)
    return settings


def _keys_of(config: Path) -> KeySettings:
    """Of a file in which something is wrong; none where they are what is wrong."""
    try:
        return key_settings(read_toml(config).get("keys", {}))
    except (TypeError, ValueError):
        return KeySettings()


def _key_faults(keys: KeySettings) -> list[str]:
    """What is wrong with keys of a person's own, besides their form: only the terminal knows."""
    if not keys.own:
        return []
    from polytui.tui.keymap import keymap_of

    return keymap_of(dict(keys))[1]


def config_option(command: _F) -> _F:
    return click.option(
        "--config", type=click.Path(path_type=Path), callback=_config_or_default,
        help="The settings file; config.toml where there is one, else the defaults.",
    )(command)  # fmt: skip


def world_option(command: _F) -> _F:
    return click.option(
        "--world", type=click.Choice([name.value for name in WorldName]),
        help="What sort of prices it has.",
    )(command)  # fmt: skip


def crowd_options(command: _F) -> _F:
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


def plain_option(command: _F) -> _F:
    return click.option(
        "--plain", "is_plain", is_flag=True,
        help="Lines of what changes instead of a drawn screen, for screen readers.",
    )(command)  # fmt: skip


def session_options(command: _F) -> _F:
    """What every command that runs a session takes."""
    for option in reversed(
        [
            click.option("--headless", is_flag=True, help="The engine alone, with a status line."),
            click.option("--assets", callback=csv_of(Asset), help="btc,eth,sol,xrp"),
            click.option(
                "--interval",
                "--intervals",
                "intervals",
                callback=csv_of(Interval),
                help="5m,15m,1h,4h",
            ),
            click.option("--rounds", type=click.IntRange(0), help="Stop after N rounds; 0: never."),
            click.option("--json", "json_path", help="Write the summary here; - is stdout."),
            click.option("--theme", help="Colours of the terminal: a file in the themes folder."),
            click.option("--socket", type=click.Path(path_type=Path), hidden=True),
            click.option(
                "--folder",
                type=click.Path(path_type=Path),
                help="Where its journal, logs and summary go; its name names the session.",
            ),
            click.option(
                "--fresh",
                is_flag=True,
                help="Begin anew: a new paper account, whatever the last session left.",
            ),
            click.option("--owned", is_flag=True, hidden=True),
        ]
    ):
        command = option(command)
    return plain_option(config_option(command))


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


def wishes_option(words: str) -> Callable[[_F], _F]:
    """`--with TABLE.NAME=VALUE`."""
    return click.option(
        "--with", "wishes", multiple=True, callback=_wishes,
        metavar="TABLE.NAME=VALUE", help=words,
    )  # fmt: skip


def wallet_option(command: _F) -> _F:
    """Of every command that moves real money: `polytui/confirmation.py` asks where it is left
    out."""
    return click.option(
        "--i-trade-with", "named", default="", metavar="0xADDRESS",
        help="The wallet whose money it is: confirms what else would be asked at the terminal.",
    )(command)  # fmt: skip


def plain_errors(command: _F) -> _F:
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


def as_usage(check: Callable[..., Any], *args: Any) -> None:
    """What is wrong on the command line itself is told as such, before anything starts."""
    try:
        check(*args)
    except Fatal as error:
        raise click.UsageError(str(error)) from None


def settings_for(options: dict[str, Any]) -> Settings:
    """The file's settings with the command line's on top."""
    settings = load(options["config"])
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
