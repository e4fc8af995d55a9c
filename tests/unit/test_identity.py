"""Who the device is to others."""

from delivery import identity


def test_a_mac_becomes_an_eui_64():
    assert identity.eui64("a1b2c3d4e5f6") == identity.eui64("A1B2C3D4E5F6") == "a1b2c3fffed4e5f6"


def test_the_serial_is_a_number_below_2_to_the_31():
    for text, number in (
        ("7", 7),
        ("2147483647", 2147483647),
        ("2147483648", 0xD4E5F6),
        ("x", 0xD4E5F6),
    ):
        assert identity.serial_number({"SERIAL": text}, "a1b2c3d4e5f6") == number, text
    assert identity.serial_number({}, "a1b2c3d4e5f6") == 0xD4E5F6


def test_random_uuids_are_of_version_4_and_differ():
    made = [identity.new_uuid() for _ in range(30)]
    assert len(dict.fromkeys(made)) == 30
    for text in made:
        assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
        assert text == text.lower() and text[14] == "4" and text[19] in "89ab", text
