"""What is looked for on a page, behind its name."""

from __future__ import annotations

from polytui.tui.styles import Span, Styles, clean
from polytui.tui.typed_line import TypedLine


def looked_for(typed: TypedLine, styles: Styles) -> list[Span]:
    """With a cursor while it is typed; nothing for no words."""
    if typed.is_open:
        return [("  /", styles.accent), (clean(typed.text) + "▏", styles.text)]
    return [(f"  /{clean(typed.text)}", styles.accent)] if typed.text else []
