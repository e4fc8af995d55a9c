"""Header fields that users enter: which can be sent, and what is wrong with the others."""

from delivery.headers import header_problem, list_problems

CODES = "header_name header_name_space header_forbidden header_value header_too_long"


def code(name, value):
    found = header_problem(name, value)
    assert found is None or (found[0] in CODES and found[1].endswith(".")), (name, value)
    return found and found[0]


def test_ordinary_fields_can_be_sent():
    for name, value in (
        ("X-Fleet", "north"),
        ("Authorization", "Token abc=="),
        ("Prefer", "return=minimal"),
        ("x!#$%&'*+-.^_`|~9", ""),
        ("X-Tab", "a\tb"),
        ("X-City", "Köln"),
    ):
        assert code(name, value) is None, name


def test_names_are_tokens():
    for name in ("", "a:b", "(a)", "ä", "a\r\nb", "a\0", "a/b", '"a"', "a@b", "\x7f"):
        assert code(name, "x") == "header_name", name


def test_blanks_in_a_name_have_a_sentence_of_their_own():
    for name in ("X Fleet", " X", "X ", "X\tFleet"):
        assert code(name, "x") == "header_name_space", name


def test_what_the_device_writes_itself_cannot_be_replaced_whatever_its_case():
    for name in (
        "Accept",
        "Connection",
        "Content-Digest",
        "Content-Encoding",
        "content-length",
        "CONTENT-TYPE",
        "Expect",
        "Host",
        "Proxy-Authorization",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "X-Message-Id",
    ):
        assert code(name, "x") == "header_forbidden", name


def test_values_are_one_line():
    for value in ("a\rb", "a\nb", "a\r\nX-Other: 1", "a\0", "\x1b[0m", "\x7f"):
        assert code("X-A", value) == "header_value", value


def test_name_and_value_have_510_characters_together():
    assert code("X-A", "y" * 507) is None
    assert code("X-A", "y" * 508) == "header_too_long"


def test_all_problems_of_a_list_are_told_with_their_place():
    fields = [
        ("X-A", "1"),
        ("x-a", "2"),
        ("Host", "h"),
        ("X-Api-Key", "k"),
        ("X-B", "3"),
        ("X C", "4"),
    ]
    found = list_problems(fields, ["x-api-key"])
    assert [(index, code) for index, code, _ in found] == [
        (1, "header_duplicate"),
        (2, "header_forbidden"),
        (3, "header_forbidden"),
        (5, "header_name_space"),
    ]
    assert list_problems(fields[:1]) == []
