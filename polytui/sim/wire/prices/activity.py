"""RTDS's `activity`: who traded what in the rounds, as the relay tells everybody."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.hex_text import NOBODY
from polytui.sim.wire.form.wire_text import millis
from polytui.sim.wire.rounds.lasting import title_of
from polytui.sim.wire.rounds.market_frames import transaction_hash
from polytui.sim.world.world import World
from polytui.sim.world.world_events import BookSwept

KINDS = ("trades", "orders_matched")
"""A trade of somebody, and the match it was; this venue tells both at once."""
"""Takers of the crowd have no name."""


class Activity:
    """Writes each sweep once for all sessions."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last: BookSwept | None = None
        self._payloads: list[str] = []

    def of(self, swept: BookSwept, wanted: Collection[tuple[str, str]]) -> list[str]:
        """Frames for those who want (kind, slug) pairs, "" being every slug."""
        kinds = [kind for kind in KINDS if (kind, "") in wanted or (kind, swept.slug) in wanted]
        if not kinds:
            return []
        if swept is not self._last:
            self._last, self._payloads = swept, self._written(swept)
        return [
            f'{{"payload":{payload},"timestamp":{millis(swept.at_ns)},"topic":"activity",'
            f'"type":"{kind}"}}'
            for kind in kinds
            for payload in self._payloads
        ]

    def _written(self, swept: BookSwept) -> list[str]:
        round_ = self._world.rounds[swept.slug]
        common = {
            "asset": round_.token_of(swept.outcome),
            "bio": "",
            "conditionId": round_.condition_id,
            "eventSlug": round_.slug,
            "icon": "",
            "name": "",
            "outcome": swept.outcome.value.capitalize(),
            "outcomeIndex": list(Outcome).index(swept.outcome),
            "profileImage": "",
            "proxyWallet": NOBODY,
            "pseudonym": "",
            "side": "BUY" if swept.taker_side is Side.BUY else "SELL",
            "slug": round_.slug,
            "timestamp": swept.at_ns // NS_PER_S,
            "title": title_of(round_),
        }
        return [
            msgspec.json.encode(
                {
                    **common,
                    "price": leg.price / MICRO,
                    "size": leg.shares / MICRO,
                    "transactionHash": transaction_hash(swept, index),
                }
            ).decode()
            for index, leg in enumerate(swept.legs)
        ]
