"""Boards, on imitated pins, converter, buses and UART."""

import asyncio
import sys

import hardware
from helper import raises, run
from obd.errors import AdapterLost

BOARDS = ("wican_pro", "esp32s3_elm")
MICROPYTHON = sys.implementation.name == "micropython"


def test_every_board_has_what_the_description_names():
    with hardware.board("unix") as bench:
        described = [name for name in dir(bench.board) if callable(getattr(bench.board, name))]
        described = [name for name in described if name[0] != "_" and name != "hexlify"]
    assert "supply_mv" in described and "sleep" in described
    for name in BOARDS:
        with hardware.board(name) as bench:
            assert name == bench.board.NAME
            for wanted in described:
                assert callable(getattr(bench.board, wanted, None)), (name, wanted)


def test_the_id_is_the_mac_address():
    for name in BOARDS:
        with hardware.board(name) as bench:
            assert bench.board.device_id("/anywhere") == "123456789abc"


def test_the_button_is_pressed_while_its_line_is_low():
    with hardware.board("wican_pro") as bench:
        assert bench.board.button() is False
        bench.machine.levels[8] = 0
        assert bench.board.button() is True


def test_pins_of_another_revision_are_settings():
    with hardware.board("wican_pro") as bench:
        bench.board.button()
        bench.board.configure({"pins": {"button": "21", "supply": "none"}})
        bench.machine.levels[21] = 0
        assert bench.board.button() is True
        assert bench.board.supply_mv() is None
        bench.board.configure({"pins": {"button": "none"}})
        assert bench.board.button() is False


def test_the_pro_measures_eleven_times_the_mean_of_eight_samples_and_a_tenth():
    with hardware.board("wican_pro") as bench:
        bench.machine.microvolts[4] = [1_100_000 + 1000 * n for n in range(8)]
        assert bench.board.supply_mv() == 1_103_500 * 11 // 1000 + 100
        assert ("adc", 4, 2) in bench.machine.log  # 6 dB: up to 1.75 V
        bench.board.configure({"supply_factor": "7.25", "supply_offset": "-0.2"})
        bench.machine.microvolts[4] = 1_800_000
        assert bench.board.supply_mv() == 13_050 - 200


def test_a_board_without_a_divider_measures_nothing_until_it_is_told_the_pin():
    with hardware.board("esp32s3_elm") as bench:
        assert bench.board.supply_mv() is None
        bench.board.configure({"pins": {"supply": "1"}, "supply_factor": "5", "supply_offset": ""})
        bench.machine.microvolts[1] = 2_500_000
        assert bench.board.supply_mv() == 12_500


def test_the_lamp_breathes_blinks_and_goes_out_by_itself():
    with hardware.board("wican_pro") as bench:
        registers = bench.machine.registers[0x45] = {}
        bench.board.led("running")
        assert [registers[r] for r in (0x01, 0x30, 0x34, 0x35, 0x36)] == [1, 7, 0, 0, 200]
        assert registers[0x33] & 0x10 == 0
        bench.board.led("low_battery")
        assert registers[0x34] == 200 and registers[0x36] == 0
        assert registers[0x31] & 0x70 == 0x70 and registers[0x37] and registers[0x38]
        bench.board.led("updating")
        assert registers[0x33] & 0x70 == 0x10
        bench.machine.log.clear()
        bench.board.led("sleeping")
        assert bench.machine.log[-1] == (0x45, 0x00, 0x55)  # reset is off


def test_no_state_of_the_device_looks_like_another():
    with hardware.board("wican_pro"):
        import lights
        from device import led

        looks = [lights.look(state) for state in led.STATES]
        assert len(set(looks)) == len(looks)
        assert lights.look("sleeping") == ((0, 0, 0), lights.STEADY)
        assert len([look for look in looks if not any(look[0])]) == 1


def test_a_lamp_that_does_not_answer_stops_nothing():
    with hardware.board("wican_pro") as bench:
        bench.board.led("running")
        assert bench.machine.log  # it was tried


