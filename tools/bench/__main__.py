"""`python -m bench`: see the package."""

from __future__ import annotations

import sys
import time

from bench import (
    decoding,
    destinations,
    encoding,
    heap,
    page,
    polling,
    posting,
    programs,
    report,
    trusting,
)
from bench.report import Row

_PARTS = (
    ("standard PIDs", polling.petrol),
    ("sweep (takes the peer a minute and a half)", polling.electric),
    ("decoding", decoding.rows),
    ("documents", encoding.rows),
    ("deliveries", posting.rows),
    ("six destinations (half a minute)", destinations.rows),
    ("heap", heap.rows),
    ("default bundle", trusting.rows),
    ("page", page.rows),
)
_RESULT = programs.ROOT / "build" / "bench.json"


def main() -> int:
    """Measures everything; 1 if a target is missed, 2 if something could not be measured."""
    began = time.monotonic()
    rows: list[Row] = []
    try:
        for name, measure in _PARTS:
            print(f"measuring: {name} …", file=sys.stderr, flush=True)
            rows += measure()
    except (programs.BenchError, OSError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 2
    report.write(rows, _RESULT)
    print(report.table(rows))
    print(
        f"\n{time.monotonic() - began:.0f} s; rows and peers are explained in tools/bench/__init__.py"
    )
    for row in report.missed(rows):
        print(
            f"make bench: {row.name}: {row.ours:g} {row.unit}, not {row.target}", file=sys.stderr
        )
    return 1 if report.missed(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
