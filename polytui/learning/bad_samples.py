"""What nothing can be learned from, and why, in words for the person who asked."""

from __future__ import annotations

from polytui.model.errors import Fatal


class BadSamples(Fatal):
    """Rows that are wrong, too few of them, or all of one kind."""
