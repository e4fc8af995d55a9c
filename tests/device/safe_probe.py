"""Safe mode on a port of its own: micropython tests/device/safe_probe.py FOLDER PORT"""

import asyncio
import sys

sys.path[:] = [sys.argv[1] + "/rescue", ".frozen"]

import board  # noqa: E402
from device.safe_mode import SafeMode  # noqa: E402
from uptime import Uptime  # noqa: E402

asyncio.run(SafeMode(board, sys.argv[1], "The button was held.", Uptime()).run(int(sys.argv[2])))