def test_other_lamps_show_what_they_can():
    with hardware.board("esp32s3_elm") as bench:
        import neopixel

        neopixel.shown.clear()
        bench.board.led("running")
        assert neopixel.shown == [(48, (0, 0, 50))]
        bench.board.configure({"led": "low", "pins": {"led": "2"}})
        bench.board.led("running")
        bench.board.led("sleeping")
        assert bench.machine.changes[-2:] == [(2, 0), (2, 1)]
        bench.board.configure({"led": "none"})
        bench.board.led("running")
        assert len(bench.machine.changes) == 2


def clock(kind, address_flags):
    bench = hardware.board("wican_pro")
    with bench:
        registers = bench.machine.registers[0x32] = {}
        bench.board.configure({"clock_chip": kind})
        chip = bench.board.clock_chip()
        registers[address_flags] = 2
        assert chip.read() is None, "the time was lost"
        now = 1_793_577_599  # Sunday, 2026-11-01, 23:59:59
        chip.write(now)
        assert [registers[r] for r in range(0x10, 0x17)] == [0x59, 0x59, 0x23, 1, 0x01, 0x11, 0x26]
        assert registers[address_flags] & 2 == 0
        assert chip.read() == now
        registers[0x15] = 0x13
        assert chip.read() is None, "no month 13"
        return registers


def test_the_clock_chip_knows_leap_years():
    with hardware.board("wican_pro") as bench:
        bench.machine.registers[0x32] = {}
        chip = bench.board.clock_chip()
        for unix_s in (951_782_400, 951_868_800, 1_835_395_200, 1_835_481_599, 2_145_916_799):
            chip.write(unix_s)  # 2000-02-29, 2000-03-01, 2028-02-29, its end, the end of 2037
            assert chip.read() == unix_s


def test_the_clock_chip_keeps_unix_seconds_as_utc():
    assert clock("auto", 0x1D)[0x1F] & 0x10 and clock("rx8111", 0x1E)[0x32] & 0x40
    with hardware.board("wican_pro") as bench:
        bench.board.configure({"clock_chip": "none"})
        assert bench.board.clock_chip() is None
        bench.board.configure({})
        raises(OSError, bench.board.clock_chip().read)


def test_the_ready_line_says_whether_the_obd_chip_is_awake():
    with hardware.board("wican_pro") as bench:
        bench.machine.levels[7] = 1
        assert bench.board.adapter_awake() is False
        bench.machine.levels[7] = 0
        assert bench.board.adapter_awake() is True
    with hardware.board("esp32s3_elm") as bench:
        assert bench.board.adapter_awake() is None


def test_the_obd_chip_is_reset_by_a_low_pulse():
    with hardware.board("wican_pro") as bench:
        bench.machine.changes.clear()
        run(quick(bench.board.adapter_reset))
        assert bench.machine.changes == [(9, 1), (41, 1), (41, 0), (41, 1)]


def test_the_transceiver_is_in_standby_while_the_line_is_high():
    with hardware.board("wican_pro") as bench:
        bench.board.transceiver(True)
        bench.board.transceiver(False)
        assert bench.machine.changes == [(38, 0), (38, 1)]


def test_stock_micropython_has_no_can_controller_here():
    with hardware.board("wican_pro") as bench:
        assert bench.board.can() is None
        made = []
        bench.machine.CAN = lambda *a, **k: made.append((a, k["tx"].number, k["rx"].number))
        try:
            bench.board.can()
        finally:
            del bench.machine.CAN
        assert made[0][1:] == (2, 1) and (38, 0) in bench.machine.changes


def test_the_obd_chip_wakes_the_processor_unless_it_is_awake():
    with hardware.board("wican_pro") as bench:
        bench.machine.levels[7] = 1
        bench.board.sleep(2000, False)
        bench.machine.levels[7] = 0
        raises(bench.machine.Slept, bench.board.sleep, 60_000, True)
        assert bench.esp32.wakes == [(7, False), (None, False)]
        assert bench.machine.log == [("lightsleep", 2000), ("deepsleep", 60_000)]


