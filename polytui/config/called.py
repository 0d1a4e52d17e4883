"""What to type to call this program again: `polytui` is on nobody's PATH right after `make`."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "polytui"
_TOLD = "POLYTUI_CALLED"
"""How the program above was called, for children that are started in another way."""


def called(arguments: str = "") -> str:
    """The command line with these arguments that works from here, in this shell."""
    return f"{os.environ.get(_TOLD) or _found()} {arguments}".rstrip()


def tell_children() -> None:
    """What they say to people is what people would type."""
    os.environ.setdefault(_TOLD, _found())


def _found() -> str:
    script = Path(sys.argv[0]) if Path(sys.argv[0]).name == _NAME else _sibling()
    if not script.is_file():
        return f"{shlex.quote(sys.executable)} -m {_NAME}"
    on_path = shutil.which(_NAME)
    if on_path and Path(on_path).resolve() == script.resolve():
        return _NAME
    here, there = Path.cwd(), script.absolute()
    return shlex.quote(str(there.relative_to(here) if there.is_relative_to(here) else there))


def _sibling() -> Path:
    """The script that was installed beside the Python that runs."""
    return Path(sys.executable).with_name(_NAME)
