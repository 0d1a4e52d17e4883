"""`polytui`, of which one asset breaks when a signal says so; one crash halts it (storm.py)."""

from __future__ import annotations

import signal

from polytui.cli import main
from polytui.model.events import Event
from polytui.runtime.asset import AssetRun

BREAKS = "btc"


def _break_when_told() -> None:
    told = list[int]()
    put = AssetRun._put

    def broken(run: AssetRun, event: Event, received_perf_ns: int) -> None:
        if told and run.asset.value == BREAKS:
            raise RuntimeError("broken by a signal")
        put(run, event, received_perf_ns)

    AssetRun._put = broken  # type: ignore[assignment,method-assign]  # on purpose
    signal.signal(signal.SIGUSR1, lambda *_: told.append(1))


if __name__ == "__main__":
    _break_when_told()
    main()
