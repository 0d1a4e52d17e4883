"""`python -m polytui.store FOLDER`: see follower.py. An engine starts it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from polytui.store.follower import follow

if __name__ == "__main__":
    # Ctrl-C is for the engine, which closes our stdin when the journal is written.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    sys.exit(follow(Path(sys.argv[1]).absolute(), sys.stdin.buffer))
