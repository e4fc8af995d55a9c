"""Secrets that others set rules for."""

from delivery import secret_rules
from delivery.vectors import VECTORS

PRODUCT = "C03fajLBWj$nbvOnQlV9N49zVFEobV#"  # the example of KPN's own page: 31 characters
SPECIAL = "#?!@$%^&(){}:.,/+*;"


def code(text):
    found = secret_rules.kpn_problem(text)
    assert found is None or found[1].endswith("."), text
    return found and found[0]


def sized(length):
    return "Aa1#" + "x" * (length - 4)


def test_the_least_length_is_30_and_below_32_is_warned_of():
    for length, expected, warned in (
        (0, "secret_too_short", None),
        (29, "secret_too_short", None),
        (30, None, "secret_below_32"),
        (31, None, "secret_below_32"),
        (32, None, None),
        (100, None, None),
        (101, "secret_too_long", None),
    ):
        text = sized(length) if length else ""
        warning = secret_rules.kpn_warning(text)
        assert (code(text), warning and warning[0]) == (expected, warned), length


def test_the_example_of_the_product_is_taken():
    assert code(PRODUCT) is None and secret_rules.kpn_warning(PRODUCT)[0] == "secret_below_32"


def test_all_four_classes_are_asked_for():
    rest = "-" * 32
    for text, word in (
        ("a1#", "capital"),
        ("A1#", "small"),
        ("Aa#", "digit"),
        ("Aa1", "#"),
        ("Aa1-_~ ~", "#"),
    ):
        found = secret_rules.kpn_problem(text + rest)
        assert found[0] == "secret_class" and word in found[1], text


def test_exactly_19_special_characters_count():
    assert len(SPECIAL) == 19
    for number in range(33, 127):
        char = chr(number)
        if not char.isalpha() and not char.isdigit():
            text = "Aa1" + "x" * 30 + char
            assert (code(text) is None) == (char in SPECIAL), char


def test_other_characters_of_ascii_may_be_added():
    assert code(sized(32) + " \"'-_<>=~|\\`[]x") is None


def test_what_receivers_could_read_differently_is_refused():
    for text in ("ä", "\t", "\0", "\x7f", "€"):
        assert code(sized(32) + text + "x") == "secret_charset", text
    for text in (" " + sized(32), sized(32) + " ", sized(32) + "\n"):
        assert code(text) == "secret_charset"


def test_secrets_for_the_interface_of_devices_are_letters_and_digits():
    known = [inputs[1] for name, _, inputs, _ in VECTORS if name == "kpn_ip"][0]
    assert secret_rules.kpn_device_problem(known) is None
    for text, expected in (
        (known[1:], "secret_too_short"),
        (known * 4, "secret_too_long"),
        (known + "#", "secret_charset"),
        (known + "ä", "secret_charset"),
    ):
        assert secret_rules.kpn_device_problem(text)[0] == expected, text


def test_a_tunnel_key_is_32_hexadecimal_digits():
    good = "00112233445566778899aabbccddeeff"
    for text in (good, good.upper()):
        assert secret_rules.thingpark_problem(text) is None
    for text in ("", good[1:], good + "0", good[1:] + "g", good[1:] + " ", "٣" + good[1:]):
        assert secret_rules.thingpark_problem(text)[0] == "as_key_format", text
    assert secret_rules.tidy_thingpark(" %s\n" % good.upper()) == good


def test_made_secrets_keep_the_rules_and_differ():
    for make, rule, length in (
        (secret_rules.new_kpn, secret_rules.kpn_problem, 40),
        (secret_rules.new_kpn_device, secret_rules.kpn_device_problem, 40),
        (secret_rules.new_thingpark, secret_rules.thingpark_problem, 32),
    ):
        made = [make() for _ in range(20)]
        assert [text for text in made if rule(text) or len(text) != length] == []
        assert len(dict.fromkeys(made)) == 20
        assert secret_rules.kpn_warning(made[0]) is None


class _Bytes:
    """Gives these bytes, then every byte once, in order, and again."""

    def __init__(self, first=b""):
        self._left = list(first)

    def urandom(self, count):
        assert count == 1
        self._left = self._left or list(range(256))
        return bytes([self._left.pop(0)])


def drawing(source, function, *arguments):
    kept, secret_rules.os = secret_rules.os, source
    try:
        return function(*arguments)
    finally:
        secret_rules.os = kept


def test_no_character_is_favoured():
    source = _Bytes()
    drawn = [drawing(source, secret_rules._below, 81) for _ in range(4 * 81)]
    assert [drawn.count(number) for number in range(81)] == [4] * 81


def test_what_misses_a_class_is_drawn_again():
    text = drawing(_Bytes(bytes(40) + bytes(range(41, 81))), secret_rules.new_kpn)
    assert secret_rules.kpn_problem(text) is None and "AAAA" not in text


def test_secrets_are_made_for_those_schemes_that_leave_it_to_us():
    assert secret_rules.thingpark_problem(secret_rules.new_for("thingpark", "thingpark")) is None
    assert secret_rules.kpn_problem(secret_rules.new_for("kpn", "kpn_things")) is None
    assert secret_rules.kpn_device_problem(secret_rules.new_for("kpn", "kpn_things_ip")) is None
    assert secret_rules.new_for("github", "wican") is None
