"""Which TLS settings a destination gets, and what becomes of the time that its server tells."""

import sys

from delivery import contexts
from delivery.contexts import Contexts
from delivery.errors import RouteError
from helper import raises
from trust.certsets import CertSetError

DATE = "Tue, 29 Oct 2024 03:33:20 GMT"
VALID = ("20240101000000", "20250101000000")


class Sets:
    def load(self, name):
        if name != "garage":
            raise CertSetError("There is no cert set named %s." % name)
        return "the set " + name


class Clock:
    def __init__(self, wants_answer):
        self.wants_answer = wants_answer
        self.offers = []

    def offer(self, source, unix_s):
        self.offers.append((source, unix_s))


class Memory(dict):
    def put(self, key, text):
        self[key] = text


def made(certset="garage", memory=None, policy="default"):
    """The arguments of the context that is made for destination 3."""
    asked = []
    kept, contexts.tls.Context = (
        contexts.tls.Context,
        lambda *args, **more: asked.append((args, more)),
    )
    try:
        settings = {"id": 3, "cert_set": certset, "tls": {"pins": ["a pin"], "ciphers": policy}}
        Contexts(Sets(), None, memory).of_destination(settings)
    finally:
        contexts.tls.Context = kept
    return asked[0]


def test_set_and_pins_are_those_of_the_settings():
    arguments, more = made()
    assert arguments == ("the set garage", None)
    assert (more["pins"], more["choice"]) == (["a pin"], None)


class Tls:
    """In place of MicroPython's module."""

    PROTOCOL_TLS_CLIENT = 0
    names: list = []

    class SSLContext:
        def __init__(self, protocol):
            pass

        def get_ciphers(self):
            return Tls.names


def suites(policy, names):
    """The cipher suites of a context on firmware that has these."""
    kept, sys.modules["tls"] = sys.modules.get("tls"), Tls
    Tls.names = ["TLS-" + name for name in names]
    try:
        return made(policy=policy)[0][1]
    finally:
        del sys.modules["tls"]
        if kept is not None:
            sys.modules["tls"] = kept


EC, RSA = "ECDHE-ECDSA-WITH-AES-", "ECDHE-RSA-WITH-AES-"
GCM = [
    EC + "256-GCM-SHA384",
    EC + "128-GCM-SHA256",
    RSA + "256-GCM-SHA384",
    RSA + "128-GCM-SHA256",
]
OTHERS = [EC + "256-CBC-SHA384", EC + "128-CBC-SHA256", EC + "256-CCM", EC + "128-CCM"]
OTHERS += [EC + "256-CCM-8", EC + "128-CCM-8", RSA + "256-CBC-SHA384", RSA + "128-CBC-SHA256"]
FOREIGN = ["ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256", RSA + "256-CBC-SHA", "PSK-WITH-AES-128-CCM"]


def test_suites_are_those_of_the_policy_that_the_firmware_has():
    for policy, allowed in (("kpn", GCM + OTHERS), ("strict", GCM)):
        found = suites(policy, FOREIGN + GCM + OTHERS)
        assert sorted(found) == sorted(["TLS-" + name for name in allowed]), policy
        assert suites(policy, FOREIGN + GCM[1:2]) == ["TLS-" + GCM[1]], policy
    assert suites("default", FOREIGN) is None


def test_a_policy_of_which_the_firmware_has_nothing_is_an_error_of_the_settings():
    for policy, names in (("kpn", FOREIGN), ("strict", FOREIGN + OTHERS)):
        error = raises(RouteError, suites, policy, names)
        assert policy in str(error) and error.advice


def test_the_authority_of_each_destination_is_remembered():
    memory = Memory()
    choice = made(memory=memory)[1]["choice"]
    assert choice.get() is None
    choice.put("0123456789abcdef")
    assert memory == {"roots.3": "0123456789abcdef"}
    assert made(memory=memory)[1]["choice"].get() == "0123456789abcdef"


def test_a_set_that_is_not_there_is_an_error_of_the_settings():
    error = raises(RouteError, made, "nowhere")
    assert str(error) == "There is no cert set named nowhere." and error.advice


def test_a_lack_of_memory_is_a_failed_attempt_like_any_other():
    def starve(*_, **__):
        raise MemoryError

    kept, contexts.tls.Context = contexts.tls.Context, starve
    try:
        error = raises(RouteError, Contexts(Sets()).make, "garage", "roots.1")
    finally:
        contexts.tls.Context = kept
    assert str(error) == "The device ran out of memory for certificates." and error.advice


def test_the_time_of_a_server_is_offered_to_a_clock_that_wants_it():
    for date, valid, wants, expected in (
        (DATE, VALID, True, [("answer", 1_730_172_800)]),
        (DATE, VALID, False, []),
        ("yesterday", VALID, True, []),
        (None, VALID, True, []),
        (DATE, ("20241029033321", "20260101000000"), True, []),
        (DATE, ("20230101000000", "20241029033319"), True, []),
    ):
        clock = Clock(wants)
        Contexts(Sets(), clock).hear(date, valid)
        assert clock.offers == expected, (date, valid)
    Contexts(Sets()).hear(DATE, VALID)  # there may be no clock to set


def test_bridges_are_remembered_under_a_key_of_theirs():
    kept, made = contexts.tls.Context, []
    contexts.tls.Context = lambda *args, **more: made.append((args, more))
    try:
        memory = Memory()
        Contexts(Sets(), None, memory).make("garage", "roots.bridge1")
    finally:
        contexts.tls.Context = kept
    [(arguments, more)] = made
    more["choice"].put("fedcba9876543210")
    assert memory == {"roots.bridge1": "fedcba9876543210"}
    assert arguments == ("the set garage", None) and not more["pins"]
