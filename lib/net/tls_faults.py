"""Plain sentences for what Mbed TLS reports, with the names and dates of the certificate that it is about."""

import errno
from hashlib import sha256

from micropython import const
from trust import x509

from net import faults

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from net.tls import Handshake

    Told = tuple[str, str | None]

# Mbed TLS 3.6, include/mbedtls: ssl.h, x509.h, x509_crt.h
_NO_CA = const(-0x7680)
_UNEXPECTED_MESSAGE = const(-0x7700)
_ILLEGAL_PARAMETER = const(-0x6600)
_INVALID_RECORD = const(-0x7200)
_NO_COMMON_VERSION = const(-0x6E80)
_HANDSHAKE_FAILURE = const(-0x6E00)
_BAD_CERTIFICATE = const(-0x7A00)
_VERIFY_FAILED = const(-0x2700)
_X509_FIRST = const(-0x2000)  # between these: it could not be read
_X509_LAST = const(-0x2A00)
_OUT_OF_MEMORY = (-0x7F00, -0x2880, -0x3F80, -0x4D00, -0x4290, 16, 141, errno.ENOMEM)
_UNTRUSTED = "signed by the trusted"  # within Mbed TLS's text
_ISSUER_ADDRESS = b"\x2b\x06\x01\x05\x05\x07\x30\x02"  # id-ad-caIssuers, RFC 5280 4.2.2.1

_UPLOAD = "Choose the cert set that holds the right authority, or upload its certificate into one."
_OWN = "If the server is yours, upload its certificate as a cert set and choose that."
_CHAIN = "The server has to send that authority's certificate, too: its operator has to give it the full chain."
_CHAIN_OR_UPLOAD = (
    "Choose the cert set that holds this authority. If it is an intermediate one, the server has to send "
    "its certificate, too."
)
_PRIVATE = "If the server is your own or your company's, upload its authority as a cert set and choose that."
_FORGED = "Somebody may be in between: check the network that the device is in, and do not trust this server."
_RENEW = "The server's operator has to renew it."
_NAMES = (
    "Have it issued again with the name as subject alternative name: browsers refuse it as well."
)
_PIN = "If its operator says that the key was changed, correct tls.pins; if not, somebody may be in between."
_CLOCK = "Wait until the clock is set from the network, or set it by hand."


def explain(
    error: Exception,
    server_name: str,
    handshake: "Handshake",
    now: "tuple[int, ...]",
    estimated: bool = False,
) -> "Told":
    """One sentence for the cause, and one of advice or None.

    `handshake` is the one that failed; `now` is the device's clock as time.gmtime() gives it, `estimated` tells that it
    was not set, only guessed.
    """
    code = faults.number(error)
    if code in _OUT_OF_MEMORY:
        return "The device ran out of memory for TLS.", "Keep fewer destinations enabled."
    if handshake.objection:
        return _objected(handshake, _stamp(now))
    if isinstance(error, ValueError) or code == _VERIFY_FAILED:
        return _refused_by_us(str(error), server_name, handshake, _stamp(now), estimated)
    if code == faults.ALERT or faults.is_cut(code):
        return _refused_by_peer(code, bool(handshake.chain), handshake.has_pair)
    if code in (_INVALID_RECORD, _UNEXPECTED_MESSAGE):
        cause = "The server does not speak TLS on this port; it answered in plain text."
        return cause, "Check the port: for https it is often 443 or 8443, for mqtts 8883."
    if code in (_NO_COMMON_VERSION, _HANDSHAKE_FAILURE):
        return _too_old()
    if code == _ILLEGAL_PARAMETER:  # Mbed TLS 3.6.3 offers a signature that it then refuses
        cause = "This device's TLS library cannot finish this handshake (RSA-PSS with TLS 1.2)."
        return cause, "Give the server an EC certificate, or let it offer TLS 1.3."
    if code == _BAD_CERTIFICATE or (code is not None and _X509_LAST < code < _X509_FIRST):
        return unfit(handshake)
    if code == _NO_CA:
        return "The cert set holds no authority to check the server with.", _UPLOAD
    return f"The TLS handshake failed ({code}).", None


