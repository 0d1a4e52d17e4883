"""What came of each strategy on each asset: live fills and virtual ones, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import fields

from polytui.model.score_views import ClaimsView, ResultView, ScoreView
from polytui.model.snapshot import AssetView
from polytui.tui.panels import figures
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.page import Block, PageLook, Scroll, boxed
from polytui.tui.panels.signals import kind_words
from polytui.tui.styles import Line, Span, Styles, clean, line

_NAME, _KIND = 18, 9
_WIDE = 92
"""Cells from which shares of wins and returns have a place."""
_MEANING = "pnl and won-lost: settled rounds only, after fees. open: paid, not settled."
_SHADOW = "shadow: virtual fills, as late as an order on paper; they move no money."
_CLAIMS = "claims, cents a share: what it said, what came of it, what is believed now."
_NOTHING = ResultView()


def strategy_panel(
    views: Sequence[AssetView], look: PageLook, scroll: Scroll, width: int, height: int
) -> list[Line]:
    """The whole page: what the columns mean, all assets together, then each asset."""
    inner, styles = width - 4, look.styles
    head = [_sentence(_MEANING, styles, inner)]
    if height >= 26:
        head.append(_sentence(_SHADOW, styles, inner))
        if any(score.claims.count for view in views for score in view.scores):
            head.append(_sentence(_CLAIMS, styles, inner))
    head.append(_headings(styles, inner))
    blocks = [_together(views, look, inner), *(_of_asset(view, look, inner) for view in views)]
    body = [*head, *scroll.window(blocks, max(0, height - 2 - len(head)))]
    top = Edge([("strategies", styles.strong)], [kind_words(True, styles), ("  ", styles.dim),
                                              kind_words(False, styles)])  # fmt: skip
    return boxed(body, top, scroll.words, look, width, height)


def added(results: Iterable[ResultView]) -> ResultView:
    """All of them together, to the millionth."""
    sums = {one.name: 0 for one in fields(ResultView)}
    for result in results:
        for name in sums:
            sums[name] += getattr(result, name)
    return ResultView(**sums)


def _sentence(words: str, styles: Styles, width: int) -> Line:
    return line([(words, styles.dim)], width, styles.text)


# --- blocks ---------------------------------------------------------------------------------


def _together(views: Sequence[AssetView], look: PageLook, width: int) -> Block:
    """Every strategy over all assets, and all strategies."""
    styles = look.styles
    scores = [_sum_of(name, views) for name in _names(views)]
    lines = [rule([("all assets", styles.strong)], [], width, styles.border)]
    for score in scores:
        lines += _rows(score, styles, width)
        if score.halted:
            lines.append(line([(f"  ■ {clean(score.halted)}", styles.error)], width, styles.text))
    if not scores:
        return Block("", [*lines, _sentence("no strategy has been asked yet", styles, width)])
    live, shadow = added(one.live for one in scores), added(one.shadow for one in scores)
    lines.append(_row("together", True, live, styles, width, is_strong=True))
    lines.append(_row("", False, shadow, styles, width, is_strong=True))
    return Block("", lines)


def _names(views: Sequence[AssetView]) -> list[str]:
    """Every strategy once, in the engine's order."""
    return list(dict.fromkeys(score.strategy for view in views for score in view.scores))


def _sum_of(name: str, views: Sequence[AssetView]) -> ScoreView:
    mine = [score for view in views for score in view.scores if score.strategy == name]
    live, shadow = added(one.live for one in mine), added(one.shadow for one in mine)
    claims = _claims_of([one.claims for one in mine])
    halted = next((one.halted for one in mine if one.halted), "")
    return ScoreView(name, any(one.is_live for one in mine), live, shadow, claims, halted)


def _claims_of(claims: Sequence[ClaimsView]) -> ClaimsView:
    """Of all assets: means over their claims."""
    count = sum(one.count for one in claims)
    if not count:
        return ClaimsView()
    return ClaimsView(
        count,
        sum(one.count * one.claimed_bps for one in claims) / count,
        sum(one.count * one.realised_bps for one in claims) / count,
        sum(one.count * one.used_bps for one in claims) / count,
    )


