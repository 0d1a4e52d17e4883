"""How long a jump in a recording takes: cold, anywhere and in the worst places, and warm.

    python -m benchmarks.watching SESSION [--jumps 40] [--keep]

Real seconds are what a person waits; seconds of processor say the same on a machine that is busy
with other things. Cold is with nothing kept; the worst places are right before a state of the
journal. Warm is one player that goes from one place to another, and with `--keep` one that has kept
minds everywhere first, which takes as long as the session takes to play.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import closing
from pathlib import Path

from attrs import field, frozen

from polytui.model.units import NS_PER_S
from polytui.player.filling import Filling
from polytui.player.index import JournalIndex
from polytui.player.player import Player
from polytui.player.showing import account_of, asset_of, assets_of
from polytui.precautions import collect_seldom


@frozen
class Took:
    """Of a person's time, and of the processor's."""

    real_s: float
    cpu_s: float


@frozen
class _Began:
    real_s: float = field(factory=time.perf_counter)
    cpu_s: float = field(factory=time.process_time)

    def took(self) -> Took:
        return Took(time.perf_counter() - self.real_s, time.process_time() - self.cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.watching")
    parser.add_argument("session", type=Path)
    parser.add_argument("--jumps", type=int, default=40)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    collect_seldom()
    index, rng = _looked_through(given.session), random.Random(1)
    moments = [rng.randint(index.first_ns, index.last_ns) for _ in range(given.jumps)]
    worst = [spot.at_ns - 1 for spot in rng.sample(index.spots, min(given.jumps, len(index.spots)))]
    _say("cold, anywhere", [_cold(given.session, index, at_ns) for at_ns in moments])
    _say("cold, right before a state", [_cold(given.session, index, at_ns) for at_ns in worst])
    with closing(Player(given.session, index)) as player:
        if given.keep:
            _keep(player)
        _say("warm, anywhere", [_jump(player, at_ns) for at_ns in moments])


def _keep(player: Player) -> None:
    began, filling = _Began(), Filling(player)
    while filling.work(10.0):
        pass
    took, states = began.took(), player.states
    _write(
        f"kept {len(states)} minds, {states.bytes / (1 << 20):.0f} MB, of"
        f" {player.index.last_seq:,} events in {took.real_s:.0f} s ({took.cpu_s:.0f} of processor)"
    )


def _looked_through(session: Path) -> JournalIndex:
    began, index = _Began(), JournalIndex(session)
    while index.look():
        pass
    took = began.took()
    marked = sum(spot.base is not None for spot in index.spots)
    found = f"{len(index.spots) - marked} checkpoints, {marked} waypoints"
    density = index.last_seq * NS_PER_S / max(1, index.last_ns - index.first_ns)
    _write(
        f"{index.last_seq:,} events, {density:.0f} a second, {found}: looked through in"
        f" {took.real_s:.1f} s ({took.cpu_s:.1f} s of processor)"
    )
    return index


def _cold(session: Path, index: JournalIndex, at_ns: int) -> Took:
    """With nothing kept."""
    player = Player(session, index)
    try:
        return _jump(player, at_ns)
    finally:
        player.cursor.close()
        player.states.close()


def _jump(player: Player, at_ns: int) -> Took:
    """To the views of that moment."""
    began = _Began()
    player.go(at_ns)
    while not player.work(1.0):
        pass
    account_of(player)
    for asset in assets_of(player):
        asset_of(player, asset)
    return began.took()


def _say(what: str, took: list[Took]) -> None:
    if not took:
        _write(f"{what}: there is none")
        return
    real, cpu = (sorted(getattr(one, name) for one in took) for name in ("real_s", "cpu_s"))
    middle = len(took) // 2
    _write(
        f"{what}, {len(took)} jumps: median {real[middle]:.2f} s, longest {real[-1]:.2f} s;"
        f" of processor {cpu[middle]:.2f} and {cpu[-1]:.2f} s"
    )


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
