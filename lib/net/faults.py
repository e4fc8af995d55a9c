"""System error numbers in plain sentences, for the stages of a request that are not TLS."""

import errno

from micropython import const

# Mbed TLS 3.6, include/mbedtls/ssl.h
ALERT = const(-0x7780)  # the peer says that it ends the connection
_ENDED = const(-0x7280)

_EPIPE = const(32)
_NAMES = (
    "ECONNREFUSED",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ECONNABORTED",
    "ENOTCONN",
)


def number(error: Exception) -> "int | None":
    """The error number an exception carries, ENOMEM for MemoryError, or None.

    Mbed TLS hands the system's numbers through negated; its own are below -255 and stay as they are.
    """
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    first = error.args[0] if error.args else None
    if not isinstance(first, int):
        return None
    return -first if -256 < first < 0 else first


def is_unreachable(code: "int | None") -> bool:
    """Does the number say that no connection came about?"""
    return code is not None and code in [getattr(errno, name, 0) for name in _NAMES]


def is_cut(code: "int | None") -> bool:
    """Does the number say that the peer broke off a connection without a word?"""
    return code in (_ENDED, _EPIPE, errno.ECONNRESET, errno.ECONNABORTED)


def explain(stage: str, code: "int | None", host: str, port: int) -> "tuple[str, str | None]":
    """A sentence for the cause and, where there is one, a sentence of advice."""
    if stage == "dns":
        cause = f"The name {host} could not be looked up."
        return cause, "Check the spelling, and that the device is connected to the network."
    if code in (errno.ENOMEM, errno.ENOBUFS):
        return "The device ran out of memory or sockets.", "Keep fewer destinations enabled."
    if stage == "connect":
        return _connect(code, host, port)
    return f"The connection to {host} broke{_suffix(code)}.", None


def _connect(code: "int | None", host: str, port: int) -> "tuple[str, str | None]":
    if code == errno.ECONNREFUSED:
        cause = "%s refused the connection on port %d." % (host, port)
        return cause, "Check the port, and that the server is running."
    if code == errno.EHOSTUNREACH or code == getattr(errno, "ENETUNREACH", 101):
        cause = f"There is no way to reach {host} from this network."
        return cause, "Check that the device is connected to the network."
    if code == errno.ETIMEDOUT:
        cause = "%s did not answer on port %d." % (host, port)
        return cause, "Check the address, and that no firewall is in the way."
    return "No connection to %s on port %d came about%s." % (host, port, _suffix(code)), None


def _suffix(code: "int | None") -> str:
    if code is None:
        return ""
    name = errno.errorcode.get(code)
    return f" ({name})" if name else " (error %d)" % code
