"""Runs under MicroPython: the whole firmware, and how much heap it holds while it works.

    on_device_heap.py ROOT DOCUMENTS

ROOT is a device's file system with one destination. After each of DOCUMENTS deliveries, once all values are there, the
heap is collected and measured. Prints bytes: before and after the imports, then these samples; and how many
milliseconds the imports took.
"""

import gc
import json
import sys
import time

_BEGAN = time.ticks_ms()


def live() -> int:
    gc.collect()
    return gc.mem_alloc()


_BEFORE = live()  # the interpreter and this script

import asyncio  # noqa: E402 (what comes from here on is the firmware's)

import app  # noqa: E402

_IMPORTED_MS = time.ticks_diff(time.ticks_ms(), _BEGAN)
_IMPORTED = live()
_POLL_MS = 20


async def delivered(device: app.App, task: asyncio.Task, count: int) -> None:
    """Returns when so many documents were accepted."""
    while sum([each.journal.delivered for each in device.destinations()]) < count:
        if task.done():
            await task
        await asyncio.sleep_ms(_POLL_MS)


async def measure(root: str, documents: int) -> dict:
    device = app.App(root)
    task = asyncio.create_task(device.run())
    while not device.group or [entry for entry in device.group if entry.text is None]:
        if task.done():
            await task
        await asyncio.sleep_ms(_POLL_MS)
    first = sum([each.journal.delivered for each in device.destinations()])
    samples = []
    for number in range(documents):
        await delivered(device, task, first + number + 1)
        samples.append(live())
    task.cancel()
    return {
        "before": _BEFORE,
        "imported": _IMPORTED,
        "imported_ms": _IMPORTED_MS,
        "values": len(device.group),
        "samples": samples,
    }


print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2])))))
