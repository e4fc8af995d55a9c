"""What is shown of a certificate: names, dates with the days that are left, fingerprint."""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from trust.x509 import Certificate

_WARN_DAYS = const(30)


def of(certificate: "Certificate", now: "str | None") -> "dict[str, object]":
    """For the API. `now` is "YYYYMMDDHHMMSS" (UTC), or None while the clock is not set: then `days_left` is None."""
    days = None if now is None else days_between(now, certificate.not_after)
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "serial": certificate.serial,
        "not_before": _moment(certificate.not_before),
        "not_after": _moment(certificate.not_after),
        "days_left": days,
        "warning": None if now is None else _warning(certificate, now),
        "fingerprint": certificate.fingerprint(),
        "key": certificate.key,
    }


def date(stamp: str) -> str:
    """ "20261102093000" as "2026-11-02"."""
    return stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:8]


def days_between(start: str, stop: str) -> int:
    """Whole days from one "YYYYMMDDHHMMSS" to another; negative, rounded down, if it lies before."""
    return (_seconds(stop) - _seconds(start)) // 86400


def _warning(certificate: "Certificate", now: str) -> "str | None":
    if now > certificate.not_after:
        return f"Expired on {date(certificate.not_after)}."
    if now < certificate.not_before:
        return f"Not valid before {date(certificate.not_before)}."
    days = days_between(now, certificate.not_after)
    if days > _WARN_DAYS:
        return None
    if days < 1:
        return "Expires in less than a day."
    return "Expires in 1 day." if days == 1 else f"Expires in {days} days."


def _moment(stamp: str) -> str:
    return f"{date(stamp)}T{stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}Z"


def _seconds(stamp: str) -> int:
    """Since 1 March of the year 0 (proleptic Gregorian); time.mktime() knows no years after 2037 on some ports."""
    year, month, day = int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8])
    if month < 3:  # the year begins in March here, so that the leap day is its last
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day
    return days * 86400 + int(stamp[8:10]) * 3600 + int(stamp[10:12]) * 60 + int(stamp[12:])
