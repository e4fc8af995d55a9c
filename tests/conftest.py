"""Lets CPython import what runs on the device: adds lib/ to the path and the few names MicroPython has and CPython lacks."""

import asyncio
import sys
import time
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT / "tests" / "unit", ROOT / "tools", ROOT / "lib", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

_PERIOD = 1 << 30


def _ticks_diff(after: int, before: int) -> int:
    return ((after - before + _PERIOD // 2) % _PERIOD) - _PERIOD // 2


def _install_micropython_names() -> None:
    """The documented semantics of `time.ticks_*`, `asyncio.*_ms` and `micropython`, nothing more."""
    time.ticks_ms = lambda: int(time.monotonic() * 1000) % _PERIOD
    time.ticks_us = lambda: int(time.monotonic() * 1_000_000) % _PERIOD
    time.ticks_add = lambda ticks, delta: (ticks + delta) % _PERIOD
    time.ticks_diff = _ticks_diff
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    asyncio.wait_for_ms = lambda aw, ms: asyncio.wait_for(aw, ms / 1000)
    module = types.ModuleType("micropython")
    module.const = lambda value: value
    module.native = module.viper = lambda function: function
    sys.modules.setdefault("micropython", module)


_install_micropython_names()