def test_the_ready_line_can_be_read_again_after_a_light_sleep():
    with hardware.board("wican_pro") as bench:
        bench.machine.levels[7] = 1
        bench.board.sleep(2000, False)
        assert bench.board.adapter_awake() is False
        bench.board.sleep(2000, False)
        assert bench.esp32.wakes == [(7, False)] * 2


def test_boot_counters_outlive_a_start_and_spare_the_flash():
    for name in BOARDS:
        with hardware.board(name) as bench:
            bench.esp32.stored.clear()
            assert bench.board.boot_get("boots") == 0
            bench.board.boot_put("boots", 3)
            bench.board.boot_put("boots", 3)
            bench.machine.start()
            assert bench.board.boot_get("boots") == 3 and bench.esp32.commits[0] == 1
            bench.esp32.commits[0] = 0


def test_the_reason_of_a_start_has_a_name():
    for cause, word in (
        (1, "power_on"),
        (2, "hard"),
        (3, "watchdog"),
        (4, "deep_sleep"),
        (5, "soft"),
    ):
        with hardware.board("wican_pro", cause) as bench:
            assert bench.board.reset_cause() == word
    with hardware.board("wican_pro", 99) as bench:
        assert bench.board.reset_cause() == "unknown"


def test_the_watchdog_takes_milliseconds():
    with hardware.board("wican_pro") as bench:
        dog = bench.board.watchdog(30_000)
        dog.feed()
        assert (dog.timeout, dog.fed) == (30_000, 1)


class Wlan:
    """One interface of a fake radio."""

    def __init__(self, radio, interface):
        self._state = radio.interfaces[interface]

    def active(self, on=None):
        if on is not None:
            self._state["active"] = on
        return self._state["active"]

    def isconnected(self):
        return self._state["joined"]

    def ifconfig(self):
        return (self._state["address"], "255.255.255.0", "10.0.0.1", "10.0.0.1")

    def scan(self):
        return self._state["seen"]


class Radio:
    """`network` as far as a board asks it."""

    STA_IF, AP_IF = 0, 1

    def __init__(self):
        self.interfaces = [
            {"active": False, "joined": False, "address": "10.0.0.7", "seen": []},
            {"active": False, "joined": False, "address": "192.168.4.1"},
        ]

    def WLAN(self, interface):  # noqa: N802
        return Wlan(self, interface)


def test_the_status_tells_which_networks_the_device_is_in():
    with hardware.board("wican_pro") as bench:
        radio = sys.modules["network"] = Radio()
        board, (station, own) = bench.board, radio.interfaces
        assert board.wifi() is radio
        assert dict(board.network())["wifi_mode"] == "Off" and board.lan_address() == "0.0.0.0"
        own["active"] = True
        assert board.captive() and board.lan_address() == "192.168.4.1"
        assert dict(board.network())["wifi_mode"] == "AP"
        station["active"] = station["joined"] = True
        found = dict(board.network())
        assert (found["wifi_mode"], found["sta_status"], found["sta_ip"]) == (
            "APStation",
            "Connected",
            "10.0.0.7",
        )
        assert board.lan_address() == "10.0.0.7"


def test_a_scan_leaves_the_radio_as_it_was():
    with hardware.board("wican_pro") as bench:
        radio = sys.modules["network"] = Radio()
        radio.interfaces[0]["seen"] = [
            (b"home", b"123456", 6, -50, 3, False),
            (b"\xff\x01x", b"123456", 11, -80, 42, False),
        ]
        assert run(bench.board.wifi_scan()) == [
            ("home", -50, "wpa2", 6),
            ("??x", -80, "other", 11),
        ]
        assert radio.interfaces[0]["active"] is False


async def quick(coroutine, *arguments):
    """Runs a coroutine without its pauses."""
    kept = asyncio.sleep_ms
    asyncio.sleep_ms = lambda ms: kept(0)
    try:
        return await coroutine(*arguments)
    finally:
        asyncio.sleep_ms = kept


