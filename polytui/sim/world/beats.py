"""A coarse world: what would happen at any moment within a beat happens together at its end.

Nobody of such a world is ahead of anybody: at a beat every exchange speaks, the crowd looks at what
they say, and whoever listens hears all of it at once. A world without beats has a length of 0.
"""

from __future__ import annotations


def on_beat(at_ns: int, beat_ns: int) -> int:
    """The beat at or after `at_ns`; `at_ns` itself in a world without beats."""
    return at_ns + -at_ns % beat_ns if beat_ns else at_ns
