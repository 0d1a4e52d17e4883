"""A venue on its bad days, all of them at once: every oddity that was seen or reported of the real
one, for clients that must live with them."""

from __future__ import annotations

from attrs import evolve

from polytui.sim.server.venue import VenueSettings
from polytui.sim.wire.desk.user_channel import UserChannelSettings
from polytui.sim.wire.rounds.quirks import Quirks

_LINGER_S = 0.05
_FAILURES, _RETRIES = 0.05, 0.1
_QUIRKS = Quirks(hydration_s=30.0, zombies=5, needs_text_pings=True)


def on_bad_days(settings: VenueSettings) -> VenueSettings:
    """Frames of the user channel and rows of the private reads in odd forms, frames in odd order,
    answers that come after them, no word of what is left of an order that may not rest, silence for
    wrong credentials, trades that fail on the chain, markets that the CLOB does not know yet and
    some that never close, sockets that are cut without text PINGs."""
    channel = UserChannelSettings(is_hostile=True, closes_on_wrong_key=False)
    return evolve(
        settings,
        quirks=_QUIRKS,
        rules=evolve(settings.rules, failures=_FAILURES, retries=_RETRIES, is_rest_told=False),
        desk=evolve(settings.desk, user_channel=channel, linger_s=_LINGER_S),
    )
