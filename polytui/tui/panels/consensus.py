"""The consensus over the whole board: each venue's price and vote, the averages, the features."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from polytui.model.snapshot import (
    AssetView,
    ConsensusView,
    FeatureView,
    FeedState,
    RoundView,
    VenuePriceView,
)
from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look, asset_panel, box_edges
from polytui.tui.panels.averages import average_lines
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.forecast_fit import forecast_lines, sd_words
from polytui.tui.panels.frame import framed, rule
from polytui.tui.styles import Line, Span, Styles, beside, clean, filled, line, spread

_LEAST_WIDTH = 64
_PRICES_WIDTH = 72
_FEATURES_WIDTH = 38
"""The least that holds a name, a mark, a value and an age."""
_FEATURES_MOST = 52
"""Wider, the eye loses the line between a name and its value."""
_GAP, _NARROW_GAP = 3, 2
_BAR = 8
_VOTE_BAR = 5
_WHOLE, _NOTHING = 0.8, 0.4
"""Trust in the price from which the whole stake is used, and up to which nothing is."""
_SETTLEMENT_OLD_MS = 8_000
"""An age at which the default gate blocks entries."""
_TROUBLED = (FeedState.DOWN, FeedState.STALE, FeedState.CONNECTING)


def consensus_panel(
    name: str, view: AssetView | None, look: Look, width: int, height: int
) -> list[Line]:
    """The chosen asset's prices; the plain panel where there is no room."""
    if view is None or width < _LEAST_WIDTH:
        return asset_panel(name, view, look, width, height)
    inner, rows = width - 4, height - 2
    draw = _side_by_side if inner >= _PRICES_WIDTH + _GAP + _FEATURES_WIDTH else _stacked
    body = draw(view, look.styles, inner, rows)
    top, bottom = box_edges(view, current_round(view), look, width)
    return framed(body, top, bottom, (width, height), look.edge, look.styles.text)


def _side_by_side(view: AssetView, styles: Styles, width: int, rows: int) -> list[Line]:
    features_width = min(_FEATURES_MOST, width - _PRICES_WIDTH - _GAP)
    left = filled(_prices(view, styles, _PRICES_WIDTH, rows), rows, _PRICES_WIDTH, styles.text)
    right = _features(view.features, styles, features_width, rows, 1)
    body = beside(
        left, filled(right, rows, features_width, styles.text), Segment(" " * _GAP, styles.text)
    )
    spare = width - _PRICES_WIDTH - _GAP - features_width
    return [[*one, Segment(" " * spare, styles.text)] for one in body] if spare else body


