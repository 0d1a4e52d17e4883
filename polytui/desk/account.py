"""What all desks share: money, exposure, the kill switch, and the counters that limits look at.

Desks run one after the other in the order of the journal, so a plain object is enough, and a
replay sees the same numbers at the same places. Faces read it at times of their own, so reading
changes nothing. Days are days of UTC; one that has begun is not taken back by a clock that was.
"""

from __future__ import annotations

from collections.abc import Iterator

from polytui.config.deciding import BreakerSettings
from polytui.desk.asset_account import AssetAccount, Earlier
from polytui.desk.roster import Roster
from polytui.ledger.cash_moves import CashMoves
from polytui.ledger.claims import Claims
from polytui.ledger.exposure import AccountExposure
from polytui.ledger.high_water import HighWater
from polytui.model.effects import Reason
from polytui.model.events import CashMoved, RiskStateRestored, Stopped
from polytui.model.instrument import Asset
from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.risk.kill_switch import KillSwitch
from polytui.risk.ramp import Ramp

_DAY_NS = 86_400 * NS_PER_S


class Account:
    """State: accounts by asset, the cash at the start, the kill switch, the day's result and
    trades, the peak of the realised result."""

    def __init__(self) -> None:
        self.starting_cash = Usd(0)
        self.kill_switch = KillSwitch()
        self.claims = Claims()
        self.moves = CashMoves()
        """Deposits and the like: no result."""
        self.ramp = Ramp()
        self.roster = Roster()
        self.is_live = False
        """Its orders go to a venue that holds money."""
        self.at_risk = AccountExposure()
        """What is held and works in all assets."""
        self._assets = {asset: AssetAccount(self.at_risk.of(asset)) for asset in Asset}
        """All there can be, from the start: whoever asks for one first changes nothing."""
        self._day = 0
        self._realised_today = Usd(0)
        self._trades_today = 0
        self._high = HighWater()
        """The highest that `realised` stood, and the money there was then."""
        self._is_restored = False
        self._is_brought_back = False
        """It is an earlier session's own, whose memory is better than what that session left."""
        self._breach = (0, 0.0)
        """Day and limit of the last kill by a day's loss."""
        self._told_sold: dict[Asset, dict[str, Usd]] = {}
        """Of assets whose desk has not begun: what an earlier session's day has of open rounds."""
        self._ended_elsewhere: dict[str, Usd] = {}
        """Rounds whose end another session may have counted, and what was sold of them by then."""

    def of(self, asset: Asset) -> AssetAccount:
        return self._assets[asset]

    # --- counters that limits look at ---------------------------------------------------------

    def realise(self, asset: Asset, pnl: Usd, now_ns: int, slug: str = "") -> None:
        """`slug`: of the round that ended with it."""
        self._begin_day(now_ns)
        self._win_once(slug, pnl)
        asset_account = self.of(asset)
        asset_account.realised = Usd(asset_account.realised + pnl)
        self._realised_today = Usd(self._realised_today + pnl)
        if self.realised >= self._high.result:
            self._high.rise(self.realised, is_open_even=self._sold >= 0)

    def correct(self, asset: Asset, delta: Usd, now_ns: int, peak_before: Usd) -> None:
        """A result of a settled round is another than was realised: a result of today. A peak that
        was only reached with it is none; `peak_before` stood before that round settled."""
        if delta < 0 and self._high.result > peak_before:
            self._high.result = Usd(max(peak_before, self._high.result + delta))
        self.realise(asset, delta, now_ns)

    @property
    def peak(self) -> Usd:
        """The highest that the realised result stood."""
        return self._high.result

    def realised_today(self, now_ns: int) -> Usd:
        """Since midnight UTC; what sales in open rounds have won or lost is of this day."""
        settled = self._realised_today if self._is_same_day(now_ns) else 0
        return Usd(settled + self._sold)

    @property
    def _sold(self) -> Usd:
        """What was paid and received in open rounds, and what is held: at its cost, pairs at the
        dollar that they pay."""
        return Usd(self.at_risk.totals.flow + self.at_risk.totals.carried)

    def is_first_breach(self, now_ns: int, limit_usd: float) -> bool:
        """Whether nobody was told yet today that the day's loss has reached this limit."""
        breach = (max(self._day, now_ns // _DAY_NS), limit_usd)
        is_first, self._breach = breach != self._breach, breach
        return is_first

    def is_paused_for(self, *reasons: Reason) -> bool:
        """Whether an asset waits for a person for one of these: one that a person can resume."""
        traded = [one for one in self._assets.values() if one.is_traded]
        return any(why.reason in reasons for one in traded for why in one.paused_whys)

    def note_trade(self, now_ns: int) -> None:
        """An order that enters was sent."""
        self._begin_day(now_ns)
        self._trades_today += 1

    def forget_trade(self, noted_ns: int) -> None:
        """One that was counted then never was; another day's count is over."""
        if noted_ns // _DAY_NS == self._day and self._trades_today:
            self._trades_today -= 1

    def trades_today(self, now_ns: int) -> int:
        """Entries since midnight UTC."""
        return self._trades_today if self._is_same_day(now_ns) else 0

    def note_settled(self, asset: Asset, pnl: Usd) -> None:
        """A round ended with this result. Nothing won and nothing lost, as where nothing was
        traded, neither ends a row of losses nor makes it longer."""
        asset_account = self.of(asset)
        if pnl:
            asset_account.losses_in_a_row = asset_account.losses_in_a_row + 1 if pnl < 0 else 0

    def forgive_losses(self, asset: Asset) -> None:
        """A person looked and goes on: the row begins anew."""
        self.of(asset).losses_in_a_row = 0

    @property
    def drawdown(self) -> Usd:
        """The realised result, sales in open rounds included, below its highest, through restarts;
        never negative."""
        return Usd(max(0, self._high.result - self.realised - self._sold))

    @property
    def equity_peak(self) -> Usd:
        """The money there was when the realised result stood highest, and is not withdrawn: the
        cash of the start, and what was won and came until then."""
        return self._high.base(self.starting_cash)

    @property
    def drawdown_pct(self) -> int:
        """The drawdown in millionths of a percent of the money at the highest; all of it where that
        was nothing."""
        peak = self.equity_peak
        if peak <= 0:
            return 100 * MICRO if self.drawdown else 0
        return self.drawdown * 100 * MICRO // peak

    def forgive_drawdown(self) -> None:
        """A person looked and goes on: from here it is measured anew."""
        self._high.begin_anew(Usd(self.realised + self._sold))

    def _is_same_day(self, now_ns: int) -> bool:
        return now_ns // _DAY_NS <= self._day

    def _begin_day(self, now_ns: int) -> None:
        if not self._is_same_day(now_ns):
            self._day = now_ns // _DAY_NS
            self._realised_today, self._trades_today = Usd(0), 0

    # --- through restarts ---------------------------------------------------------------------

    def begin_session(self, now_ns: int, settings: BreakerSettings) -> None:
        """Another process goes on with this account, as it is."""
        self._is_restored, self._is_brought_back = False, True
        self.is_live = False
        self.ramp.begin_session()
        self.moves.begin_session()
        for asset_account in self._assets.values():
            asset_account.begin_session(now_ns, settings)

    def restore(
        self,
        event: RiskStateRestored,
        now_ns: int,
        asset: Asset | None = None,
        *,
        is_newer: bool = False,
    ) -> None:
        """Begin where earlier sessions ended. Every desk is told, the first one counts: after it
        this session's own results are in the counters. `asset`: whose desk has begun.

        An account that was brought back knows all of that; but what stopped anything stops it,
        whichever of the two files has it. `is_newer`: another session of the wallet has ended
        since, and what it left counts."""
        if self._is_restored:
            self._count_once(asset)
            return
        self._is_restored = True
        if self._is_brought_back:
            if is_newer:
                self._go_on_as(event, now_ns)
            self._restore_stops(event.stopped, now_ns)
            self._restore_kill(event)
            return
        self._begin_day(event.day * _DAY_NS)
        if event.day == self._day:
            self._realised_today = Usd(self._realised_today + event.realised_today)
            self._trades_today += event.trades_today
            self._told_sold = _by_asset(event)
        peak = Usd(self.realised + event.realised_peak)
        if peak > self._high.result:
            self._high.go_on(peak, event.equity_peak)
        self._count_once(asset)
        self._restore_losses(event.losses_in_a_row)
        self._restore_stops(event.stopped, now_ns)
        self._breach = event.breach
        self.claims.restore(event.claims)
        by_name = {one.asset: one for one in event.forecasts}
        for asset in Asset:
            if left := by_name.get(asset.value):
                self.of(asset).watch.restore(left)
        self._restore_kill(event)

    def _count_once(self, asset: Asset | None) -> None:
        """What an earlier session won and lost in a round that this desk begins with is in the
        ledger, and in the result of the day that was told as well."""
        if asset is None:
            return
        for slug, sold in self._told_sold.pop(asset, {}).items():
            if slug in self.of(asset).exposure.rounds:
                self._realised_today = Usd(self._realised_today - sold)
                self._high.result = Usd(self._high.result + sold)

    def _sold_by_round(self) -> Iterator[tuple[str, str, Usd]]:
        for asset, asset_account in sorted(self._assets.items()):
            for slug, kept in asset_account.exposure.rounds.items():
                yield asset.value, slug, Usd(kept.flow + kept.carried)

    def _win_once(self, slug: str, pnl: Usd) -> None:
        """What was won in a round that ended while another session had the wallet is in what that
        one left, or it is not: it makes no room. What was lost counts."""
        won = max(0, pnl - self._ended_elsewhere.pop(slug, pnl))
        self._realised_today = Usd(self._realised_today - won)
        self._high.result = Usd(self._high.result + won)

    def _go_on_as(self, event: RiskStateRestored, now_ns: int) -> None:
        """The day, the drawdown and the rows of losses as another session left them, which began
        with ours. The venue tells what it won and lost in rounds that are open here as well."""
        told = {slug: sold for _, slug, sold in event.sold}
        for name, slug, ours in self._sold_by_round():
            closes_ns = self.of(Asset(name)).exposure.rounds[slug].closes_ns
            if slug not in told and closes_ns <= now_ns:
                self._ended_elsewhere[slug] = ours
        sold = sum([int(told.pop(slug, ours)) for _, slug, ours in self._sold_by_round()])
        # Of rounds that are not known here nobody knows whether they will be: what was won in them
        # may be told again, and what was lost may not.
        sold += sum([max(0, one) for one in told.values()])
        self._begin_day(event.day * _DAY_NS)
        if event.day == self._day:
            self._realised_today = Usd(event.realised_today - sold)
            self._trades_today = max(self._trades_today, event.trades_today)
        self._high.go_on(Usd(self.realised + sold + event.realised_peak), event.equity_peak)
        losses = dict(event.losses_in_a_row)
        for asset, asset_account in self._assets.items():
            asset_account.losses_in_a_row = losses.get(asset.value, 0)
        self._breach = event.breach

    def _restore_kill(self, event: RiskStateRestored) -> None:
        if event.kill_why and not self.kill_switch.is_on:
            self.kill_switch.trip(event.kill_why, event.kill_since_ns)

    def _restore_losses(self, losses: tuple[tuple[str, int], ...]) -> None:
        """Also of assets that this session does not trade: the next one may."""
        counted = dict(losses)
        for asset in Asset:
            if count := counted.get(asset.value, 0):
                self.of(asset).losses_in_a_row = count

    def _restore_stops(self, stopped: tuple[Stopped, ...], now_ns: int) -> None:
        by_name = {one.asset: one for one in stopped}
        for asset in Asset:
            if one := by_name.get(asset.value):
                self.of(asset).stop_as(one, now_ns)

    def risk_state(self, now_ns: int) -> RiskStateRestored:
        """What another session must know, as it would be told."""
        asset_account = sorted(self._assets.items())
        stopped = (each.stopped(asset) for asset, each in asset_account)
        forecasts = [each.watch.left(asset.value) for asset, each in asset_account]
        losses = ((asset.value, each.losses_in_a_row) for asset, each in asset_account)
        return RiskStateRestored(
            day=max(self._day, now_ns // _DAY_NS),
            realised_today=self.realised_today(now_ns),
            trades_today=self.trades_today(now_ns),
            realised_peak=self.drawdown,
            losses_in_a_row=tuple((name, count) for name, count in losses if count),
            kill_why=self.kill_switch.why,
            kill_since_ns=self.kill_switch.since_ns,
            stopped=tuple(one for one in stopped if one is not None),
            breach=self._breach,
            equity_peak=self.equity_peak if self.drawdown else Usd(0),
            claims=self.claims.left(),
            forecasts=tuple([left for left in forecasts if left is not None]),
            sold=tuple(one for one in self._sold_by_round() if one[2]),
        )

    def ramp_rounds(self, wanted: int) -> int:
        """Rounds that must be proven at the smallest size; none where nothing is at stake."""
        return wanted if self.is_live else 0

    # --- money --------------------------------------------------------------------------------

    def move(self, event: CashMoved) -> bool:
        """Money that no trade explains; False for what is counted already."""
        if not self.moves.take(event):
            return False
        self._high.move(event.amount)
        return True

    @property
    def realised(self) -> Usd:
        return Usd(sum([each.realised for each in self._assets.values()]))

    @property
    def earlier(self) -> Earlier:
        """What sessions before this one did, over all assets."""
        before = [each.earlier for each in self._assets.values()]
        return Earlier(
            Usd(sum([one.realised for one in before])), Usd(sum([one.fees for one in before]))
        )

    @property
    def cash(self) -> Usd:
        won = self.realised + self.at_risk.totals.flow
        return Usd(self.starting_cash + self.moves.total + won)

    @property
    def free_cash(self) -> Usd:
        """What no order may still cost, and what is there: sales bring theirs with a block."""
        totals = self.at_risk.totals
        free = self.starting_cash + self.moves.total + totals.flow - totals.reserved
        for each in self._assets.values():
            free += each.realised - each.arrivals.usd
        return Usd(free)

    @property
    def exposure(self) -> Usd:
        """Dollars that could be lost: what is held at cost, and what may still be bought."""
        return self.at_risk.totals.gross

    @property
    def working_orders(self) -> int:
        return self.at_risk.totals.orders

    @property
    def open_rounds(self) -> int:
        return self.at_risk.totals.rounds

    @property
    def at_stake(self) -> Usd:
        """What all that is open can still lose, below what is realised."""
        return Usd(self.at_risk.totals.at_stake)

    @property
    def fees(self) -> Usd:
        return Usd(sum(asset_account.fees for asset_account in self._assets.values()))

    def state(self) -> tuple[object, ...]:
        return (
            self.starting_cash,
            self.kill_switch.state(),
            self.claims.state(),
            (self._day, self._realised_today, self._trades_today),
            (*self._high.state(), self._breach),
            (self._is_restored, self._is_brought_back),
            [
                (asset.value, asset_account.state())
                for asset, asset_account in sorted(self._assets.items())
            ],
            *self.moves.state(),
            *self._high.moved_state(),
            *self.ramp.state(),
            *self.roster.state(),
            *(("live",) if self.is_live else ()),
            *((sorted(self._told_sold.items()),) if self._told_sold else ()),
            *((sorted(self._ended_elsewhere.items()),) if self._ended_elsewhere else ()),
        )


def _by_asset(event: RiskStateRestored) -> dict[Asset, dict[str, Usd]]:
    """What it says of rounds that were open, of assets that there are."""
    by_asset: dict[Asset, dict[str, Usd]] = {}
    for asset in Asset:
        if sold := {slug: usd for name, slug, usd in event.sold if name == asset.value}:
            by_asset[asset] = sold
    return by_asset
