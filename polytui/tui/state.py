"""What this terminal knows: the last views, when they came, and what it has asked for."""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs
from attrs import define, field

from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    Ack,
    AssetFrame,
    Command,
    Forget,
    FromEngine,
    Goodbye,
    Hello,
    NoticeFrame,
    PlayFrame,
    SettingsFrame,
    TicketAnswer,
    WhatIfFrame,
)
from polytui.model.playing import RECORDING
from polytui.model.query import Answer
from polytui.model.snapshot import AccountView, AssetView, Notice
from polytui.tui.known_play import KnownPlay
from polytui.tui.known_settings import KnownSettings
from polytui.tui.known_tickets import KnownTickets
from polytui.tui.past import Past
from polytui.tui.told import ToldLines
from polytui.tui.told_blotter import ToldBlotter
from polytui.tui.told_equity import ToldEquity
from polytui.tui.told_log import ToldLog
from polytui.tui.told_round_list import ToldRoundList
from polytui.tui.told_rounds import ToldRounds
from polytui.tui.traces import Traces
from polytui.tui.trade_export import TradeExport

_KEPT_REQUESTS = 64


class LinkState(Enum):
    CONNECTING = "connecting"
    ATTACHED = "attached"
    ENDED = "ended"
    """The engine said goodbye."""
    LOST = "lost"
    """The engine is gone without a word."""


@define
class Request:
    """A command on its way. Sent, carried out and on the disk are three different things."""

    action: Action
    asset: str
    ack: Ack | None = None
    """The engine's answer, once it came."""

    @property
    def words(self) -> str:
        """How far it has come."""
        ack = self.ack
        if ack is None:
            return "sent"
        if ack.error:
            return f"NOT carried out: {ack.error}"
        numbers = " ".join(f"#{seq}" for seq in ack.seqs)
        rest = f", but {ack.left_out}" if ack.left_out else ""
        if ack.unkept:
            return f"sent > {numbers} done, NOT on disk: {ack.unkept}{rest}"
        return f"sent > {numbers} kept{rest}" if numbers else f"sent > taken{rest}"

    @property
    def level(self) -> str:
        """Of these words, as of a notice."""
        ack = self.ack
        if ack is None or (ack.left_out and not ack.error and not ack.unkept):
            return "warn"
        return "error" if ack.error or ack.unkept else "good"

    @property
    def name(self) -> str:
        word = "KILL" if self.action is Action.KILL else self.action.value
        return f"{word} {self.asset.upper()}".strip()


