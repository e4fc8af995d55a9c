"""The page of safe mode: one small file of HTML, five routes, one request a connection.

It does without the application's server, which may be what is broken. Everything is behind HTTP Basic (RFC 7617): the
page's password and the one on the device's label both count. What changes something has to carry X-Requested-With,
which no page of another site can send without being asked first (W3C Fetch, CORS-preflight).
"""

import asyncio
import json
from binascii import a2b_base64
from hashlib import sha256

from micropython import const
from web import auth

from device import own
from device.manifest import UpdateError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from uptime import Uptime

    from device.safe_mode import SafeMode

_HEAD_LIMIT = const(2048)
_CHUNK = const(512)
_PATIENCE_MS = const(15_000)  # with a client that stands still
_CLIENTS = const(3)
_DRAINED = const(128)  # chunks
_DRAIN_MS = const(500)
_LONGEST = const(5_000_000)  # bytes of an update
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Safe mode</title>
<style>body{font:16px sans-serif;max-width:40em;margin:1em auto;padding:0 1em}pre{white-space:pre-wrap;
background:#8882;padding:1em}button,input{font:inherit;margin:.3em 0;padding:.4em}</style>
<h1>Safe mode</h1><pre>%s</pre>
<p><button data-path="/restart">Start the application</button></p>
<p><label>Update <input type="file" id="file"></label> <button data-path="/update">Install</button></p>
<p><button data-path="/factory-reset" data-ask="Delete all settings and certificates?">Reset all settings</button></p>
<p id="told" role="status"></p>
<script>
const told = document.getElementById("told");
for (const button of document.querySelectorAll("button")) button.onclick = async () => {
  const path = button.dataset.path, file = document.getElementById("file").files[0];
  if (button.dataset.ask && !confirm(button.dataset.ask)) return;
  if (path == "/update" && !file) { told.textContent = "Choose a file first."; return; }
  told.textContent = "…";
  try {
    const answer = await fetch(path, {method: "POST", headers: {"X-Requested-With": "page"},
      body: path == "/update" ? file : null});
    told.textContent = await answer.text();
  } catch (error) { told.textContent = "The connection was lost."; }
};
</script>
"""
_SECURITY = (
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
)


class Refused(Exception):
    """A request that gets no further: HTTP status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Request:
    """The head of a request, and its body on the way.

    Attributes:
        method: in capitals.
        path: without the query.
        headers: value by name in lower case.
        length: bytes of the body.
    """

    def __init__(self, head: bytes, rest: bytes, reader: "StreamReader") -> None:
        """`rest` was read beyond the head. Raises Refused."""
        try:
            lines = head.decode().split("\r\n")
            self.method, target, _ = lines.pop(0).split(" ")
        except ValueError:
            raise Refused(400, "That is no request.")
        self.path = target.partition("?")[0]
        self.headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self._rest = rest
        self._reader = reader
        self.length = self._left = _length(self.headers.get("content-length", "0"))

    async def read(self, size: int) -> bytes:
        """1 to `size` bytes of the body, none at its end. Raises OSError if they do not come."""
        size = min(size, self._left)
        part, self._rest = self._rest[:size], self._rest[size:]
        if size and not part:
            try:
                part = await asyncio.wait_for_ms(self._reader.read(size), _PATIENCE_MS)
            except asyncio.TimeoutError:
                raise OSError("silence")
        self._left -= len(part)
        return part


class Server:
    """Serves safe mode to whoever knows a password."""

    def __init__(self, mode: "SafeMode", root: str, uptime: "Uptime") -> None:
        self._mode = mode
        self._root = root
        self._uptime = uptime
        self._lockout = auth.Lockout()
        self._known = b""  # digest of the password that was right
        self._clients = 0

    async def start(self, port: int) -> None:
        """Listens from now on. Raises OSError."""
        await asyncio.start_server(self._serve, "0.0.0.0", port)

    async def _serve(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        self._clients += 1
        try:
            if self._clients <= _CLIENTS:
                await self._exchange(reader, writer)
        except (OSError, asyncio.TimeoutError):
            pass  # the client is gone
        finally:
            self._clients -= 1
            writer.close()
            await writer.wait_closed()  # on MicroPython this is what closes it

    async def _exchange(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        try:
            request: Request = await asyncio.wait_for_ms(_read(reader), _PATIENCE_MS)
            self._admit(request, writer.get_extra_info("peername"))
            answer = await self._answer(request)
        except Refused as error:
            answer = error.status, "text/plain", str(error) + "\n"
        except UpdateError as error:
            answer = 422, "text/plain", str(error) + "\n"
        writer.write(response(*answer))
        await asyncio.wait_for_ms(writer.drain(), _PATIENCE_MS)
        if answer[0] >= 400:
            await _drain(reader)

    async def _answer(self, request: Request) -> "tuple[int, str, str]":
        place = (request.method, request.path)
        if place == ("GET", "/"):
            return 200, "text/html; charset=utf-8", _PAGE % escaped(self._mode.report())
        if place == ("GET", "/report"):
            return 200, "text/plain; charset=utf-8", self._mode.report() + "\n"
        if place == ("POST", "/restart"):
            self._mode.restart()
            return 202, "text/plain", "The device starts the application now.\n"
        if place == ("POST", "/factory-reset"):
            self._mode.erase()
            return 202, "text/plain", "All settings are deleted; the device starts now.\n"
        if place == ("POST", "/update"):
            version = await self._mode.update(request.read, request.length)
            return (
                202,
                "text/plain",
                "Version %s is installed; the device starts it now.\n" % version,
            )
        raise Refused(404, "There is nothing at this address.")

    # Who may

    def _admit(self, request: Request, peer: object) -> None:
        """Raises Refused for whoever may not do that."""
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        wait_ms = self._lockout.wait_ms(address, self._uptime.ms())
        if wait_ms:
            raise Refused(429, "Too many wrong passwords: wait %d s." % (wait_ms // 1000 + 1))
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise Refused(401, "This device asks for its password.")
        if not self._fits(_password(shown)):
            self._lockout.failed(address, self._uptime.ms())
            raise Refused(401, "That is not the password of this device.")
        self._lockout.forget(address)
        if request.method != "GET" and "x-requested-with" not in request.headers:
            raise Refused(403, "The header X-Requested-With is missing.")
        self._mode.seen()

    def _fits(self, password: str) -> bool:
        digest = sha256(password.encode()).digest()
        if self._known and auth.same(digest, self._known):
            return True
        for record in records(self._root):
            if auth.check(record, password):
                self._known = digest
                return True
        return False


def records(root: str) -> "list[str]":
    """What the passwords that count are checked with: the page's, and the device's own."""
    found = [own.read(root, own.PASSWORD)]
    for copy in ("", ".1"):
        try:
            with open(root + "/config/secrets.json" + copy, "rb") as file:
                found.append(str(json.loads(file.read()).get("web.password") or ""))
                break
        except (OSError, ValueError, AttributeError):
            pass
    return [record for record in found if auth.is_record(record)]


def response(status: int, kind: str, text: str) -> bytes:
    """A whole HTTP response."""
    body = text.encode()
    asks = 'WWW-Authenticate: Basic realm="device", charset="UTF-8"\r\n' if status == 401 else ""
    head = "HTTP/1.0 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s%s\r\n" % (
        status,
        _REASONS[status],
        kind,
        len(body),
        asks,
        _SECURITY,
    )
    return head.encode() + body


def escaped(text: str) -> str:
    """Text that HTML shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _length(text: str) -> int:
    """Of the body. Raises Refused."""
    if not text or len(text) > 8 or [char for char in text if char not in "0123456789"]:
        raise Refused(400, "That is no length.")
    if int(text) > _LONGEST:
        raise Refused(413, "That is too much.")
    return int(text)


async def _drain(reader: "StreamReader") -> None:
    """Lets a client finish whose body nobody wants, a little: else it could not read why (RFC 9112 9.6)."""
    for _ in range(_DRAINED):
        chunk: bytes = await asyncio.wait_for_ms(reader.read(_CHUNK), _DRAIN_MS)
        if not chunk:
            return


async def _read(reader: "StreamReader") -> Request:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = await reader.read(_CHUNK)
        if not chunk or len(received) > _HEAD_LIMIT:
            raise Refused(400, "That is no request.")
        received += chunk
    head, _, rest = received.partition(b"\r\n\r\n")
    return Request(head, rest, reader)


def _password(shown: str) -> str:
    """The password of a Basic header; empty, which never fits, if garbled."""
    try:
        return a2b_base64(shown).decode().partition(":")[2]
    except ValueError:
        return ""
