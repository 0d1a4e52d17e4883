"""A picture of the screen as a file of its own."""

from __future__ import annotations

import re

_WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def standing_alone(svg: str) -> str:
    """Without fonts from the web, and with the blanks that some viewers would trim."""
    return _WEB_FONTS.sub("", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)
