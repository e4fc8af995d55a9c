"""What broken servers send, and what the device's client says about it: the tables of test_http_faults.py."""

from __future__ import annotations

from dataclasses import dataclass

from peers import rude
from peers.rude import Script, Visit

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
RESET = "broke (ECONNRESET)"
LONG_HEAD = "The head of the server's reply is too long."
NOT_HTTP = "The server's answer is not HTTP/1."
BAD_FIELD = "The server's reply has a malformed header field."
BAD_CHUNK = "The server's reply has a malformed chunk."
BAD_LENGTH = "The server's reply has no usable Content-Length."
INTERIM = "The server answers with interim replies only."
ENDED = "The server closed the connection in the middle of its reply."


@dataclass
class Fault:
    """What the server does, and what is said about it. `status` is that of the reply, if its head arrived."""

    name: str
    script: Script
    stage: str
    cause: str
    status: int | None = None


def _named(stage: str, status: int | None, cause: str, replies: dict[str, bytes]) -> list[Fault]:
    return [
        Fault(name.replace("_", " "), rude.send(reply), stage, cause, status)
        for name, reply in replies.items()
    ]


def bad_heads(cause: str, **replies: bytes) -> list[Fault]:
    """Heads that are refused in the same words; the server keeps the connection after each."""
    return _named("status", None, cause, replies)


def bad_bodies(cause: str, **replies: bytes) -> list[Fault]:
    """Replies with a head that is understood, and a body that is refused in the same words."""
    return _named("body", 200, cause, replies)


HANDSHAKE = [
    Fault("reset after the greeting", rude.after_greeting(Visit.reset), "tls", "closed the"),
    Fault("end after the greeting", rude.after_greeting(Visit.leave), "tls", "closed the"),
    Fault("reset in the handshake", rude.half_a_handshake(Visit.reset), "tls", "closed the"),
    Fault("end in the handshake", rude.half_a_handshake(Visit.leave), "tls", "closed the"),
    Fault(
        "plain text",
        rude.after_greeting(Visit.leave, HEAD + b"\r\n"),
        "tls",
        "does not speak TLS on this port",
    ),
]

LOST = [
    Fault("end after the request", rude.send(then=Visit.leave), "status", "without an answer."),
    Fault("goodbye after it", rude.send(then=Visit.say_goodbye), "status", "without an answer."),
    Fault("reset in the head", rude.send(HEAD + b"A: b", then=Visit.reset_later), "status", RESET),
    Fault("end in the head", rude.send(HEAD + b"A: b", then=Visit.leave), "status", ENDED),
    *[
        Fault(name, rude.send(head, b"part", then=ending), "body", cause, 200)
        for name, head, ending, cause in (
            ("reset in the body", HEAD + b"Content-Length: 9\r\n\r\n", Visit.reset_later, RESET),
            ("end in the body", HEAD + b"Content-Length: 9\r\n\r\n", Visit.leave, ENDED),
            ("goodbye in the body", HEAD + b"Content-Length: 9\r\n\r\n", Visit.say_goodbye, ENDED),
            ("reset in a body until the end", HEAD + b"\r\n", Visit.reset_later, RESET),
            ("reset in a chunk", CHUNKED + b"9\r\n", Visit.reset_later, RESET),
            ("end in a chunk", CHUNKED + b"9\r\n", Visit.leave, ENDED),
            ("end before the last chunk", CHUNKED + b"0004\r\n", Visit.leave, ENDED),
        )
    ],
]

