"""`python -m polytui.store FOLDER`: see follower.py. An engine starts it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    # As the command line does it (precautions.py), before most of the objects are made.
    gc.set_threshold(50_000, 20, 100)
    from polytui.store.follower import follow

    # Ctrl-C is for the engine, which closes our stdin when the journal is written.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    sys.exit(follow(Path(sys.argv[1]).absolute(), sys.stdin.buffer))
