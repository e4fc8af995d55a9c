"""What the chip does at a start: boot.py, then main.py, in one name space. `FOLDER` plays the device's file system.

micropython tests/device/boot_probe.py FOLDER
"""

import sys


class Chip:
    """What `micropython` offers on the chip."""

    const = staticmethod(lambda value: value)
    alloc_emergency_exception_buf = staticmethod(lambda size: None)


sys.modules["micropython"] = Chip
HOME = __file__.rsplit("/", 3)[0]
sys.path[:] = [".frozen"]
for name in ("boot.py", "main.py"):
    with open(HOME + "/" + name) as file:
        exec(file.read())
sys.exit(0)
