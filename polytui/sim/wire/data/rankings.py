"""The Data API's rankings: who made most, in what, and how it came. Builders have none."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S, to_float
from polytui.sim.exchange.data_index import DataIndex
from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.exchange.names import CROWD
from polytui.sim.wire.data.query import DataQuery, Document, page_of, paged
from polytui.sim.wire.data.rows import title_of
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.wire_text import iso_z
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.world.world import World

_PERIODS: dict[str, int | None] = {
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "all": None,
}
_FIDELITIES = {"1d": 86_400, "18h": 64_800, "12h": 43_200, "3h": 10_800, "1h": 3_600}
_INTERVALS: dict[str, int | None] = {
    "max": None,
    "all": None,
    "1m": 30 * 86_400,
    "1w": 7 * 86_400,
    "1d": 86_400,
    "12h": 43_200,
    "6h": 21_600,
}
_MOST_POINTS = 1_000


class DataRankings:
    """The crowd is nobody, and stands in none of them."""

    def __init__(self, world: World, index: DataIndex) -> None:
        self._world = world
        self._index = index

    def routes(self) -> list[Route]:
        return [
            Route("/v2/leaderboard", self.leaderboard),
            Route("/v2/biggest-winners", self.biggest_winners),
            Route("/v2/builders/leaderboard", self.no_builders),
            Route("/v2/builders/volume", self.no_volumes),
            Route("/v2/user-pnl", self.user_pnl),
        ]

    async def leaderboard(self, request: Request) -> Response:
        """By what was realized, or by shares traded; of one wallet, where it stands in both."""
        query = DataQuery(request, ("category", "time_period", "sort_by", "user"), is_paged=True)
        wallet, sort = query.wallet(), query.one_of("sort_by", ("PNL", "VOLUME")) or "PNL"
        page = page_of(query, self._index.horizon_ns)
        start_ns = self._start_ns(query)
        made = self._made(start_ns, page.until_ns)
        by_pnl = sorted(made, key=lambda one: -made[one][0])
        by_volume = sorted(made, key=lambda one: -made[one][1])
        if wallet is not None:
            if wallet not in made:
                return json_answer({"data": None})
            row = _trader(wallet, *made[wallet])
            ranks = {"rank_pnl": _rank(by_pnl, wallet), "rank_volume": _rank(by_volume, wallet)}
            return json_answer({"data": {**row, **ranks}})
        ranked = by_pnl if sort == "PNL" else by_volume
        found = list(enumerate(ranked, start=1))
        return json_answer(
            paged(page, found, lambda one: {"rank": one[0], **_trader(one[1], *made[one[1]])})
        )

    async def biggest_winners(self, request: Request) -> Response:
        """Positions that were closed with a gain after their round was resolved."""
        query = DataQuery(request, ("category", "time_period"), is_paged=True)
        page = page_of(query, self._index.horizon_ns)
        start_ns, rounds = self._start_ns(query), self._world.rounds
        won = [
            held
            for wallet in self._index.wallets()
            if wallet != CROWD
            for held in self._index.positions(wallet, page.until_ns)
            if held.realized > 0
            and held.listed.slug in rounds
            and start_ns <= (self._world.status(held.listed.slug).resolved_ns or -1)
        ]
        won.sort(key=lambda held: -held.realized)

        def row(place: int) -> Document:
            held = won[place]
            resolved_ns = self._world.status(held.listed.slug).resolved_ns or 0
            return {
                "win_rank": place + 1,
                "kind": "market",
                "user_id": held.wallet,
                "pnl": to_float(held.realized),
                "initial_value": to_float(held.sold_cost),
                "final_value": to_float(held.sold_cost + held.realized),
                "resolved_at": iso_z(resolved_ns),
                "user_name": "",
                "profile_image": "",
                "event_title": title_of(held.listed),
                "condition_id": held.listed.condition_id,
                "position_id": held.token_id,
                "event_id": event_number(held.listed.slug),
                "event_slug": held.listed.slug,
            }

        return json_answer(paged(page, range(len(won)), row))

    async def no_builders(self, request: Request) -> Response:
        """Nobody is ranked by what builders brought here."""
        query = DataQuery(request, ("time_period",), is_paged=True)
        query.one_of("time_period", tuple(_PERIODS))
        return json_answer(paged(page_of(query, self._index.horizon_ns), [], dict))

    async def no_volumes(self, request: Request) -> Response:
        query = DataQuery(request, ("interval", "limit"))
        query.one_of("interval", tuple(_PERIODS))
        query.whole("limit", 1, 90, 90)
        return json_answer({"data": []})

    async def user_pnl(self, request: Request) -> Response:
        """What was realized up to each step."""
        query = DataQuery(request, ("user", "interval", "fidelity"))
        wallet = query.need_wallet()
        interval = query.one_of("interval", tuple(_INTERVALS)) or "1d"
        fidelity = query.one_of("fidelity", tuple(_FIDELITIES)) or "1h"
        horizon_ns, step_ns = self._index.horizon_ns, _FIDELITIES[fidelity] * NS_PER_S
        facts = self._index.facts(wallet, horizon_ns)
        back_s = _INTERVALS[interval]
        first_ns = facts[0].at_ns if facts else horizon_ns
        if back_s is not None:
            first_ns = max(first_ns, horizon_ns - back_s * NS_PER_S)
        moments = list(range(horizon_ns, first_ns, -step_ns))[:_MOST_POINTS][::-1]
        points = [self._point(wallet, at_ns) for at_ns in moments]
        return json_answer(
            {
                "data": {
                    "proxy_wallet": wallet,
                    "interval": interval,
                    "fidelity": fidelity,
                    "source_fidelity": fidelity,
                    "points": points,
                }
            }
        )

    def _point(self, wallet: str, at_ns: int) -> Document:
        legs = self._index.legs(wallet, at_ns)
        realized = sum(held.realized for held in self._index.positions(wallet, at_ns))
        return {
            "timestamp": at_ns // NS_PER_S,
            "source_block": 0,
            "trade_count": len(legs),
            "realized_market_pnl": to_float(realized),
            "realized_lp_pnl": 0.0,
            "realized_combo_pnl": 0.0,
            "realized_pnl": to_float(realized),
            "volume": to_float(sum(leg.shares for leg in legs)),
            "volume_usdc": to_float(sum(leg.usd for leg in legs)),
            "fees_paid": to_float(sum(leg.fee for leg in legs)),
        }

    def _made(self, start_ns: int, until_ns: int) -> dict[str, tuple[int, int]]:
        """By wallet: what it realized in a span, and how many shares it traded."""
        made: dict[str, tuple[int, int]] = {}
        for wallet in self._index.wallets():
            shares = _traded(self._index.legs(wallet, until_ns), start_ns)
            if wallet == CROWD or not shares:
                continue
            before, after = (
                sum(held.realized for held in self._index.positions(wallet, at_ns))
                for at_ns in (start_ns, until_ns)
            )
            made[wallet] = (after - before, shares)
        return made

    def _start_ns(self, query: DataQuery) -> int:
        back_s = _PERIODS[query.one_of("time_period", tuple(_PERIODS)) or "day"]
        return 0 if back_s is None else self._index.horizon_ns - back_s * NS_PER_S


def _traded(legs: list[TradeLeg], start_ns: int) -> int:
    return sum(leg.shares for leg in legs if leg.at_ns >= start_ns)


def _rank(ranked: list[str], wallet: str) -> int:
    return ranked.index(wallet) + 1


def _trader(wallet: str, pnl: int, shares: int) -> Document:
    return {
        "user_id": wallet,
        "pnl": to_float(pnl),
        "volume": to_float(shares),
        "user_name": "",
        "profile_image": "",
        "x_username": "",
        "verified": False,
    }
