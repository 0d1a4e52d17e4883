"""The settings of a sweep: every combination of what was asked for, each checked as a file is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from attrs import frozen

from polytui.config.change import Wish, changed_at_rest
from polytui.config.schema import Settings
from polytui.model.errors import Fatal

MOST_SETTINGS = 10_000


@frozen
class Tried:
    """One list of settings: what of it is different, and all of it."""

    wishes: tuple[Wish, ...]
    settings: Settings

    @property
    def words(self) -> str:
        return " ".join(f"{path}={value}" for path, value in self.wishes) or "as they are"


def axis_of(text: str) -> tuple[str, tuple[str, ...]]:
    """`risk.max_order_usd=5,10` as its path and values. Fatal for what is none, or names a value
    twice."""
    path, found, listed = text.partition("=")
    values = tuple(one.strip() for one in listed.split(","))
    if not found or not path.strip() or not all(values):
        raise Fatal(f"--grid {text!r}: expected TABLE.NAME=VALUE,VALUE...")
    if len(set(values)) < len(values):
        raise Fatal(f"--grid {text!r}: a value stands twice")
    return path.strip(), values


def grid_of(settings: Settings, texts: Sequence[str]) -> tuple[Tried, ...]:
    """In the order of the axes, the last one running quickest. BadSettings for a value that no file
    may have; Fatal for a setting that is named twice, and for too many."""
    axes = [axis_of(text) for text in texts]
    paths = [path for path, _ in axes]
    if len(set(paths)) < len(paths):
        raise Fatal("--grid: a setting is named twice; list all of its values in one place")
    count = 1
    for _, values in axes:
        count *= len(values)
    if count > MOST_SETTINGS:
        raise Fatal(f"--grid: {count:,} combinations, {MOST_SETTINGS:,} at most")
    combined = (tuple(zip(paths, one, strict=True)) for one in product(*(v for _, v in axes)))
    return tuple(Tried(wishes, changed_at_rest(settings, *wishes)) for wishes in combined)
