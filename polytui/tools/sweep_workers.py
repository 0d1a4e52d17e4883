"""Who does the jobs of a sweep: processes of this machine, or the workers of a Dask cluster.

Both give answers as they come, in any order. `dask` begins no cluster: it asks one that somebody
runs, whose workers need this version and the data at the same paths.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from polytui.model.errors import Fatal
from polytui.tools.sweep_jobs import Done, SweepJob, do

CONNECT_S = 15
_WANTED = "--scheduler wants the extra: pip install 'polytui[sweep]'"


def here(jobs: Sequence[SweepJob], workers: int) -> Iterator[Done]:
    """By so many processes. Fatal where one of them dies: of memory, as a rule."""
    if workers == 1:
        yield from map(do, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        waiting = [pool.submit(do, job) for job in jobs]
        try:
            for one in as_completed(waiting):
                yield one.result()
        except BrokenProcessPool as error:
            raise Fatal("a worker died, of too little memory as a rule: try --workers 1") from error
        finally:
            pool.shutdown(cancel_futures=True)


def on_dask(jobs: Sequence[SweepJob], address: str) -> Iterator[Done]:
    """By the workers of the scheduler there. Fatal where nobody answers."""
    try:
        import distributed
    except ImportError as error:
        raise Fatal(_WANTED) from error
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise Fatal(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        # Jobs are not pure to Dask: it would believe an answer that it kept of another version.
        waiting: list[Any] = client.map(do, list(jobs), pure=False)
        for one in distributed.as_completed(waiting, loop=client.loop):
            yield one.result()
            one.release()
