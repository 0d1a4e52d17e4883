"""A journal verified, timed: `python benchmarks/replay_run.py FOLDER`. Prints events, processor
seconds, and megabytes above what the process had when everything was imported."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.peak import peak_mb
from polytui.backtest.replay import replay_journal


def main() -> None:
    idle_mb, began = peak_mb(), time.process_time()
    verdict = replay_journal(Path(sys.argv[1]), is_verifying=True)
    took = time.process_time() - began
    assert verdict.is_equal, verdict.difference
    above_mb = round(peak_mb() - idle_mb, 1)
    print(json.dumps({"events": verdict.events, "seconds": took, "above_mb": above_mb}))


if __name__ == "__main__":
    main()