class Mic3624:
    """The OBD chip of the WiCAN Pro, at its UART and its lines."""

    def __init__(self, machine, baudrate=115_200, stubborn=0):
        self.said = bytearray()
        self.heard = []
        self._machine = machine
        self._baudrate = baudrate
        self._stubborn = stubborn
        machine.levels[7] = 0

    def hear(self, data, baudrate):
        if baudrate != self._baudrate:
            return
        for command in data.split(b"\r")[:-1]:
            self.heard.append(command)
            if command == b"VTVERS":
                self.said.extend(b"MIC3624 V2.3.22\r\r>")
            elif command[:5] == b"STSBR":
                self.said.extend(b"OK\r")
                self._baudrate = int(command[6:])
            elif command == b"STSLEEP0" and self._stubborn:
                self._stubborn -= 1
            elif command == b"STSLEEP0":
                self._machine.levels[7] = 1


class Mute:
    """A board whose OBD chip reacts after so many resets, and what negotiates with it."""

    def __init__(self, needs):
        self.resets = 0
        self._needs = needs

    async def open_adapter(self):
        return self, self, print

    async def adapter_reset(self):
        self.resets += 1

    async def negotiate(self, reader, writer, set_baud):
        return 115_200 if self.resets >= self._needs else None


def connect(board):
    """The way to the board's chip."""
    with hardware.board("unix"):
        from obd import baud, link

        kept = link.board, baud.negotiate
        link.board, baud.negotiate = board, board.negotiate
        try:
            return run(link.connect({"kind": "board"}))
        finally:
            link.board, baud.negotiate = kept


def test_an_obd_chip_that_does_not_react_is_reset_once():
    for needs in (0, 1):
        board = Mute(needs)
        assert connect(board) == (board, board) and board.resets == needs
    board = Mute(2)
    raises(AdapterLost, connect, board)
    assert board.resets == 1


if MICROPYTHON:  # whose asyncio takes whatever its poll takes

    def test_the_obd_chip_is_reached_at_the_highest_speed():
        with hardware.board("wican_pro") as bench:
            from obd import link

            chip = bench.machine.chips[1] = Mic3624(bench.machine)
            sys.modules["obd.link"].board = bench.board
            reader, writer = run(link.connect({"kind": "board"}))
            assert chip.heard[-2:] == [b"VTVERS", b"STWBR"] and chip._baudrate == 2_000_000
            assert ("uart", 115_200, 16, 15) in bench.machine.log
            gaps = [entry[1] for entry in bench.machine.log if entry[0] == "uart gap"]
            assert gaps and min(gaps) > 0, "no interrupt for every byte at any speed"
            assert (9, 1) in bench.machine.changes, "it is kept awake"
            run(reader.wait_closed())  # a UART has no close()

    def test_the_obd_chip_is_asked_to_sleep_until_it_does():
        with hardware.board("wican_pro") as bench:
            chip = bench.machine.chips[1] = Mic3624(bench.machine, 2_000_000, stubborn=1)
            assert run(quick(bench.board.adapter_sleep)) is True
            assert chip.heard.count(b"STSLEEP0") == 2
            assert bench.machine.changes[-1] == (9, 0)
            assert 9 in bench.machine.held, "pins float while the processor sleeps"
            chip.heard.clear()
            assert run(quick(bench.board.adapter_sleep)) is True
            assert chip.heard == [], "it sleeps already"
            run(bench.board.open_adapter())
            assert bench.machine.changes[-1] == (9, 1) and 9 not in bench.machine.held
            chip = bench.machine.chips[1] = Mic3624(bench.machine, 2_000_000, stubborn=99)
            assert run(quick(bench.board.adapter_sleep)) is False
            assert chip.heard.count(b"STSLEEP0") == 3

    def test_an_elm327_has_a_speed_of_its_own_and_is_not_asked_for_another():
        with hardware.board("esp32s3_elm") as bench:
            from obd import link

            chip = bench.machine.chips[1] = Mic3624(bench.machine, 9600)
            sys.modules["obd.link"].board = bench.board
            bench.board.configure({"uart_baud": 9600, "pins": {"uart_tx": "5", "uart_rx": "6"}})
            run(link.connect({"kind": "board"}))
            assert chip.heard == [] and ("uart", 9600, 5, 6) in bench.machine.log
            assert run(quick(bench.board.adapter_sleep)) is True
            assert chip.heard == [b"ATLP"]