@define
class TerminalState:
    """State: everything that is drawn. Written by `hear` and the app, read by panels."""

    session: str = ""
    mode: str = ""
    account: AccountView | None = None
    account_s: float = 0.0
    """When the account view arrived, seconds of the app's clock; so for the assets."""
    assets: dict[str, AssetView] = field(factory=dict)
    assets_s: dict[str, float] = field(factory=dict)
    told: ToldLines = field(factory=ToldLines)
    dropped: int = 0
    link: LinkState = LinkState.CONNECTING
    link_words: str = ""
    """Why it ended or was lost."""
    exit_code: int = 0
    """The engine's own, from its goodbye."""
    ended_s: float = 0.0
    last_words: tuple[str, ...] = ()
    """The end of the engine's log file, once it is lost."""
    requests: dict[int, Request] = field(factory=dict)
    settings: KnownSettings = field(factory=KnownSettings)
    past: Past = field(factory=Past)
    traces: Traces = field(factory=Traces)
    told_rounds: ToldRounds = field(factory=ToldRounds)
    tickets: KnownTickets = field(factory=KnownTickets)
    blotter: ToldBlotter = field(factory=ToldBlotter)
    export: TradeExport = field(factory=TradeExport)
    equity: ToldEquity = field(factory=ToldEquity)
    log_lines: ToldLog = field(factory=ToldLog)
    round_list: ToldRoundList = field(factory=ToldRoundList)
    playing: KnownPlay = field(factory=KnownPlay)
    changes: int = 0

    @property
    def is_recording(self) -> bool:
        """Whether nothing can be commanded: what is seen was recorded."""
        return self.mode == RECORDING

    @property
    def is_over(self) -> bool:
        """Whether the engine will say nothing more."""
        return self.link in (LinkState.ENDED, LinkState.LOST)

    @property
    def parting_code(self) -> int:
        """Of a terminal that ends now: 0 when the engine was left or has ended well, 1 when it was
        lost."""
        return 1 if self.exit_code or self.link is LinkState.LOST else 0

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The log's lines as they are shown, the oldest first."""
        return tuple(self.told)

    @property
    def names(self) -> tuple[str, ...]:
        """Assets in the engine's order."""
        return self.account.assets if self.account is not None else tuple(self.assets)

    @property
    def views(self) -> tuple[AssetView, ...]:
        """Every asset that is known, in the engine's order."""
        return tuple(self.assets[name] for name in self.names if name in self.assets)

    @property
    def session_ns(self) -> int:
        """Session time; 0 where no account has been seen."""
        return self.account.at_ns if self.account is not None else 0

    def hear(self, message: FromEngine, now_s: float) -> None:
        """Take in one message of the engine."""
        self.changes += 1
        match message:
            case AssetFrame(view=view):
                self.assets[view.asset], self.assets_s[view.asset] = view, now_s
                self.traces.see(view)
            case AccountFrame(view=view):
                self.account, self.account_s = view, now_s
            case NoticeFrame(notice=notice, dropped=dropped):
                self.told.hear(notice)
                self.log_lines.hear(notice)
                self.dropped = dropped
            case SettingsFrame(settings=settings, file=file):
                self.settings.hear(settings, now_s)
                self.settings.file = file
            case PlayFrame() | WhatIfFrame():
                self.playing.hear(message)
            case Forget():
                self._forget()
            case Answer():
                self._answered_question(message, now_s)
            case TicketAnswer():
                self.tickets.hear(message)
            case Ack():
                self._acked(message, now_s)
            case Hello(session=session, mode=mode):
                self.session, self.mode, self.link = session, mode, LinkState.ATTACHED
            case Goodbye(exit_code=exit_code, reason=reason):
                self.end(LinkState.ENDED, reason, now_s, exit_code)

    def _answered_question(self, answer: Answer, now_s: float) -> None:
        """Whose it is is in its number."""
        self.past.hear(answer, now_s)
        self.told_rounds.hear(answer)
        self.blotter.hear(answer, now_s)
        self.export.hear(answer, now_s)
        self.equity.asking.hear(answer, now_s)
        self.log_lines.hear_answer(answer)
        self.round_list.hear(answer, now_s)

    def _forget(self) -> None:
        """What is seen is of another moment from here on: nothing may be left of what was."""
        for known in (self.told, self.past, self.traces, self.told_rounds, self.export):
            known.forget()
        for page in (self.blotter, self.equity, self.log_lines, self.round_list):
            _begin_anew(page)

    def end(self, state: LinkState, words: str, now_s: float, exit_code: int = 0) -> None:
        """The engine will say nothing more. What is on the screen stays, and gets older."""
        self.link, self.link_words, self.ended_s = state, words, now_s
        self.exit_code = exit_code
        self.changes += 1

    def asked(self, command: Command) -> None:
        """A command was written to the socket."""
        self.requests[command.command_id] = Request(command.action, command.asset)
        while len(self.requests) > _KEPT_REQUESTS:
            del self.requests[next(iter(self.requests))]
        self._note(command.command_id)

    def _acked(self, ack: Ack, now_s: float) -> None:
        request = self.requests.get(ack.command_id)
        if self.playing.acked(ack):
            if ack.error:
                self.log("warn", "", ack.error)
            return
        if request is None:
            self._answered(ack, now_s)
            return
        request.ack = ack
        self._note(ack.command_id)

    def _answered(self, ack: Ack, now_s: float) -> None:
        """A ticket, or a change of a setting, was taken or refused. That it was taken the engine
        tells every face, and mostly why it was not."""
        if (ticket := self.tickets.acked(ack)) is not None:
            if ticket.is_refused and not self.told.has(ack.error):
                self.log("error", "", f"{ticket.words}: {ticket.result}")
            return
        found = self.settings.acked(ack, now_s)
        if found is not None:
            path, wish = found
            if wish.error and not self.told.has(wish.error):
                self.log("error", "", f"{path} {wish.words} refused: {wish.error}")

    def log(self, level: str, asset: str, words: str) -> None:
        """A line of this terminal's own."""
        notice = Notice(self._now_ns, level, asset, words)
        self.told.hear(notice)
        self.log_lines.hear(notice)
        self.changes += 1

    @property
    def _now_ns(self) -> int:
        """Of the session, as far as it is known here."""
        return max(self.session_ns, self.told.newest_ns)

    def _note(self, command_id: int) -> None:
        request = self.requests[command_id]
        words, ack = f"{request.name} {request.words}", request.ack
        notice = Notice(self._now_ns, request.level, request.asset, words)
        self.told.command(command_id, notice, ack.seqs if ack is not None else ())
        self.changes += 1

    def kill_words(self) -> str:
        """How far the last kill command has come; empty when there is none to speak of."""
        last = [one for one in self.requests.values() if one.action in (Action.KILL, Action.REARM)]
        if not last or last[-1].action is Action.REARM:
            return ""
        return f"KILL {last[-1].words}"

    @property
    def is_kill_unkept(self) -> bool:
        """Whether the last kill is in force and a restart would forget it."""
        kills = [one for one in self.requests.values() if one.action is Action.KILL]
        return bool(kills and kills[-1].ack is not None and kills[-1].ack.unkept)

    def note_of(self, asset: str) -> str:
        """A command for this asset that has not been acknowledged yet."""
        waiting = [
            one for one in self.requests.values() if one.ack is None and one.asset in ("", asset)
        ]
        return f"{waiting[-1].action.value} sent" if waiting else ""


def _begin_anew(known: Any) -> None:
    """As if nothing had been told; whoever holds it goes on with it."""
    fresh = type(known)()
    for one in attrs.fields(type(known)):
        setattr(known, one.name, getattr(fresh, one.name))
