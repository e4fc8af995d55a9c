"""MicroPython's `network` on a chip without a radio: access points that come and go, in the time that a test gives it.

    network.begin(clock.ms)                 # a new chip, in a place without any network
    home = network.Router("Home", "a password")
    network.air.routers.append(home)
    …
    home.leave()                            # out of reach; home.change_channel(11); home.stuck = True

It behaves as the ESP32's port does (ports/esp32/network_wlan.c): one attempt at a time, errors where the driver has
them, events that come late, an own access point that follows the station's channel.
"""

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 211
LEFT, HANDSHAKE = 8, 15  # reasons of IEEE 802.11

LATE_MS = 100  # until the driver tells that it left a network
GONE_MS = 3000  # until it notices that one is gone
SEARCH_MS = 2500  # until it gives up on one that is not there
SCAN_MS = 2000


class Router:
    """Somebody's access point.

    Attributes:
        security: as ESP-IDF numbers them: 0 open, 1 WEP, 3 WPA2, 5 enterprise, 6 WPA3, 7 both.
        stuck: attempts to join come to no end.
        dhcp: gives addresses.
        address: the one it gives.
        strange: the reason for which it refuses everybody, 0 for none.
    """

    def __init__(self, ssid, key=None, rssi=-60, security=None, channel=6, hidden=False):
        self.ssid, self.key, self.rssi, self.channel = ssid, key, rssi, channel
        self.security = (3 if key else 0) if security is None else security
        self.hidden = hidden
        self.bssid = bytes([2, 0, 0, 0, channel, len(air.routers) + 1])
        self.stuck, self.dhcp, self.strange = False, True, 0
        self.address, self.mask = "192.168.1.50", "255.255.255.0"
        self.here = True
        self.changed_ms = -GONE_MS  # since then nobody who was joined is joined any more

    def leave(self):
        self.here, self.changed_ms = False, air.ms()

    def come(self):
        self.here = True

    def change_channel(self, channel):
        """Whoever is in it loses it, and has to join again."""
        self.channel, self.changed_ms = channel, air.ms()


class Air:
    """Where the device is.

    Attributes:
        routers: those in reach, and others.
        jammed: the driver refuses to connect until it is started again.
        attempts: (time, name, BSSID) of every attempt.
        scans, starts: times at which the station looked for networks, and was started.
        names: the device's name at each start.
        before_active: whether an access point can be set up before it is active.
    """

    def __init__(self, ms):
        self.ms = ms
        self.routers = []
        self.jammed = False
        self.attempts, self.scans, self.starts, self.names = [], [], [], []
        self.before_active = True
        self.spend = lambda ms: None  # what a scan does to the time

    def find(self, ssid, bssid):
        found = [one for one in self.routers if one.here and one.ssid == ssid]
        return [one for one in found if bssid in (None, one.bssid)][:1]


air = Air(lambda: 0)
_name = "mpy-esp32s3"


def begin(ms):
    """Starts over: nothing is active, no network is there. `ms` gives the time."""
    global air, _name
    air, _name = Air(ms), "mpy-esp32s3"
    WLAN.made.clear()
    return air


def hostname(name=None):
    global _name
    if name is None:
        return _name
    if len(name) > 32:
        raise ValueError("too long")
    _name = name
    return None


class _Interfaces:
    """In place of the class, which has constants and makes no more than one object of a kind."""

    IF_STA, IF_AP = STA_IF, AP_IF
    SEC_OPEN, SEC_WEP, SEC_WPA2, SEC_WPA3, SEC_WPA2_WPA3 = 0, 1, 3, 6, 7
    STA_IF, AP_IF = STA_IF, AP_IF
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2

    def __init__(self):
        self.made = {}

    def __call__(self, interface=STA_IF):
        if interface not in self.made:
            self.made[interface] = Station() if interface == STA_IF else Point()
        return self.made[interface]


WLAN = _Interfaces()


