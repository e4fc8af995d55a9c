"""The device as a guest of networks: which one it joins, and that nothing keeps it from joining again."""

from net import joining
from radio import MINUTE, Device, network

HOME, PASSWORD = "Home", "a password"
KNOWN = (HOME, PASSWORD)


def linked(device):
    return lambda: device.where is not None


def test_joins_its_network_under_its_name():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        assert (device.where, device.wifi.address) == (HOME, "192.168.1.50")
        assert device.links == [("192.168.1.50", False)]
        assert device.air.names == ["my-car"], "names are taken when the interface starts"
        assert device.wifi.rssi_dbm() == -60

    device.play(scene)
    assert not network.WLAN(network.STA_IF).active(), "the radio is off at the end"
    assert device.wifi.rssi_dbm() is None


def test_priority_goes_before_signal_and_signal_before_the_order():
    def first(networks, *routers):
        device = Device(*networks)
        for ssid, rssi in routers:
            device.router(ssid, rssi=rssi)

        async def scene(device):
            await device.time.until(linked(device), MINUTE)

        device.play(scene)
        return device.tried()[0]

    one, two = {"ssid": "one", "priority": 5}, {"ssid": "two", "priority": 1}
    assert first((two, one), ("one", -80), ("two", -40)) == "one"
    assert first(("one", "two"), ("one", -70), ("two", -60)) == "two"
    assert first((one, two), ("one", -90), ("two", -60)) == "two", "a signal of no use comes last"
    assert first((one,), ("one", -90)) == "one"


def test_of_several_access_points_with_one_name_it_takes_the_strongest():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD, -80)
    strong = device.router(HOME, PASSWORD, -50, channel=11)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        assert device.air.attempts[0][2] == strong.bssid

    device.play(scene)


def test_goes_to_the_next_network_when_one_does_not_work():
    for flaw in ("stuck", "no address", "password", "refused"):
        device = Device({"ssid": "Bad", "priority": 9, "password": PASSWORD}, KNOWN)
        bad = device.router("Bad", "another" if flaw == "password" else PASSWORD)
        device.router(HOME, PASSWORD, -75)
        bad.stuck, bad.dhcp, bad.strange = flaw == "stuck", flaw != "no address", 0
        if flaw == "refused":
            bad.strange = 203

        async def scene(device):
            await device.time.until(linked(device), MINUTE)

        device.play(scene)
        assert device.tried() == ["Bad", HOME], flaw


def test_a_network_that_comes_later_is_joined_without_standing_still():
    device = Device(KNOWN)

    async def scene(device):
        await device.time.pass_ms(30 * MINUTE)
        assert device.where is None and len(device.air.scans) == 1, "a scan holds everything up"
        device.router(HOME, PASSWORD)
        await device.time.until(linked(device), 2 * MINUTE)

    device.play(scene)
    assert device.log.count("is not in reach") == 1, "the same trouble is told once"


def test_lost_and_found_again():
    device = Device(KNOWN)
    home = device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        home.leave()
        await device.time.pass_ms(10_000)
        assert (device.where, device.wifi.address) == (None, "")
        await device.time.pass_ms(20 * MINUTE)
        home.come()
        await device.time.until(linked(device), 2 * MINUTE)
        assert device.links == [("192.168.1.50", False)] * 2

    device.play(scene)


def test_another_address_is_told_be_it_after_a_loss_or_in_between():
    device = Device(KNOWN)
    home = device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        home.address = "192.168.1.77"
        await device.time.pass_ms(2000)
        home.leave()
        await device.time.pass_ms(10_000)
        home.address = "10.0.0.5"
        home.come()
        await device.time.until(linked(device), 2 * MINUTE)

    device.play(scene)
    assert device.links == [("192.168.1.50", False), ("192.168.1.77", True), ("10.0.0.5", True)]


def test_access_point_that_changes_its_channel_is_joined_again():
    device = Device(KNOWN)
    home = device.router(HOME, PASSWORD, channel=1)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        home.change_channel(11)
        await device.time.pass_ms(MINUTE)
        assert device.where == HOME and len(device.links) == 2

    device.play(scene)


def test_wrong_password_is_tried_less_and_less_until_it_is_corrected():
    device = Device((HOME, "wrong password"))
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.pass_ms(60 * MINUTE)
        times = [when for when, _, _ in device.air.attempts]
        assert 4 < len(times) < 15
        assert times[1] - times[0] < MINUTE, "the first refusal may be an accident"
        assert times[-1] - times[-2] > 9 * MINUTE
        assert "does not take the password" in device.wifi.trouble
        device.set(KNOWN)
        await device.time.until(linked(device), MINUTE)
        assert device.wifi.trouble == ""

    device.play(scene)
    assert device.log.count("does not take the password") == 1


def test_security_is_judged_by_what_the_network_says():
    for security, password, expected in (
        (3, PASSWORD, ""),
        (6, PASSWORD, ""),
        (7, PASSWORD, ""),
        (0, None, ""),
        (3, None, "needs a password"),
        (0, PASSWORD, "open"),
        (1, PASSWORD, "cannot use"),
        (2, PASSWORD, "cannot use"),
        (5, PASSWORD, "cannot use"),
    ):
        device = Device((HOME, password))
        device.router(HOME, None if security == 0 else PASSWORD, security=security)

        async def scene(device):
            await device.time.pass_ms(6000)

        device.play(scene)
        assert bool(device.tried()) == (expected == ""), security
        assert bool(device.log.count(expected)), security


def test_open_network_with_the_name_of_a_secured_one_is_never_joined():
    device = Device(KNOWN)
    device.router(HOME)

    async def scene(device):
        await device.time.pass_ms(30 * MINUTE)
        assert device.where is None

    device.play(scene)


