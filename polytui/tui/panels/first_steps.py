"""Four steps for somebody who sees this screen for the first time."""

from __future__ import annotations

from attrs import frozen

from polytui.tui.panels.frame import Edge, framed
from polytui.tui.styles import Line, Span, line, styles_of
from polytui.tui.theme import Palette

SIZE = (72, 15)


@frozen
class FirstStep:
    """One page: a heading, rows of (sign, words), and a line that sums it up."""

    heading: str
    rows: tuple[tuple[str, str], ...]
    last: str


STEPS = (
    FirstStep(
        "What a round is",
        (
            ("Up or Down", "a bet on one price over 5 or 15 minutes, 1 or 4 hours"),
            ("strike", "the price at its start, the one to beat"),
            ("a share", "pays 1 dollar if its side wins, and nothing if not"),
            ("who settles", "Chainlink's average of the last 60 s; for 1h rounds"),
            ("", "the close of Binance's candle"),
            ("market", "what a share of Up costs: 0.43 is 43 cents, so 43 %"),
        ),
        "At the strike or above it, Up wins.",
    ),
    FirstStep(
        "How to read a card",
        (
            ("5m 02:31 left", "its length, and the time until it closes"),
            ("▲ +23.10", "the price now is so far above the strike"),
            ("fair, market", "our price of Up; the middle of its book"),
            ("▲ +2.1 c", "ours is so many cents above the market's"),
            ("Up 25.00", "shares that are held, and what they cost"),
            ("round +1.02", "what this round would come to if it were sold now"),
        ),
        "Enter shows the round whole, as a chart and a ladder; Esc goes back.",
    ),
    FirstStep(
        "Why it does not trade",
        (
            ("◆ trades", "this strategy may trade; ◇ watches: it is only scored"),
            ("▲ UP 64% sure", "what it wants, and how sure it is"),
            ("edge small", "the first thing in its way, with number and limit:"),
            ("0.4 < 0.6 c", "0.4 cents of edge, where 0.6 are asked for"),
            ("◌ blocked", "in the title: something stops the whole asset"),
            ("T, s, r", "trades and reasons; results; limits and breakers"),
        ),
        "Most of the time something is in the way. That is as it should be.",
    ),
    FirstStep(
        "How to stop it",
        (
            ("K, then K", "kills: every order is cancelled, nothing is traded"),
            ("", "until R twice rearms. From every page, at any moment."),
            ("p", "pauses the chosen asset, p again resumes it"),
            ("F, then F", "flattens it: sells what it holds"),
            ("q", "quits; it asks whether the engine should go on"),
            ("?", "all keys and signs, and these steps once more"),
        ),
        "PAPER and DEMO lose no money. LIVE is red across the whole screen.",
    ),
)


def first_steps_lines(at: int, palette: Palette, width: int, height: int) -> list[Line]:
    """FirstStep `at` (from 0) in a box of `width` by `height` cells."""
    styles = styles_of(palette, palette.colours.panel)
    step, inner = STEPS[at], width - 4
    blank = line([], inner, styles.text)

    def row(sign: str, words: str) -> Line:
        spans: list[Span] = [(f"{sign:<15}", styles.accent), (words, styles.text)]
        return line(spans, inner, styles.text)

    body = [blank, line([(step.heading, styles.strong)], inner, styles.text), blank]
    body += [row(*one) for one in step.rows]
    body += [blank, line([(step.last, styles.dim)], inner, styles.text), blank]
    top = Edge([("first steps", styles.strong)], [(f"{at + 1} of {len(STEPS)}", styles.dim)])
    onward = "Enter ends" if at + 1 == len(STEPS) else "Enter goes on"
    below = Edge([(f"{onward}   ← back   Esc skips", styles.accent)], [])
    return framed(body, top, below, (width, height), styles.border, styles.text)