def is_untrusted(error: Exception) -> bool:
    """Whether Mbed TLS found no authority that signed the server's certificate."""
    return _UNTRUSTED in str(error)


def untrusted(handshake: "Handshake") -> "Told":
    """The same in words: no authority is known that signed what the server showed."""
    leaf, top = _summary(handshake, 0), _summary(handshake, -1)
    if leaf is None or top is None:
        cause = "The server's certificate is from an authority the cert set does not trust."
        return cause, _UPLOAD
    if leaf.self_signed:
        cause = "The server's certificate is signed by itself, not by a trusted authority."
        return cause, _OWN
    if handshake.is_bundle and _is_forged(handshake, top):
        cause = "The server's certificate claims to come from %s, which did not sign it."
        return cause % x509.known(top.issuer), _FORGED
    if len(handshake.chain) == 1:
        return _alone(leaf, handshake)
    issuer, origin = x509.known(leaf.issuer), x509.known(top.issuer)
    if handshake.is_bundle:
        cause = "The server's certificate is from %s under %s, which is no authority of the default bundle."
        return cause % (issuer, origin), _PRIVATE
    if issuer == origin:  # the server shows its root
        return (
            "The server's certificate is from %s, which the cert set does not trust." % issuer,
            _UPLOAD,
        )
    cause = "The server's certificate is from %s under %s, which the cert set does not trust."
    return cause % (issuer, origin), _UPLOAD


def unfit(handshake: "Handshake") -> "Told":
    """What the server showed in words, when it is nothing that this device can judge."""
    leaf = _summary(handshake, 0)
    if leaf is not None and not leaf.for_servers:
        cause = "The server's certificate is not made for servers (extended key usage)."
        return cause, "Have it issued again, for server authentication."
    return "The server's certificate is damaged, or holds what this device does not know.", _RENEW


def certificate(handshake: "Handshake", now: "tuple[int, ...]") -> str:
    """The certificate in question, for people who look for it: names, dates and fingerprint; "" if none was seen."""
    found = _summary(handshake, max(0, _outdated(handshake, _stamp(now))))
    if found is None:
        return ""
    return "%s, from %s, valid %s to %s, SHA-256 %s" % (
        ", ".join(found.names) or found.subject or "no name",
        x509.known(found.issuer),
        _date(found.not_before),
        _date(found.not_after),
        found.fingerprint(),
    )


def _summary(handshake: "Handshake", index: int) -> "x509.Certificate | None":
    try:
        return x509.Certificate(handshake.chain[index]) if handshake.chain else None
    except ValueError:
        return None


def _outdated(handshake: "Handshake", now: str) -> int:
    """Index of the first certificate of the chain that is not valid now; -1 if there is none."""
    for index in range(len(handshake.chain)):
        found = _summary(handshake, index)
        if found is not None and not found.not_before <= now <= found.not_after:
            return index
    return -1


def _objected(handshake: "Handshake", now: str) -> "Told":
    """What we refuse although Mbed TLS might not; it has not come to its own verdict then."""
    if handshake.objection == "unreadable":
        return unfit(handshake)
    index = _outdated(handshake, now)
    found = _summary(handshake, index) if index >= 0 else None
    if found is not None and found.not_after < now:
        return _expired(handshake, now)
    leaf = _summary(handshake, 0)
    if handshake.objection == "pins":
        return "None of the server's public keys is one that is pinned for this destination.", _PIN
    subject = leaf.subject if leaf is not None else ""
    cause = "The server's certificate names no host, only the outdated common name %s."
    return cause % (subject or "(empty)"), _NAMES


