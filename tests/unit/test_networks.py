"""Wi-Fi follows the settings: who is joined, and the access point's name and password."""

import os

from net import networks
from radio import DEFAULTS, MINUTE, Device, Log, network
from timeline import Timeline


class Store:
    def __init__(self, *wifi, mode="auto", **secrets):
        self.secrets = {name.replace("_", "."): text for name, text in secrets.items()}
        self.settings = {
            "device": {"name": "my-car"},
            "network": {"wifi": list(wifi), "access_point": {"mode": mode}},
        }

    def secret(self, key):
        return self.secrets.get(key)


class RedactingLog(Log):
    def __init__(self):
        super().__init__()
        self.masked = []

    def redact(self, text):
        self.masked.append(text)


def made(store, root):
    time, log = Timeline(), RedactingLog()
    network.begin(time.ms)
    found = networks.Networks(network, root, "30aea4", store, time, log, lambda moved: None)
    found.apply()
    return found, log


def label(folder, text):
    """A folder of the device's files with what it was delivered with."""
    try:
        os.mkdir(folder)
    except OSError:
        pass
    with open(folder + "/own.json", "w") as file:
        file.write(text)
    return folder


def wanted(store, text):
    folder = label("/tmp/wican_test_networks", text)
    try:
        found, log = made(store, folder)
        return found._wanted(), log.masked
    finally:
        os.remove(folder + "/own.json")
        os.rmdir(folder)


HOME = dict(DEFAULTS, id=2, ssid="Home", priority=3, address="10.0.0.9/8")


def test_networks_come_with_their_passwords_by_priority():
    low = dict(DEFAULTS, id=1, ssid="Phone")
    off = dict(DEFAULTS, id=3, ssid="Off", priority=9, enabled=False)
    store = Store(low, off, HOME)
    store.secrets["network.wifi.2.password"] = "a password"
    found, _ = made(store, "/nowhere")
    fixed = ("10.0.0.9", "255.0.0.0", "10.0.0.1", "10.0.0.1")
    assert found.wifi.known == [
        ("Home", "a password", fixed, 2, 3),
        ("Phone", None, None, 1, 0),
    ]


def test_access_point_has_the_password_of_the_settings_or_that_of_the_label():
    own = '{"access_point": "label 1234"}'
    store = Store(mode="always")
    assert wanted(store, own) == (("WiCAN_30aea4", "label 1234", "always"), ["label 1234"])
    store.secrets["network.access_point.password"] = "chosen 99"
    assert wanted(store, own)[0] == ("WiCAN_30aea4", "chosen 99", "always")


def test_device_without_a_label_is_not_open():
    for text in ("", "{}", '{"access_point": "short"}', "[1]"):
        (_, password, _), masked = wanted(Store(), text)
        assert len(password) >= 8 and password != "short" and masked == [password], text


def test_opened_by_hand():
    device = Device(("Home", "a password"), mode="never")

    async def scene(device):
        await device.time.pass_ms(MINUTE)
        networks.Networks.let_in(device)
        await device.time.pass_ms(2000)
        assert device.point_radio.active()

    device.play(scene, point=True)


class Supervisor:
    def __init__(self):
        self.pulses = {}

    def start(self, name, run, pulse=None, within_ms=0):
        self.pulses[name] = pulse


def test_supervisor_sees_that_both_go_on():
    device = Device(("Home", "a password"))
    tasks = Supervisor()
    store = Store(dict(DEFAULTS, id=1, ssid="Home"))
    store.secrets["network.wifi.1.password"] = "a password"
    found, _ = made(store, "/nowhere")
    found.wifi, found.point = device.wifi, device.point
    device.air = network.begin(device.time.ms)
    device.wifi.station, device.point._point = network.WLAN(0), network.WLAN(1)
    device.wifi.known = []
    found.start(tasks)
    assert device.wifi.known, "the settings count from the beginning"

    async def scene(device):
        for home in (False, True):
            if home:
                device.router("Home", "a password")
            for _ in range(10):
                before = [tasks.pulses[name]() for name in ("wifi", "access point")]
                await device.time.pass_ms(3 * MINUTE)
                after = [tasks.pulses[name]() for name in ("wifi", "access point")]
                assert before[0] != after[0] and before[1] != after[1]

    device.play(scene, point=True)
