"""`make soak`: a long fast demo with faults; its journal is replayed, its money reconciled."""

from __future__ import annotations

import sys

from benchmarks.engine_runs import engine
from polytui.backtest.replay import replay_journal

_ROUNDS = "60"
_WITHIN_S = 1200
_CHAOS = "crash:eth@round5,crash:sol@round9,drop:all@round7,drop:all@round20"


def main() -> None:
    arguments = ("--speed", "60", "--rounds", _ROUNDS, "--chaos", _CHAOS)
    with engine(*arguments) as run:
        first_mb = run.rss_mb()
        run.process.wait(timeout=_WITHIN_S)
        summary = run.summary()
        verdict = replay_journal(run.folder, is_verifying=True)
    reconciled = summary["reconciled"]
    lives = {name: asset["lives"] for name, asset in summary["assets"].items()}
    sys.stdout.write(
        f"rounds {summary['rounds_settled']}, lives {lives}, start {first_mb:.0f} MB\n"
    )
    sys.stdout.write(f"{verdict.text()}\n{reconciled}\n")
    is_good = verdict.is_equal and all(v for v in reconciled.values() if isinstance(v, bool))
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
