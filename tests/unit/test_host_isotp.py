"""Frames of an independent ISO-TP stack (can-isotp) are put together and imaged byte for byte."""

import isotp as peer
from obd.isotp import Reassembler, frame_count, frame_image

NORMAL = peer.Address(peer.AddressingMode.Normal_11bits, txid=0x7E8, rxid=0x7E0)
EXTENDED = peer.Address(
    peer.AddressingMode.Extended_11bits,
    txid=0x607,
    rxid=0x6F1,
    source_address=0x07,
    target_address=0xF1,
)
CLEAR_TO_SEND = b"\x30\x00\x00"
LENGTHS = (*range(1, 64), *range(100, 130), *range(225, 245), 700, 2047, 2048, 4094, 4095)


class Ecu:
    """can-isotp sending into a list, granted every block at once."""

    def __init__(self, address, padding):
        self.frames = []
        self._grants = []
        self._address = address
        self._stack = peer.TransportLayerLogic(
            rxfn=lambda timeout: self._grants.pop(0) if self._grants else None,
            txfn=self._transmitted,
            address=address,
            params={"tx_padding": padding, "override_receiver_stmin": 0},
        )

    def _transmitted(self, message):
        if not self.frames:
            prefix = b"\x07" if self._address is EXTENDED else b""
            self._grants.append(
                peer.CanMessage(arbitration_id=self._address._rxid, data=prefix + CLEAR_TO_SEND)
            )
        self.frames.append(bytes(message.data))

    def send(self, payload):
        self.frames = []
        self._stack.send(payload)
        for _ in range(2000):
            self._stack.process(rx_timeout=0)
            if not self._stack.transmitting():
                return self.frames
        raise AssertionError("the peer did not finish sending")


def payload_of(length):
    return bytes((i * 31 + length) & 0xFF for i in range(length))


def check(address, padding, prefix):
    ecu = Ecu(address, padding)
    reassembler = Reassembler(prefix is not None)
    for length in LENGTHS:
        payload = payload_of(length)
        frames = ecu.send(payload)
        results = [reassembler.feed(frame) for frame in frames]
        assert results[-1] == payload and not any(results[:-1]), length
        assert len(frames) == frame_count(length, prefix is not None), length
        image = frame_image(payload, prefix)
        assert b"".join(frames)[: len(image)] == image, length
        if padding is None:
            assert b"".join(frames) == image, length


def test_padded_frames():
    check(NORMAL, 0xAA, None)


def test_unpadded_frames_are_the_image():
    check(NORMAL, None, None)


def test_extended_addressing():
    check(EXTENDED, 0x00, 0xF1)


def test_the_peer_puts_our_images_together():
    """The other direction: can-isotp accepts the frames cut out of an image."""
    received = []
    for length in (1, 7, 8, 62, 111, 4095):
        image = frame_image(payload_of(length))
        pieces = [image[i : i + 8] for i in range(0, len(image), 8)]
        stack = peer.TransportLayerLogic(
            rxfn=lambda timeout, pieces=pieces: (
                peer.CanMessage(arbitration_id=0x7E0, data=pieces.pop(0)) if pieces else None
            ),
            txfn=lambda message: None,
            address=NORMAL,
        )
        while pieces:
            stack.process(rx_timeout=0)
        received.append(stack.recv())
    assert received == [payload_of(length) for length in (1, 7, 8, 62, 111, 4095)]
