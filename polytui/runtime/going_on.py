"""How a session begins: with the mind of the one before it, or anew; and what people are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen
from loguru import logger

from polytui.desk.account import Account
from polytui.desk.coming_back import (
    come_back,
    doubtful_orders,
    gone_orders,
    known_orders,
    unsettled,
    what_it_had,
)
from polytui.desk.mind import Mind
from polytui.execution.client import Carried
from polytui.feeds.home import FollowedRound
from polytui.journal.codec import BadJournal, Continues
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.errors import Fatal
from polytui.model.events import Cancelled
from polytui.model.instrument import Asset
from polytui.model.units import MICRO, NS_PER_S
from polytui.runtime.modes import trades_at_venue
from polytui.runtime.plan import Plan
from polytui.runtime.recovery import Recovered, Recovery

_MINUTE_S = 60
_WAYS_OUT = (
    "mend that and start again, or begin a new account with --fresh"
    " (kill switch, pauses and counters of the day stay)"
)
_ALONE = ("; another folder's is another account, its day is not counted here", "")
"""A wallet has one day, wherever its sessions are."""
Line = tuple[str, str, str]
"""(level, asset, text)."""


@frozen
class GoesOn:
    """What a session takes over from the one before."""

    continues: Continues
    carried: Carried
    gone: dict[Asset, list[Cancelled]]
    """Orders that worked on paper when the process died; a venue has them still, and is asked."""
    followed: dict[Asset, list[FollowedRound]]
    """Rounds whose end it has not seen."""
    words: str
    figures: dict[str, Any]
    """The same for the summary."""


@frozen
class Start:
    """A mind to begin with, and what to say of it."""

    mind: Mind
    goes_on: GoesOn | None
    lines: tuple[Line, ...]


def begin_session(
    plan: Plan, world: str | None, risk_state: RiskStateFile | None, now_ns: int
) -> Start:
    """The way that every session begins. `world`: the one it lives in, None where it ends with the
    session. Fatal where there is a session to go on from and it does not come back: money that
    begins anew unasked would be taken for what is left."""
    if world is None or risk_state is None:
        words = "begins anew: account, kill switch and counters end with this session"
        return Start(Mind(), None, (("info", "", words),))
    directory = Path(plan.settings.journal.directory)
    recovery = Recovery(directory, plan.mode, world, plan.settings.journal.recover_within_s)
    found = _found(recovery, is_fresh=plan.is_fresh)
    lines: list[Line] = [("error", "", fault) for fault in recovery.faults]
    lines += _left_lines(risk_state, found)
    if found is None or plan.is_fresh:
        return _anew(plan, found, risk_state, lines, now_ns)
    goes_on = _taken_over(found, plan, now_ns)
    if risk_state.restored is not None:
        is_newer = _is_of_another(risk_state, found)
        found.mind.account.restore(risk_state.restored, now_ns, is_newer=is_newer)
    lines.append(("warn" if recovery.faults else "info", "", goes_on.words))
    if left_out := ", ".join(found.settings_left_out):
        words = f"{found.session} had settings that this version does not have: {left_out}"
        lines.append(("warn", "", words))
    lines += _untold(found.mind, plan)
    lines += stop_lines(found.mind.account, now_ns)
    return Start(found.mind, goes_on, tuple(lines))


def _is_of_another(risk_state: RiskStateFile, found: Recovered | None) -> bool:
    """Whether another folder's session of this wallet was the last."""
    return risk_state.left_by not in ("", "" if found is None else found.session)


def _left_lines(risk_state: RiskStateFile, found: Recovered | None) -> Iterator[Line]:
    if risk_state.damage:
        yield "error", "", risk_state.damage
    if risk_state.moved:
        yield "warn", "", risk_state.moved
    if _is_of_another(risk_state, found):
        words = f"the last session of this wallet was {risk_state.left_by}"
        yield "info", "", f"{words}: the counters of its day go on here"


def _found(recovery: Recovery, *, is_fresh: bool) -> Recovered | None:
    """The session before; of one that a new account leaves behind it is enough to say."""
    try:
        return recovery.last()
    except BadJournal as error:
        if is_fresh:
            recovery.faults.append(str(error))
            return None
        for fault in recovery.faults:
            logger.error("{}", fault)
        raise Fatal(f"{error}; {_WAYS_OUT}") from error


