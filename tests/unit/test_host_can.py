"""Messages of every length pass both ways between the device and an independent ISO-TP stack (can-isotp)."""

import asyncio

import isotp as peer
import pytest
from can_fake import FakeCan
from hypothesis import example, given, settings
from hypothesis import strategies as st
from obd import can_transfer, errors
from obd.can import Can, LongRequest

MODES = peer.AddressingMode
ADDRESSINGS = (
    (peer.Address(MODES.Normal_11bits, txid=0x7E8, rxid=0x7E0), "ATSH7E0"),
    (
        peer.Address(
            MODES.Extended_11bits, txid=0x607, rxid=0x6F1, source_address=7, target_address=0xF1
        ),
        "ATSH6F1;ATCEA07;ATCRA607",
    ),
    (
        peer.Address(MODES.Mixed_11bits, txid=0x7E8, rxid=0x7E0, address_extension=0xF3),
        "ATSH7E0;ATCEAF3",
    ),
)


FITTING = [
    bytes.fromhex(text)
    for text in (
        "0462F19017", "037F2278", "037F2221", "037F2231", "100B62F190010203", "1FFF62F190010203",
        "2104050607080910", "2211121314151617", "300000", "310000", "0862F19017", "0062F190", "1062F190", "",
    )
]  # fmt: skip
LIKELY = st.sampled_from(FITTING) | st.binary(max_size=8)


class Echo:
    """can-isotp at the other end of the bus: it repeats every request as a positive response."""

    def __init__(self, address, **params):
        self._frames = []
        self.can = FakeCan(self._received)
        self.can.fifo = 1000
        self.requests = []
        self._stack = peer.TransportLayerLogic(
            rxfn=lambda timeout: self._frames.pop(0) if self._frames else None,
            txfn=lambda message: self.can.receive(
                message.arbitration_id, message.data, message.is_extended_id
            ),
            address=address,
            params={"stmin": 0, "override_receiver_stmin": 0, **params},
        )

    def _received(self, identifier, data, extended):
        assert len(data) == 8
        self._frames.append(
            peer.CanMessage(arbitration_id=identifier, data=data, extended_id=extended)
        )

    async def run(self):
        while True:
            self._stack.process(rx_timeout=0)
            request = self._stack.recv()
            if request:
                self.requests.append(bytes(request))
                self._stack.send(bytes((request[0] + 0x40,)) + request[1:])
            await asyncio.sleep(0)


async def exchange(echo, request):
    adapter = Can(echo.can, "6")
    await adapter.start()
    task = asyncio.create_task(echo.run())
    try:
        return await adapter.request(request)
    finally:
        task.cancel()
        await adapter.close()


@settings(max_examples=60)
@given(
    data=st.binary(min_size=2, max_size=600),
    addressing=st.sampled_from(ADDRESSINGS),
    block=st.integers(0, 20),
    granted=st.integers(0, 20),
    padding=st.sampled_from((None, 0x00, 0xCC)),
)
@example(bytes(4095), ADDRESSINGS[0], 0, 0, None)
@example(bytes(4095), ADDRESSINGS[1], 1, 1, None)
@example(bytes(6), ADDRESSINGS[1], 0, 0, None)
@example(bytes(7), ADDRESSINGS[1], 0, 0, None)
@example(bytes(7), ADDRESSINGS[0], 0, 0, None)
@example(bytes(8), ADDRESSINGS[0], 0, 0, None)
def test_every_message_comes_back(data, addressing, block, granted, padding):
    data = b"\x22" + data[1:]
    address, link = addressing
    echo = Echo(address, blocksize=block, tx_padding=padding)
    link += ";ATSTFF;ATFCSD30%02X00;ATFCSM2" % granted
    reply = asyncio.run(exchange(echo, LongRequest(data.hex(), link)))
    assert echo.requests == [data]
    assert reply.payload() == b"\x62" + data[1:]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from((0x7E8, 0x7E9)), LIKELY), max_size=12))
def test_no_frames_whatever_upset_the_receiver(frames):
    """The request ends with an answer that matches it, or with one of the errors it may end with."""

    async def scene():
        can = FakeCan()
        adapter = Can(can, "6")
        await adapter.start()
        coming = list(frames)

        def answer(identifier, data, extended):
            while coming:
                key, content = coming.pop(0)
                can.receive(key, content, False)

        can.transmit = answer
        try:
            reply = await adapter.request(LongRequest("22F190", "ATSH7E0;ATST01"))
        except errors.ERRORS as error:
            return error
        finally:
            await adapter.close()
        return reply

    with pytest.MonkeyPatch.context() as patch:
        for name in ("_N_CR_MS", "_P2_STAR_MS"):
            patch.setattr(can_transfer, name, 5)
        outcome = asyncio.run(scene())
    if not isinstance(outcome, errors.ERRORS):
        assert outcome.payload()[:3] == b"\x62\xf1\x90"
