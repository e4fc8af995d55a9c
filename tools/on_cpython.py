"""Lets CPython import what runs on the device: the path to lib/, and the few names only MicroPython has."""

import asyncio
import sys
import time
import types
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
_PERIOD = 1 << 30  # of time.ticks_*(), as on the chip


def _ticks_diff(after: int, before: int) -> int:
    return ((after - before + _PERIOD // 2) % _PERIOD) - _PERIOD // 2


class _ThreadSafeFlag(asyncio.Event):
    """Lets one wait pass each time it is set."""

    async def wait(self) -> Literal[True]:
        await super().wait()
        self.clear()
        return True


def install() -> None:
    """Adds `time.ticks_*`, `asyncio.*_ms` and `micropython` with their documented meaning, and lib/ to the path."""
    if str(ROOT / "lib") not in sys.path:
        sys.path.insert(0, str(ROOT / "lib"))
    names = {
        "ticks_ms": lambda: int(time.monotonic() * 1000) % _PERIOD,
        "ticks_us": lambda: int(time.monotonic() * 1_000_000) % _PERIOD,
        "ticks_add": lambda ticks, delta: (ticks + delta) % _PERIOD,
        "ticks_diff": _ticks_diff,
        "sleep_ms": lambda ms: time.sleep(ms / 1000),
    }
    for name, function in names.items():
        setattr(time, name, function)
    setattr(asyncio, "sleep_ms", lambda ms: asyncio.sleep(ms / 1000))  # noqa: B010 (mypy knows no such name)
    setattr(asyncio, "wait_for_ms", lambda aw, ms: asyncio.wait_for(aw, ms / 1000))  # noqa: B010
    setattr(asyncio, "ThreadSafeFlag", _ThreadSafeFlag)  # noqa: B010
    module = types.ModuleType("micropython")
    vars(module).update(const=lambda value: value, native=lambda f: f, viper=lambda f: f)
    sys.modules.setdefault("micropython", module)
