"""The oracle over the whole board: each venue's price and vote, the averages, the features."""

from __future__ import annotations

from rich.segment import Segment

from polytui.model.snapshot import (
    AssetView,
    FeatureView,
    OracleView,
    RoundView,
    VenuePriceView,
)
from polytui.tui.ink import Ink, Line, Span, beside, clean, filled, line, spread
from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look, asset_panel, box_edges
from polytui.tui.panels.facts import current_round, round_line
from polytui.tui.panels.frame import framed, rule

_LEAST_WIDTH = 64
_TWO_COLUMNS = 100
_VENUE_WIDTH = 74
_BAR = 8
_SURE, _FAIR = 0.6, 0.3


def oracle_panel(
    name: str, view: AssetView | None, look: Look, width: int, height: int
) -> list[Line]:
    """The chosen asset's prices; the plain panel where there is no room."""
    if view is None or width < _LEAST_WIDTH:
        return asset_panel(name, view, look, width, height)
    ink, inner, rows = look.ink, width - 4, height - 2
    if inner >= _TWO_COLUMNS:
        left_width = min(_VENUE_WIDTH, inner * 3 // 5)
        right_width = inner - left_width - 3
        left = filled(_prices(view, ink, left_width), rows, left_width, ink.text)
        right = filled(_features(view, ink, right_width), rows, right_width, ink.text)
        body = beside(left, right, Segment("   ", ink.text))
    else:
        body = filled(
            [*_prices(view, ink, inner), *_features(view, ink, inner)][:rows], rows, inner, ink.text
        )
    top, bottom = box_edges(view, current_round(view), look)
    return framed(body, top, bottom, (width, height), look.edge, ink.text)


def _prices(view: AssetView, ink: Ink, width: int) -> list[Line]:
    oracle = view.oracle
    lines = [rule([("oracle", ink.dim)], [], width, ink.border), *_oracle(oracle, ink, width)]
    lines.append(rule([("exchanges", ink.dim)], _heading(ink, width), width, ink.border))
    lines += [venue_line(venue, ink, width) for venue in oracle.venues]
    if not oracle.venues:
        lines.append(line([("none has quoted yet", ink.dim)], width, ink.text))
    averages = [one for one in view.rounds if one.average is not None]
    lines.append(rule([("closing averages", ink.dim)], [], width, ink.border))
    for one in averages:
        lines += average_lines(view, one, ink, width)
    if not averages:
        lines.append(line([("no open round settles on an average", ink.dim)], width, ink.text))
    return lines


def _oracle(oracle: OracleView, ink: Ink, width: int) -> list[Line]:
    """Our price and how sure it is; the settlement oracle's own, its age and its relay."""
    word = confidence_word(oracle.confidence)
    style = {"sure": ink.good, "fair": ink.warn}.get(word, ink.error)
    bar = figures.bar(oracle.confidence, _BAR)
    ours: list[Span] = [("ours    ", ink.dim), (f"{figures.coin(oracle.price):>13}", ink.strong)]
    sure: list[Span] = [
        (f"{bar:<{_BAR}} ", style),
        (f"{oracle.confidence:.0%} {word}", style),
    ]
    settles: list[Span] = [
        ("settles ", ink.dim),
        (f"{figures.coin(oracle.settlement):>13}", ink.text),
    ]
    return [
        spread(ours, sure, width, ink.text),
        spread(settles, _settlement_words(oracle, ink), width, ink.text),
        line(_difference_words(oracle, ink), width, ink.text),
    ]


def confidence_word(confidence: float) -> str:
    if confidence >= _SURE:
        return "sure"
    return "fair" if confidence >= _FAIR else "unsure"


def _settlement_words(oracle: OracleView, ink: Ink) -> list[Span]:
    if oracle.settlement_age_ms < 0:
        return [("not heard yet", ink.warn)]
    age = figures.age(oracle.settlement_age_ms / 1000)
    relay = f"by {clean(oracle.settlement_feed)}" if oracle.settlement_feed else "no relay is up"
    return [(f"{age} old  ", ink.text), (relay, ink.dim if oracle.settlement_feed else ink.error)]


def _difference_words(oracle: OracleView, ink: Ink) -> list[Span]:
    spans: list[Span] = []
    if oracle.lead_bps is not None:
        lead = oracle.lead_bps
        spans += [
            ("lead ", ink.dim),
            (f"{figures.arrow(round(lead, 2))} {lead:+.2f} bps", ink.sign(round(lead, 2))),
        ]
    if oracle.disagreement_bps is not None:
        spans += [("   apart ", ink.dim), (f"{oracle.disagreement_bps:.2f} bps", ink.text)]
    return spans or [("no exchange has a vote", ink.warn)]


def _heading(ink: Ink, width: int) -> list[Span]:
    wide = "   basis   adjusted" if width >= _VENUE_WIDTH - 4 else ""
    return [(f"{wide}      age  late  vote ", ink.dim)]


def venue_line(venue: VenuePriceView, ink: Ink, width: int) -> Line:
    """One exchange: its price, basis and adjusted price, age, lateness, and its vote as a bar."""
    mark = _venue_mark(venue, ink)
    style = mark[1]
    left: list[Span] = [
        mark,
        (f" {clean(venue.venue):<9}", ink.text),
        (f"{figures.coin(venue.price):>12}", ink.strong),
    ]
    basis = "–" if venue.basis_bps is None else f"{venue.basis_bps:+.2f}"
    late = "–" if venue.latency_ms is None else f"{venue.latency_ms:.0f}ms"
    right: list[Span] = []
    if width >= _VENUE_WIDTH - 4:
        right = [(f"{basis:>7} ", ink.text), (f"{figures.coin(venue.adjusted):>12} ", ink.text)]
    word = "OUTLIER" if venue.is_outlier else f"{venue.weight:>4.0%}"
    bar = "" if venue.is_outlier else figures.bar(venue.weight, _BAR - 3)
    right += [
        (f"{figures.age(venue.age_ms / 1000):>6} ", ink.dim),
        (f"{late:>6} ", ink.dim),
        (f"{bar:<{_BAR - 3}} {word:>7}" if not venue.is_outlier else f"{word:>13}", style),
    ]
    return spread(left, right, width, ink.text)


def _venue_mark(venue: VenuePriceView, ink: Ink) -> Span:
    if venue.is_outlier:
        return "✗", ink.error
    return ("●", ink.good) if venue.weight > 0.0 else ("○", ink.warn)


def average_lines(view: AssetView, shown: RoundView, ink: Ink, width: int) -> list[Line]:
    """How far a round's closing average is known, and what the rest must be to turn it."""
    average = shown.average
    assert average is not None
    share = average.observed_s / average.window_s if average.window_s else 0.0
    seconds = f"{average.observed_s:.0f}/{average.window_s} s"
    bar_width = max(6, width // 4)
    bar = figures.bar(share, bar_width)
    known: list[Span] = [
        (f"{bar:<{bar_width}}", ink.accent),
        (f" {seconds} observed", ink.text),
    ]
    value: list[Span] = []
    if average.average is not None:
        value = [("average ", ink.dim), (figures.coin(average.average), ink.strong)]
    return [
        round_line(view, shown, ink, width),
        spread(known, value, width, ink.text),
        line(_turn_words(shown, ink), width, ink.text),
    ]


def _turn_words(shown: RoundView, ink: Ink) -> list[Span]:
    average, strike = shown.average, shown.strike
    if strike is None:
        return [("strike unknown", ink.warn)]
    words: list[Span] = [("strike ", ink.dim), (figures.coin(strike), ink.text)]
    if average is None or average.average is None:
        return words
    gap_bps = (average.average / strike - 1.0) * 10_000
    words.append((f"  {figures.arrow(gap_bps)} {gap_bps:+.2f} bps so far", ink.sign(gap_bps)))
    left_s = average.window_s - average.observed_s
    if left_s > 0:
        needed = (strike * average.window_s - average.average * average.observed_s) / left_s
        side = "below" if gap_bps >= 0 else "above"
        words.append((f"  turns if the rest is {side} {figures.coin(needed)}", ink.dim))
    return words


def _features(view: AssetView, ink: Ink, width: int) -> list[Line]:
    lines = [rule([("features", ink.dim)], [], width, ink.border)]
    lines += [feature_line(feature, ink, width) for feature in view.features]
    return lines


def feature_line(feature: FeatureView, ink: Ink, width: int) -> Line:
    """Name, value, age; a stale one is dim and says so."""
    is_dim = feature.is_stale or feature.value is None
    value = "–" if feature.value is None else f"{feature.value:,.4g}"
    age = figures.age(feature.age_ms / 1000) if feature.age_ms >= 0 else "–"
    mark = "stale " if feature.is_stale and feature.value is not None else ""
    left: list[Span] = [(clean(feature.name), ink.dim if is_dim else ink.text)]
    right: list[Span] = [
        (mark, ink.warn),
        (f"{value:>10}", ink.dim if is_dim else ink.strong),
        (f"{age:>7}", ink.dim),
    ]
    return spread(left, right, width, ink.text)
