"""What a strategy that is not ours may be called."""

from __future__ import annotations

import keyword
import re

from polytui.strategy.registry import STRATEGIES

_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")


def fault_of_name(name: object) -> str:
    """What is wrong with a name; empty where nothing is."""
    if not (isinstance(name, str) and _NAME.fullmatch(name)) or keyword.iskeyword(name):
        return "its name has to be small letters, digits and _, 2 to 32, a letter first"
    if any(one.name == name for one in STRATEGIES):
        return f"{name} is one of ours: call it otherwise"
    return ""
