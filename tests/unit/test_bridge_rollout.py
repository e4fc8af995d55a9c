"""How bridges follow the settings: which are started, kept and ended, and what becomes of those that cannot work."""

from config import schema
from delivery.contexts import Contexts
from net.bridges import Bridges
from rollout import Builder
from trust.certsets import CertSetError

RULES = [{"protocol": "tcp", "ip": "192.0.2.0/24", "port": 21}, {"protocol": "udp", "port": 53}]


class Uptime:
    def ms(self):
        return 0


class Sessions:
    limit = 0


class Shared:
    handshake_lock = None

    def __init__(self):
        self.sessions = Sessions()


class Sets:
    def load(self, name):
        raise CertSetError("There is no cert set named %s." % name)


class Supervisor:
    """Notes what it is asked for."""

    def __init__(self):
        self.told = []

    def start(self, name, run):
        self.told.append("start " + name)
        return name

    def stop(self, task):
        self.told.append("stop " + task)


class Store:
    def __init__(self):
        self.settings = {}


class Device:
    """What bridges need of the device."""

    def __init__(self):
        self.bridges = Bridges(Uptime(), lambda: 0)
        self.shared = Shared()
        self.store = Store()

    def apply(self, *bridges, rules=RULES):
        """What the supervisor was asked for when the settings came to this."""
        document = {"bridges": list(bridges), "passthrough": rules}
        self.store.settings, problems = schema.validate(document)
        assert problems == [], problems
        supervisor = Supervisor()
        Builder(self.bridges, self.shared, Contexts(Sets()), "127.0.0.1").apply(
            self.store, supervisor
        )
        return supervisor.told


def ftp(**changes):
    given = {"name": "ftp", "kind": "tcp", "listen_port": 2121, "host": "192.0.2.7", "port": 21}
    given.update(changes)
    return given


def dns(**changes):
    given = {"name": "dns", "kind": "udp", "listen_port": 53, "host": "192.0.2.1", "port": 53}
    given.update(changes)
    return given


def cloud(**changes):
    given = {"name": "cloud", "listen_port": 443, "host": "example.com", "cert_set": "van"}
    given.update(changes)
    return given


def test_only_what_was_changed_is_built_anew():
    device = Device()
    assert device.apply(ftp(), dns()) == ["start bridge ftp", "start bridge dns"]
    kept = device.bridges.running[0]
    changed = ["stop bridge dns", "start bridge dns"]
    assert device.apply(ftp(), dns(idle_s=30)) == changed
    assert device.apply(dns(idle_s=30), ftp()) == []
    assert device.bridges.running[1] is kept
    assert device.apply(dns(idle_s=30)) == ["stop bridge ftp"]


def test_other_rules_build_anew_what_depends_on_them():
    device = Device()
    device.apply(ftp(), cloud())
    before = device.bridges.running[1]
    told = device.apply(ftp(), cloud(), rules=RULES[:1])
    assert told == ["stop bridge ftp", "start bridge ftp"]
    assert device.bridges.running[1] is before


def test_one_that_is_switched_off_is_told_but_not_started():
    device = Device()
    assert device.apply(ftp(enabled=False)) == []
    [bridged] = device.bridges.running
    assert dict(bridged.pairs())["enabled"] is False
    assert dict(bridged.pairs())["listening"] is False
    assert device.apply(ftp()) == ["start bridge ftp"]
    assert device.apply(ftp(enabled=False)) == ["stop bridge ftp"]


def test_one_that_cannot_work_is_noted_and_the_others_do():
    device = Device()
    assert device.apply(cloud(), ftp()) == ["start bridge ftp"]
    [entry] = device.bridges.log
    assert (entry.bridge, entry.stage, entry.direction) == ("cloud", "config", "local")
    assert entry.text.startswith("There is no cert set named van. ")


def entries_after(device, name):
    """How often the bridge was refused in all, once that cert set was changed."""
    device.bridges.certificates_changed(name)
    device.apply(cloud(), ftp())
    [entry] = device.bridges.log
    return entry.times


def test_a_cert_set_that_was_changed_is_loaded_again_by_those_that_use_it():
    device = Device()
    device.apply(cloud(), ftp())
    kept = device.bridges.running[1]
    assert entries_after(device, "other") == 1
    assert entries_after(device, "van") == 2
    assert entries_after(device, "default") == 3, "a set may believe the bundle"
    assert device.bridges.running[1] is kept


def test_with_bridges_fewer_connections_may_be_open():
    device = Device()
    device.apply()
    assert device.shared.sessions.limit == 6
    device.apply(ftp(enabled=False))
    assert device.shared.sessions.limit == 6
    device.apply(ftp())
    assert device.shared.sessions.limit == 3
    device.apply()
    assert device.shared.sessions.limit == 6
