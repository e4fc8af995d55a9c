"""Boards on imitated hardware, under both interpreters.

with hardware.board("wican_pro") as board:
    hardware.machine.levels[8] = 0
    assert board.button()
"""

import sys

_HERE = __file__.replace("\\", "/").rpartition("/")[0] or "."
_ROOT = _HERE + "/../.."
_CHIP = ("machine", "esp32", "neopixel", "network")
_OWN = ("board", "built", "lines", "esp32s3", "aw2023", "rx8130", "obd_uart", "lights")


class board:  # noqa: N801  used as a function
    """The board of that name on a chip that has just started; what was imported before is there again afterwards."""

    def __init__(self, name, cause=1):
        self._folders = [_ROOT + "/tests/fakes", _ROOT + "/firmware/drivers"]
        self._folders.append(_ROOT + "/firmware/boards/" + name)
        self._cause = cause
        self._kept = {}
        self._path = []

    def __enter__(self):
        self._path = list(sys.path)
        for name in _CHIP + _OWN:
            if name in sys.modules:
                self._kept[name] = sys.modules.pop(name)
        sys.path[:] = self._folders + self._path
        machine = self.machine = __import__("machine")
        machine.start(self._cause)
        self.esp32 = __import__("esp32")
        self.esp32.wakes.clear()
        self.board = __import__("board")
        return self

    def __exit__(self, *error):
        sys.path[:] = self._path
        for name in _CHIP + _OWN:
            sys.modules.pop(name, None)
        for name in self._kept:
            sys.modules[name] = self._kept[name]
        return False
