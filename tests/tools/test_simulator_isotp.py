"""ISO-TP segmentation, against can-isotp."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import isotp


def test_known_frames():
    assert isotp.segment(b"\x41\x05\x77", padding=0) == [bytes.fromhex("0341057700000000")]
    frames = isotp.segment(bytes(range(9)))
    assert [frame.hex() for frame in frames] == ["1009000102030405", "21060708aaaaaaaa"]


def test_a_single_frame_is_read_back():
    for payload in (b"\x01", bytes(7)):
        assert isotp.single(isotp.segment(payload)[0]) == payload
    for data in (b"", b"\x00", b"\x10\x08", b"\x30\x00\x00", b"\x05\x01"):
        assert isotp.single(data) is None


def test_separation_times():
    for byte, seconds in (
        (0, 0),
        (10, 0.010),
        (0x7F, 0.127),
        (0x80, 0.127),
        (0xF1, 0.0001),
        (0xF9, 0.0009),
    ):
        assert isotp.separation(byte) == pytest.approx(seconds)


def test_too_long_a_message():
    with pytest.raises(ValueError, match="4095"):
        isotp.segment(bytes(4096))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(payload=st.binary(min_size=1, max_size=300), extended=st.booleans())
def test_frames_are_those_of_can_isotp(payload, extended):
    library = pytest.importorskip("isotp")
    mode = (
        library.AddressingMode.Extended_11bits
        if extended
        else library.AddressingMode.Normal_11bits
    )
    extra = {"source_address": 7, "target_address": 0xF1} if extended else {}
    address = library.Address(mode, txid=0x7E8, rxid=0x7E0, **extra)
    sent: list[bytes] = []
    control = [
        library.CanMessage(arbitration_id=0x7E0, data=b"\x07\x30\0\0" if extended else b"\x30\0\0")
    ]
    stack = library.TransportLayerLogic(
        rxfn=lambda timeout: control.pop() if sent and control else None,
        txfn=lambda message: sent.append(bytes(message.data)),
        address=address,
        params={"tx_padding": 0xAA, "blocking_send": False},
    )
    stack.send(payload)
    while stack.transmitting():
        stack.process()
    assert sent == isotp.segment(payload, 0xF1 if extended else None)