BROKEN = [
    *bad_heads(
        NOT_HTTP,
        HTTP_0_9=b"<html>hello</html>\n",
        HTTP_2=b"HTTP/2 200\r\n\r\n",
        binary=bytes(range(256)) + b"\n",
        another_protocol=b"220 mail.example ESMTP\r\n",
        short_status=b"HTTP/1.1 20\r\n\r\n",
        long_status=b"HTTP/1.1 2000 OK\r\n\r\n",
        negative_status=b"HTTP/1.1 -20 OK\r\n\r\n",
        empty_line_first=b"\r\n" + rude.OK,
    ),
    *bad_heads("no valid status", status_too_small=b"HTTP/1.1 042 OK\r\n\r\n"),
    *bad_heads(
        LONG_HEAD,
        head_of_100_KB=HEAD + b"X-Padding: %s\r\n" % (b"y" * 100) * 900 + b"\r\n",
        field_of_100_KB=HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        status_line_of_100_KB=b"HTTP/1.1 200 " + b"K" * 100_000,
    ),
    *bad_heads("than 64 header fields.", many_fields=HEAD + b"A: b\r\n" * 65 + b"\r\n"),
    *bad_heads(
        BAD_FIELD,
        field_without_a_name=HEAD + b": b\r\n\r\n",
        field_without_a_colon=HEAD + b"hello\r\n\r\n",
        folded_field=HEAD + b"A: b\r\n  c\r\n\r\n",
        blank_before_the_colon=HEAD + b"Content-Length : 2\r\n\r\nok",
        field_with_a_zero_byte=HEAD + b"A: \x00\r\n\r\n",
    ),
    *bad_heads(
        INTERIM,
        interim_replies_only=b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        another_protocol_from_now_on=b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + rude.OK,
    ),
    *bad_bodies(
        BAD_LENGTH,
        negative_length=HEAD + b"Content-Length: -2\r\n\r\nok",
        length_with_a_sign=HEAD + b"Content-Length: +2\r\n\r\nok",
        empty_length=HEAD + b"Content-Length:\r\n\r\nok",
        two_lengths=HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        huge_length=HEAD + b"Content-Length: 99999999999\r\n\r\nok",
    ),
    *bad_bodies(
        "gives its length twice",
        length_and_chunks=CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ),
    *bad_bodies(
        "not asked for",
        unknown_coding=HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    *bad_bodies(
        BAD_CHUNK,
        negative_chunk=CHUNKED + b"-5\r\nhello\r\n",
        huge_chunk=CHUNKED + b"FFFFFFFFF\r\nhello",
        garbage_chunk=CHUNKED + b"hello\r\n",
        empty_chunk_size=CHUNKED + b"\r\nhello\r\n",
        chunk_with_a_prefix=CHUNKED + b"0x5\r\nhello\r\n",
    ),
    *bad_bodies(
        "chunk of the wrong length",
        chunk_too_short=CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    ),
    *bad_bodies(
        LONG_HEAD,
        endless_chunk_extension=CHUNKED + b"5;" + b"x" * 100_000,
        endless_end_of_a_chunk=CHUNKED + b"5\r\nhello" + b"x" * 100_000,
        endless_trailer=CHUNKED + b"0\r\nX: " + b"y" * 100_000,
    ),
    *bad_bodies("64 header fields", many_trailers=CHUNKED + b"0\r\n" + b"A: b\r\n" * 5000),
]

ALL = HANDSHAKE + LOST + BROKEN

SLOW = [
    ("silent from the start", Visit.hold, "tls"),
    ("silent after the greeting", rude.after_greeting(Visit.hold), "tls"),
    ("silent in the handshake", rude.half_a_handshake(Visit.hold), "tls"),
    ("silent after the request", rude.send(), "status"),
    ("silent in the status line", rude.send(b"HTTP/1.1 2"), "status"),
    ("silent in a field", rude.send(HEAD + b"Content-Len"), "status"),
    ("silent before the empty line", rude.send(HEAD), "status"),
    ("silent after an interim reply", rude.send(b"HTTP/1.1 100 Continue\r\n\r\n"), "status"),
    ("silent before the body", rude.send(HEAD + b"Content-Length: 5\r\n\r\n"), "body"),
    ("silent in the body", rude.send(HEAD + b"Content-Length: 5\r\n\r\n", b"hell"), "body"),
    ("silent in a body until the end", rude.send(HEAD + b"\r\n", b"hell"), "body"),
    ("silent before a chunk", rude.send(CHUNKED), "body"),
    ("silent in a chunk", rude.send(CHUNKED + b"5\r\nhell"), "body"),
    ("silent before the last chunk", rude.send(CHUNKED + b"5\r\nhello\r\n"), "body"),
    ("silent in the trailers", rude.send(CHUNKED + b"0\r\nA: b\r\n"), "body"),
    ("dripping head", rude.drip(HEAD + b"A: " + b"b" * 200, 0.1), "status"),
    ("dripping body", rude.endless(HEAD + b"Content-Length: 500\r\n\r\n", b"x", 0.1), "body"),
    ("dripping chunks", rude.endless(CHUNKED, b"1\r\nx\r\n", 0.1), "body"),
]

BIG = 3000 * b"0123456789abcdef"
ENDLESS_BODIES = [
    ("endless body", rude.endless(HEAD + b"\r\n", BIG)),
    ("endless chunks", rude.endless(CHUNKED, b"%X\r\n%s\r\n" % (len(BIG), BIG))),
    ("a chunk of 256 MB", rude.endless(CHUNKED + b"FFFFFFF\r\n", BIG)),
    ("a body of 9 GB", rude.endless(HEAD + b"Content-Length: 9999999999\r\n\r\n", BIG)),
]

ENDLESS_HEADS = [
    ("status line", rude.endless(b"HTTP/1.1 200 ", b"OK" * 5000), LONG_HEAD),
    ("field", rude.endless(HEAD + b"X: ", b"y" * 10_000), LONG_HEAD),
    ("long fields", rude.endless(HEAD, (b"X: %s\r\n" % (b"y" * 200)) * 50), LONG_HEAD),
    ("short fields", rude.endless(HEAD, b"A: b\r\n" * 1000), "more than 64 header fields"),
    ("interim replies", rude.endless(b"", b"HTTP/1.1 100 C\r\nA: b\r\n\r\n" * 300), INTERIM),
]

ODD_BUT_FINE = [
    ("one byte a record", [bytes([each]) for each in rude.OK]),
    ("bare line feeds", [b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"]),
    ("no reason", [b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"]),
    ("same length twice", [HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"]),
    ("Latin-1 field", [HEAD + b"Server: caf\xe9\r\nContent-Length: 2\r\n\r\nok"]),
    (
        "interim replies first",
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + rude.OK],
    ),
    (
        "chunks cut anywhere",
        [
            CHUNKED[:30],
            CHUNKED[30:] + b"1;a=b\r",
            b"\no\r\n00",
            b"1\r\nk\r\n0\r",
            b"\nT: u\r\n\r\n",
        ],
    ),
    ("head of 4 KB", [HEAD + b"X: %s\r\nContent-Length: 2\r\n\r\nok" % (b"y" * 4000)]),
]

EXTRA = HEAD + b"Content-Length: 6\r\n\r\nforged"
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BETWEEN_REQUESTS = [
    ("two replies in one record", rude.send(rude.OK + EXTRA)),
    ("two replies in two records", rude.send(rude.OK, EXTRA)),
    ("a body longer than its length", rude.send(HEAD + b"Content-Length: 2\r\n\r\nok and more")),
    ("a body with a 204", rude.send(b"HTTP/1.1 204 No Content\r\n\r\n" + EXTRA)),
    ("a late reply", rude.polite_once(rude.when_told(Visit.hold, EXTRA))),
    ("a late time-out", rude.polite_once(rude.when_told(Visit.leave, TIMEOUT))),
    ("the end", rude.polite_once(rude.when_told(Visit.leave))),
    ("a goodbye", rude.polite_once(rude.when_told(Visit.say_goodbye))),
    ("a reset", rude.polite_once(rude.when_told(Visit.reset))),
]