class Station:
    """The device as a guest."""

    def __init__(self):
        self._active = False
        self._reconnects = -1
        self._static = None
        self._forget()

    def _forget(self):
        self._wanted = None  # name, key, BSSID
        self._began = 0
        self._left_ms = -LATE_MS
        self._router = None
        self._reason = 0
        self._joined_ms = 0

    def active(self, on=None):
        if on is None:
            return self._active
        if on and not self._active:
            air.starts.append(air.ms())
            air.names.append(_name)
            air.jammed = False
        if not on:
            self._forget()
        self._active = bool(on)
        return self._active

    def config(self, *asked, **given):
        if not self._active:
            raise OSError("Wifi Not Started")
        if "reconnects" in given:
            self._reconnects = given["reconnects"]

    def connect(self, ssid, key=None, bssid=None):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._look()
        if air.jammed or self._wanted:
            raise OSError("Wifi Internal Error")
        assert bssid is None or len(bssid) == 6
        air.attempts.append((air.ms(), ssid, bssid))
        self._wanted, self._began, self._router = (ssid, key, bssid), air.ms(), None
        late = air.ms() - self._left_ms < LATE_MS
        self._reason = LEFT if late else 0

    def disconnect(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        if self._wanted or self._router:
            self._left_ms = air.ms()
        self._wanted = self._router = None

    def isconnected(self):
        self._look()
        return self._router is not None

    def status(self, what=None):
        self._look()
        if what == "rssi":
            if self._router is None:
                raise OSError("Wifi Not Connected")
            return self._router.rssi
        if self._router:
            return STAT_GOT_IP
        if self._wanted and (self._reconnects < 0 or not self._reason):
            return STAT_CONNECTING
        return self._reason or STAT_IDLE

    def scan(self):
        if not self._active:
            raise OSError("STA must be active")
        self._look()
        air.scans.append(air.ms())
        if self._wanted and not self._router:
            return []  # it is busy
        air.spend(SCAN_MS)
        return [
            (b"" if one.hidden else one.ssid.encode(), one.bssid, one.channel, one.rssi)
            + (one.security, one.hidden)
            for one in air.routers
            if one.here
        ]

    def ifconfig(self, to=None):
        if to == "dhcp":
            if self._static is None:
                raise OSError("0x5003")  # it is asked for already
            self._static = None
        elif to is not None:
            assert len(to) == 4
            self._static = to
        else:
            self._look()
            if self._router is None:
                return ("0.0.0.0",) * 4
            if self._static:
                return self._static
            gateway = self._router.address.rpartition(".")[0] + ".1"
            return self._router.address, self._router.mask, gateway, gateway
        return None

    def _look(self):
        """Does what came to pass since the last look."""
        if self._router and air.ms() - self._router.changed_ms >= GONE_MS:
            if self._router.changed_ms >= self._joined_ms:
                self._router = self._wanted = None
                self._reason = STAT_BEACON_TIMEOUT
        elif self._wanted and not self._router:
            self._try(air.ms() - self._began)

    def _try(self, took_ms):
        ssid, key, bssid = self._wanted
        found = air.find(ssid, bssid)
        if not found:
            self._fail(took_ms, SEARCH_MS, STAT_NO_AP_FOUND)
        elif key and found[0].security in (0, 1, 2):
            self._fail(took_ms, SEARCH_MS, STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD)
        elif found[0].strange:
            self._fail(took_ms, 500, found[0].strange)
        elif key != found[0].key:
            self._fail(took_ms, 4000, STAT_WRONG_PASSWORD if found[0].security == 6 else HANDSHAKE)
        elif not found[0].stuck and (found[0].dhcp or self._static) and took_ms >= 1500:
            self._router, self._joined_ms = found[0], air.ms()
            if WLAN.made.get(AP_IF):
                WLAN.made[AP_IF].channel = found[0].channel

    def _fail(self, took_ms, after_ms, reason):
        if took_ms >= after_ms:
            self._reason = reason
            if self._reconnects >= 0:
                self._wanted = None


class Point:
    """The device's own access point.

    Attributes:
        settings: what `config` was given.
        clients: addresses of those who are at it.
        was_open: for a moment, it was one without a password.
        channel: it follows the station.
    """

    def __init__(self):
        self._active = False
        self._address = ("192.168.4.1", "255.255.255.0", "192.168.4.1", "0.0.0.0")
        self.settings = {}
        self.clients = []
        self.was_open = False
        self.channel = 1

    def active(self, on=None):
        if on is not None:
            self._active = bool(on)
            self.was_open = self.was_open or (self._active and "key" not in self.settings)
        return self._active

    def config(self, *asked, **given):
        if not self._active and not air.before_active:
            raise OSError("Wifi Invalid Mode")
        assert not (set(given) - {"ssid", "key", "security", "max_clients", "channel", "hidden"})
        self.settings.update(given)

    def ifconfig(self, to=None):
        if to is None:
            return self._address
        self._address = to
        return None

    def isconnected(self):
        return bool(self.clients)

    def status(self, what):
        assert what == "stations"
        return [(address,) for address in self.clients] if self._active else []
