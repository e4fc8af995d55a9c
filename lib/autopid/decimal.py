"""Exact decimal numbers as integers and text: no float, so single precision harms no value."""


def rounded(numerator: int, denominator: int) -> int:
    """Returns numerator / denominator (> 0) rounded, halves away from zero like C's `round()`."""
    half = denominator >> 1
    if numerator < 0:
        return -((half - numerator) // denominator)
    return (numerator + half) // denominator


# The three below are the last step of every value. On the chip a call whose locals and stack
# exceed eleven words takes heap, and so does each piece of a string: hence one `%` each, and few
# names.


def whole_text(number: int, _divisor: int = 1) -> str:
    """Returns an integer as decimal text."""
    return "%d" % number


def hundredths_text(number: int, _divisor: int = 100) -> str:
    """Returns `number` hundredths as decimal text: -480 -> "-4.8", 6600 -> "66"."""
    if number < 0:
        return "-" + hundredths_text(-number)
    if number % 10:
        return "%d.%02d" % (number // 100, number % 100)
    if number % 100:
        return "%d.%d" % (number // 100, number // 10 % 10)
    return "%d" % (number // 100)


def quotient_text(number: int, divisor: int) -> str:
    """Returns number / divisor (> 0) as text, rounded to two decimals, halves away from zero."""
    if number < 0:
        return hundredths_text(-(((divisor >> 1) - number * 100) // divisor))
    return hundredths_text((number * 100 + (divisor >> 1)) // divisor)


def decimal_text(number: int, decimals: int) -> str:
    """Returns number / 10**decimals as text without trailing zeros, exponent or "-0"."""
    if decimals == 0:
        return str(number)
    whole, fraction = divmod(abs(number), 10**decimals)
    digits = "%0*d" % (decimals, fraction)
    text = ("%d.%s" % (whole, digits)).rstrip("0").rstrip(".")
    return "-" + text if number < 0 else text


def parse_decimal(text: str) -> tuple[int, int]:
    """Returns (n, d), meaning n / 10**d, for text like "-4.8"; raises ValueError."""
    negative = text.startswith("-")
    whole, _, fraction = (text[1:] if negative else text).partition(".")
    digits = whole + fraction
    if not digits.isdigit():
        raise ValueError("not a decimal number")
    number = int(digits)
    return (-number if negative else number), len(fraction)


def compare(left: str, right: str) -> int:
    """Returns < 0, 0 or > 0 as `left` is below, equal to or above `right`; raises ValueError."""
    a, places = parse_decimal(left)
    b, other_places = parse_decimal(right)
    return a * 10**other_places - b * 10**places