def _anew(
    plan: Plan,
    found: Recovered | None,
    risk_state: RiskStateFile,
    lines: list[Line],
    now_ns: int,
) -> Start:
    """A new account on paper, or a first look at one that a venue has. What stopped entries stops
    them still."""
    cash = f"a new paper account of {plan.settings.paper.starting_cash_usd:.2f} USD"
    if trades_at_venue(plan):
        cash = "the account as the venue has it now"
    where = Path(plan.settings.journal.directory).resolve()
    if found is not None:
        lines.append(("warn", "", f"{cash}: leaves {found.session} with {_had(found.mind)}"))
    elif risk_state.restored is None:
        text = f"no earlier session in {where}: counters of the day begin at nothing, with {cash}"
        lines.append(("warn", "", f"{text}{_ALONE[risk_state.is_of_wallet]}"))
    else:
        lines.append(("warn", "", f"begins with {cash}: no earlier one is gone on from"))
    left = risk_state.restored
    if left is not None:
        account = Account()
        account.restore(left, now_ns)
        lines.append(("info", "", "counters of the day go on from the last session"))
        lines += stop_lines(account, now_ns)
    return Start(Mind(), None, tuple(lines))


def _taken_over(found: Recovered, plan: Plan, now_ns: int) -> GoesOn:
    mind, until_ns = found.mind, found.mind.at_ns
    seq, away_ns, cash = mind.seq, now_ns - until_ns, mind.account.cash
    had, is_at_venue = _had(mind), trades_at_venue(plan)
    working = {asset: doubtful_orders(mind, asset) for asset in Asset}
    orders = {asset: known_orders(mind, asset) for asset in Asset}
    gone = {asset: [] if is_at_venue else gone_orders(mind, asset) for asset in Asset}
    come_back(mind, now_ns)
    minutes = _candle_minutes(mind, plan.settings.session.assets)
    count = sum(map(len, working.values()))
    words = f"recovered {found.session}: {had}, candles {minutes} min, {_away(away_ns)}"
    if count:
        words += f", {count} orders that worked are {'asked for' if is_at_venue else 'gone'}"
    desks = {a: one for a in Asset if (one := what_it_had(mind, a)) is not None}
    rounds = {a: tuple(unsettled(mind, a)) for a in desks}
    failed = {a: mind.account.of(a).bookings.failed for a in desks}
    return GoesOn(
        Continues(found.session, seq),
        Carried(mind.account.starting_cash, cash, desks, working, until_ns, rounds, orders, failed),
        gone,
        {a: [FollowedRound(one) for one in rounds[a]] for a in desks},
        words,
        {
            "words": words,
            "session": found.session,
            "event": seq,
            "away_s": round(away_ns / NS_PER_S, 3),
            "cash_usd": cash / MICRO,
            "positions": _positions(mind),
            "orders_gone": 0 if is_at_venue else count,
            "orders_asked_for": count if is_at_venue else 0,
            "candle_minutes": minutes,
            "records_read": found.played,
            "took_s": round(found.took_s, 3),
        },
    )


def _had(mind: Mind) -> str:
    """ "2 positions, cash 998.20, kill off"."""
    count = _positions(mind)
    held = f"{count} position{'' if count == 1 else 's'}"
    kill = "on" if mind.account.kill_switch.is_on else "off"
    return f"{held}, cash {mind.account.cash / MICRO:.2f}, kill {kill}"


def _positions(mind: Mind) -> int:
    """Outcomes that something is held of."""
    had = (what_it_had(mind, asset) for asset in Asset)
    return sum(len(held.holdings) for desk in had if desk is not None for held in desk.held)


def _candle_minutes(mind: Mind, assets: tuple[Asset, ...]) -> int:
    """Of the asset that knows least."""
    known = [mind.desks[asset].prices.features.candles for asset in assets if asset in mind.desks]
    return min([candles.whole_bars(_MINUTE_S) for candles in known], default=0)


def _away(away_ns: int) -> str:
    seconds = away_ns / NS_PER_S
    if seconds < 0:
        return f"the clock was set back by {-seconds:.0f} s"
    if seconds < 2 * _MINUTE_S:
        return f"away {seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"away {seconds / _MINUTE_S:.0f} min"
    return f"away {seconds / 3600:.1f} h"


def _untold(mind: Mind, plan: Plan) -> Iterator[Line]:
    """What is held and not looked after in this session."""
    session = plan.settings.session
    for asset in Asset:
        had = what_it_had(mind, asset)
        if had is None or not had.held:
            continue
        if asset not in session.assets:
            words = "holds something and is not traded in this session: nobody sees its end"
            yield "error", asset.value, words
            continue
        for held in had.held:
            if held.round.interval not in session.intervals:
                interval = held.round.interval.value
                words = f"{held.round.slug} is held to its end: {interval} is not traded here"
                yield "warn", asset.value, words


def stop_lines(account: Account, now_ns: int) -> Iterator[Line]:
    """What stops entries from an earlier session: a kill switch that was looked for in the wrong
    folder is off."""
    left = account.risk_state(now_ns)
    if left.kill_why:
        yield "error", "", f"kill switch is on from an earlier session: {left.kill_why}"
    for one in left.stopped:
        if one.is_paused:
            why = one.whys[0].text() if one.whys else "by command"
            yield "warn", one.asset, f"paused from an earlier session until you resume it: {why}"
        for breaker, _ in one.breakers:
            yield "warn", one.asset, f"no entries yet, as before the restart: {breaker.text()}"
