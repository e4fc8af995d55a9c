"""What is looked at of a server's certificates besides what Mbed TLS does; its callback is called as it would be."""

import sys

from helper import raises
from net import tls
from test_x509 import SELF_SIGNED, SIGNED
from trust.certsets import CertSet


class Tls:
    """In place of MicroPython's module."""

    PROTOCOL_TLS_CLIENT = 0
    CERT_REQUIRED = 2

    class SSLContext:
        def __init__(self, protocol):
            pass

        def load_verify_locations(self, authority):
            pass

        def wrap_socket(self, sock, server_hostname, do_handshake_on_connect):
            return Secure()


class Secure:
    """In place of a TLS socket."""

    def setblocking(self, flag):
        pass


def made(**keywords):
    """A context, and what Mbed TLS calls for each certificate."""
    kept, sys.modules["tls"] = sys.modules.get("tls"), Tls
    try:
        context = tls.Context(CertSet("garage", b"an authority"), **keywords)
    finally:
        del sys.modules["tls"]
        if kept is not None:
            sys.modules["tls"] = kept
    return context, context._context.verify_callback


def test_certificates_are_looked_at_during_a_handshake():
    context, show = made()
    context.wrap(None, "collector.example")
    assert show(memoryview(SELF_SIGNED), 1) == 0
    assert show(memoryview(SIGNED), 0) == 0
    assert context.handshake.objection == ""


def test_what_nobody_looks_at_is_not_believed():
    for pins in ((), ("a pin",)):
        context, show = made(pins=pins)
        assert show(memoryview(SIGNED), 0) < 0, "before a handshake"
        assert context.handshake.objection == "unreadable"
        context.wrap(None, "collector.example")
        context.release()
        context.over()
        assert show(memoryview(SIGNED), 0) < 0, "after the last one"
    context, show = made(pins=("a pin",))
    assert show(memoryview(SELF_SIGNED), 1) < 0, "an authority may be the one that is pinned"


def test_connections_that_share_a_context_do_not_disturb_each_other():
    context, show = made()
    context.wrap(None, "collector.example")
    context.wrap(None, "collector.example")
    assert show(memoryview(SIGNED), 0) == 0
    context.release()
    context.over()
    assert len(context.handshake.chain) == 1, "what the other one may have to explain"
    assert show(memoryview(SIGNED), 0) == 0
    context.over()
    assert context._read is None


def test_what_is_no_certificate_is_not_believed():
    context, show = made()
    context.wrap(None, "collector.example")
    assert show(memoryview(SIGNED[:-1]), 0) < 0
    assert context.handshake.objection == "unreadable"


def test_nothing_is_raised_where_mbed_tls_could_not_clean_up():
    context, show = made()
    context.wrap(None, "collector.example")

    def starve(*_):
        raise MemoryError

    context._read = starve
    assert show(memoryview(SIGNED), 0) < 0
    raises(MemoryError, context.explain, OSError(-0x3000), "collector.example")
