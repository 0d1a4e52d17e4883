"""The terminal: a process of its own that sees frozen views and sends commands, nothing else."""

import os

# Textual reads this once, when it is imported. Panels change at most 12 times a second; its own
# default of 60 would only cost the engine's core.
os.environ.setdefault("TEXTUAL_FPS", "20")
