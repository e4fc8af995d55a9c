"""Joining a Wi-Fi network: which of those that are known to try, in which order, and one attempt at a time.

    known(settings["network"], store.secret)    # what `net.wifi.Wifi.apply` takes
    joined = await Round(wifi).run()            # the one that was joined, or None

Imported while the device is in no network, then given back: see `transient`.
"""

import asyncio

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from net.wifi import Known, Static, Wifi

    Row = tuple[bytes, bytes, int, int, int, bool]  # name, BSSID, channel, dBm, security, hidden
    Candidate = tuple[Known, bytes | None]

_ATTEMPT_MS = const(20_000)
_SETTLE_MS = const(300)  # a disconnection is told late, and would count for what follows
_LOOK_MS = const(200)
_SCAN_MS = const(60_000)  # everything stands still for two seconds meanwhile
_WEAK_DBM = const(-85)
_STUCK = const(3)
_WRONG = const(2)  # in a row; one may be a weak signal
_FIRST_BAN_MS = const(60_000)
_LONGEST_BAN_MS = const(600_000)

# Status of the driver: its own, and reasons of a disconnection (IEEE 802.11-2020 table 9-49, ESP-IDF's from 200).
_CONNECTING = const(1001)
_GOT_IP = const(1010)
_IDLE = const(1000)
_LEFT = const(8)
_WRONG_PASSWORD = (15, 202, 204)  # the handshake timed out, or was refused
_OUT_OF_REACH = (200, 201, 212)
_OTHER_SECURITY = (210, 211)

# Security as the scan tells it (ESP-IDF's wifi_auth_mode_t).
_OPEN = (0, 9)
_WITH_PASSWORD = (3, 4, 6, 7, 11, 12)

_NEEDS_PASSWORD = "The network %s needs a password. Enter it in the settings."
_FAKE = (
    "A network that calls itself %s is open, but a password is set for it. "
    "Anybody may have made it: it is not joined."
)
_UNUSABLE = (
    "The network %s is secured in a way that this device cannot use. "
    "Have it secured by WPA2 or WPA3 with a password."
)
_REFUSES_PASSWORD = (
    "The network %s does not take the password. Correct it, or come nearer if it is right."
)
_NOT_THERE = "The network %s is not in reach."
_NO_ANSWER = "The network %s gives no address in time. Look whether its router works, or set a fixed address."
_REFUSED = "The network %s refuses the device (reason %d)."


def known(settings: dict, secret: "Callable[[str], str | None]") -> "list[Known]":
    """The networks of the section `network` that are switched on, by priority."""
    found: list[Known] = []
    for one in settings["wifi"]:
        if one["enabled"]:
            password = secret("network.wifi.%d.password" % one["id"])
            found.append((one["ssid"], password, static(one), one["id"], one["priority"]))
    return sorted(found, key=lambda network: (-network[4], network[3]))


def static(settings: dict) -> "Static | None":
    """Address, mask, gateway, name server of settings with a fixed address such as 192.168.1.50/24; None without.

    The gateway is the first address of the network, and answers for names, unless told otherwise.
    """
    address, _, length = settings["address"].partition("/")
    if not address:
        return None
    ones = int(length)
    mask = (1 << 32) - (1 << 32 - ones)
    first = text_of(number_of(address) & mask | 1)
    gateway = settings["gateway"] or first
    return address, text_of(mask), gateway, settings["dns"] or gateway


def number_of(address: str) -> int:
    """An IPv4 address as a number."""
    number = 0
    for part in address.split("."):
        number = number << 8 | int(part)
    return number


def text_of(number: int) -> str:
    """A number as an IPv4 address."""
    return ".".join([str(number >> shift & 255) for shift in (24, 16, 8, 0)])


