"""An adapter at the wire, for tests: a stream pair whose far end answers by a script."""

import asyncio


class Wire:
    """Reader and writer in one. `answers` maps a command line to what comes back (bytes, or a list used up in turn).

    AT and ST commands that are not in the script answer OK, anything else NO DATA. A value of None means no reaction.
    """

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.sent = []
        self.closed = False
        self._line = ""
        self._out = bytearray()
        self._something = asyncio.Event()

    def write(self, data):
        for byte in data:
            if byte == 13:
                line, self._line = self._line, ""
                self._command(line)
            else:
                self._line = (self._line + chr(byte)).lstrip(" ")

    def _command(self, line):
        self.sent.append(line)
        answer = self.answers.get(line, b"?missing?")
        if isinstance(answer, list):
            answer = answer.pop(0)
        if answer == b"?missing?":
            answer = b"OK\r\r>" if line[:2] in ("AT", "ST") else b"NO DATA\r\r>"
        if answer is not None:
            self.feed(answer)

    def feed(self, data):
        self._out.extend(data)
        self._something.set()

    def requests(self):
        """The lines sent that were no AT or ST commands."""
        return [line for line in self.sent if line[:2] not in ("AT", "ST")]

    def unplug(self):
        self.closed = True
        self._something.set()

    async def drain(self):
        await asyncio.sleep(0)

    async def read(self, most):
        while not self._out:
            if self.closed:
                return b""
            self._something.clear()
            await self._something.wait()
        chunk = bytes(self._out[:most])
        self._out = self._out[most:]
        return chunk

    def close(self):
        self.closed = True

    async def wait_closed(self):
        await asyncio.sleep(0)
