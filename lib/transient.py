"""Modules that are needed now and then: imported inside the function that needs them, given back when it is done.

Stock firmware copies the bytecode of every imported module into the heap. What reads settings and profiles takes some
60 KB, is needed when they change, and would lie there for ever. Importing it again costs a fraction of a second.
"""

import sys

# Beginnings of names: "trust." is all that is in that package. A blank follows each, so that these can be joined.
_COMPILING = (
    "autopid.compiler autopid.parser autopid.terms autopid.runtime obd.commands obd.j1979 "
    "obd.mode01 obd.field "
)
ADDRESSES = "net.url "
ROLLOUT = "rollout "
PLANNING = _COMPILING + "autopid.plan autopid.profile rollout "
LINK = "obd.link obd.baud "
ADAPTER = "obd.commands obd.setup obd.remarks "
STATUS = "device.status "
FILING = "config. "
SETTINGS = (
    FILING + _COMPILING + "net.url net.passthrough delivery.presets delivery.headers "
    "delivery.formats.template delivery.dynamic delivery.identity delivery.azure "
    "delivery.secret_rules "
)
CERTIFICATES = CERT_SETS = ROOTS = "trust. "
CERT_EDITING = "trust. web.cert_ config.files "
CAR = _COMPILING + (
    "web.car_ config.checks net.url obd.scan obd.pasted obd.nrc obd.diagnostics obd.dtc_text "
    "obd.freeze_frame obd.readiness obd.vehicle "
)
SCOUT = "trust. net.scout net.faults "
TIME = "net.clock_setting net.sntp "
NAP = "device.nap device.last_values obd.baud config. "
JOINING = "net.joining "
CAPTIVE = "net.captive_dns "
GUEST = "obd.guest "
FAULTS = "trust. net.failing net.faults net.tls_faults delivery.refusals obd.nrc "
UPDATE = (
    "device.boot device.care device.crash device.fetch device.guard device.manifest device.own device.signature "
    "device.slots device.update device.version "
)
CARE = UPDATE + "device.button device.health "
ON_DEVICE = sys.implementation.name == "micropython"


def release(names: str) -> None:
    """Forgets modules, so that the next garbage collection frees what nobody holds; the next import loads them again.

    `names` are beginnings of their names with blanks between them. Objects made of their classes live on, and so do
    modules that somebody holds. Elsewhere than on MicroPython it does nothing: tests compare classes by identity.
    """
    if not ON_DEVICE:
        return
    beginnings = tuple(names.split())
    for name in [name for name in sys.modules if name.startswith(beginnings)]:
        del sys.modules[name]
        package, _, leaf = name.rpartition(".")
        if hasattr(sys.modules.get(package), leaf):
            delattr(sys.modules[package], leaf)
