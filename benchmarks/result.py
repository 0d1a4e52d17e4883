"""One measured figure, and the table of all."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
from attrs import frozen
from rich.console import Console
from rich.table import Table


@frozen
class Result:
    """`p50` alone where there is one figure; `budget` is for p99 where there is one, else p50."""

    name: str
    p50: float | None
    p99: float | None
    unit: str
    budget: float | None = None
    peer: str | None = None
    ratio: float | None = None
    note: str = ""

    @property
    def ok(self) -> bool | None:
        measured = self.p50 if self.p99 is None else self.p99
        if self.budget is None or measured is None:
            return None
        return measured <= self.budget

    def as_json(self) -> dict[str, object]:
        fields = attrs.asdict(self)
        return {**fields, "ok": self.ok}


def show(results: list[Result], console: Console) -> None:
    table = Table(title="polytui benchmarks", title_justify="left")
    for name in ("name", "p50", "p99", "unit", "budget", "ok", "note"):
        table.add_column(name, justify="right" if name in ("p50", "p99", "budget") else "left")
    for result in results:
        verdict = {True: "yes", False: "MISSED", None: ""}[result.ok]
        figures = (_text(result.p50), _text(result.p99))
        table.add_row(
            result.name, *figures, result.unit, _text(result.budget), verdict, result.note
        )
    console.print(table)


def write(results: list[Result], path: Path) -> None:
    path.write_text(json.dumps([r.as_json() for r in results], indent=1) + "\n", encoding="utf-8")


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"
