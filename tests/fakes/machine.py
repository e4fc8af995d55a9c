"""The chip's `machine`, imitated at its pins: tests set levels, volts and answers, and see what was done.

Attributes of the module: `levels` by GPIO, `changes` (GPIO, level) in their order, `microvolts` by GPIO, `registers` by
I2C address, `log` of calls that have no other trace. `start()` makes a new chip.
"""

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

levels = {}
changes = []
microvolts = {}
registers = {}
log = []
held = set()  # GPIOs whose level is kept, also while the chip sleeps
waking = set()  # GPIOs that were given to the sleep logic to wake the chip
cause = [PWRON_RESET]
chips = {}  # UART number -> what answers there


def start(reason=PWRON_RESET):
    """A chip that starts for this reason; what hangs on it stays."""
    for kept in (levels, changes, microvolts, registers, log, held, waking, chips):
        kept.clear()
    cause[0] = reason


class Slept(Exception):
    """Deep sleep: nothing comes after it."""


class Pin:
    IN, OUT, OPEN_DRAIN, PULL_UP = 1, 3, 7, 2

    def __init__(self, number, mode=-1, pull=None, value=None, hold=None):
        self.number = number
        if mode != -1:
            self.init(mode, pull, value, hold)

    def init(self, mode, pull=None, value=None, hold=None):
        waking.discard(self.number)
        if pull == Pin.PULL_UP:
            levels.setdefault(self.number, 1)
        if hold is not None:
            held.discard(self.number)
        if value is not None:
            self(value)
        if hold:
            held.add(self.number)

    def __call__(self, level=None):
        if level is None:
            return 0 if self.number in waking else levels.get(self.number, 0)
        if self.number in held:
            return None
        levels[self.number] = int(level)
        changes.append((self.number, int(level)))
        return None

    value = __call__


class ADC:
    def __init__(self, pin, atten):
        self._pin = pin.number
        log.append(("adc", pin.number, atten))

    def read_uv(self):
        value = microvolts[self._pin]
        return value.pop(0) if isinstance(value, list) else value


class I2C:
    def __init__(self, number, sda, scl, freq):
        log.append(("i2c", sda.number, scl.number, freq))

    def readfrom_mem(self, address, register, count):
        chip = self._chip(address)
        return bytes([chip.get(register + i, 0) for i in range(count)])

    def writeto_mem(self, address, register, data):
        chip = self._chip(address)
        for offset, byte in enumerate(data):
            chip[register + offset] = byte
            log.append((address, register + offset, byte))

    def _chip(self, address):
        if address not in registers:
            raise OSError(19)  # ENODEV: nobody acknowledges
        return registers[address]


class WDT:
    def __init__(self, timeout):
        self.timeout = timeout
        self.fed = 0

    def feed(self):
        self.fed += 1


def unique_id():
    return b"\x12\x34\x56\x78\x9a\xbc"


def reset_cause():
    return cause[0]


def reset():
    log.append("reset")


def lightsleep(ms):
    """Pins float meanwhile unless they are held."""
    import esp32

    log.append(("lightsleep", ms))
    if esp32.wakes and esp32.wakes[-1][0] is not None:
        waking.add(esp32.wakes[-1][0])


def deepsleep(ms):
    log.append(("deepsleep", ms))
    raise Slept


try:
    import io

    class UART(io.IOBase):
        """A UART that MicroPython's poll accepts; `chips[number]` hears what is written and says what is read."""

        IRQ_RXIDLE = 4096

        def __init__(self, number, baudrate, **options):
            self._chip = chips[number]
            self.baudrate = baudrate
            log.append(("uart", baudrate, options["tx"].number, options["rx"].number))

        def init(self, baudrate, timeout=0, timeout_char=0):
            self.baudrate = baudrate
            log.append(("uart gap", timeout_char))

        def irq(self, handler, trigger):
            log.append(("irq", trigger))

        def write(self, data):
            self._chip.hear(bytes(data), self.baudrate)
            return len(data)

        def read(self, count=-1):
            said = self._chip.said
            if not said:
                return None
            taken = bytes(said[:count])
            said[:] = said[len(taken) :]
            return taken

        def readinto(self, buffer):
            taken = self.read(len(buffer))
            if taken is None:
                return None
            buffer[: len(taken)] = taken
            return len(taken)

        def ioctl(self, request, argument):
            if request != 3:  # MP_STREAM_POLL
                return 0
            return argument & (5 if self._chip.said else 4)

except AttributeError:  # CPython's IOBase wants more; streams on a UART are MicroPython's
    pass
