"""The health of feeds: a mark and a name each, and words for whatever is not up."""

from __future__ import annotations

from polytui.config.called import called
from polytui.model.snapshot import AssetView, FeedState, FeedView
from polytui.tui.panels import figures
from polytui.tui.styles import Line, Span, Styles, clean, fitting, line, spread, width_of

_MARKS = {
    FeedState.UP: "●",
    FeedState.CONNECTING: "◌",
    FeedState.STALE: "◐",
    FeedState.DOWN: "○",
}


def feed_dots(feeds: tuple[FeedView, ...], styles: Styles, width: int = 10_000) -> list[Span]:
    """A mark and a name per feed; whatever is not up says so in words. Where there is no room for
    all names, how many are up and the names of those that are not."""
    full = _joined([feed_dot(feed, styles) for feed in feeds], styles)
    if width_of(full) <= width:
        return full
    troubled = [feed for feed in feeds if feed.state is not FeedState.UP]
    mark: Span = ("◐ ", styles.warn) if troubled else ("● ", styles.good)
    count: list[Span] = [
        mark,
        (f"{len(feeds) - len(troubled)} of {len(feeds)} feeds up", styles.text),
    ]
    named = _joined([count, *(feed_dot(feed, styles) for feed in troubled)], styles)
    return named if width_of(named) <= width else count


def _joined(parts: list[list[Span]], styles: Styles) -> list[Span]:
    spans: list[Span] = []
    for at, part in enumerate(parts):
        spans += [("  " if at else "", styles.dim), *part]
    return spans


def feed_dot(feed: FeedView, styles: Styles) -> list[Span]:
    mark, name = _MARKS[feed.state], clean(feed.name)
    if feed.state is FeedState.UP:
        return [(mark, styles.good), (f" {name}", styles.dim)]
    style = styles.error if feed.state is FeedState.DOWN else styles.warn
    return [(f"{mark} {name} {feed.state.value}", style)]


def feed_bar(views: tuple[AssetView, ...], styles: Styles, width: int) -> Line:
    """All feeds of all assets in one line: how many are up, and which are not."""
    feeds = [(view.asset, feed) for view in views for feed in view.feeds]
    if not feeds:
        return line([(" feeds ", styles.dim), ("none yet", styles.dim)], width, styles.text)
    troubled = [(asset, feed) for asset, feed in feeds if feed.state is not FeedState.UP]
    if len(troubled) == len(feeds) and any(one.state is FeedState.DOWN for _, one in feeds):
        return _nothing_comes(len(feeds), styles, width)
    up = len(feeds) - len(troubled)
    left: list[Span] = [
        (" feeds ", styles.dim),
        ("● " if not troubled else "◐ ", styles.warn if troubled else styles.good),
        (f"{up} of {len(feeds)} up", styles.text),
    ]
    right = _counts([feed for _, feed in feeds], styles)
    room = width - width_of(right) - 1
    for at, (asset, feed) in enumerate(troubled):
        named = [("  ", styles.dim), (f"{asset.upper()} ", styles.dim), *feed_dot(feed, styles)]
        named += _since(feed, styles)
        more: list[Span] = [(f"  +{len(troubled) - at}", styles.dim)]
        reserved = 0 if at + 1 == len(troubled) else width_of([(f"  +{len(troubled)}", styles.dim)])
        if width_of(left) + width_of(named) + reserved > room:
            left += more
            break
        left += named
    return spread(left, right, width, styles.text)


def _nothing_comes(count: int, styles: Styles, width: int) -> Line:
    """No network, most of the time: what to do instead of every feed's name."""
    words: list[Span] = [
        (" feeds ", styles.dim),
        (f"○ 0 of {count} up", styles.error),
        ("   nothing comes: no network?  try: ", styles.text),
        (called("doctor"), styles.accent),
    ]
    short: list[Span] = [*words[:2], ("  try: polytui doctor", styles.text)]
    return fitting([(words, []), (short, [])], width, styles.text)


def _since(feed: FeedView, styles: Styles) -> list[Span]:
    return [(f" {figures.age(feed.age_ms / 1000)}", styles.dim)] if feed.age_ms >= 0 else []


def _counts(feeds: list[FeedView], styles: Styles) -> list[Span]:
    """Reconnects and refused frames, once there are any."""
    spans: list[Span] = []
    for word, count in (
        ("reconnects", sum(feed.reconnects for feed in feeds)),
        ("rejected frames", sum(feed.rejected for feed in feeds)),
        ("missed", sum(feed.missed for feed in feeds)),
        ("misdated", sum(feed.misdated for feed in feeds)),
    ):
        if count:
            spans.append((f"{word} {count:,} ", styles.dim))
    return spans


def offset(milliseconds: float) -> str:
    """How far a source's clock is behind ours, or ahead with a minus: "+0.04 s"."""
    return f"{milliseconds / 1000:+.2f} s"


def feed_table(feeds: tuple[FeedView, ...], styles: Styles, width: int) -> list[Line]:
    """One feed a line, with its age, counters, and the offset of its clock. Where one line is too
    wide for that, all leave out what matters least: zeros, then what is no trouble."""
    dots = [feed_dot(feed, styles) for feed in feeds]
    ways = (_everything, _without_zeros, _troubles, _age)
    rows: list[tuple[list[Span], list[Span]]] = []
    for words in ways:
        rights: list[list[Span]] = [[(words(feed), styles.dim)] for feed in feeds]
        rows = list(zip(dots, rights, strict=True))
        if all(width_of(dot) + 1 + width_of(right) <= width for dot, right in rows):
            break
    return [spread(dot, right, width, styles.text) for dot, right in rows]


def _everything(feed: FeedView) -> str:
    counts = f"{feed.messages:>9,} msgs {feed.reconnects:>3} re {feed.rejected:>3} rej"
    return f"{_age(feed):>7} {counts}{_rare(feed)}{_offset(feed)}"


def _without_zeros(feed: FeedView) -> str:
    return f"{_age(feed):>7} {feed.messages:>9,} msgs{_faults(feed)}{_offset(feed)}"


def _troubles(feed: FeedView) -> str:
    return f"{_age(feed)}{_faults(feed)}"


def _faults(feed: FeedView) -> str:
    reconnects = f" {feed.reconnects} re" if feed.reconnects else ""
    rejected = f" {feed.rejected} rej" if feed.rejected else ""
    return f"{reconnects}{rejected}{_rare(feed)}"


def _rare(feed: FeedView) -> str:
    missed = f" {feed.missed} missed" if feed.missed else ""
    return f"{missed} {feed.misdated} misdated" if feed.misdated else missed


def _offset(feed: FeedView) -> str:
    return "" if feed.offset_ms is None else f" {offset(feed.offset_ms):>8}"


def _age(feed: FeedView) -> str:
    return figures.age(feed.age_ms / 1000) if feed.age_ms >= 0 else "–"
