"""The oracle over the whole board: each venue's price and vote, the averages, the features."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from polytui.model.snapshot import (
    AssetView,
    AverageView,
    FeatureView,
    FeedState,
    ForecastView,
    OracleView,
    RoundView,
    SaidView,
    VenuePriceView,
)
from polytui.model.units import NS_PER_S
from polytui.tui.ink import Ink, Line, Span, beside, clean, filled, line, spread, width_of
from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look, asset_panel, box_edges
from polytui.tui.panels.facts import current_round, time_left
from polytui.tui.panels.frame import framed, rule
from polytui.tui.panels.ladder import mid_of

_LEAST_WIDTH = 64
_PRICES_WIDTH = 72
_FEATURES_WIDTH = 38
"""The least that holds a name, a mark, a value and an age."""
_FEATURES_MOST = 52
"""Wider, the eye loses the line between a name and its value."""
_GAP, _NARROW_GAP = 3, 2
_BPS = 10_000.0
_BAR = 8
_LABEL, _CELL = 18, 8
_VOTE_BAR = 5
_WHOLE, _NOTHING = 0.8, 0.4
"""Trust in the price from which the whole stake is used, and up to which nothing is."""
_SETTLEMENT_OLD_MS = 8_000
"""An age at which the default gate blocks entries."""
_TROUBLED = (FeedState.DOWN, FeedState.STALE, FeedState.CONNECTING)


def oracle_panel(
    name: str, view: AssetView | None, look: Look, width: int, height: int
) -> list[Line]:
    """The chosen asset's prices; the plain panel where there is no room."""
    if view is None or width < _LEAST_WIDTH:
        return asset_panel(name, view, look, width, height)
    inner, rows = width - 4, height - 2
    draw = _side_by_side if inner >= _PRICES_WIDTH + _GAP + _FEATURES_WIDTH else _stacked
    body = draw(view, look.ink, inner, rows)
    top, bottom = box_edges(view, current_round(view), look, width)
    return framed(body, top, bottom, (width, height), look.edge, look.ink.text)


def _side_by_side(view: AssetView, ink: Ink, width: int, rows: int) -> list[Line]:
    features_width = min(_FEATURES_MOST, width - _PRICES_WIDTH - _GAP)
    left = filled(_prices(view, ink, _PRICES_WIDTH, rows), rows, _PRICES_WIDTH, ink.text)
    right = _features(view.features, ink, features_width, rows, 1)
    body = beside(
        left, filled(right, rows, features_width, ink.text), Segment(" " * _GAP, ink.text)
    )
    spare = width - _PRICES_WIDTH - _GAP - features_width
    return [[*one, Segment(" " * spare, ink.text)] for one in body] if spare else body


