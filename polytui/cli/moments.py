"""Days and moments of UTC, as they are written on a command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from polytui.model.units import NS_PER_S


def ns_of(text: str) -> int:
    """UTC nanoseconds of a day (its beginning) or a moment, whole seconds; of UTC where it names no
    zone. BadParameter for what is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 2026-11-20 or 2026-11-20T14:59Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp()) * NS_PER_S


def moment_ns(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """For options; None where nothing was said."""
    return None if text is None else ns_of(text)
