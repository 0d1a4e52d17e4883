"""The table [keys]: which keys of the terminal a person gave other actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen


@frozen
class KeySettings:
    """Keys of the terminal by action id, a list of names each: only what is to differ. An empty
    list takes an action's keys away. docs/keys.md has every id. Conflicts and names of no key are
    faults. Kill, flatten and rearm ask twice on any key."""

    own: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By action id, in the order of the file."""

    def __iter__(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        return iter(self.own)


def key_settings(raw: Any) -> KeySettings:
    """Of a table as it is written, where dots make tables of tables. ValueError in words."""
    if not isinstance(raw, dict):
        raise TypeError("expected a table")
    found = list(_flat(raw, ""))
    if twice := {one for one, _ in found if [id_ for id_, _ in found].count(one) > 1}:
        raise ValueError(f"named twice: {', '.join(sorted(twice))}")
    return KeySettings(tuple(found))


def _flat(raw: Mapping[str, Any], under: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in raw.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{under}{name}.")
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            yield f"{under}{name}", tuple(value)
        else:
            raise ValueError(f"expected a list of keys for {under}{name}, got {value!r}")
