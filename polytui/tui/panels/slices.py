"""What trades come to by what they have in common: a table a question, money as bars.

`hit` is of positions held to settlement, `even` what a share of them cost with its fee: the part
of them that must win to come to nothing. Where there is no room fees go first, then what was
staked, then wins and losses.
"""

from __future__ import annotations

from collections.abc import Sequence

from polytui.tui.panels import figures
from polytui.tui.panels.columns import TableColumn, TableShape, micro, shaped, whole, words
from polytui.tui.panels.frame import rule
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, line

_LEAST_BAR, _MOST_BAR = 6, 24


def slice_table(
    title: str, head: str, rows: Sequence[Row], styles: Styles, width: int
) -> list[Line]:
    """A heading, the columns' names, a line a slice; `head`: what the first column is called."""
    lines = [rule([(title, styles.strong)], [], width, styles.border)]
    if not rows:
        return [*lines, line([("–", styles.dim)], width, styles.text)]
    columns = [_label(head), *_COLUMNS]
    shape = shaped(columns, rows, styles, width)
    bar = _bar_width(shape, width)
    most = max(abs(whole(row, "pnl")) for row in rows) or 1
    lines.append(shape.heading("", styles, width))
    for row in rows:
        wide = sum(shape.widths) + len(shape.widths) - 1
        made = shape.row(row, styles, wide)
        lines.append([*made, *_bar(whole(row, "pnl"), most, bar, styles, width - wide)])
    return lines


def _bar_width(shape: TableShape, width: int) -> int:
    room = width - sum(shape.widths) - len(shape.widths) - 1
    return 0 if room < _LEAST_BAR else min(room, _MOST_BAR)


def _bar(pnl: int, most: int, wide: int, styles: Styles, width: int) -> Line:
    """As long as the money; its colour says what its sign said before it."""
    spans: list[Span] = [("  ", styles.dim)]
    if wide:
        spans.append((figures.bar(abs(pnl) / most, wide), styles.sign(pnl)))
    return line(spans if wide else [], width, styles.text)


def hit_words(row: Row) -> tuple[str, str]:
    """(hit rate, break-even price) of what was held to settlement; dashes where nothing was."""
    held, shares = whole(row, "held"), whole(row, "held_shares")
    if not held or not shares:
        return "–", "–"
    return f"{whole(row, 'held_wins') / held:.3f}", f"{whole(row, 'held_stake') / shares:.3f}"


def _hit_style(row: Row, styles: Styles) -> Span:
    hit, even = hit_words(row)
    if hit == "–":
        return hit, styles.dim
    return hit, styles.sign(float(hit) - float(even))


def _label(head: str) -> TableColumn:
    return TableColumn("", head, lambda row, styles: (_label_words(row, head), styles.text))


def _label_words(row: Row, head: str) -> str:
    label = words(row, "label")
    if head == "hour UTC" and label.isdigit():
        return f"{int(label):02d}-{(int(label) + 1) % 24:02d}"
    return label or ("open" if head == "way out" else "unknown")


_COLUMNS = (
    TableColumn("", "trades", lambda row, s: (f"{whole(row, 'trades'):,}", s.text), is_number=True),
    TableColumn(
        "", "won-lost",
        lambda row, s: (f"{whole(row, 'wins'):,}-{whole(row, 'losses'):,}", s.dim), 3,
        is_number=True,
    ),
    TableColumn("", "hit", _hit_style, is_number=True),
    TableColumn("", "even", lambda row, s: (hit_words(row)[1], s.dim), is_number=True),
    TableColumn(
        "", "staked", lambda row, s: (micro(row, "stake", figures.dollars), s.dim), 2,
        is_number=True,
    ),
    TableColumn(
        "", "fees", lambda row, s: (micro(row, "fees", figures.dollars), s.dim), 1, is_number=True
    ),
    TableColumn(
        "", "pnl",
        lambda row, s: (
            micro(row, "pnl", figures.signed_dollars), s.sign(whole(row, "pnl")),
        ),
        is_number=True,
    ),
)  # fmt: skip
