"""What each state of the device looks like on an RGB LED: one place for all boards. `docs/hardware.md` lists them."""

STEADY, BREATHING, BLINKING = range(3)  # as in aw2023

_LOOKS = {
    "booting": ((60, 60, 60), STEADY),
    "running": ((0, 0, 200), STEADY),
    "access_point": ((180, 120, 0), BREATHING),
    "safe_mode": ((180, 120, 0), STEADY),
    "low_battery": ((200, 0, 0), BREATHING),
    "updating": ((0, 0, 200), BLINKING),
}
_DARK = ((0, 0, 0), STEADY)


def look(state: str) -> "tuple[tuple[int, int, int], int]":
    """Colour (red, green, blue of 0 to 255) and pattern of a state of `device.led`; dark for every other word."""
    return _LOOKS.get(state, _DARK)
