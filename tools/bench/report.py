"""The results: rows with targets, a table for people, a file for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_HEADINGS = ("", "ours", "unit", "peer", "ratio", "target", "")
_DIGITS = 4  # significant ones


@dataclass(frozen=True)
class Row:
    """One measurement.

    `ratio` is how many times better `ours` is than `peer`; `target` is text such as ">= 25", ">= 20 x peer", or None.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    ratio: float | None = None
    target: str | None = None
    ok: bool = True


def more_is_better(
    name: str,
    unit: str,
    ours: float,
    peer: float | None = None,
    *,
    at_least: float | None = None,
    times_peer: float | None = None,
) -> Row:
    """A row such as requests per second; the target is a number, or a multiple of the peer."""
    ratio = None if peer is None else _quotient(ours, peer)
    return _row(name, unit, ours, peer, ratio, _at_least(ours, at_least), times_peer)


def less_is_better(
    name: str,
    unit: str,
    ours: float,
    peer: float | None = None,
    *,
    at_most: float | None = None,
    times_peer: float | None = None,
) -> Row:
    """A row such as seconds or kilobytes; `times_peer` asks to be that many times better."""
    ratio = None if peer is None else _quotient(peer, ours)
    return _row(name, unit, ours, peer, ratio, _at_most(ours, at_most), times_peer)


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in (1, 3, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )


def write(rows: list[Row], path: Path) -> None:
    """Writes them as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n")


def missed(rows: list[Row]) -> list[Row]:
    """The rows whose target is missed."""
    return [row for row in rows if not row.ok]


Verdict = tuple[str, bool] | None


def _at_least(ours: float, limit: float | None) -> Verdict:
    return None if limit is None else (f">= {limit:g}", ours >= limit)


def _at_most(ours: float, limit: float | None) -> Verdict:
    return None if limit is None else (f"<= {limit:g}", ours <= limit)


def _row(
    name: str,
    unit: str,
    ours: float,
    peer: float | None,
    ratio: float | None,
    verdict: Verdict,
    times_peer: float | None,
) -> Row:
    if times_peer is not None:
        verdict = (f">= {times_peer:g} x peer", ratio is not None and ratio >= times_peer)
    target, ok = verdict or (None, True)
    peer = None if peer is None else _short(peer)
    ratio = None if ratio is None else _short(ratio)
    return Row(name, unit, _short(ours), peer, ratio, target, ok)


def _quotient(a: float, b: float) -> float | None:
    return a / b if b else None


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _cells(row: Row) -> tuple[str, ...]:
    verdict = "" if row.target is None else "ok" if row.ok else "MISSED"
    ratio = "" if row.ratio is None else f"{row.ratio:g} x"
    peer = "" if row.peer is None else f"{row.peer:g}"
    return row.name, f"{row.ours:g}", row.unit, peer, ratio, row.target or "", verdict
