"""Runs a script of this folder with nothing of the caller's environment on the path (python -I):
what a client imports is what was installed for it."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    script = Path(sys.argv[1])
    sys.path.insert(0, str(script.parent))
    sys.argv = sys.argv[1:]
    runpy.run_path(str(script), run_name="__main__")
