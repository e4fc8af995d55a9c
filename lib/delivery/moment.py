"""Moments as other systems write them, from and to Unix seconds.

`time.gmtime` counts from 2000 on the chip and from 1970 elsewhere; these count days themselves (proleptic Gregorian
calendar, UTC), so both are the same.
"""

from micropython import const

_DAY_S = const(86_400)
_ERA_DAYS = const(146_097)  # 400 years
_TO_1970 = const(719_468)  # days from 1 March of the year 0
_DIGITS = "0123456789"
_PATTERN = "9999-99-99T99:99:99"
_LONGEST = const(40)


def iso(unix_s: int) -> str:
    """RFC 3339 with milliseconds and offset: 2024-10-27T03:33:20.000+00:00."""
    return "%04d-%02d-%02dT%02d:%02d:%02d.000+00:00" % _fields(unix_s)


def plain(unix_s: int) -> str:
    """As people write it, in UTC: 2024-10-27 03:33:20."""
    return "%04d-%02d-%02d %02d:%02d:%02d" % _fields(unix_s)


def unix_seconds(text: str) -> "int | None":
    """Unix time of an ISO 8601 moment, None if the text is none; parts of a second are cut off.

    With or without digits behind the seconds; with Z, an offset as in +02:00 or +0200, or no zone, which means UTC.
    """
    if len(text) > _LONGEST or not _fits(text[:19], _PATTERN):
        return None
    offset = _offset_s(_zone(text[19:]))
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    if offset is None or not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return _days(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second - offset


def _fits(text: str, pattern: str) -> bool:
    """Whether there is a digit for each 9, and the very character for any other."""
    if len(text) != len(pattern):
        return False
    for at in range(len(pattern)):
        if text[at] not in (_DIGITS if pattern[at] == "9" else pattern[at]):
            return False
    return True


def _zone(rest: str) -> "str | None":
    """What follows the parts of a second; None if those are no digits."""
    if rest[:1] != ".":
        return rest
    zone = rest[1:].lstrip(_DIGITS)
    return None if len(zone) == len(rest) - 1 else zone


def _offset_s(zone: "str | None") -> "int | None":
    if zone in ("", "Z"):
        return 0
    if zone is None or zone[0] not in "+-":
        return None
    digits = zone[1:].replace(":", "") if _fits(zone[1:], "99:99") else zone[1:]
    if not _fits(digits, "9999") or int(digits[:2]) > 23 or int(digits[2:]) > 59:
        return None
    offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -offset if zone[0] == "-" else offset


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970; years begin in March here, so that the leap day is their last."""
    year -= month < 3
    days = 365 * year + year // 4 - year // 100 + year // 400
    return days + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - _TO_1970


def _fields(unix_s: int) -> "tuple[int, int, int, int, int, int]":
    """Year to second. The inverse of `_days`, by eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date
    Algorithms")."""
    days, second = divmod(unix_s, _DAY_S)
    era, day = divmod(days + _TO_1970, _ERA_DAYS)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (month < 3)
    return year, month, day + 1, second // 3600, second // 60 % 60, second % 60
