"""How a process is killed on purpose: at a point that it passes, or at a random moment."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator

from attrs import define, field

RANDOM = "a random moment"


@define
class Deaths:
    """State: how often each death was died."""

    rng: random.Random
    moment_s: tuple[float, float]
    """A random one lies between these, in seconds of a life."""
    within_s: float
    """A point is to be passed by then."""
    faults: list[str]
    """Of the whole storm."""
    died: Counter[str] = field(factory=Counter)
    missed: Counter[str] = field(factory=Counter)
    """Points that were not passed within the time: killed from outside then."""

    def strike(self, process: subprocess.Popen[bytes], point: str) -> None:
        """See that it dies, by its own hand at the point or else by ours."""
        if point == RANDOM:
            time.sleep(self.rng.uniform(*self.moment_s))
        else:
            try:
                process.wait(self.within_s)
            except subprocess.TimeoutExpired:
                self.missed[point] += 1
        if process.poll() is None:
            process.kill()
        elif process.returncode != -signal.SIGKILL:
            self.faults.append(f"{point}: ended with {process.returncode}")
        self.died[point] += 1

    def lines(self) -> Iterator[str]:
        for point, count in self.died.items():
            missed = self.missed[point]
            late = f", {missed} of them not reached in time" if missed else ""
            yield f"{count:4} x killed at {point}{late}"
