"""Dates as HTTP and certificates write them."""

import time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_TO_1970 = 719_469
_SECONDS_1970_TO_2000 = 946_684_800


def stamp(unix_s: int) -> str:
    """Unix time as certificates write it: YYYYMMDDHHMMSS, UTC."""
    epoch = 0 if time.gmtime(0)[0] == 1970 else _SECONDS_1970_TO_2000
    return "%04d%02d%02d%02d%02d%02d" % time.gmtime(unix_s - epoch)[:6]


def unix_seconds(text: str) -> "int | None":
    """Unix time of an IMF-fixdate (RFC 9110 5.6.7), None if the text is none.

    Such a date reads "Sun, 06 Nov 1994 08:49:37 GMT".
    """
    parts = text.replace(":", " ").split()
    if len(parts) != 8 or parts[2] not in _MONTHS:
        return None
    try:
        day, year, hour, minute, second = [int(parts[index]) for index in (1, 3, 4, 5, 6)]
    except ValueError:
        return None
    month = _MONTHS.index(parts[2])
    year -= month < 2  # years that begin in March end with the leap day
    days = 365 * year + year // 4 - year // 100 + year // 400 - _DAYS_TO_1970
    days += (153 * ((month + 10) % 12) + 2) // 5 + day
    return ((days * 24 + hour) * 60 + minute) * 60 + second
