"""What a notice is about, where somebody who looks away wants to hear of it."""

FILL = "fill"
SETTLEMENT = "settlement"
BREAKER = "breaker"
KILL = "kill"
FEED = "feed"
HAND = "by hand"
"""What became of a person's own order, or did not."""
KINDS = (FILL, SETTLEMENT, BREAKER, KILL, FEED, HAND)
