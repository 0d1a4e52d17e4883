"""To the shell and back: the process stops as any other does for Ctrl-Z, and `fg` continues it. Or
to another program that has the screen until it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence

_ENDING = (signal.SIGTERM, signal.SIGHUP)
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


def run_until_left(command: Sequence[str]) -> str:
    """Another program in our place, until it is left. A signal that ends us ends it first: the
    loop, which hears of signals, hears of this one when it has the screen again. Ctrl-C, which goes
    to all that a terminal has in front, is the program's alone.

    Returns why it did not end well, in words; empty where it did.
    """
    told = list[int]()
    before = {one: signal.signal(one, lambda number, _: told.append(number)) for one in _ENDING}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        program = subprocess.Popen(command)
        for one in _ENDING:
            signal.signal(one, lambda *_: program.terminate())
        if told:
            program.terminate()
        code = program.wait()
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    return f"{command[0]} ended with {code}" if code else ""