def _stacked(view: AssetView, ink: Ink, width: int, rows: int) -> list[Line]:
    features_rows = 1 + -(-len(view.features) // 2)
    prices = _prices(view, ink, width, rows - features_rows)
    room = max(0, rows - len(prices))
    return filled([*prices, *_features(view.features, ink, width, room, 2)], rows, width, ink.text)


def _prices(view: AssetView, ink: Ink, width: int, rows: int) -> list[Line]:
    """Our price, who voted for it, what the closing averages make of the rounds, and how well they
    were foreseen: in full where that fits into `rows`, in a word where it does not."""
    told, forecast = _told(view, ink, width), forecast_lines(view, ink, width)
    if len(told) + len(forecast) <= rows:
        return [*told, *forecast]
    return _told(view, ink, width, _sd_words(view.forecasts, ink))


def _told(view: AssetView, ink: Ink, width: int, forecast: Sequence[Span] = ()) -> list[Line]:
    oracle = view.oracle
    lines = [rule([("price", ink.dim)], [], width, ink.border), *_oracle(oracle, ink, width)]
    lines.append(rule([("exchanges", ink.dim)], _headings(ink, width), width, ink.border))
    feeds = {feed.name: feed.state for feed in view.feeds}
    lines += [venue_line(one, feeds.get(one.venue), ink, width) for one in oracle.venues]
    if not oracle.venues:
        lines.append(line([("none has quoted yet", ink.dim)], width, ink.text))
    lines.append(rule([("closing averages", ink.dim)], list(forecast), width, ink.border))
    averaged = [one for one in _by_weight(view) if one.average is not None]
    for one in averaged:
        lines += average_lines(view, one, ink, width)
    if not averaged:
        lines.append(line([("no open round settles on an average", ink.dim)], width, ink.text))
    return lines


def _by_weight(view: AssetView) -> list[RoundView]:
    """Rounds that have opened: those that can still be traded before those that settle."""
    opened = [one for one in view.rounds if one.opens_ns <= view.at_ns]
    return sorted(opened, key=lambda one: (one.closes_ns <= view.at_ns, one.closes_ns))


# --- our price ------------------------------------------------------------------------------


def _oracle(oracle: OracleView, ink: Ink, width: int) -> list[Line]:
    """The oracle price and the trust in it; the settlement oracle's own, its age and its relay."""
    ours: list[Span] = [("oracle  ", ink.dim), (f"{figures.coin(oracle.price):>13}", ink.strong)]
    settles: list[Span] = [
        ("settles ", ink.dim),
        (f"{figures.coin(oracle.settlement):>13}", ink.text),
    ]
    return [
        spread(ours, _trust_words(oracle, ink), width, ink.text),
        spread(settles, _settlement_words(oracle, ink), width, ink.text),
        spread(_lead_words(oracle, ink), _apart_words(oracle, ink), width, ink.text),
    ]


def _trust_words(oracle: OracleView, ink: Ink) -> list[Span]:
    if oracle.price is None:
        return [("no price yet", ink.warn)]
    word = trust_word(oracle.trust)
    style = {"whole stakes": ink.good, "smaller stakes": ink.warn}.get(word, ink.error)
    bar = figures.bar(oracle.trust, _BAR)
    return [
        ("trust ", ink.dim),
        (f"{bar:<{_BAR}} ", style),
        (f"{oracle.trust:.2f} {word}", style),
    ]


def trust_word(trust: float) -> str:
    """What it means for whoever does not stake a fixed sum."""
    if trust >= _WHOLE:
        return "whole stakes"
    return "smaller stakes" if trust > _NOTHING else "no stakes"


def _settlement_words(oracle: OracleView, ink: Ink) -> list[Span]:
    if oracle.settlement_age_ms < 0:
        return [("not heard yet", ink.warn)]
    age = f"{figures.age(oracle.settlement_age_ms / 1000)} old"
    is_old = oracle.settlement_age_ms > _SETTLEMENT_OLD_MS
    words: list[Span] = [(f"STALE {age}" if is_old else age, ink.error if is_old else ink.text)]
    if oracle.settlement_feed:
        return [*words, (f"  by {clean(oracle.settlement_feed)}", ink.dim)]
    return [*words, ("  no relay is up", ink.error)]


def _lead_words(oracle: OracleView, ink: Ink) -> list[Span]:
    if oracle.lead_bps is None:
        return [("no exchange has a vote", ink.warn)]
    lead = round(oracle.lead_bps, 2)
    return [("leads   ", ink.dim), (f"{figures.arrow(lead)} {lead:+.2f} bps", ink.sign(lead))]


def _apart_words(oracle: OracleView, ink: Ink) -> list[Span]:
    if oracle.disagreement_bps is None:
        return []
    return [("exchanges apart ", ink.dim), (f"{oracle.disagreement_bps:.2f} bps", ink.text)]


# --- exchanges ------------------------------------------------------------------------------


def _headings(ink: Ink, width: int) -> list[Span]:
    """The names of a venue line's columns, over their right edges."""
    words = _columns(("basis bps", "adjusted", "age", "late", "vote"), width)
    return [(words.lstrip(), ink.dim)]


def _columns(cells: tuple[str, str, str, str, str], width: int) -> str:
    """Basis, adjusted price, age, lateness and vote; the first two only where there is room."""
    basis, adjusted, age, late, vote = cells
    wide = f"{basis:>10}{adjusted:>12}" if width >= _PRICES_WIDTH else ""
    return f"{wide}{age:>8}{late:>8}{vote:>11}"


def venue_line(venue: VenuePriceView, feed: FeedState | None, ink: Ink, width: int) -> Line:
    """One exchange: its price, basis and adjusted price, age, lateness, and its vote as a bar."""
    mark, style = _venue_mark(venue, ink)
    left: list[Span] = [
        (mark, style),
        (f" {clean(venue.venue):<9}", ink.text),
        (f"{figures.coin(venue.price):>11}", ink.strong),
    ]
    basis = "–" if venue.basis_bps is None else f"{venue.basis_bps:+.2f}"
    late = "–" if venue.latency_ms is None else f"{venue.latency_ms:.0f} ms"
    age = figures.age(venue.age_ms / 1000)
    facts = _columns((basis, figures.coin(venue.adjusted), age, late, ""), width)
    vote = _vote_word(venue, feed)
    right: list[Span] = [(facts[: -len(vote)], ink.text), (vote, style)]
    return spread(left, right, width, ink.text)


def _vote_word(venue: VenuePriceView, feed: FeedState | None) -> str:
    """Its share of the price, or why it has none."""
    if venue.is_outlier:
        return "   OUTLIER"
    if venue.weight > 0.0:
        return f"{figures.bar(venue.weight, _VOTE_BAR):<{_VOTE_BAR}}{venue.weight:>5.0%}"
    if feed in _TROUBLED:
        return f"{feed.value:>10}"
    return f"{'no basis' if venue.adjusted is None else 'too old':>10}"


def _venue_mark(venue: VenuePriceView, ink: Ink) -> Span:
    if venue.is_outlier:
        return "✗", ink.error
    return ("●", ink.good) if venue.weight > 0.0 else ("○", ink.warn)


# --- closing averages -----------------------------------------------------------------------


def average_lines(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    """A round's strike, how far its closing average is known, and what would turn it."""
    average = shown.average
    assert average is not None
    lines = [
        spread(_value_words(view, shown, ink), _strike_words(shown, ink), width, ink.text),
        _progress(view, shown, average, ink, width),
    ]
    if average.average is not None:
        lines.append(_standing(view, shown, average, ink, width))
    return lines


def _value_words(view: AssetView, shown: RoundView, ink: Ink) -> list[Span]:
    mid = mid_of(shown.book)
    time = "".join(text for text, _ in time_left(view, shown, ink)[1:])
    return [
        (f"{shown.interval:<4}", ink.text), (f"{time:<14}", ink.dim),
        ("fair ", ink.dim), (_three(shown.fair_up), ink.strong),
        ("  mid ", ink.dim), (_three(mid), ink.text),
    ]  # fmt: skip


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _strike_words(shown: RoundView, ink: Ink) -> list[Span]:
    if shown.strike is None:
        return [("strike unknown", ink.warn)]
    words: list[Span] = [("strike ", ink.dim), (figures.coin(shown.strike), ink.text)]
    if shown.is_strike_estimated:
        words.insert(0, ("estimated ", ink.warn))
    return words


def _progress(
    view: AssetView, shown: RoundView, average: AverageView, ink: Ink, width: int
) -> Line:
    """A line that fills while the average is observed."""
    words: list[Span] = [(f"{average.observed_s:.0f} of {average.window_s} s observed", ink.text)]
    begins_ns = shown.closes_ns - average.window_s * NS_PER_S
    if average.average is None and view.at_ns < begins_ns:
        words = [(f"the last {average.window_s} s count, in ", ink.dim)]
        words.append((figures.left(begins_ns - view.at_ns), ink.text))
    room = max(6, width - width_of(words) - 2)
    share = average.observed_s / average.window_s if average.window_s else 0.0
    full = round(min(1.0, max(0.0, share)) * room)
    bar: list[Span] = [("━" * full, ink.accent), ("─" * (room - full), ink.border)]
    return spread(bar, words, width, ink.text)


def _standing(
    view: AssetView, shown: RoundView, average: AverageView, ink: Ink, width: int
) -> Line:
    """Where the average stands against the strike, and what the rest must be to turn it."""
    strike, value = shown.strike, average.average
    assert value is not None
    words: list[Span] = [("average ", ink.dim), (figures.coin(value), ink.strong)]
    if strike is None:
        return line(words, width, ink.text)
    gap_bps = (value / strike - 1.0) * _BPS
    words.append((f"  {figures.arrow(gap_bps)} {gap_bps:+.2f} bps", ink.sign(gap_bps)))
    left_s = average.window_s - average.observed_s
    if left_s <= 0:
        return spread(words, [("whole: ", ink.dim), _winner(gap_bps, ink)], width, ink.text)
    needed = (strike * average.window_s - value * average.observed_s) / left_s
    turn = _turn_words(needed, view.oracle.price, gap_bps >= 0, ink)
    if width_of(words) + width_of(turn) >= width:
        turn = _turn_words(needed, None, gap_bps >= 0, ink)
    return spread(words, turn, width, ink.text)


def _turn_words(needed: float, price: float | None, is_up: bool, ink: Ink) -> list[Span]:
    """What the rest must average, and how far that is from the oracle price."""
    if needed <= 0:
        return [("nothing can turn it", ink.dim)]
    away = "" if price is None else f" ({(needed / price - 1.0) * _BPS:+.1f} bps)"
    side = "below" if is_up else "above"
    return [
        (f"rest {side} ", ink.dim),
        (f"{figures.coin(needed)}{away}", ink.text),
        (" turns it", ink.dim),
    ]


def _winner(gap_bps: float, ink: Ink) -> Span:
    """By our own sum: a tie is Up."""
    return ("▲ Up", ink.up) if gap_bps >= 0 else ("▼ Down", ink.down)


# --- how well it was foreseen ---------------------------------------------------------------


def forecast_lines(view: AssetView, ink: Ink, width: int) -> list[Line]:
    """By horizon the deviation of what came in deviations foreseen; by time before the close what
    was said of rounds against who won."""
    forecasts, said = view.forecasts, view.said
    is_off = any(one.is_off for one in forecasts)
    words: list[Span] = [("! does not fit: confidence falls", ink.warn)] if is_off else []
    lines = [rule([("forecast against what came", ink.dim)], words, width, ink.border)]
    rows: list[tuple[str, list[Span]]] = []
    if any(one.samples for one in forecasts):
        rows += [
            ("seconds ahead", [(f"{one.ahead_s}", ink.dim) for one in forecasts]),
            ("sd, 1 is right", [_sd(one, ink) for one in forecasts]),
            ("samples", [_many(one.samples, ink) for one in forecasts]),
        ]
    if any(one.rounds for one in said):
        rows += [
            ("s before close", [(f"{one.left_s}", ink.dim) for one in said]),
            ("Brier", [_brier(one, ink) for one in said]),
            ("said 0.9 or more", [_many(one.sure, ink) for one in said]),
            ("of these came", [_came(one, ink) for one in said]),
        ]
    if not rows:
        return [*lines, line([("nothing has come yet", ink.dim)], width, ink.text)]
    return [*lines, *(_cells_line(name, cells, ink, width) for name, cells in rows)]


def _sd_words(forecasts: Sequence[ForecastView], ink: Ink) -> list[Span]:
    """The same in one line, of the horizons of which something has come."""
    words: list[Span] = [("sd", ink.dim)]
    for one in forecasts:
        if one.samples:
            text, style = _sd(one, ink)
            words += [(f"  {one.ahead_s}s ", ink.dim), (text, style)]
    return words if len(words) > 1 else []


def _cells_line(name: str, cells: Sequence[Span], ink: Ink, width: int) -> Line:
    spans: list[Span] = [(f"{name:<{_LABEL}}", ink.dim)]
    spans += [(f"{text:>{_CELL}}", style) for text, style in cells]
    return line(spans, width, ink.text)


def _sd(forecast: ForecastView, ink: Ink) -> Span:
    if not forecast.samples:
        return "–", ink.dim
    mark = "!" if forecast.is_off else ""
    return f"{mark}{forecast.sd:.2f}", ink.warn if forecast.is_off else ink.strong


def _many(count: float, ink: Ink) -> Span:
    return (f"{count:,.0f}", ink.text) if count else ("–", ink.dim)


def _brier(said: SaidView, ink: Ink) -> Span:
    return (f"{said.brier:.3f}", ink.text) if said.rounds else ("–", ink.dim)


def _came(said: SaidView, ink: Ink) -> Span:
    return (f"{said.sure_came:.0%}", ink.strong) if said.sure else ("–", ink.dim)


# --- features -------------------------------------------------------------------------------


def _features(
    features: tuple[FeatureView, ...], ink: Ink, width: int, rows: int, columns: int
) -> list[Line]:
    """As many as fit, in columns read downwards; the heading says how many did not."""
    fitting = features[: max(0, rows - 1) * columns]
    words = [("◐ stale", ink.warn)] if any(_is_stale(one) for one in fitting) else []
    title = "features" if len(fitting) == len(features) else _cut_words(fitting, features)
    lines = [rule([(title, ink.dim)], words, width, ink.border)]
    if not features:
        lines.append(line([("none yet", ink.dim)], width, ink.text))
    each = -(-len(fitting) // columns)
    column = (width - _NARROW_GAP * (columns - 1)) // columns
    for at in range(each):
        made = [feature_line(one, ink, column) for one in fitting[at::each]]
        spans = [(segment.text, segment.style or ink.text) for segment in _joined(made, ink)]
        lines.append(line(spans, width, ink.text))
    return lines[:rows]


def _cut_words(fitting: tuple[FeatureView, ...], features: tuple[FeatureView, ...]) -> str:
    return f"features, {len(fitting)} of {len(features)}: a taller screen shows more"


def _joined(columns: list[Line], ink: Ink) -> Line:
    joined = list(columns[0])
    for column in columns[1:]:
        joined += [Segment(" " * _NARROW_GAP, ink.text), *column]
    return joined


def _is_stale(feature: FeatureView) -> bool:
    return feature.is_stale and feature.value is not None


def feature_line(feature: FeatureView, ink: Ink, width: int) -> Line:
    """Name, value, age; a stale one is dim and marked."""
    is_dim = feature.is_stale or feature.value is None
    age = figures.age(feature.age_ms / 1000) if feature.age_ms >= 0 else "–"
    left: list[Span] = [(clean(feature.name), ink.dim if is_dim else ink.text)]
    right: list[Span] = [
        ("◐" if _is_stale(feature) else "", ink.warn),
        (f"{_feature_value(feature.value):>9}", ink.dim if is_dim else ink.strong),
        (f"{age:>7}", ink.dim),
    ]
    return spread(left, right, width, ink.text)


def _feature_value(value: float | None) -> str:
    """Decimals under each other; large flows need none."""
    if value is None:
        return "–"
    return f"{round(value, 3) + 0.0:,.3f}" if abs(value) < 10_000 else f"{value:,.0f}"