def _refused_by_us(
    text: str, server_name: str, handshake: "Handshake", now: str, estimated: bool
) -> "Told":
    """`text` is Mbed TLS's, a line for each complaint; the first that helps is explained."""
    if _UNTRUSTED in text:
        return untrusted(handshake)
    if "expired" in text:
        return _expired(handshake, now)
    if "future" in text:
        return _too_early(handshake, now, estimated)
    if "Common Name" in text:
        return _wrong_name(_summary(handshake, 0), server_name)
    if "unacceptable hash" in text:
        return "The server's certificate is signed with an outdated hash, such as SHA-1.", _RENEW
    if "unacceptable" in text:
        return "The key of the server's certificate is too short, or of an outdated kind.", _RENEW
    return "The server's certificate was refused ({}).".format(" ".join(text.split())), None


def _is_forged(handshake: "Handshake", top: "x509.Certificate") -> bool:
    """Whether the chain goes up to an authority that was loaded: then the signature is not its own."""
    return sha256(top.issuer_raw).digest()[:8] in handshake.roots


def _alone(leaf: "x509.Certificate", handshake: "Handshake") -> "Told":
    """The server sent nothing but its own certificate: an authority is missing, here or there."""
    issuer = x509.known(leaf.issuer)
    if _ISSUER_ADDRESS in handshake.chain[0]:  # as certificates have that intermediates signed
        cause = (
            "The server does not send the intermediate certificate of %s, from which its own is."
        )
        return cause % issuer, _CHAIN
    if handshake.is_bundle:
        cause = "The server's certificate is from %s, which is no authority of the default bundle."
        return cause % issuer, _PRIVATE
    cause = (
        "The server's certificate is from %s, which the cert set does not trust, "
        "and no intermediate one came with it."
    )
    return cause % issuer, _CHAIN_OR_UPLOAD


def _expired(handshake: "Handshake", now: str) -> "Told":
    index = _outdated(handshake, now)
    found = _summary(handshake, index) if index >= 0 else None
    if found is None:
        which = (
            "An authority above the server's certificate"
            if handshake.chain
            else "A certificate of the server"
        )
        return f"{which} has expired.", _RENEW
    date, today = _date(found.not_after), _date(now)
    if index:
        cause = "The certificate of %s, an authority above the server's, expired on %s; the device's clock says %s."
        return cause % (x509.known(found.subject), date, today), _RENEW
    cause = "The server's certificate expired on %s; the device's clock says %s."
    return cause % (date, today), _RENEW


def _too_early(handshake: "Handshake", now: str, estimated: bool) -> "Told":
    today = _date(now)
    if estimated:
        cause = "A certificate of the server is not valid yet, but the device only estimates the time: %s."
        return cause % today, _CLOCK
    index = _outdated(handshake, now)
    found = _summary(handshake, index) if index >= 0 else None
    if found is None or index:
        cause = "A certificate of the server is not valid yet; the device's clock says %s."
        return cause % today, _CLOCK
    cause = "The server's certificate is not valid before %s; the device's clock says %s."
    return cause % (_date(found.not_before), today), _CLOCK


def _wrong_name(leaf: "x509.Certificate | None", server_name: str) -> "Told":
    advice = "Use the name that the certificate is for, or check who answers at this address."
    if leaf is None:
        return f"The server's certificate is not for {server_name}.", advice
    names = ", ".join(leaf.names or [leaf.subject or "nobody"])
    return f"The server's certificate is for {names}, not for {server_name}.", advice


def _refused_by_peer(code: "int | None", saw_certificate: bool, has_pair: bool) -> "Told":
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


def _too_old() -> "Told":
    cause = "The server refused the TLS handshake: no version or cipher in common."
    return cause, "The server must offer TLS 1.2."


def _stamp(now: "tuple[int, ...]") -> str:
    return "%04d%02d%02d%02d%02d%02d" % tuple(now[:6])


def _date(stamp: str) -> str:
    return stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:8]