def _stacked(view: AssetView, styles: Styles, width: int, rows: int) -> list[Line]:
    features_rows = 1 + -(-len(view.features) // 2)
    prices = _prices(view, styles, width, rows - features_rows)
    room = max(0, rows - len(prices))
    return filled(
        [*prices, *_features(view.features, styles, width, room, 2)], rows, width, styles.text
    )


def _prices(view: AssetView, styles: Styles, width: int, rows: int) -> list[Line]:
    """Our price, who voted for it, what the closing averages make of the rounds, and how well they
    were foreseen: in full where that fits into `rows`, in a word where it does not."""
    told, forecast = _told(view, styles, width), forecast_lines(view, styles, width)
    if len(told) + len(forecast) <= rows:
        return [*told, *forecast]
    return _told(view, styles, width, sd_words(view.forecasts, styles))


def _told(view: AssetView, styles: Styles, width: int, forecast: Sequence[Span] = ()) -> list[Line]:
    consensus = view.consensus
    lines = [
        rule([("price", styles.dim)], [], width, styles.border),
        *_consensus(consensus, styles, width),
    ]
    lines.append(rule([("exchanges", styles.dim)], _headings(styles, width), width, styles.border))
    feeds = {feed.name: feed.state for feed in view.feeds}
    lines += [venue_line(one, feeds.get(one.venue), styles, width) for one in consensus.venues]
    if not consensus.venues:
        lines.append(line([("none has quoted yet", styles.dim)], width, styles.text))
    lines.append(rule([("closing averages", styles.dim)], list(forecast), width, styles.border))
    averaged = [one for one in _by_weight(view) if one.average is not None]
    for one in averaged:
        lines += average_lines(view, one, styles, width)
    if not averaged:
        lines.append(
            line([("no open round settles on an average", styles.dim)], width, styles.text)
        )
    return lines


def _by_weight(view: AssetView) -> list[RoundView]:
    """Rounds that have opened: those that can still be traded before those that settle."""
    opened = [one for one in view.rounds if one.opens_ns <= view.at_ns]
    return sorted(opened, key=lambda one: (one.closes_ns <= view.at_ns, one.closes_ns))


# --- our price ------------------------------------------------------------------------------


def _consensus(consensus: ConsensusView, styles: Styles, width: int) -> list[Line]:
    """The consensus and the trust in it; Chainlink's own, its age and its relay."""
    ours: list[Span] = [
        ("consensus ", styles.dim),
        (f"{figures.coin(consensus.price):>13}", styles.strong),
    ]
    settles: list[Span] = [
        ("Chainlink ", styles.dim),
        (f"{figures.coin(consensus.settlement):>13}", styles.text),
    ]
    return [
        spread(ours, _trust_words(consensus, styles), width, styles.text),
        spread(settles, _settlement_words(consensus, styles), width, styles.text),
        spread(_lead_words(consensus, styles), _apart_words(consensus, styles), width, styles.text),
    ]


def _trust_words(consensus: ConsensusView, styles: Styles) -> list[Span]:
    if consensus.price is None:
        return [("no price yet", styles.warn)]
    word = trust_word(consensus.trust)
    style = {"whole stakes": styles.good, "smaller stakes": styles.warn}.get(word, styles.error)
    bar = figures.bar(consensus.trust, _BAR)
    return [
        ("trust ", styles.dim),
        (f"{bar:<{_BAR}} ", style),
        (f"{consensus.trust:.2f} {word}", style),
    ]


def trust_word(trust: float) -> str:
    """What it means for whoever does not stake a fixed sum."""
    if trust >= _WHOLE:
        return "whole stakes"
    return "smaller stakes" if trust > _NOTHING else "no stakes"


def _settlement_words(consensus: ConsensusView, styles: Styles) -> list[Span]:
    if consensus.settlement_age_ms < 0:
        return [("not heard yet", styles.warn)]
    age = f"{figures.age(consensus.settlement_age_ms / 1000)} old"
    is_old = consensus.settlement_age_ms > _SETTLEMENT_OLD_MS
    words: list[Span] = [
        (f"STALE {age}" if is_old else age, styles.error if is_old else styles.text)
    ]
    if consensus.settlement_feed:
        return [*words, (f"  by {clean(consensus.settlement_feed)}", styles.dim)]
    return [*words, ("  no relay is up", styles.error)]


def _lead_words(consensus: ConsensusView, styles: Styles) -> list[Span]:
    if consensus.lead_bps is None:
        return [("no exchange has a vote", styles.warn)]
    lead = round(consensus.lead_bps, 2)
    return [("leads   ", styles.dim), (f"{figures.arrow(lead)} {lead:+.2f} bps", styles.sign(lead))]


def _apart_words(consensus: ConsensusView, styles: Styles) -> list[Span]:
    if consensus.disagreement_bps is None:
        return []
    return [
        ("exchanges apart ", styles.dim),
        (f"{consensus.disagreement_bps:.2f} bps", styles.text),
    ]


# --- exchanges ------------------------------------------------------------------------------


def _headings(styles: Styles, width: int) -> list[Span]:
    """The names of a venue line's columns, over their right edges."""
    words = _columns(("basis bps", "adjusted", "age", "late", "vote"), width)
    return [(words.lstrip(), styles.dim)]


def _columns(cells: tuple[str, str, str, str, str], width: int) -> str:
    """Basis, adjusted price, age, lateness and vote; the first two only where there is room."""
    basis, adjusted, age, late, vote = cells
    wide = f"{basis:>10}{adjusted:>12}" if width >= _PRICES_WIDTH else ""
    return f"{wide}{age:>8}{late:>8}{vote:>11}"


def venue_line(venue: VenuePriceView, feed: FeedState | None, styles: Styles, width: int) -> Line:
    """One exchange: its price, basis and adjusted price, age, lateness, and its vote as a bar."""
    mark, style = _venue_mark(venue, styles)
    left: list[Span] = [
        (mark, style),
        (f" {clean(venue.venue):<9}", styles.text),
        (f"{figures.coin(venue.price):>11}", styles.strong),
    ]
    basis = "–" if venue.basis_bps is None else f"{venue.basis_bps:+.2f}"
    late = "–" if venue.latency_ms is None else f"{venue.latency_ms:.0f} ms"
    age = figures.age(venue.age_ms / 1000)
    facts = _columns((basis, figures.coin(venue.adjusted), age, late, ""), width)
    vote = _vote_word(venue, feed)
    right: list[Span] = [(facts[: -len(vote)], styles.text), (vote, style)]
    return spread(left, right, width, styles.text)


def _vote_word(venue: VenuePriceView, feed: FeedState | None) -> str:
    """Its share of the price, or why it has none."""
    if venue.is_outlier:
        return "   OUTLIER"
    if venue.weight > 0.0:
        return f"{figures.bar(venue.weight, _VOTE_BAR):<{_VOTE_BAR}}{venue.weight:>5.0%}"
    if feed in _TROUBLED:
        return f"{feed.value:>10}"
    return f"{'no basis' if venue.adjusted is None else 'too old':>10}"


def _venue_mark(venue: VenuePriceView, styles: Styles) -> Span:
    if venue.is_outlier:
        return "✗", styles.error
    return ("●", styles.good) if venue.weight > 0.0 else ("○", styles.warn)


# --- features -------------------------------------------------------------------------------


def _features(
    features: tuple[FeatureView, ...], styles: Styles, width: int, rows: int, columns: int
) -> list[Line]:
    """As many as fit, in columns read downwards; the heading says how many did not."""
    fitting = features[: max(0, rows - 1) * columns]
    words = [("◐ stale", styles.warn)] if any(_is_stale(one) for one in fitting) else []
    title = "features" if len(fitting) == len(features) else _cut_words(fitting, features)
    lines = [rule([(title, styles.dim)], words, width, styles.border)]
    if not features:
        lines.append(line([("none yet", styles.dim)], width, styles.text))
    each = -(-len(fitting) // columns)
    column = (width - _NARROW_GAP * (columns - 1)) // columns
    for at in range(each):
        made = [feature_line(one, styles, column) for one in fitting[at::each]]
        spans = [(segment.text, segment.style or styles.text) for segment in _joined(made, styles)]
        lines.append(line(spans, width, styles.text))
    return lines[:rows]


def _cut_words(fitting: tuple[FeatureView, ...], features: tuple[FeatureView, ...]) -> str:
    return f"features, {len(fitting)} of {len(features)}: a taller screen shows more"


def _joined(columns: list[Line], styles: Styles) -> Line:
    joined = list(columns[0])
    for column in columns[1:]:
        joined += [Segment(" " * _NARROW_GAP, styles.text), *column]
    return joined


def _is_stale(feature: FeatureView) -> bool:
    return feature.is_stale and feature.value is not None


def feature_line(feature: FeatureView, styles: Styles, width: int) -> Line:
    """Name, value, age; a stale one is dim and marked."""
    is_dim = feature.is_stale or feature.value is None
    age = figures.age(feature.age_ms / 1000) if feature.age_ms >= 0 else "–"
    left: list[Span] = [(clean(feature.name), styles.dim if is_dim else styles.text)]
    right: list[Span] = [
        ("◐" if _is_stale(feature) else "", styles.warn),
        (f"{_feature_value(feature.value):>9}", styles.dim if is_dim else styles.strong),
        (f"{age:>7}", styles.dim),
    ]
    return spread(left, right, width, styles.text)


def _feature_value(value: float | None) -> str:
    """Decimals under each other; large flows need none."""
    if value is None:
        return "–"
    return f"{round(value, 3) + 0.0:,.3f}" if abs(value) < 10_000 else f"{value:,.0f}"
