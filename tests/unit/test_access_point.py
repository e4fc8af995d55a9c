"""The device's own network: when it is on, as what, and that the rest is left alone meanwhile."""

from radio import MINUTE, Device, network

HOME, PASSWORD = "Home", "a password"
KNOWN = (HOME, PASSWORD)


def test_on_at_once_while_no_network_is_known():
    device = Device()

    async def scene(device):
        await device.time.pass_ms(2000)
        assert device.point_radio.active() and device.point.address == "192.168.4.1"
        settings = device.point_radio.settings
        assert (settings["ssid"], settings["key"], settings["security"]) == (
            "WiCAN_1",
            PASSWORD,
            3,
        )
        assert device.point_radio.ifconfig()[0] == "192.168.4.1"

    device.play(scene, point=True)
    assert not device.point_radio.active(), "it is off at the end"


def test_never_open_whichever_way_the_driver_wants_it():
    for before_active in (True, False):
        device = Device()
        device.air.before_active = before_active

        async def scene(device):
            await device.time.pass_ms(2000)
            assert device.point_radio.active() and device.point_radio.settings["key"] == PASSWORD

        device.play(scene, point=True)
        assert device.point_radio.was_open is not before_active


def test_on_while_no_known_network_is_in_reach_and_off_again_after():
    device = Device(KNOWN)

    async def scene(device):
        await device.time.pass_ms(20_000)
        assert not device.point_radio.active()
        await device.time.pass_ms(20_000)
        assert device.point_radio.active()
        device.router(HOME, PASSWORD)
        await device.time.until(lambda: device.where, 2 * MINUTE)
        await device.time.pass_ms(50_000)
        assert device.point_radio.active(), "who is at it learns how it went"
        await device.time.pass_ms(20_000)
        assert not device.point_radio.active()

    device.play(scene, point=True)


def test_who_is_at_it_may_stay_for_a_while():
    device = Device()
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.pass_ms(2000)
        device.point_radio.clients.append("192.168.4.2")
        device.set(KNOWN)
        await device.time.pass_ms(5 * MINUTE)
        assert device.where == HOME and device.point_radio.active()
        await device.time.pass_ms(6 * MINUTE)
        assert not device.point_radio.active()

    device.play(scene, point=True)


def test_stays_off_through_short_losses():
    device = Device(KNOWN)
    home = device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(lambda: device.where, MINUTE)
        for _ in range(5):
            home.change_channel(3)
            for _ in range(60):
                await device.time.pass_ms(1000)
                assert not device.point_radio.active()

    device.play(scene, point=True)


def test_modes():
    for mode, known, expected in (
        ("always", True, True),
        ("never", False, False),
        ("auto", True, False),
    ):
        device = Device(*[KNOWN] if known else [], mode=mode)
        device.router(HOME, PASSWORD)

        found = []

        async def scene(device):
            await device.time.pass_ms(5 * MINUTE)
            found.append((device.point_radio.active(), device.where == HOME))  # noqa: B023

        device.play(scene, point=True)
        assert found == [(expected, known)], mode


def test_opened_by_hand_for_a_while():
    device = Device(KNOWN, mode="never")
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.pass_ms(MINUTE)
        device.point.open(10 * MINUTE)
        await device.time.pass_ms(9 * MINUTE)
        assert device.point_radio.active()
        await device.time.pass_ms(2 * MINUTE)
        assert not device.point_radio.active()

    device.play(scene, point=True)


def test_its_address_is_in_no_network_that_the_device_is_in():
    for address, mask, expected in (
        ("192.168.4.77", "255.255.255.0", "172.22.4.1"),
        ("192.168.1.77", "255.255.0.0", "172.22.4.1"),
        ("192.168.1.77", "255.255.255.0", "192.168.4.1"),
    ):
        device = Device(KNOWN, mode="always")
        home = device.router(HOME, PASSWORD)
        home.address, home.mask = address, mask

        found = []

        async def scene(device):
            await device.time.pass_ms(MINUTE)
            own = device.point.address, device.point_radio.ifconfig()[0]
            found.append((device.where,) + own)  # noqa: B023

        device.play(scene, point=True)
        assert found == [(HOME, expected, expected)]


def test_new_name_and_password_are_taken():
    device = Device()

    async def scene(device):
        await device.time.pass_ms(2000)
        device.wanted = ("Car", "another one", "auto")
        await device.time.pass_ms(2000)
        settings = device.point_radio.settings
        assert (settings["ssid"], settings["key"]) == ("Car", "another one")

    device.play(scene, point=True)


def test_who_is_at_it_is_seldom_disturbed():
    """Each attempt takes the radio to other channels."""

    def attempts(*clients):
        device = Device(KNOWN)

        async def scene(device):
            await device.time.pass_ms(MINUTE)
            device.point_radio.clients.extend(clients)
            before = len(device.air.attempts)
            await device.time.pass_ms(10 * MINUTE)
            return before

        found = []

        async def counted(device):
            found.append(await scene(device))

        device.play(counted, point=True)
        return len(device.air.attempts) - found[0]

    assert 0 < attempts("192.168.4.2") <= 6 < attempts()


def test_follows_the_channel_of_the_network_that_is_joined():
    device = Device(KNOWN, mode="always")
    device.router(HOME, PASSWORD, channel=11)

    async def scene(device):
        await device.time.pass_ms(MINUTE)
        assert network.WLAN(network.AP_IF).channel == 11 and device.point_radio.active()

    device.play(scene, point=True)
