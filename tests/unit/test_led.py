"""What the LED shows of several states."""

from device.led import Led


def test_the_most_urgent_state_is_shown_until_it_is_over():
    shown = []
    lamp = Led(shown.append)
    lamp.put("booting", True)
    lamp.put("running", True)
    lamp.put("low_battery", True)
    lamp.put("access_point", True)
    lamp.put("low_battery", False)
    lamp.put("access_point", False)
    lamp.put("sleeping", True)
    assert shown == ["booting", "running", "low_battery", "access_point", "running", "sleeping"]


def test_nothing_is_sent_twice():
    shown = []
    lamp = Led(shown.append)
    lamp.put("running", True)
    lamp.put("running", True)
    lamp.put("booting", True)
    assert shown == ["running"]
