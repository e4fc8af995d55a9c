"""Name server of the access point: every name is the device, which is how phones find its page (RFC 1035).

Imported while the access point is on, then given back: see `transient`.
"""

import asyncio
import socket

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.dial import Stream

_PORT = const(53)
_LARGEST = const(512)  # bytes (RFC 1035 4.2.1)
_HEADER = const(12)
_NAME = const(255)
_A = const(1)
_ANY = const(255)
_INTERNET = const(1)
_TTL_S = 10  # soon they ask somebody else


async def serve(address: str, port: int = _PORT) -> None:
    """Answers at this IPv4 address until it is cancelled. Raises OSError if the port cannot be had."""
    own = bytes([int(part) for part in address.split(".")])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind(socket.getaddrinfo(address, port)[0][-1])
        arrivals: Stream = asyncio.StreamReader(sock)  # type: ignore[assignment]  # see Stream
        while True:
            await arrivals.read(0)  # waits until there is something, and leaves it there
            _exchange(sock, own)
    finally:
        sock.close()


def _exchange(sock: "socket.socket", own: bytes) -> None:
    try:
        question, source = sock.recvfrom(_LARGEST)
        answer = answer_to(question, own)
        if answer:
            sock.sendto(answer, source)
    except OSError:  # nobody asked after all, or who asked is gone
        pass


def answer_to(question: bytes, own: bytes) -> bytes:
    """The answer to a question about one name: the address `own` for IPv4, nothing for all other kinds of records.

    Empty if it is no such question: a response, another operation (RFC 1035 4.1.1), or damaged.
    """
    end = _end_of_name(question)
    if question[2:3] > b"\x07" or question[4:6] != b"\0\1" or not end:
        return b""
    kind = int.from_bytes(question[end : end + 2], "big")
    group = int.from_bytes(question[end + 2 : end + 4], "big")
    has = kind in (_A, _ANY) and group in (_INTERNET, _ANY)
    # Flags: a response, with authority, recursion as it was desired.
    head = question[:2] + bytes([0x84 | question[2] & 1, 0, 0, 1, 0, has, 0, 0, 0, 0])
    answer = head + question[_HEADER : end + 4]
    if has:
        answer += b"\xc0\x0c\0\1\0\1" + _TTL_S.to_bytes(4, "big") + b"\0\4" + own
    return answer


def _end_of_name(question: bytes) -> int:
    """Where the name ends and its type begins; 0 if it does not end well. No pointer can stand in a first name."""
    at = _HEADER
    while at < len(question) and question[at]:
        if question[at] > 63:
            return 0
        at += question[at] + 1
    at += 1
    return at if at - _HEADER <= _NAME and at + 4 <= len(question) else 0
