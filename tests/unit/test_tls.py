"""What Mbed TLS reports, in plain sentences: each kind of refusal has its own."""

import errno

from net.tls import Handshake
from net.tls_faults import certificate, explain
from test_x509 import SELF_SIGNED, SIGNED
from trust.roots import key
from trust.x509 import Certificate

NOW = (2026, 11, 21, 10, 0, 0, 5, 325)
UNTRUSTED = ValueError("The certificate is not correctly signed by the trusted CA\n")
EXPIRED = ValueError("The certificate validity has expired\n")
FUTURE = ValueError("The certificate validity starts in the future\n")
NAME = ValueError("The certificate Common Name (CN) does not match with the expected CN\n")
HASH = ValueError("The certificate is signed with an unacceptable hash.\n")
WEAK = ValueError(
    "The certificate is signed with an unacceptable key (eg bad curve, RSA too short).\n"
)


def handshake(*chain, has_pair=False, is_bundle=False, objection=""):
    found = Handshake(has_pair, is_bundle)
    for each in reversed(chain):
        found.note(memoryview(each))
    found.objection = objection
    return found


def cause(error, leaf=SIGNED, has_pair=False, now=NOW, **about):
    chain = [] if leaf is None else [leaf]
    estimated = about.pop("estimated", False)
    met = handshake(*chain, has_pair=has_pair, **about)
    text, advice = explain(error, "api.example", met, now, estimated)
    assert text.endswith(".") and (advice is None or advice.endswith(".")), text
    return text


def test_certificates_that_we_refuse():
    for error, leaf, now, expected in (
        (
            UNTRUSTED,
            SIGNED,
            NOW,
            "The server's certificate is from Garage CA, which the cert set does not trust, "
            "and no intermediate one came with it.",
        ),
        (
            UNTRUSTED,
            SELF_SIGNED,
            NOW,
            "The server's certificate is signed by itself, not by a trusted authority.",
        ),
        (
            UNTRUSTED,
            None,
            NOW,
            "The server's certificate is from an authority the cert set does not trust.",
        ),
        (
            EXPIRED,
            SIGNED,
            (2055, 7, 1, 0, 0, 0),
            "The server's certificate expired on 2055-06-07; the device's clock says 2055-07-01.",
        ),
        (EXPIRED, SIGNED, NOW, "An authority above the server's certificate has expired."),
        (EXPIRED, None, NOW, "A certificate of the server has expired."),
        (
            FUTURE,
            SELF_SIGNED,
            (2025, 1, 1, 0, 0, 0),
            "The server's certificate is not valid before 2026-11-20; the device's clock says 2025-01-01.",
        ),
        (
            FUTURE,
            None,
            NOW,
            "A certificate of the server is not valid yet; the device's clock says 2026-11-21.",
        ),
        (
            NAME,
            SELF_SIGNED,
            NOW,
            "The server's certificate is for lone.example, not for api.example.",
        ),
        (NAME, None, NOW, "The server's certificate is not for api.example."),
        (
            WEAK,
            SIGNED,
            NOW,
            "The key of the server's certificate is too short, or of an outdated kind.",
        ),
        (
            HASH,
            SIGNED,
            NOW,
            "The server's certificate is signed with an outdated hash, such as SHA-1.",
        ),
        (
            ValueError("new\nreason"),
            SIGNED,
            NOW,
            "The server's certificate was refused (new reason).",
        ),
    ):
        assert cause(error, leaf, now=now) == expected, expected


def test_a_clock_that_was_only_guessed_is_blamed_for_what_it_causes():
    found = cause(FUTURE, SELF_SIGNED, now=(2026, 11, 1, 0, 5, 0), estimated=True)
    assert "the device only estimates the time: 2026-11-01." in found


def test_trust_is_explained_before_dates_and_names():
    error = ValueError(EXPIRED.args[0] + NAME.args[0] + UNTRUSTED.args[0])
    assert "signed by itself" in cause(error, SELF_SIGNED)


