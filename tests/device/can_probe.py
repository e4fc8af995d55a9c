"""Runs under Unix MicroPython: a CAN controller whose bus is a socket, and requests over it.

Standard input holds {"port": where the bus is, "protocol", "requests": [{"data", "init"}, …]} as JSON. Prints a line of
JSON for each request: {"answers": {ecu: hex}} or {"error": name, "text"}, and "sent": [[µs, frame], …].
"""

import asyncio
import binascii
import json
import socket
import sys
import time

from can_fake import FakeCan, text
from obd import errors
from obd.can import Can, LongRequest

_IPPROTO_TCP, _TCP_NODELAY = 6, 1
_RECORD = 14  # width (0 or 1), length, identifier, data


class Wire:
    """The controller's end of the bus: see `can_bridge`."""

    def __init__(self, port):
        self.can = FakeCan(self._transmit)
        self.can.fifo = 1000
        self.sent = []
        self._socket = socket.socket()
        self._socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        self._socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        self._reader = asyncio.StreamReader(self._socket)

    def _transmit(self, identifier, data, extended):
        self.sent.append((time.ticks_us(), text(identifier, data, extended)))
        head = bytes((int(extended), len(data))) + identifier.to_bytes(4, "big")
        self._socket.write(head + data + bytes(8 - len(data)))

    async def run(self):
        """Hands the controller what comes by on the bus."""
        while True:
            record = await self._reader.readexactly(_RECORD)
            identifier = int.from_bytes(record[2:6], "big")
            self.can.receive(identifier, record[6 : 6 + record[1]], record[0] == 1)


async def outcome(adapter, request):
    try:
        reply = await adapter.request(LongRequest(request["data"], request["init"]))
    except errors.ERRORS as error:
        return {"error": type(error).__name__, "text": str(error)}
    answers = {"%X" % ecu: binascii.hexlify(reply.payload(ecu)).decode() for ecu in reply.ecus}
    return {"answers": answers}


async def main(plan):
    wire = Wire(plan["port"])
    asyncio.create_task(wire.run())
    adapter = Can(wire.can, plan["protocol"])
    await adapter.start()
    for request in plan["requests"]:
        began = time.ticks_us()
        wire.sent.clear()
        found = await outcome(adapter, request)
        found["sent"] = [(time.ticks_diff(at, began), line) for at, line in wire.sent]
        print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
