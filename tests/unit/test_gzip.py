"""Packed bodies: by the firmware where it can, by ourselves elsewhere."""

import sys

from delivery import gzip
from samples import sample_of


def unpacked(data):
    try:
        import deflate
    except ImportError:
        from gzip import decompress

        return decompress(data)
    from io import BytesIO

    return deflate.DeflateIO(BytesIO(data), deflate.GZIP, 15).read()


def noise(length):
    """Bytes without any pattern."""
    number, out = 1, bytearray()
    for _ in range(length):
        number = (number * 16807) % 2147483647
        out.append(number >> 8 & 0xFF)
    return bytes(out)


def body(count):
    from delivery.formats import wican

    rows = [("HV_CELL_VOLTAGE_%d" % n, "3.%d" % (n * 37 % 90 + 10)) for n in range(count)]
    return wican.document(sample_of(*rows))


class Firmware:
    """Module `deflate` of a firmware that was built to compress: it shouts."""

    GZIP = 3

    class DeflateIO:
        def __init__(self, stream, format, wbits):
            assert format == Firmware.GZIP and 8 <= wbits <= 15
            self._stream = stream

        def write(self, data):
            self._stream.write(data.upper())

        def close(self):
            self._stream.write(b"!")


class FirmwareThatOnlyUnpacks:
    class DeflateIO:
        def read(self):
            raise AssertionError


def compress_with(module, data):
    known = sys.modules.get("deflate")
    sys.modules["deflate"] = module
    try:
        return gzip.compress(data)
    finally:
        del sys.modules["deflate"]
        if known is not None:
            sys.modules["deflate"] = known


def test_what_was_packed_can_be_unpacked():
    for data in (
        b"",
        b"a",
        b"ab",
        b"abc",
        b"a" * 1000,
        b"abc" * 7,
        bytes(range(256)) * 3,
        noise(3000),
        body(40),
        body(9) * 4,
    ):
        packed = compress_with(FirmwareThatOnlyUnpacks, data)
        assert unpacked(packed) == data, data[:40]


def test_matches_of_every_length_and_distance():
    filler = noise(300)
    for length in list(range(3, 40)) + [66, 67, 130, 131, 256, 257, 258, 259, 300]:
        data = filler[:length] + b"|" + filler[:length] + b"!"
        assert unpacked(compress_with(FirmwareThatOnlyUnpacks, data)) == data, length
    for gap in (1, 2, 3, 4, 5, 8, 9, 16, 17, 200, 1000, 5000):
        data = b"needle" + noise(gap) + b"needle"
        assert unpacked(compress_with(FirmwareThatOnlyUnpacks, data)) == data, gap


def test_more_than_the_window_of_the_format():
    block = noise(500)
    data = block + noise(33_000) + block + noise(33_000) + block
    assert unpacked(compress_with(FirmwareThatOnlyUnpacks, data)) == data


def test_a_document_becomes_much_smaller():
    data = body(100)
    assert len(compress_with(FirmwareThatOnlyUnpacks, data)) * 2 < len(data)
    batch = b"[" + b",".join([body(20)] * 10) + b"]"
    assert len(compress_with(FirmwareThatOnlyUnpacks, batch)) * 5 < len(batch)


def test_a_firmware_that_can_pack_is_used():
    assert compress_with(Firmware, b"document") == b"DOCUMENT!"


def test_on_this_machine():
    data = body(30)
    assert unpacked(gzip.compress(data)) == data
