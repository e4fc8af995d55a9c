"""Modules that are needed now and then: imported inside the function that needs them, given back when it is done.

Stock firmware copies the bytecode of every imported module into the heap. What reads settings and profiles takes some
60 KB, is needed when they change, and would lie there for ever. Importing it again costs a fraction of a second.
"""

import sys

_EXPRESSIONS = ("autopid.compiler", "autopid.parser", "autopid.terms", "autopid.runtime")
_COMPILING = _EXPRESSIONS + ("obd.commands", "obd.j1979", "obd.j1979_table")
ADDRESSES = ("net.url",)
ROLLOUT = ("rollout",)
PLANNING = ("autopid.plan", "autopid.profile") + _COMPILING + ROLLOUT
LINK = ("obd.link", "obd.baud")
ADAPTER = ("obd.commands", "obd.setup", "obd.remarks")
SETTINGS = (
    ("config.schema", "config.destination", "config.destination_rules", "config.server")
    + ("config.login", "config.rules", "config.sections", "config.fields", "config.checks")
    + ("delivery.presets", "delivery.headers", "delivery.formats.template")
    + ADDRESSES
    + _COMPILING
)
FILING = ("config.filing", "config.secrets", "config.files")
CERTIFICATES = ("trust.x509", "trust.der")
CERT_SETS = ("trust.certsets", "trust.keys", "trust.pem") + CERTIFICATES
CERT_EDITING = (
    ("web.cert_listing", "web.cert_upload", "web.cert_actions", "trust.editing")
    + ("trust.inspection", "trust.contents", "trust.details", "trust.fitness")
    + ("trust.csr", "trust.p256", "trust.roots", "trust.roots_update", "net.dates")
    + CERT_SETS
)
ROOTS = ("trust.roots",) + CERTIFICATES
SCOUT = ("net.scout", "net.faults") + CERTIFICATES
TIME = ("net.clock_setting", "net.sntp")
FAULTS = ("net.faults", "net.tls_faults", "delivery.refusals", "obd.nrc") + CERTIFICATES
ON_DEVICE = sys.implementation.name == "micropython"


def release(names: "tuple[str, ...]") -> None:
    """Forgets modules, so that the next garbage collection frees what nobody holds; the next import loads them again.

    Objects made of their classes live on. Elsewhere than on MicroPython it does nothing: tests compare classes
    by identity.
    """
    if not ON_DEVICE:
        return
    for name in names:
        package, _, leaf = name.rpartition(".")
        if sys.modules.pop(name, None) is not None and hasattr(sys.modules.get(package), leaf):
            delattr(sys.modules[package], leaf)
