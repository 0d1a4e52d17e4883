"""What the program says to whoever started it."""

DONE, FAILED, USAGE, BLOCKED = 0, 1, 2, 3
