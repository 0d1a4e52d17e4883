"""What is known of rounds that are over: who won, from what price, and the tokens of the outcomes.

A table of outcomes has `slug` and `winner` (up, down, void; empty where nobody knows). Optional:
`condition_id`; `up_token` and `down_token`, or `token_first`, `side_first`, `token_second`,
`side_second`; `price_to_beat` with `price_source`; `winner_kind`, official where the venue named
the winner: else it may be anybody's guess. A strike counts where its source
is the settlement feed or Gamma: an exchange's price settles nothing.

Gamma's own objects are JSON lines: events with their `markets`, or rows with a market in `raw`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from polytui.backtest.sources import cells
from polytui.backtest.sources.known_round import KnownRound
from polytui.backtest.sources.tables import Cells, bad_row, rows_of
from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Outcome
from polytui.venues.polymarket.gamma_events import RoundLook, look_at
from polytui.venues.polymarket.round_names import is_round

_VOID = ("void", "cancelled", "canceled", "none", "nobody")
_OFFICIAL = ("official", "venue", "resolved")
_OF_THE_VENUE = ("chainlink", "gamma", "venue")
_TOKENS = ("up_token", "down_token", "token_first", "side_first", "token_second", "side_second")
_SAID = ("condition_id", "price_to_beat", "price_source", "winner_kind")
_E18 = 1e18
_encode = msgspec.json.Encoder().encode


OUTCOME_COLUMNS = ("slug", "winner")
MARKET_COLUMNS = ("slug", "raw", "token_ids")
EVENT_COLUMNS = ("slug", "markets")


def read_outcomes(path: Path) -> Iterator[KnownRound]:
    """Rounds of ours in a table of outcomes."""
    for number, slug, called, *rest in rows_of(path, (*OUTCOME_COLUMNS, *_SAID, *_TOKENS)):
        if not isinstance(slug, str) or not is_round(slug):
            continue
        try:
            yield _of_table(path, number, slug, called, rest)
        except ValueError as fault:
            raise bad_row(path, number, fault) from None


def _of_table(path: Path, number: int, slug: str, called: Any, rest: Sequence[Any]) -> KnownRound:
    condition_id, strike, source, kind, *named = rest
    text = "" if called is None else str(called).strip().lower()
    is_void = text in _VOID
    has_strike = strike is not None and str(source).startswith(_OF_THE_VENUE)
    return KnownRound(
        slug,
        path,
        number,
        winner=cells.outcome("winner", text) if text and not is_void else None,
        is_void=is_void,
        is_inferred=not str(kind or "").lower().startswith(_OFFICIAL),
        strike=cells.dollars("price_to_beat", strike) if has_strike else None,
        condition_id=str(condition_id or ""),
        tokens=_tokens(named),
    )


def _tokens(named: Sequence[Any]) -> dict[Outcome, str]:
    up, down, first, first_side, second, second_side = named
    found: dict[Outcome, str] = {}
    for token, called in ((up, "up"), (down, "down"), (first, first_side), (second, second_side)):
        if token and called:
            outcome = cells.outcome("side", called)
            if found.setdefault(outcome, str(token)) != str(token):
                raise ValueError(f"two tokens for {outcome.value}")
    if len(set(found.values())) != len(found):
        raise ValueError("one token for up and down")
    return found


def read_markets(path: Path) -> Iterator[KnownRound]:
    """Rounds of ours among Gamma's objects."""
    names = ("slug", "raw", "markets", "eventMetadata", "strike_value")
    for row in rows_of(path, names):
        if isinstance(row[1], str) and is_round(row[1]):
            yield from _of_markets(path, row)


def _of_markets(path: Path, row: Cells) -> Iterator[KnownRound]:
    number, slug, raw, markets, told, strike_e18 = row
    market = msgspec.Raw(raw.encode()) if isinstance(raw, str) else raw
    event = {"slug": slug, "markets": markets or [market], "eventMetadata": told}
    try:
        looks = look_at(_encode(event))
        for look in looks:
            yield _of_look(path, number, look, strike_e18)
    except (Rejected, Retry, ValueError) as fault:
        raise bad_row(path, number, fault) from None


def _of_look(path: Path, number: int, look: RoundLook, strike_e18: Any) -> KnownRound:
    strike = look.strike
    if strike is None and strike_e18:
        strike = cells.dollars("strike_value", strike_e18) / _E18
    winner, listed = look.winner_token, look.round
    return KnownRound(
        listed.slug,
        path,
        number,
        winner=None if winner is None else listed.outcome_of(winner),
        is_void=winner == NO_WINNER,
        strike=strike,
        condition_id=listed.condition_id,
        tokens={outcome: listed.token_of(outcome) for outcome in Outcome},
        listed=listed,
    )