class Round:
    """Tries each known network once, the best first."""

    def __init__(self, wifi: "Wifi") -> None:
        self._wifi = wifi
        self._station = wifi.station

    async def run(self) -> "Known | None":
        """The network that was joined, or None."""
        for network, bssid in await self._candidates():
            if self._wifi.is_broken or network not in self._wifi.known:
                break  # the settings were changed
            async with self._wifi.radio:
                status = await self._attempt(network, bssid)
            if status == _GOT_IP:
                self._wifi.bans.pop(network[3], None)
                self._wifi.told.pop(network[3], None)
                self._wifi.stuck = 0
                return network
            self._note(network, status)
        return None

    async def _candidates(self) -> "list[Candidate]":
        """What to try: what a scan finds, or everything by name, which holds nothing up, if there was one lately."""
        wifi, now = self._wifi, self._wifi.uptime.ms()
        allowed = [one for one in wifi.known if wifi.bans.get(one[3], (0, 0))[1] <= now]
        is_late = wifi.scanned_ms is None or now - wifi.scanned_ms >= _SCAN_MS
        if not (allowed and wifi.wants_scan and is_late):
            return [(network, None) for network in allowed]
        wifi.wants_scan, wifi.scanned_ms = False, now
        async with wifi.radio:
            await self._leave()
            try:
                seen = self._station.scan()
            except OSError as error:
                wifi.log.warning("networks cannot be looked for (%s)", error)
                wifi.is_broken = True
                return []
        chosen, problems = choose(allowed, seen)
        for network, problem in problems:
            self._tell(network, problem)
        return chosen

    async def _attempt(self, network: "Known", bssid: "bytes | None") -> int:
        """The driver's status when it is decided; _CONNECTING if it was not in time, -1 if it does not work."""
        status = _CONNECTING
        try:
            await self._leave()
            self._set_address(network[2])
            self._station.connect(network[0], network[1], bssid=bssid)
            status = await self._decided()
        except OSError as error:
            self._wifi.log.warning("the Wi-Fi driver is started again (%s)", error)
            self._wifi.is_broken = True
            status = -1
        finally:
            if status != _GOT_IP:  # also if the device stops meanwhile
                self._disconnect()
        return status

    async def _decided(self) -> int:
        end = self._wifi.uptime.ms() + _ATTEMPT_MS
        status = _CONNECTING
        while self._wifi.uptime.ms() < end:
            await asyncio.sleep_ms(_LOOK_MS)
            status = self._station.status()
            if status not in (_CONNECTING, _IDLE, _LEFT):
                return status
        return _CONNECTING

    async def _leave(self) -> None:
        """Ends whatever goes on: the driver neither scans nor connects while it connects."""
        self._disconnect()
        await asyncio.sleep_ms(_SETTLE_MS)

    def _disconnect(self) -> None:
        try:
            self._station.disconnect()
        except OSError:  # there was nothing to end
            pass

    def _set_address(self, address: "Static | None") -> None:
        if address is not None:
            self._station.ifconfig(address)
            return
        try:
            self._station.ifconfig("dhcp")
        except OSError:  # it is asked for already
            pass

    def _note(self, network: "Known", status: int) -> None:
        """Keeps what came of an attempt that failed."""
        wifi, name = self._wifi, network[0]
        if status == -1:
            return
        wifi.stuck = wifi.stuck + 1 if status == _CONNECTING else 0
        if wifi.stuck >= _STUCK:
            wifi.is_broken = True
        if status in _WRONG_PASSWORD:
            self._suspect(network)
            self._tell(network, _REFUSES_PASSWORD % name)
            return
        wifi.bans.pop(network[3], None)
        if status in _OUT_OF_REACH:
            self._tell(network, _NOT_THERE % name)
        elif status in _OTHER_SECURITY:
            self._tell(network, _UNUSABLE % name)
        elif status == _CONNECTING:
            self._tell(network, _NO_ANSWER % name)
        else:
            self._tell(network, _REFUSED % (name, status))

    def _suspect(self, network: "Known") -> None:
        """Leaves a network alone for a while that refused the password: others may be in reach, and some routers shut
        out who keeps trying."""
        wrong = self._wifi.bans.get(network[3], (0, 0))[0] + 1
        ban_ms = 0
        if wrong >= _WRONG:
            ban_ms = min(_FIRST_BAN_MS << min(wrong - _WRONG, 8), _LONGEST_BAN_MS)
        self._wifi.bans[network[3]] = wrong, self._wifi.uptime.ms() + ban_ms

    def _tell(self, network: "Known", trouble: str) -> None:
        """The same trouble with the same network is told once."""
        self._wifi.trouble = trouble
        if self._wifi.told.get(network[3]) != trouble:
            self._wifi.told[network[3]] = trouble
            self._wifi.log.warning("%s", trouble)


def choose(
    known: "list[Known]", seen: "list[Row]"
) -> "tuple[list[Candidate], list[tuple[Known, str]]]":
    """Which networks to try, the best first, each with the access point to take; and sentences about the others.

    Before the priority goes whether the signal is of any use at all, after it its strength. Those that were not seen
    are only tried if somebody hides a name, and come last.
    """
    found: list[tuple[bool, int, int, Known, bytes]] = []
    problems: list[tuple[Known, str]] = []
    unseen: list[Candidate] = []
    hides = any([not row[0].strip(b"\0") for row in seen])
    for network in known:
        rows = [row for row in seen if row[0] == network[0].encode()]
        fitting = [row for row in rows if not problem(network, row[4])]
        if fitting:
            row = max(fitting, key=lambda row: row[3])
            found.append((row[3] >= _WEAK_DBM, network[4], row[3], network, row[1]))
        elif rows:
            problems.append((network, problem(network, rows[0][4])))
        elif hides:
            unseen.append((network, None))
        else:
            problems.append((network, _NOT_THERE % network[0]))
    found.sort(key=lambda one: one[:3], reverse=True)
    chosen: list[Candidate] = [(one[3], one[4]) for one in found]
    return chosen + unseen, problems


def problem(network: "Known", security: int) -> str:
    """Why a network that was seen with this security is not to be joined, a sentence; ""."""
    if security in _OPEN:
        return _FAKE % network[0] if network[1] else ""
    if security not in _WITH_PASSWORD:
        return _UNUSABLE % network[0]
    return "" if network[1] else _NEEDS_PASSWORD % network[0]
