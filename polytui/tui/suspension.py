"""To the shell and back: the process stops as any other does for Ctrl-Z, and `fg` continues it."""

from __future__ import annotations

import os
import signal
import time

_TAKES_S = 0.05
"""Until the kernel has stopped all of us; spent once more after we are continued."""


def stop_until_continued() -> None:
    """Stop the job that this process belongs to. Returns when somebody continues it, and at once
    where nobody could: a process without a shell is not stopped."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        time.sleep(_TAKES_S)
    finally:
        signal.signal(signal.SIGTSTP, before)
