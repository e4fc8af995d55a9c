"""DER is walked within its bounds and written in the shortest form."""

from helper import raises
from trust import der


def test_an_item_is_its_tag_and_the_bounds_of_its_content():
    view = memoryview(b"\xff\x30\x03abc\x05\x00")
    assert der.item(view, 1, len(view)) == (0x30, 3, 6)
    assert der.item(view, 6, len(view)) == (0x05, 8, 8)


def test_lengths_of_one_to_three_bytes_are_read():
    for size, head in (
        (0x80, b"\x81\x80"),
        (0x100, b"\x82\x01\x00"),
        (0x10000, b"\x83\x01\x00\x00"),
    ):
        view = memoryview(b"\x04" + head + bytes(size))
        assert der.item(view, 0, len(view)) == (4, len(view) - size, len(view))


def test_what_is_not_whole_is_refused():
    for bad in (
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x30\x82\x01",
        b"\x30\x81\x05abcd",
        b"\x30\x84\0\0\0\0",
    ):
        raises(ValueError, der.item, memoryview(bad), 0, len(bad))


def test_an_item_ends_where_its_parent_does():
    view = memoryview(b"\x04\x04abcd")
    raises(ValueError, der.item, view, 0, 5)
    assert der.item(view, 0, 6) == (4, 2, 6)


def test_indefinite_lengths_and_long_tags_are_no_der_of_certificates():
    raises(ValueError, der.item, memoryview(b"\x30\x80\0\0"), 0, 4)
    raises(ValueError, der.item, memoryview(b"\x3f\x81\x01\x00"), 0, 4)


def test_content_is_of_the_tag_that_was_asked_for():
    view = memoryview(b"\x30\x02\x05\x00")
    assert der.content(view, 0, 4) == (2, 4)
    assert der.content(view, 2, 4, 0x05) == (4, 4)
    raises(ValueError, der.content, view, 2, 4)


def test_children_are_all_that_follow_each_other():
    view = memoryview(b"\x02\x01\x07\x05\x00")
    assert der.children(view, 0, 5) == [(2, 2, 3), (5, 5, 5)]
    assert der.children(view, 5, 5) == []
    raises(ValueError, der.children, view, 0, 4)


def test_a_flood_of_children_is_refused():
    many = b"\x05\x00" * 64
    assert len(der.children(memoryview(many), 0, len(many))) == 64
    many += b"\x05\x00"
    raises(ValueError, der.children, memoryview(many), 0, len(many))


def test_what_is_written_is_read_again():
    for size in (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF):
        written = der.tlv(0x04, bytes(size))
        assert der.item(memoryview(written), 0, len(written)) == (
            4,
            len(written) - size,
            len(written),
        )
    raises(ValueError, der.tlv, 0x04, bytes(0x10000))


def test_writing_takes_the_shortest_length():
    assert der.tlv(0x30, b"ab", b"", b"c") == b"\x30\x03abc"
    assert der.tlv(0x04, bytes(0x7F))[:2] == b"\x04\x7f"
    assert der.tlv(0x04, bytes(0x80))[:3] == b"\x04\x81\x80"
    assert der.tlv(0x04, bytes(0x1234))[:4] == b"\x04\x82\x12\x34"
