"""Frames spoilt in every way that wires, proxies and venues have: quickly, from one seed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

_DEEP = "@@deep@@"
STRANGE: tuple[Any, ...] = (
    *(None, True, False, [], {}, [[]], [None], [{}], {"a": {"a": {}}}, _DEEP),
    *(0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**30)),
    *(0.0, -0.0, -0.5, 1e-320, 1e300, math.nan, math.inf, -math.inf),
    *("", " ", "0", "0.0", "00", "-1", "+1", "1e5", "NaN", "nan", "Infinity", "1_0", "0x10"),
    *("1,5", "1.2.3", ".", "1.", "٣", "²", "\ud800", "\x00", "9" * 20, "9" * 400),
    *("0." + "9" * 400, "1" + "0" * 5000, "2026-11-20T25:00:00Z", "1970-01-01T00:00:00Z"),
    *("BTC-USD", "BTCUSDT", "btc/usd", "snapshot"),
)
"""Values of wrong types, signs, sizes and alphabets, and some that belong elsewhere."""

Spoil = Callable[[Random, Any, Any], None]
"""Changes the item of a container at a key, in place."""


def _other(rng: Random) -> Any:
    """A copy: the next change may be inside it."""
    return deepcopy(rng.choice(STRANGE))


def _drop(_: Random, container: Any, key: Any) -> None:
    del container[key]


def _null(_: Random, container: Any, key: Any) -> None:
    container[key] = None


def _strange(rng: Random, container: Any, key: Any) -> None:
    container[key] = _other(rng)


def _retyped(_: Random, container: Any, key: Any) -> None:
    """A number as text, a text as number, one as a list of one."""
    value = container[key]
    if isinstance(value, str) and _is_number(value):
        container[key] = float(value) if "." in value else int(value)
    elif isinstance(value, (int, float)):
        container[key] = str(value)
    else:
        container[key] = [value]


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.replace(".", "", 1).isdecimal() and len(value) < 300
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _zero(_: Random, container: Any, key: Any) -> None:
    if _is_number(container[key]):
        container[key] = "0" if isinstance(container[key], str) else 0


def _scaled(rng: Random, container: Any, key: Any) -> None:
    """A believable number, only not this one: prices cross."""
    value = container[key]
    if _is_number(value):
        other = float(value) * rng.choice((0.5, 0.999, 1.001, 2.0))
        container[key] = f"{other:.8f}" if isinstance(value, str) else other


def _negative(_: Random, container: Any, key: Any) -> None:
    value = container[key]
    container[key] = f"-{value}" if isinstance(value, str) else -1


def _huge(_: Random, container: Any, key: Any) -> None:
    value = container[key]
    container[key] = value * 50 if isinstance(value, (str, list)) else 10**25


def _off_by_one(_: Random, container: Any, key: Any) -> None:
    value = container[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        container[key] = not value
    else:
        container[key] = value + 1


def _new(rng: Random, container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container[f"new{rng.randrange(9)}"] = _other(rng)
    else:
        container.insert(key, _other(rng))


def _twice(_: Random, container: Any, key: Any) -> None:
    if isinstance(container, list):
        container.insert(key, deepcopy(container[key]))


def _swapped(rng: Random, container: Any, key: Any) -> None:
    other = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


SPOILS: tuple[Spoil, ...] = (
    *(_drop, _null, _strange, _strange, _strange, _retyped),
    *(_zero, _scaled, _negative, _huge, _off_by_one, _new, _twice, _swapped),
)


def mutant(rng: Random, frames: Sequence[str]) -> str | bytes:
    """One of the frames, spoilt: its values, mostly, or its text, or both."""
    text = rng.choice(frames)
    if rng.random() < 0.8:
        text = _spoilt_values(rng, text)
    if rng.random() < 0.3:
        return _spoilt_bytes(rng, text)
    return text


def _spoilt_values(rng: Random, text: str) -> str:
    document = [json.loads(text)]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = _somewhere(rng, document)
        if found is not None:
            rng.choice(SPOILS)(rng, *found)
    depth = rng.choice((5, 500, 5_000))
    # Codecs know how most frames begin, without a space: others are read another way.
    separators = rng.choice((None, (",", ":")))
    spoilt = json.dumps(document[0] if document else None, separators=separators)
    return spoilt.replace(f'"{_DEEP}"', "[" * depth + "]" * depth)


def _somewhere(rng: Random, document: list[Any]) -> tuple[Any, Any] | None:
    """A container and a key in it: a walk down from the top that ends by chance."""
    here: Any = document
    while here:
        key = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
        below = here[key]
        if not isinstance(below, (dict, list)) or not below or rng.random() < 0.15:
            return here, key
        here = below
    return None


def _spoilt_bytes(rng: Random, text: str) -> str | bytes:
    data = bytearray(text.encode(errors="surrogatepass"))
    match rng.randrange(4):
        case 0:
            del data[rng.randrange(len(data) + 1) :]
        case 1:
            del data[: rng.randrange(len(data) + 1)]
        case 2:
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(data) or 1)
                data[at : at + 1] = rng.randbytes(rng.randrange(3))
        case _:
            data += rng.choice((b"\x00", b"}", b"{}", b",", bytes(data[:50])))
    return bytes(data) if rng.random() < 0.5 else data.decode(errors="surrogateescape")
