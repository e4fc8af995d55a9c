"""Which TLS settings a destination gets, and what becomes of the time that its server tells."""

from delivery import contexts
from delivery.contexts import Contexts
from delivery.route import RouteError
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


def made(certset="garage", memory=None):
    """The arguments of the context that is made for destination 3."""
    asked = []
    kept, contexts.tls.Context = (
        contexts.tls.Context,
        lambda *args, **more: asked.append((args, more)),
    )
    try:
        settings = {"id": 3, "cert_set": certset, "tls": {"pins": ["a pin"]}}
        Contexts(Sets(), None, memory).make(settings)
    finally:
        contexts.tls.Context = kept
    return asked[0]


def test_set_and_pins_are_those_of_the_settings():
    arguments, more = made()
    assert arguments == ("the set garage",)
    assert (more["pins"], more["choice"]) == (["a pin"], None)


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