def test_what_we_refuse_beyond_mbed_tls_goes_first():
    pins = handshake(SIGNED, objection="pins")
    text, advice = explain(OSError(-0x3000), "api.example", pins, NOW)
    assert text == "None of the server's public keys is one that is pinned for this destination."
    assert "tls.pins" in advice
    text, _ = explain(OSError(-0x3000), "api.example", pins, (2056, 1, 1, 0, 0, 0))
    assert "expired on 2055-06-07" in text, "what is certain goes before it"
    names = handshake(SIGNED, objection="names")
    text, advice = explain(UNTRUSTED, "api.example", names, NOW)
    assert "only the outdated common name collector.example." in text
    assert "subject alternative name" in advice
    unreadable = handshake(SIGNED, objection="unreadable")
    text, advice = explain(OSError(-0x3000), "api.example", unreadable, NOW)
    assert "holds what this device does not know" in text and advice


def test_with_the_default_bundle_a_false_claim_is_told_from_an_unknown_authority():
    unknown = cause(UNTRUSTED, is_bundle=True)
    assert unknown.endswith("from Garage CA, which is no authority of the default bundle.")
    met = handshake(SIGNED, is_bundle=True)
    met.roots = [key(Certificate(SIGNED).issuer_raw)]
    forged, advice = explain(UNTRUSTED, "api.example", met, NOW)
    assert forged.endswith("claims to come from Garage CA, which did not sign it.")
    assert "in between" in advice


def test_a_chain_is_named_with_both_ends():
    text, _ = explain(UNTRUSTED, "api.example", handshake(SIGNED, SELF_SIGNED), NOW)
    assert "from Garage CA under lone.example, which the cert set" in text


def test_the_certificate_in_question_is_described():
    text = certificate(handshake(SIGNED, SELF_SIGNED), NOW)
    assert text.startswith("collector.example, *.garage.example, 192.168.4.2, ")
    assert ", from Garage CA, valid 2024-01-02 to 2055-06-07, SHA-256 " in text
    assert text.endswith(Certificate(SIGNED).fingerprint())
    late = certificate(handshake(SIGNED, SELF_SIGNED), (2040, 1, 1, 0, 0, 0))
    assert late.startswith("lone.example, from lone.example, valid 2026-11-20 to 2027-12-23")
    assert certificate(handshake(), NOW) == certificate(handshake(b"\x30\x82"), NOW) == ""


def test_chains_that_are_too_long_lose_their_upper_end():
    found = handshake(SIGNED, *([bytes(5000)] * 4))
    assert found.chain[0] == SIGNED and len(found.chain) == 4


def test_a_damaged_certificate_costs_details_only():
    assert cause(UNTRUSTED, b"\x30\x82") == cause(UNTRUSTED, None)


def test_servers_that_refuse_us():
    wants = "The server ended the TLS handshake: most likely it asks for a client certificate."
    refused = "The server refused this device's client certificate."
    version = "The server refused the TLS handshake: no version or cipher in common."
    closed = "The server closed the connection during the TLS handshake."
    for code, leaf, has_pair, expected in (
        (-0x7780, SIGNED, False, wants),
        (32, SIGNED, False, wants),
        (errno.ECONNRESET, SIGNED, False, wants),
        (-errno.ECONNRESET, SIGNED, False, wants),
        (-0x7780, SIGNED, True, refused),
        (-0x7780, None, False, version),
        (-0x6E80, None, False, version),
        (-0x7280, None, False, closed),
        (errno.ECONNRESET, None, True, closed),
    ):
        assert cause(OSError(code), leaf, has_pair) == expected, (code, expected)


def test_other_troubles():
    for error, expected in (
        (
            OSError(-0x7200, "SSL - An invalid SSL record was received"),
            "The server does not speak TLS on this port; it answered in plain text.",
        ),
        (OSError(errno.ENOMEM), "The device ran out of memory for TLS."),
        (OSError(-17040), "The device ran out of memory for TLS."),
        (MemoryError(), "The device ran out of memory for TLS."),
        (
            OSError(-0x7A00),
            "The server's certificate is damaged, or holds what this device does not know.",
        ),
        (
            OSError(-26112),
            "This device's TLS library cannot finish this handshake (RSA-PSS with TLS 1.2).",
        ),
        (OSError(-0x7680), "The cert set holds no authority to check the server with."),
        (OSError(-0x1234), "The TLS handshake failed (-4660)."),
    ):
        assert cause(error) == expected, expected
