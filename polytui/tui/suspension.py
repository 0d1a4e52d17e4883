"""To the shell and back: the process stops as any other does for Ctrl-Z, and `fg` continues it. Or
to another program that has the screen until it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence

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


def run_until_left(command: Sequence[str]) -> None:
    """Another program in our place. A signal that ends us ends it first: the loop, which hears of
    signals, hears of this one when it has the screen again."""
    program = subprocess.Popen(command)
    ending = (signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.signal(one, lambda *_: program.terminate()) for one in ending}
    try:
        program.wait()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
