"""Commands that trade, watch who trades, or are traded against."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import attrs
import click

from polytui.cli.options import (
    as_usage,
    config_option,
    crowd_options,
    csv_of,
    load,
    plain_errors,
    plain_option,
    session_options,
    settings_for,
    wallet_option,
    world_option,
)
from polytui.json_output import write_json
from polytui.model.errors import Blocked
from polytui.model.instrument import Asset, Interval
from polytui.model.plain_text import plain
from polytui.paths import has_terminal


@click.command()
@click.option(
    "--mode",
    type=click.Choice(["paper", "live"]),
    default="paper",
    show_default=True,
    help="live trades with real money: docs/live.md.",
)
@wallet_option
@click.option(
    "--shadow-live",
    is_flag=True,
    help="Sign and check every order as live would, and send none; filled on paper.",
)
@session_options
def run(mode: str = "paper", named: str = "", shadow_live: bool = False, **options: Any) -> None:
    """Trade on live public data: on paper, or with --mode live and your own wallet for real."""
    if shadow_live:
        if mode == "live":
            raise click.UsageError("--mode live sends orders and --shadow-live sends none: say one")
        mode = "shadow"
    if named and mode != "live":
        raise click.UsageError("--i-trade-with goes with --mode live")
    _run(mode, {**options, "named": named})


def _run(mode: str, options: dict[str, Any]) -> None:
    """To its end. What blocks it is in the summary's place as well."""
    from polytui.launch import launch

    try:
        sys.exit(plain_errors(launch)(mode, settings_for(options), options))
    except Blocked as blocked:
        if options["json_path"]:
            write_json({"blocked": blocked.tag, "why": plain(blocked)}, options["json_path"])
        raise


@click.command()
@click.option("--speed", type=click.FloatRange(0.1, 200), help="Session seconds a real second.")
@click.option("--seed", type=click.IntRange(0), help="Of the simulated world.")
@click.option("--start", help="Session time at which it begins, 2026-11-20T14:59:00Z.")
@world_option
@crowd_options
@click.option(
    "--prices", type=click.Path(path_type=Path), help="Recorded Chainlink ticks (CSV, .gz)."
)
@click.option("--chaos", default="", help='"crash:eth@round2" or "spread:market@round3+60sx5"')
@click.option(
    "--paper",
    "is_on_paper",
    is_flag=True,
    help="Orders are only thought: matched here against the books, and never sent.",
)
@click.option("--in-process", is_flag=True, help="No sockets, no waiting: one seed, one result.")
@click.option(
    "--venue",
    type=click.Path(path_type=Path),
    help="Trade at a `polytui venue` that runs already: the file that its ready line is in.",
)
@session_options
@plain_errors
def demo(**options: Any) -> None:
    """Trade against a venue simulated on this machine: no account, no internet."""
    from polytui.runtime.chaos import parse_chaos

    settings = settings_for(options)
    _check_venue(options)
    is_watched = has_terminal() and not options["headless"]
    if is_watched and options["speed"] is None and options["venue"] is None:
        options["speed"] = settings.demo.watched_speed
        settings = settings_for(options)
    if options["rounds"] is None:
        rounds = 0 if is_watched else settings.demo.rounds
        settings = attrs.evolve(settings, session=attrs.evolve(settings.session, rounds=rounds))
    as_usage(parse_chaos, options["chaos"], settings.session.assets)
    from polytui.launch import launch

    sys.exit(launch("demo", settings, options))


_OF_A_VENUE = (
    "speed", "seed", "start", "world", "messages", "crowd_delay_s", "prices", "in_process"
)  # fmt: skip


def _check_venue(options: dict[str, Any]) -> None:
    """A venue that runs has its own world, and a world that ends with the session has no next."""
    if options["venue"] is None:
        if options["fresh"]:
            raise click.UsageError("--fresh needs --venue: every other demo begins anew")
        return
    given = [name for name in _OF_A_VENUE if options[name] not in (None, False)]
    if given:
        named = ", ".join(f"--{name.removesuffix('_s').replace('_', '-')}" for name in given)
        raise click.UsageError(f"{named}: say so to the venue itself, which runs already")


@click.command()
@click.argument("session", required=False)
@click.option("--socket", type=click.Path(path_type=Path), help="The engine's socket.")
@click.option("--theme", help="Colours of the terminal.")
@plain_option
@config_option
@plain_errors
def attach(session: str | None, socket: Path | None, config: Path | None, **options: Any) -> None:
    """Attach a terminal to an engine that already runs: the only one, or the named session."""
    from polytui.launch import attach_to

    settings = load(config)
    sys.exit(attach_to(settings, socket, session, options))


@click.command(hidden=True)
@click.option("--socket", type=click.Path(path_type=Path), required=True)
@click.option("--folder", type=click.Path(path_type=Path), required=True)
@click.option("--engine", type=int, required=True)
@click.option("--theme")
@plain_option
@click.option("--json", "json_path")
@config_option
@plain_errors
def face(**options: Any) -> None:
    """What a start with keys becomes once its engine runs: a terminal that never had any."""
    from polytui.launch import face_of

    sys.exit(face_of(load(options["config"]), options))


@click.command()
@click.option("--port", type=click.IntRange(0, 65534), default=0, help="0: any free port.")
@click.option(
    "--speed", type=click.FloatRange(0.1, 200), help="World seconds a real second.  [default: 1]"
)
@click.option("--seed", type=click.IntRange(0), help="Of prices, rounds and crowd.")
@click.option("--start", help="World time at which it begins.  [default: this machine's clock]")
@world_option
@crowd_options
@click.option("--assets", callback=csv_of(Asset))
@click.option("--intervals", "--interval", "intervals", callback=csv_of(Interval))
@click.option("--prices", type=click.Path(path_type=Path), help="Recorded Chainlink ticks.")
@click.option(
    "--hostile", is_flag=True, help="Every oddity that was seen of the real one: docs/venue.md."
)
@click.option(
    "--v2-share", type=click.FloatRange(0, 1), help="Of rounds with position ids.  [default: 0]"
)
@click.option(
    "--heartbeat",
    type=click.FloatRange(1),
    default=10.0,
    show_default=True,
    help="World seconds without one after which a key's orders are cancelled.",
)
@click.option("--is-traded", is_flag=True, hidden=True)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@config_option
@plain_errors
def venue(**options: Any) -> None:
    """The simulated venue alone: prints one JSON line with its addresses, then serves.

    Its clock is this machine's, as any client's is; see docs/venue.md.
    """
    from polytui.paths import existing_prices
    from polytui.sim_world import machine_time, serve_venue, starting_with, world_settings

    prices = existing_prices(options["prices"])
    is_at_machine_time = prices is None and options["start"] is None
    if is_at_machine_time:
        options["start"] = machine_time()
    settings = settings_for({"rounds": None, **options})
    if prices is not None and options["start"] is None:
        settings = starting_with(settings, prices)
    serve_venue(
        world_settings(settings, options["intervals"] or tuple(Interval), prices),
        speed=options["speed"] or 1.0,
        port=options["port"],
        is_at_machine_time=is_at_machine_time,
        is_hostile=options["hostile"],
        v2_share=options["v2_share"] or 0.0,
        heartbeat_s=options["heartbeat"],
        is_traded=options["is_traded"],
        until_stdin_closes=options["until_stdin_closes"],
    )
