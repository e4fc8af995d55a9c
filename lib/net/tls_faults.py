"""Plain sentences for what Mbed TLS reports, with the names and dates of the certificate that it is about."""

import errno

from micropython import const
from trust import x509

from net import faults

_FIRST_SENSIBLE_YEAR = const(2025)

# Mbed TLS 3.6, include/mbedtls: ssl.h, x509.h, x509_crt.h
_NO_CA = const(-0x7680)
_UNEXPECTED_MESSAGE = const(-0x7700)
_ILLEGAL_PARAMETER = const(-0x6600)
_INVALID_RECORD = const(-0x7200)
_NO_COMMON_VERSION = const(-0x6E80)
_HANDSHAKE_FAILURE = const(-0x6E00)
_BAD_CERTIFICATE = const(-0x7A00)
_VERIFY_FAILED = const(-0x2700)
_OUT_OF_MEMORY = (-0x7F00, -0x2880, -0x3F80, -0x4D00, -0x4290, 16, 141, errno.ENOMEM)

_UPLOAD = (
    "Choose the cert set that holds the right authority, or put it into one: certs/<name>/ca.pem."
)
_RENEW = "The server's operator has to renew it."
_CLOCK = "Wait until the clock is set from the network, or set it by hand."


def explain(
    error: Exception,
    server_name: str,
    leaf: "bytes | None",
    has_pair: bool,
    now: "tuple[int, ...]",
) -> "tuple[str, str | None]":
    """One sentence for the cause, and one of advice or None.

    `leaf` is the server's certificate (DER) if it got that far, `has_pair` whether we have a client certificate, `now`
    the device's clock as time.gmtime() gives it.
    """
    code = faults.number(error)
    if code in _OUT_OF_MEMORY:
        return "The device ran out of memory for TLS.", "Keep fewer destinations enabled."
    if isinstance(error, ValueError) or code == _VERIFY_FAILED:
        return _refused_by_us(str(error), server_name, _summary(leaf), now)
    if code == faults.ALERT or faults.is_cut(code):
        return _refused_by_peer(code, leaf is not None, has_pair)
    if code in (_INVALID_RECORD, _UNEXPECTED_MESSAGE):
        cause = "The server does not speak TLS on this port; it answered in plain text."
        return cause, "Check the port: for https it is often 443 or 8443, for mqtts 8883."
    if code in (_NO_COMMON_VERSION, _HANDSHAKE_FAILURE):
        return _too_old()
    if code == _ILLEGAL_PARAMETER:  # Mbed TLS 3.6.3 offers a signature that it then refuses
        cause = "This device's TLS library cannot finish this handshake (RSA-PSS with TLS 1.2)."
        return cause, "Give the server an EC certificate, or let it offer TLS 1.3."
    if code == _BAD_CERTIFICATE:
        return "The server's certificate is damaged.", None
    if code == _NO_CA:
        return "The cert set holds no authority to check the server with.", _UPLOAD
    return f"The TLS handshake failed ({code}).", None


def _summary(leaf: "bytes | None") -> "x509.Summary | None":
    try:
        return None if leaf is None else x509.Summary(leaf)
    except ValueError:
        return None


def _refused_by_us(
    text: str, server_name: str, leaf: "x509.Summary | None", now: "tuple[int, ...]"
) -> "tuple[str, str | None]":
    """`text` is Mbed TLS's, a line for each complaint; the first that helps is explained."""
    if "future" in text and now[0] < _FIRST_SENSIBLE_YEAR:
        cause = "The device's clock is not set, so no certificate can be checked."
        return cause, _CLOCK
    if "signed by the trusted" in text:
        return _untrusted(leaf)
    if "expired" in text:
        return _expired(leaf, now)
    if "future" in text:
        return _too_early(leaf, now)
    if "Common Name" in text:
        return _wrong_name(leaf, server_name)
    if "unacceptable" in text:
        return "The server's certificate is too weak: its key or signature is outdated.", _RENEW
    return "The server's certificate was refused ({}).".format(" ".join(text.split())), None


def _untrusted(leaf: "x509.Summary | None") -> "tuple[str, str]":
    if leaf is None:
        return (
            "The server's certificate is from an authority the cert set does not trust.",
            _UPLOAD,
        )
    if leaf.self_signed:
        cause = "The server's certificate is signed by itself, not by a trusted authority."
        return (
            cause,
            "If the server is yours, put its certificate into a cert set: certs/<name>/ca.pem.",
        )
    cause = "The server's certificate is from %s, which the cert set does not trust."
    return cause % (leaf.issuer or "an unnamed authority"), _UPLOAD


def _expired(leaf: "x509.Summary | None", now: "tuple[int, ...]") -> "tuple[str, str]":
    if leaf is None:
        return "A certificate of the server has expired.", _RENEW
    if leaf.not_after >= _stamp(now):
        return "An authority above the server's certificate has expired.", _RENEW
    return f"The server's certificate expired on {_date(leaf.not_after)}.", _RENEW


def _too_early(leaf: "x509.Summary | None", now: "tuple[int, ...]") -> "tuple[str, str]":
    if leaf is None or leaf.not_before <= _stamp(now):
        cause = "A certificate of the server is not valid yet; the device's clock says %s."
        return cause % _date(_stamp(now)), _CLOCK
    cause = "The server's certificate is not valid before %s; the device's clock says %s."
    return cause % (_date(leaf.not_before), _date(_stamp(now))), _CLOCK


def _wrong_name(leaf: "x509.Summary | None", server_name: str) -> "tuple[str, str]":
    advice = "Use the name that the certificate is for, or check who answers at this address."
    if leaf is None:
        return f"The server's certificate is not for {server_name}.", advice
    names = ", ".join(leaf.names or [leaf.subject or "nobody"])
    return f"The server's certificate is for {names}, not for {server_name}.", advice


def _refused_by_peer(
    code: "int | None", saw_certificate: bool, has_pair: bool
) -> "tuple[str, str | None]":
    """The server ends the handshake: before its certificate came, it dislikes our offer; after that, our answer."""
    if saw_certificate:
        if has_pair:
            cause = "The server refused this device's client certificate."
            return cause, "Check that the pair matches and that the server trusts its authority."
        cause = "The server ended the TLS handshake: most likely it asks for a client certificate."
        return cause, "Choose a cert set with a client certificate and key."
    if code == faults.ALERT:
        return _too_old()
    return "The server closed the connection during the TLS handshake.", None


def _too_old() -> "tuple[str, str]":
    cause = "The server refused the TLS handshake: no version or cipher in common."
    return cause, "The server must offer TLS 1.2."


def _stamp(now: "tuple[int, ...]") -> str:
    return "%04d%02d%02d%02d%02d%02d" % tuple(now[:6])


def _date(stamp: str) -> str:
    return stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:8]
