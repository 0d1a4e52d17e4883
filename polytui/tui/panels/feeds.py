"""The health of feeds: a mark and a name each, and words for whatever is not up."""

from __future__ import annotations

from polytui.config.called import called
from polytui.model.snapshot import AssetView, FeedState, FeedView
from polytui.tui.ink import Ink, Line, Span, clean, fitting, line, spread, width_of
from polytui.tui.panels import figures

_MARKS = {
    FeedState.UP: "●",
    FeedState.CONNECTING: "◌",
    FeedState.STALE: "◐",
    FeedState.DOWN: "○",
}


def feed_dots(feeds: tuple[FeedView, ...], ink: Ink, width: int = 10_000) -> list[Span]:
    """A mark and a name per feed; whatever is not up says so in words. Where there is no room for
    all names, how many are up and the names of those that are not."""
    full = _joined([feed_dot(feed, ink) for feed in feeds], ink)
    if width_of(full) <= width:
        return full
    troubled = [feed for feed in feeds if feed.state is not FeedState.UP]
    mark: Span = ("◐ ", ink.warn) if troubled else ("● ", ink.good)
    count: list[Span] = [mark, (f"{len(feeds) - len(troubled)} of {len(feeds)} feeds up", ink.text)]
    named = _joined([count, *(feed_dot(feed, ink) for feed in troubled)], ink)
    return named if width_of(named) <= width else count


def _joined(parts: list[list[Span]], ink: Ink) -> list[Span]:
    spans: list[Span] = []
    for at, part in enumerate(parts):
        spans += [("  " if at else "", ink.dim), *part]
    return spans


def feed_dot(feed: FeedView, ink: Ink) -> list[Span]:
    mark, name = _MARKS[feed.state], clean(feed.name)
    if feed.state is FeedState.UP:
        return [(mark, ink.good), (f" {name}", ink.dim)]
    style = ink.error if feed.state is FeedState.DOWN else ink.warn
    return [(f"{mark} {name} {feed.state.value}", style)]


def feed_bar(views: tuple[AssetView, ...], ink: Ink, width: int) -> Line:
    """All feeds of all assets in one line: how many are up, and which are not."""
    feeds = [(view.asset, feed) for view in views for feed in view.feeds]
    if not feeds:
        return line([(" feeds ", ink.dim), ("none yet", ink.dim)], width, ink.text)
    troubled = [(asset, feed) for asset, feed in feeds if feed.state is not FeedState.UP]
    if len(troubled) == len(feeds) and any(one.state is FeedState.DOWN for _, one in feeds):
        return _nothing_comes(len(feeds), ink, width)
    up = len(feeds) - len(troubled)
    left: list[Span] = [
        (" feeds ", ink.dim),
        ("● " if not troubled else "◐ ", ink.warn if troubled else ink.good),
        (f"{up} of {len(feeds)} up", ink.text),
    ]
    right = _counts([feed for _, feed in feeds], ink)
    room = width - width_of(right) - 1
    for at, (asset, feed) in enumerate(troubled):
        named = [("  ", ink.dim), (f"{asset.upper()} ", ink.dim), *feed_dot(feed, ink)]
        named += _since(feed, ink)
        more: list[Span] = [(f"  +{len(troubled) - at}", ink.dim)]
        reserved = 0 if at + 1 == len(troubled) else width_of([(f"  +{len(troubled)}", ink.dim)])
        if width_of(left) + width_of(named) + reserved > room:
            left += more
            break
        left += named
    return spread(left, right, width, ink.text)


def _nothing_comes(count: int, ink: Ink, width: int) -> Line:
    """No network, most of the time: what to do instead of every feed's name."""
    words: list[Span] = [
        (" feeds ", ink.dim),
        (f"○ 0 of {count} up", ink.error),
        ("   nothing comes: no network?  try: ", ink.text),
        (called("doctor"), ink.accent),
    ]
    short: list[Span] = [*words[:2], ("  try: polytui doctor", ink.text)]
    return fitting([(words, []), (short, [])], width, ink.text)


def _since(feed: FeedView, ink: Ink) -> list[Span]:
    return [(f" {figures.age(feed.age_ms / 1000)}", ink.dim)] if feed.age_ms >= 0 else []


def _counts(feeds: list[FeedView], ink: Ink) -> list[Span]:
    """Reconnects and refused frames, once there are any."""
    spans: list[Span] = []
    for word, count in (
        ("reconnects", sum(feed.reconnects for feed in feeds)),
        ("rejected frames", sum(feed.rejected for feed in feeds)),
        ("missed", sum(feed.missed for feed in feeds)),
        ("misdated", sum(feed.misdated for feed in feeds)),
    ):
        if count:
            spans.append((f"{word} {count:,} ", ink.dim))
    return spans


def offset(milliseconds: float) -> str:
    """How far a source's clock is behind ours, or ahead with a minus: "+0.04 s"."""
    return f"{milliseconds / 1000:+.2f} s"


def feed_table(feeds: tuple[FeedView, ...], ink: Ink, width: int) -> list[Line]:
    """One feed a line, with its age, counters, and the offset of its clock."""
    lines = []
    for feed in feeds:
        age = figures.age(feed.age_ms / 1000) if feed.age_ms >= 0 else "–"
        counts = f"{feed.messages:>9,} msgs {feed.reconnects:>3} re {feed.rejected:>3} rej"
        counts += f" {feed.missed} missed" if feed.missed else ""
        counts += f" {feed.misdated} misdated" if feed.misdated else ""
        counts += "" if feed.offset_ms is None else f" {offset(feed.offset_ms):>8}"
        right: list[Span] = [(f"{age:>7} ", ink.text), (counts, ink.dim)]
        lines.append(spread(feed_dot(feed, ink), right, width, ink.text))
    return lines