def test_network_that_hides_its_name_is_joined():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD, hidden=True)

    async def scene(device):
        await device.time.until(linked(device), 6000)

    device.play(scene)


def test_fixed_address_is_set_and_given_back():
    fixed = {"ssid": HOME, "password": PASSWORD, "address": "192.168.1.9/24"}
    device = Device(fixed)
    home = device.router(HOME, PASSWORD)
    home.dhcp = False

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        assert device.wifi.address == "192.168.1.9"
        home.dhcp = True
        device.set(KNOWN)
        await device.time.pass_ms(MINUTE)
        assert device.wifi.address == "192.168.1.50"

    device.play(scene)
    assert device.links[-1] == ("192.168.1.50", True)


def test_what_a_fixed_address_leaves_open():
    def static(address, **more):
        return joining.static(dict({"gateway": "", "dns": ""}, address=address, **more))

    assert static("") is None and static("", gateway="10.0.0.1") is None
    assert static("192.168.1.50/24") == (
        "192.168.1.50",
        "255.255.255.0",
        "192.168.1.1",
        "192.168.1.1",
    )
    assert static("10.1.2.3/12", gateway="10.9.9.9") == (
        "10.1.2.3",
        "255.240.0.0",
        "10.9.9.9",
        "10.9.9.9",
    )
    assert static("10.1.2.3/30", dns="9.9.9.9")[1:] == ("255.255.255.252", "10.1.2.1", "9.9.9.9")


def test_driver_that_refuses_is_started_again():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD)

    async def scene(device):
        device.air.jammed = True
        await device.time.pass_ms(500)
        device.air.jammed = True  # after its first start
        await device.time.until(linked(device), MINUTE)
        assert len(device.air.starts) == 2

    device.play(scene)


def test_driver_that_comes_to_no_end_is_started_again():
    device = Device(KNOWN)
    home = device.router(HOME, PASSWORD)
    home.stuck = True

    async def scene(device):
        await device.time.pass_ms(5 * MINUTE)
        assert len(device.air.starts) > 1
        home.stuck = False
        await device.time.until(linked(device), 2 * MINUTE)

    device.play(scene)


def test_settings_that_change_are_followed_at_once_and_disturb_no_more_than_they_must():
    device = Device("Elsewhere")
    device.router(HOME, PASSWORD)
    device.router("Other", PASSWORD)

    async def scene(device):
        await device.time.pass_ms(10 * MINUTE)
        device.set("Elsewhere", KNOWN)
        await device.time.until(linked(device), 30_000)
        device.set(KNOWN)  # with another number, which is nothing to it
        await device.time.pass_ms(MINUTE)
        assert len(device.links) == 1
        device.set(("Other", PASSWORD))
        await device.time.pass_ms(MINUTE)
        assert (device.where, len(device.links)) == ("Other", 2)
        device.set()
        await device.time.pass_ms(MINUTE)
        assert device.where is None and not network.WLAN(network.STA_IF).isconnected()

    device.play(scene)


def test_entry_that_is_switched_off_is_not_joined():
    device = Device({"ssid": HOME, "enabled": False})
    device.router(HOME)

    async def scene(device):
        await device.time.pass_ms(5 * MINUTE)
        assert device.tried() == []

    device.play(scene)


def test_new_name_is_taken_at_once():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)
        device.set(KNOWN, name="her-car")
        await device.time.pass_ms(MINUTE)
        assert device.where == HOME and device.air.names == ["my-car", "her-car"]

    device.play(scene)


def test_joins_again_after_a_sleep():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD)

    async def scene(device):
        await device.time.until(linked(device), MINUTE)

    device.play(scene)
    assert device.where is None
    device.time.spend(8 * 60 * MINUTE)

    async def after(device):
        await device.time.pass_ms(10_000)
        assert device.where == HOME and not device.point_radio.active()

    device.play(after, point=True)
    assert device.links == [("192.168.1.50", False)] * 2
    assert device.log.count("driver") == 0, "it is started in order"


def test_whoever_looks_for_networks_waits_for_the_radio():
    device = Device(KNOWN)
    device.router(HOME, PASSWORD).stuck = True

    async def scene(device):
        await device.time.until(lambda: device.tried())
        done = []

        async def look():
            async with device.wifi.radio:
                done.append(network.WLAN(network.STA_IF).scan())

        task = device.time.create_task(look())
        await device.time.pass_ms(1000)
        assert done == []
        await device.time.until(lambda: done, MINUTE)
        await task
        assert [row[0] for row in done[0]] == [HOME.encode()]

    device.play(scene)


def test_a_thousand_comings_and_goings_wedge_nothing():
    device = Device(KNOWN, {"ssid": "Phone", "priority": 3, "password": "phone password"})
    home = device.router(HOME, PASSWORD)
    phone = device.router("Phone", "phone password", -50, channel=1)
    dice = [7]

    def roll(sides):
        dice[0] = (dice[0] * 75 + 74) % 65537
        return dice[0] // 16 % sides

    async def scene(device):
        for _ in range(1000):
            router = (home, phone)[roll(2)]
            what = roll(6)
            if what < 2:
                router.leave()
            elif what == 2:
                router.change_channel(1 + roll(11))
            elif what == 3:
                device.air.jammed = True
            else:
                router.come()
            router.stuck = roll(5) == 0
            await device.time.pass_ms(roll(20_000))
        for router in (home, phone):
            router.come()
            router.stuck = False
        await device.time.until(linked(device), 3 * MINUTE)
        assert device.log.count("in the network Home") > 20
        assert device.log.count("in the network Phone") > 20

    device.play(scene)
