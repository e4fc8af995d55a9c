"""What Mbed TLS reports, in plain sentences: each kind of refusal has its own."""

import errno

from net.tls_faults import explain
from test_x509 import SELF_SIGNED, SIGNED

NOW = (2026, 11, 21, 10, 0, 0, 5, 325)
UNTRUSTED = ValueError("The certificate is not correctly signed by the trusted CA\n")
EXPIRED = ValueError("The certificate validity has expired\n")
FUTURE = ValueError("The certificate validity starts in the future\n")
NAME = ValueError("The certificate Common Name (CN) does not match with the expected CN\n")
WEAK = ValueError(
    "The certificate is signed with an unacceptable key (eg bad curve, RSA too short).\n"
)


def cause(error, leaf=SIGNED, has_pair=False, now=NOW):
    text, advice = explain(error, "api.example", leaf, has_pair, now)
    assert text.endswith(".") and (advice is None or advice.endswith(".")), text
    return text


def test_certificates_that_we_refuse():
    for error, leaf, now, expected in (
        (
            UNTRUSTED,
            SIGNED,
            NOW,
            "The server's certificate is from Garage CA, which the cert set does not trust.",
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
            "The server's certificate expired on 2055-06-07.",
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
            SIGNED,
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
            "The server's certificate is too weak: its key or signature is outdated.",
        ),
        (
            ValueError("new\nreason"),
            SIGNED,
            NOW,
            "The server's certificate was refused (new reason).",
        ),
    ):
        assert cause(error, leaf, now=now) == expected, expected


def test_an_unset_clock_is_named_before_everything_it_causes():
    for error in (FUTURE, ValueError(UNTRUSTED.args[0] + FUTURE.args[0])):
        found = cause(error, now=(2000, 1, 1, 0, 5, 0))
        assert found == "The device's clock is not set, so no certificate can be checked."


def test_trust_is_explained_before_dates_and_names():
    error = ValueError(EXPIRED.args[0] + NAME.args[0] + UNTRUSTED.args[0])
    assert "signed by itself" in cause(error, SELF_SIGNED)


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
        (OSError(-0x7A00), "The server's certificate is damaged."),
        (
            OSError(-26112),
            "This device's TLS library cannot finish this handshake (RSA-PSS with TLS 1.2).",
        ),
        (OSError(-0x7680), "The cert set holds no authority to check the server with."),
        (OSError(-0x1234), "The TLS handshake failed (-4660)."),
    ):
        assert cause(error) == expected, expected
