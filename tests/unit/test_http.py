"""The HTTP client over scripted streams: framing, bounds, kept connections, the one retry, errors and their stages."""

import asyncio
import errno

from helper import raises, run
from net import http
from net.request import Writer
from net.sessions import Sessions

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Stream:
    """Plays the given pieces, one a read; an exception is raised, None waits for ever, the end is the end of stream."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.writes = []
        self.closed = False
        self.write_error = None

    async def read(self, count):
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if piece is None:
            await asyncio.Event().wait()
        if isinstance(piece, Exception):
            raise piece
        if len(piece) > count:
            self.pieces.insert(0, piece[count:])
        return piece[:count]

    def write(self, data):
        if self.write_error:
            raise self.write_error
        self.writes.append(bytes(data))

    async def drain(self):
        pass

    def close(self):
        self.closed = True


class Opener:
    """Hands out the given streams, one a connection; an exception is raised."""

    def __init__(self, *streams):
        self.streams = list(streams)
        self.opened = []

    async def __call__(self, host, port):
        stream = self.streams.pop(0)
        if isinstance(stream, Exception):
            raise stream
        self.opened.append(stream)
        return stream, stream


def connect(*streams, **options):
    opener = Opener(*streams)
    return http.Connection("h.example", 80, opener=opener, **options), opener


async def post(connection, body=b"{}", deadline=5000, headers=(), method="POST"):
    return await connection.request(method, "/in?a=b", headers, body, deadline)


def reply_to(*pieces, method="POST", **options):
    connection, opener = connect(Stream(*pieces), **options)
    response = run(post(connection, method=method))
    return response, connection


def error_of(*pieces, **options):
    connection, _ = connect(Stream(*pieces))
    error = raises(http.RequestError, run, post(connection, **options))
    assert not connection.is_open, pieces
    return error


def test_head_and_body_leave_in_one_write():
    connection, opener = connect(Stream(OK))
    run(
        post(connection, b'{"a":1}', headers=[("Content-Type", "application/json"), ("X-Id", "7")])
    )
    assert opener.opened[0].writes == [
        b"POST /in?a=b HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/json\r\nX-Id: 7\r\n"
        b'Content-Length: 7\r\n\r\n{"a":1}'
    ]


def test_a_get_has_no_length_and_an_empty_post_has_one():
    for method, ending in (("GET", b"example\r\n\r\n"), ("POST", b"Content-Length: 0\r\n\r\n")):
        connection, opener = connect(Stream(OK))
        run(post(connection, b"", method=method))
        assert opener.opened[0].writes[0].endswith(ending), method


def test_the_host_header_has_the_port_unless_it_is_the_usual_one():
    for host, port, expected in (
        ("h.example", 80, b"h.example"),
        ("h.example", 8080, b"h.example:8080"),
        ("::1", 80, b"[::1]"),
    ):
        stream = Stream(OK)
        connection = http.Connection(host, port, opener=Opener(stream))
        run(post(connection))
        assert b"\r\nHost: " + expected + b"\r\n" in stream.writes[0], host
    connection, opener = connect(Stream(OK), host_header="front.example")
    run(post(connection))
    assert b"\r\nHost: front.example\r\n" in opener.opened[0].writes[0]


def test_a_reply_is_read_in_whatever_pieces_it_arrives():
    for size in (1, 2, 7, 1000):
        pieces = [OK[at : at + size] for at in range(0, len(OK), size)]
        response, _ = reply_to(*pieces)
        assert (response.status, response.body) == (200, b"ok"), size


def test_headers_are_found_whatever_their_case():
    response, _ = reply_to(b"HTTP/1.1 429 Slow\r\nRETRY-after:  120 \r\nContent-Length:0\r\n\r\n")
    assert response.status == 429
    assert response.get("Retry-After") == "120"
    assert response.get("X-None") is None and response.get("X-None", "") == ""
    assert response.headers == [("retry-after", "120"), ("content-length", "0")]


def test_bodies_of_every_framing():
    for case, head, rest, body, kept in (
        ("length", b"Content-Length: 5\r\n\r\n", b"hello", b"hello", True),
        ("no body", b"Content-Length: 0\r\n\r\n", b"", b"", True),
        (
            "same length twice",
            b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
            b"hello",
            b"hello",
            True,
        ),
        (
            "chunked",
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            b"hello",
            True,
        ),
        (
            "extensions and trailers",
            b"Transfer-Encoding: Chunked\r\n\r\n",
            b'005;a="b"\r\nhello\r\n0;last\r\nX-Sum: 1\r\n\r\n',
            b"hello",
            True,
        ),
        ("until closed", b"\r\n", b"hello", b"hello", False),
        ("close", b"Connection: close\r\nContent-Length: 5\r\n\r\n", b"hello", b"hello", False),
        ("bare line ends", b"Content-Length: 5\n\n", b"hello", b"hello", True),
    ):
        response, connection = reply_to(b"HTTP/1.1 200 OK\r\n" + head + rest)
        assert (response.body, connection.is_open) == (body, kept), case


def test_http_1_0_closes_unless_it_says_otherwise():
    for extra, kept in ((b"", False), (b"Connection: Keep-Alive\r\n", True)):
        _, connection = reply_to(b"HTTP/1.0 200 OK\r\n" + extra + b"Content-Length: 2\r\n\r\nok")
        assert connection.is_open == kept, extra


def test_replies_that_have_no_body_whatever_they_say():
    for method, status in (("HEAD", b"200"), ("POST", b"204"), ("POST", b"304")):
        head = b"HTTP/1.1 " + status + b" X\r\nContent-Length: 9\r\n\r\n"
        response, connection = reply_to(head, method=method)
        assert (response.body, connection.is_open) == (b"", True), status


def test_interim_replies_are_skipped():
    response, _ = reply_to(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK)
    assert (response.status, response.get("a")) == (200, None)


def test_redirects_are_returned_not_followed():
    response, connection = reply_to(
        b"HTTP/1.1 307 Moved\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n"
    )
    assert (response.status, response.get("location")) == (307, "https://other.example/")
    assert connection.requests == connection.handshakes == 1


def test_long_bodies_are_cut_and_the_connection_survives_moderate_ones():
    for length, kept in ((2048, True), (2049, True), (60000, True), (80000, False)):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
        response, connection = reply_to(head, b"x" * length)
        assert len(response.body) == min(length, 2048), length
        assert response.truncated == (length > 2048), length
        assert connection.is_open == kept, length


def test_endless_chunks_and_endless_streams_end():
    for framing, piece in (
        (b"Transfer-Encoding: chunked\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n"),
        (b"", b"x" * 1024),
    ):
        stream = Stream(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", *([piece] * 200))
        connection, _ = connect(stream)
        response = run(post(connection))
        assert response.truncated and len(response.body) == 2048
        assert not connection.is_open and stream.closed
        assert len(stream.pieces) > 100, "it went on reading"


def test_broken_replies_are_protocol_errors_and_close():
    for case, pieces in (
        ("no HTTP", [b"SSH-2.0-x\r\n"]),
        ("HTTP/2", [b"HTTP/2 200\r\n\r\n"]),
        ("no status", [b"HTTP/1.1 abc X\r\n\r\n"]),
        ("long status", [b"HTTP/1.1 2000 X\r\n\r\n"]),
        ("status 099", [b"HTTP/1.1 099 X\r\n\r\n"]),
        ("upgrade", [b"HTTP/1.1 101 X\r\n\r\n" + OK]),
        ("interim for ever", [b"HTTP/1.1 100 X\r\n\r\n" * 50]),
        ("nameless header", [b"HTTP/1.1 200 OK\r\n: x\r\n\r\n"]),
        ("header without colon", [b"HTTP/1.1 200 OK\r\nabc\r\n\r\n"]),
        ("blank before colon", [b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"]),
        ("folded header", [b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"]),
        ("endless line", [b"HTTP/1.1 200 OK\r\nA: ", b"x" * 9000]),
        ("large head", [b"HTTP/1.1 200 OK\r\n" + b"A: 0123456789\r\n" * 60 * 8]),
        ("many lines", [b"HTTP/1.1 200 OK\r\n" + b"A:\r\n" * 65 + b"\r\n"]),
        ("cut head", [b"HTTP/1.1 200 OK\r\nA: b"]),
    ):
        error = error_of(*pieces)
        assert error.stage == "status", case
        assert str(error).endswith("."), case


def test_broken_bodies_are_protocol_errors_and_close():
    for case, rest in (
        ("two lengths", b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        ("listed lengths", b"Content-Length: 2, 3\r\n\r\nok"),
        ("negative", b"Content-Length: -2\r\n\r\nok"),
        ("signed", b"Content-Length: +2\r\n\r\nok"),
        ("hexadecimal", b"Content-Length: 0x2\r\n\r\nok"),
        ("empty", b"Content-Length:\r\n\r\nok"),
        ("huge", b"Content-Length: 99999999999\r\n\r\nok"),
        ("length and chunks", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("unknown coding", b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("no chunk size", b"Transfer-Encoding: chunked\r\n\r\n\r\n"),
        ("bad chunk size", b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
        ("huge chunk", b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n"),
        ("long chunk line", b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 300),
        ("chunk too short", b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"),
        ("cut chunk", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
        ("cut trailer", b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n"),
        ("cut body", b"Content-Length: 5\r\n\r\nok"),
    ):
        error = error_of(b"HTTP/1.1 200 OK\r\n" + rest)
        assert (error.stage, error.status) == ("body", 200), case


def test_requests_share_a_connection():
    connection, opener = connect(Stream(OK, OK, OK))

    async def three():
        for _ in range(3):
            assert (await post(connection)).status == 200

    run(three())
    assert len(opener.opened) == connection.handshakes == 1
    assert (connection.requests, connection.retries) == (3, 0)


def test_without_keep_each_request_has_its_own_connection():
    connection, opener = connect(Stream(OK), Stream(OK), keep=False)

    async def two():
        await post(connection)
        await post(connection)

    run(two())
    assert [stream.closed for stream in opener.opened] == [True, True]
    assert b"\r\nConnection: close\r\n" in opener.opened[0].writes[0]


def two_requests(first, second, **settings):
    """The outcome of the second request on one connection, and the connection."""
    connection, opener = connect(first, second, **settings)

    async def both():
        await post(connection)
        try:
            return await post(connection)
        except http.RequestError as error:
            return error

    return run(both()), connection, opener


def test_a_connection_lost_before_the_answer_costs_one_retry():
    for case, loss in (("end", b""), ("reset", OSError(errno.ECONNRESET))):
        response, connection, opener = two_requests(Stream(OK, loss), Stream(OK))
        assert response.status == 200, case
        assert (connection.retries, connection.handshakes) == (1, 2), case
        assert opener.opened[0].writes[1] == opener.opened[1].writes[0], case


def test_a_connection_lost_while_writing_costs_one_retry():
    connection, opener = connect(Stream(OK), Stream(OK))

    async def both():
        await post(connection)
        opener.opened[0].write_error = OSError(errno.ECONNRESET)
        return await post(connection)

    assert run(both()).status == 200
    assert connection.retries == 1


def test_there_is_no_second_retry():
    error, connection, opener = two_requests(Stream(OK), Stream())
    assert (error.stage, str(error)) == (
        "status",
        "The server closed the connection without an answer.",
    )
    assert len(opener.opened) == 2 and connection.retries == 1


def test_whoever_counts_attempts_has_none_made_silently():
    for case, loss in (("end", b""), ("reset", OSError(errno.ECONNRESET))):
        error, connection, opener = two_requests(Stream(OK, loss), Stream(OK), repeats=False)
        assert (error.stage, connection.retries, len(opener.opened)) == ("status", 0, 1), case
        assert not connection.is_open, case


def test_no_retry_once_the_answer_began():
    error, connection, opener = two_requests(Stream(OK, b"H"), Stream(OK))
    assert (error.stage, connection.retries, len(opener.opened)) == ("status", 0, 1)


def test_no_retry_on_a_new_connection():
    connection, opener = connect(Stream(), Stream(OK))
    assert raises(http.RequestError, run, post(connection)).stage == "status"
    assert len(opener.opened) == 1


def test_no_retry_after_the_deadline():
    connection, opener = connect(Stream(OK, None), Stream(OK))

    async def both():
        await post(connection)
        await post(connection, deadline=100)

    assert raises(http.RequestError, run, both()).stage == "status"
    assert len(opener.opened) == 1 and opener.opened[0].closed


def test_bytes_nobody_asked_for_end_a_kept_connection():
    response, connection, opener = two_requests(Stream(OK + b"HTTP/1.1 408 Late\r\n"), Stream(OK))
    assert response.status == 200
    assert (len(opener.opened), connection.retries) == (2, 0)


def test_one_deadline_covers_the_whole_request():
    for stage, pieces in (
        ("status", [None]),
        ("status", [b"HTTP/1.1 200 OK\r\n", None]),
        ("body", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", None]),
    ):
        error = error_of(*pieces, deadline=100)
        assert error.stage == stage, pieces
        assert error.status == (200 if stage == "body" else None), pieces
        assert str(error).endswith("within 100 ms."), pieces


def test_of_a_reply_that_is_cut_the_head_is_told():
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 100\r\n\r\nshort"
    for rest in ([], [None], [OSError(errno.ECONNRESET)], [MemoryError()]):
        error = error_of(head, *rest, deadline=100)
        assert (error.stage, error.status, error.head.status) == ("body", 429, 429), rest
        assert error.get("Retry-After") == "120" and error.get("Location") is None, rest
    double = b"HTTP/1.1 410 X\r\nContent-Length: 2\r\nContent-Length: 3\r\nA: b\r\n\r\nok"
    assert error_of(double).get("a") == "b"


def test_where_no_head_arrived_none_is_told():
    early = b"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n"
    for pieces in ([], [early], [early, OSError(errno.ECONNRESET)], [OSError(errno.ECONNRESET)]):
        error = error_of(*pieces)
        assert (error.status, error.head, error.get("Retry-After")) == (None, None, None), pieces


def test_the_head_of_one_reply_is_not_told_of_the_next():
    early = b"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    error, _, _ = two_requests(Stream(early, b"HTTP/1.1 5"), Stream(OK))
    assert (error.status, error.head, error.get("Retry-After")) == (None, None, None)


def test_losses_name_their_stage():
    reset = OSError(errno.ECONNRESET)
    assert error_of(reset).stage == "status"
    error = error_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", reset)
    assert (error.stage, error.status, error.errno) == ("body", 200, errno.ECONNRESET)
    assert str(error) == "The connection to h.example broke (ECONNRESET)."


def test_connect_errors_are_sentences():
    for code, expected in (
        (errno.ECONNREFUSED, "h.example refused the connection on port 80."),
        (errno.EHOSTUNREACH, "There is no way to reach h.example from this network."),
        (errno.ETIMEDOUT, "h.example did not answer on port 80."),
        (errno.ENOMEM, "The device ran out of memory or sockets."),
        (99999, "No connection to h.example on port 80 came about (error 99999)."),
    ):
        connection, _ = connect(OSError(code))
        error = raises(http.RequestError, run, post(connection))
        assert (error.stage, str(error), error.errno) == ("connect", expected, code)


def starving(*arguments, **options):
    """In place of whatever takes memory that is not there."""
    raise MemoryError


def test_memory_for_the_message_that_is_not_there_is_an_error_of_writing():
    connection, opener = connect(Stream(OK), Stream(OK))

    async def scene():
        await post(connection)
        kept, connection.writer.message = connection.writer.message, starving
        try:
            await post(connection)
        except http.RequestError as error:
            starved = error
        assert not connection.is_open and opener.opened[0].closed  # which gives memory back
        connection.writer.message = kept
        assert (await post(connection)).status == 200
        return starved

    error = run(scene())
    assert (error.stage, error.errno, error.status) == ("write", errno.ENOMEM, None)
    assert str(error) == "The device ran out of memory." and error.advice
    assert (connection.requests, connection.handshakes) == (2, 2)


def test_a_message_that_cannot_be_written_costs_no_connection():
    connection, opener = connect(Stream(OK, OK))

    async def scene():
        await post(connection)
        try:
            await post(connection, headers=[("X", "a\nb")])
        except ValueError:
            assert connection.is_open
        await post(connection)

    run(scene())
    assert (connection.requests, connection.handshakes) == (2, 1)


def test_memory_that_is_not_there_is_named_wherever_it_is_needed():
    for name, stage in (("ReplyReader", "write"), ("Body", "status"), ("Response", "body")):
        kept = getattr(http, name)
        setattr(http, name, starving)
        try:
            error = error_of(OK)
        finally:
            setattr(http, name, kept)
        assert (error.stage, str(error)) == (stage, "The device ran out of memory."), name
    assert error_of(MemoryError()).stage == "status"


def test_where_there_is_no_memory_to_explain_a_failure_that_is_said():
    from net import failing  # afresh: it is given back after each failure

    kept, failing.broken = failing.broken, starving
    try:
        error = error_of(OSError(errno.ECONNRESET))
    finally:
        failing.broken = kept
    assert (error.stage, error.errno) == ("status", errno.ENOMEM)
    assert str(error) == "The device ran out of memory."


def test_requests_cannot_be_split():
    connection, opener = connect(Stream(OK))
    for text in ("a\r\nX: y", "a\nb", "a\rb", "a\0b"):
        for method, target, headers, named in (
            ("POST", "/", [("X-Custom", text)], "X-Custom"),
            ("POST", "/" + text, [], "target"),
            ("POST", "/", [(text, "x")], "header name"),
            ("POST" + text, "/", [], "method"),
        ):
            for fixed, changing in ((headers, []), ([], headers)):
                request = connection.request(method, target, fixed, b"", 1000, changing)
                assert named in str(raises(ValueError, run, request)), (method, target, headers)
    assert opener.opened == []


def test_headers_that_frame_the_message_are_refused():
    for name in (
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "",
        "a b",
        "a:",
        "ä",
    ):
        for fixed, changing in (([(name, "x")], []), ([], [(name, "x")])):
            writer = Writer("h.example", True)
            raises(ValueError, writer.message, "POST", "/", fixed, b"", changing)
    raises(ValueError, Writer("h.example", True).message, "POST", "/a b", [], b"")
    raises(ValueError, Writer("h.example\r\nX: y", True).message, "POST", "/", [], b"")


def test_the_head_is_at_most_4_kib():
    writer = Writer("h.example", True)
    fixed = [("X", "y" * 2000)]
    room = 4096 - len(writer.message("POST", "/", fixed, b"", [("Y", "")]))
    message = writer.message("POST", "/", fixed, b"body", [("Y", "z" * room)])
    assert len(message) == 4096 + len(b"body")
    for target, changing in (("/", "z" * (room + 1)), ("/a", "z" * room)):
        error = raises(ValueError, writer.message, "POST", target, fixed, b"", [("Y", changing)])
        assert "4097 bytes" in str(error) and "4096" in str(error)


def test_fields_that_change_follow_those_that_stay():
    stream = Stream(OK, OK)
    connection, _ = connect(stream)

    async def two():
        for number in ("1", "2"):
            await connection.request(
                "PUT", "/", [("X-Fleet", "n")], b"x", 5000, [("X-Message-Id", number)]
            )

    run(two())
    for number, sent in enumerate(stream.writes):
        expected = b"X-Fleet: n\r\nX-Message-Id: %d\r\nContent-Length: 1\r\n" % (number + 1)
        assert expected in sent, number


def test_a_changed_header_changes_the_next_head():
    stream = Stream(OK, OK)
    connection, _ = connect(stream)
    headers = [("X-Sign", "1")]

    async def two():
        await post(connection, headers=headers)
        headers[0] = ("X-Sign", "2")
        await post(connection, headers=headers)

    run(two())
    assert b"X-Sign: 1\r\n" in stream.writes[0] and b"X-Sign: 2\r\n" in stream.writes[1]


def test_timings_cover_every_stage():
    response, _ = reply_to(OK)
    assert len(response.timings) == len(http.STAGES) == 6
    assert min(response.timings) >= 0


def pair(sessions, *streams, **options):
    """Two connections that share `sessions` and take their streams in turn; the opener."""
    opener = Opener(*streams)
    return [
        http.Connection("h.example", 80, opener=opener, sessions=sessions, **options)
        for _ in range(2)
    ], opener


def test_a_second_connection_takes_the_place_of_one_that_rests():
    (first, second), opener = pair(Sessions(1), Stream(OK), Stream(OK), Stream(OK))

    async def scene():
        await post(first)
        await post(second)
        assert (first.is_open, second.is_open) == (False, True)
        await post(first)
        assert (first.is_open, second.is_open) == (True, False)

    run(scene())
    assert [stream.closed for stream in opener.opened] == [True, True, False]
    assert (first.handshakes, first.retries) == (2, 0)


def test_a_connection_in_use_is_waited_for_as_long_as_the_deadline_allows():
    (first, second), opener = pair(Sessions(1), Stream(None), Stream(OK))

    async def scene():
        slow = asyncio.create_task(post(first))
        await asyncio.sleep(0)
        try:
            await post(second, deadline=50)
        except http.RequestError as error:
            late = error
        assert first.is_open and not second.is_open
        waiting = asyncio.create_task(post(second))
        await asyncio.sleep(0)
        slow.cancel()
        assert (await waiting).status == 200
        return late

    late = run(scene())
    assert late.stage == "connect" and "as many connections as it may hold" in str(late)
    assert opener.opened[0].closed


def test_without_keep_nothing_stays_in_the_way_of_others():
    (first, second), opener = pair(Sessions(1), Stream(OK), Stream(OK), keep=False)

    async def scene():
        await post(first)
        await post(second)

    run(scene())
    assert len(opener.opened) == 2


def test_a_failed_connection_leaves_its_place():
    (first, second), opener = pair(Sessions(1), OSError(errno.ECONNREFUSED), Stream(OK))

    async def scene():
        try:
            await post(first)
        except http.RequestError as error:
            assert error.stage == "connect"
        return await post(second)

    assert run(scene()).status == 200


def test_where_memory_is_short_resting_connections_give_way_once():
    short = OSError(errno.ENOMEM)
    for streams, outcome in (
        ((Stream(OK), short, Stream(OK)), 200),
        ((Stream(OK), short, short, Stream(OK)), "connect"),
        ((Stream(OK), OSError(errno.ECONNREFUSED), Stream(OK)), "connect"),
    ):
        (first, second), opener = pair(Sessions(4), *streams)

        async def scene():
            await post(first)  # noqa: B023
            try:
                return (await post(second)).status  # noqa: B023
            except http.RequestError as error:
                return error.stage

        assert run(scene()) == outcome
        relieved = streams[1] is short
        assert (first.is_open, second.is_open) == (not relieved, outcome == 200), streams


def test_where_memory_is_short_and_nothing_rests_the_request_fails_at_once():
    (first, _), opener = pair(Sessions(4), OSError(errno.ENOMEM), Stream(OK))
    assert raises(http.RequestError, run, post(first)).stage == "connect"
    assert opener.opened == []
