"""Version numbers as 1.20.3: which of two is the later one."""

from micropython import const

_MOST_NUMBERS = const(4)
_MOST_DIGITS = const(5)


def is_version(text: str) -> bool:
    """Whether it is one to four whole numbers of at most five digits, with dots between them."""
    numbers = text.split(".")
    good = [is_number(number, _MOST_DIGITS) for number in numbers]
    return all(good) and len(numbers) <= _MOST_NUMBERS


def key(text: str) -> "tuple[int, ...]":
    """Compares like the version: 1.9 is before 1.10, and 1.2 is 1.2.0. What is no version is before all others."""
    if not is_version(text):
        return (-1,)
    numbers = [int(number) for number in text.split(".")]
    return tuple(numbers + [0] * (_MOST_NUMBERS - len(numbers)))


def is_number(text: str, most: int) -> bool:
    """Whether it is 1 to `most` decimal digits."""
    return 0 < len(text) <= most and not [char for char in text if char not in "0123456789"]