def _of_asset(view: AssetView, look: PageLook, width: int) -> Block:
    styles = look.styles_of(view.asset)
    is_chosen = view.asset == look.chosen
    name: Span = (view.asset.upper(), styles.accent if is_chosen else styles.strong)
    count = view.rounds_settled
    settled: list[Span] = [(f"{count} round{'' if count == 1 else 's'} settled", styles.dim)]
    right = look.age_words(look.ages.get(view.asset, 0.0)) or settled
    head: list[Span] = [("▸ " if is_chosen else "", styles.accent), name]
    lines = [rule(head, right, width, styles.border)]
    lines += [row for score in view.scores for row in _rows(score, styles, width)]
    if not view.scores:
        lines.append(_sentence("no strategy has been asked yet", styles, width))
    return Block(view.asset, lines)


def _rows(score: ScoreView, styles: Styles, width: int) -> list[Line]:
    """What it is now first; the other kind only where something came of it."""
    pairs = [(True, score.live), (False, score.shadow)]
    if not score.is_live:
        pairs.reverse()
    kept = [pairs[0], *(pair for pair in pairs[1:] if pair[1] != _NOTHING)]
    name = score.strategy or "(nobody's)"
    rows = [
        _row(name if at == 0 else "", is_live, result, styles, width)
        for at, (is_live, result) in enumerate(kept)
    ]
    return [*rows, _claims_row(score.claims, styles, width)] if score.claims.count else rows


# --- columns --------------------------------------------------------------------------------


def _headings(styles: Styles, width: int) -> Line:
    wide = f"{'won':>6}{'of stake':>10}" if width >= _WIDE else ""
    words = f"{'in':>4}{'out':>5}{'won-lost':>9}{'staked':>9}{'fees':>7}{'pnl':>9}{'open':>7}"
    return line([(" " * (_NAME + _KIND - 1) + words + wide, styles.dim)], width, styles.text)


def _row(
    name: str,
    is_live: bool,
    result: ResultView,
    styles: Styles,
    width: int,
    *,
    is_strong: bool = False,
) -> Line:
    """One strategy's live or virtual result."""
    kind, style = kind_words(is_live, styles)
    counts = f"{result.entries:>4}{result.exits:>5}{f'{result.wins}-{result.losses}':>9}"
    spent = f"{figures.dollars(result.staked):>9}{figures.dollars(result.fees):>7}"
    spans: list[Span] = [
        (f"{clean(name):<{_NAME}}"[:_NAME], styles.strong if is_strong else styles.text),
        (f"{kind:<{_KIND - 1}}", style),
        (counts + spent, styles.text if result != _NOTHING else styles.dim),
        (f"{figures.signed_dollars(result.pnl):>9}", styles.sign(result.pnl)),
        (
            f"{figures.dollars(result.open_cost):>7}",
            styles.text if result.open_cost else styles.dim,
        ),
    ]
    if width >= _WIDE:
        spans.append((f"{_won(result):>6}{_return(result):>10}", styles.dim))
    return line(spans, width, styles.text)


def _claims_row(claims: ClaimsView, styles: Styles, width: int) -> Line:
    """What it said a share was worth above its price, what it was, and what is believed now."""
    spans: list[Span] = [
        (f"{'':<{_NAME}}claims {claims.count:>5,.0f}", styles.dim),
        ("  claimed", styles.dim),
        (f"{_cents(claims.claimed_bps):>6}", styles.text),
        ("  realised", styles.dim),
        (f"{_cents(claims.realised_bps):>6}", styles.sign(claims.realised_bps)),
        ("  used", styles.dim),
        (f"{_cents(claims.used_bps):>6}", styles.text),
        (" c", styles.dim),
    ]
    return line(spans, width, styles.text)


def _cents(bps: float) -> str:
    """A hundred bps of a dollar are a cent."""
    return f"{round(bps / 100.0, 1) + 0.0:+.1f}"


def _won(result: ResultView) -> str:
    rounds = result.wins + result.losses
    return f"{result.wins / rounds:.0%}" if rounds else "–"


def _return(result: ResultView) -> str:
    """PnL of what was paid for rounds that are settled."""
    settled = result.staked - result.open_cost
    return f"{result.pnl / settled:+.1%}" if settled > 0 else "–"
