"""A board without hardware: what the device does to it is noted, and its time is the test's."""

import sys

if not hasattr(sys, "print_exception"):  # CPython

    def print_exception(error, file=sys.stdout):
        file.write("Traceback\n%s: %s\n" % (type(error).__name__, error))

    sys.print_exception = print_exception


class Restart(Exception):
    """The device starts again."""


class Dog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class Board:
    NAME = "unix"

    def __init__(self):
        self.memory = {}
        self.cause = "power_on"
        self.states = []
        self.presses = []  # what the button says next; not pressed afterwards
        self.dog = Dog()
        self.timeouts = []
        self.resets = 0
        self.millivolts = None
        self.slept = None
        self.radio = None

    def boot_get(self, key):
        return self.memory.get(key, 0)

    def boot_put(self, key, value):
        self.memory[key] = value

    def button(self):
        return self.presses.pop(0) if self.presses else False

    def led(self, state):
        self.states.append(state)

    def watchdog(self, timeout_ms):
        self.timeouts.append(timeout_ms)
        return self.dog

    def supply_mv(self):
        return self.millivolts

    def sleep(self, ms, deep):
        self.slept = (ms, deep)
        raise Restart

    def reset_cause(self):
        return self.cause

    def reset(self):
        self.resets += 1
        raise Restart

    def wifi(self):
        return self.radio

    def device_id(self, root):
        return "30aea4000001"


class Time:
    """Stands in for `asyncio` and `uptime` of a module: a pause takes no time, it only moves the clock."""

    def __init__(self, end_ms=1 << 60):
        self.now = 0
        self.end_ms = end_ms
        self.tasks = []

    def ms(self):
        return self.now

    async def sleep_ms(self, ms):
        self.now += ms
        if self.now > self.end_ms:
            raise Over


class Over(Exception):
    """The time of a test is up."""
