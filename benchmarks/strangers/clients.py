"""Which strangers there are, what each environment holds, and where environments are found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

SCRIPTS = Path(__file__).with_name("scripts")


@frozen
class Environment:
    """An environment with one client in it, made beforehand; a variable says where it is."""

    variable: str
    """Names its Python; for packages of npm the folder that has `node_modules`."""
    packages: tuple[str, ...]
    """What it holds, exactly: `name==version`."""
    least_python: tuple[int, int] = (3, 11)
    is_node: bool = False

    def found(self) -> Path | None:
        named = os.environ.get(self.variable)
        return Path(named) if named else None

    def absent(self) -> str:
        """Why its scripts cannot run; empty where they can."""
        at = self.found()
        if at is None:
            return f"{self.variable} is not set"
        if self.is_node and shutil.which("node") is None:
            return "there is no node"
        there = at / "node_modules" if self.is_node else at
        return "" if there.exists() else f"{self.variable}: {there} is not there"

    def command(self, script: Path) -> list[str]:
        """What runs a script in it."""
        at = self.found()
        assert at is not None, self.absent()
        if self.is_node:
            return ["node", str(script), str(at)]
        return [str(at), "-I", str(SCRIPTS / "isolated.py"), str(script)]


CLOB = Environment("POLYTUI_CLIENT_CLOB", ("py-clob-client-v2==1.2.1",))
UNIFIED = Environment("POLYTUI_CLIENT_UNIFIED", ("polymarket-client==0.14.0",))
NODE = Environment(
    "POLYTUI_CLIENT_NODE",
    ("@polymarket/clob-client-v2==1.1.0", "@polymarket/real-time-data-client==1.4.0"),
    is_node=True,
)
CCXT = Environment("POLYTUI_CLIENT_CCXT", ("ccxt==4.5.90",))
NAUTILUS = Environment(
    "POLYTUI_CLIENT_NAUTILUS", ("nautilus_trader[polymarket]==1.231.0",), least_python=(3, 12)
)


@frozen
class Client:
    """A script that calls every method of one client."""

    name: str
    environment: Environment
    script: str
    options: tuple[tuple[str, str], ...] = ()
    """What the script is told besides: which face of the client it plays."""

    def command(self) -> list[str]:
        return self.environment.command(SCRIPTS / self.script)


CLIENTS = (
    Client("py-clob-client-v2", CLOB, "clob.py"),
    Client(
        "polymarket-client (async, deposit wallet)", UNIFIED, "unified.py", (("kind", "async"),)
    ),
    Client("polymarket-client (sync, EOA)", UNIFIED, "unified.py", (("kind", "sync"),)),
    Client("@polymarket/clob-client-v2", NODE, "typescript.cjs"),
    Client("@polymarket/real-time-data-client", NODE, "real_time_data.cjs"),
    Client("ccxt", CCXT, "exchanges.py"),
    Client("nautilus_trader (reader)", NAUTILUS, "nautilus.py"),
)


def make(folder: Path, python: str, environments: Sequence[Environment]) -> dict[str, str]:
    """Environments under `folder`, each made once; the variables that name them. Those that were
    named already, and those that this machine has no interpreter for, are left out."""
    found = {}
    for environment in environments:
        if environment.found() is not None:
            continue
        at = folder / environment.variable.removeprefix("POLYTUI_CLIENT_").lower()
        made = (
            _make_node(at, environment) if environment.is_node else _make(at, environment, python)
        )
        if made is not None:
            found[environment.variable] = str(made)
    return found


def _make(at: Path, environment: Environment, python: str) -> Path | None:
    interpreter = at / "bin" / "python"
    if (at / ".made").exists():
        return interpreter
    version = _run([python, "-c", "import sys; print(*sys.version_info[:2])"]).split()
    if tuple(map(int, version)) < environment.least_python:
        least = ".".join(map(str, environment.least_python))
        print(f"{environment.packages[0]} needs Python {least}: left out", file=sys.stderr)
        return None
    print(f"installing {', '.join(environment.packages)}", file=sys.stderr)
    _run([python, "-m", "venv", str(at)])
    _run([str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
          *environment.packages])  # fmt: skip
    (at / ".made").touch()
    return interpreter


def _make_node(at: Path, environment: Environment) -> Path | None:
    if (at / ".made").exists():
        return at
    if shutil.which("npm") is None:
        print(f"there is no npm: {', '.join(environment.packages)} left out", file=sys.stderr)
        return None
    print(f"installing {', '.join(environment.packages)}", file=sys.stderr)
    at.mkdir(parents=True, exist_ok=True)
    wanted = [one.replace("==", "@") for one in environment.packages]
    _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(at), *wanted])
    (at / ".made").touch()
    return at


def _run(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
