"""The device's HTTPS client against servers that break every rule: what it says, what it costs, and that it goes on.

The client has a small heap (tests/peers/wire.py): what it read without bound would end in a MemoryError. After each
fault the same connection object is used again, against a server that behaves.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import tls_peer
from peers import faults, rude, wire
from peers.faults import HEAD, Fault
from peers.rude import Rude, Script, Visit, well_behaved
from pki import Authority


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Garage CA")


@pytest.fixture(
    scope="module",
    params=zip(wire.BUILDS, (False, True)),
    ids=lambda both: "32-tls1.2" if both[1] else "64-newest",
)
def both(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[wire.Wire, ssl.SSLContext]]:
    build, tls12 = request.param
    root = tmp_path_factory.mktemp("device")
    wire.add_set(root, "good", authority.pem)
    pair = authority.server("127.0.0.1")
    with wire.wire(root, build) as device:
        yield device, tls_peer.server_context(root, pair, tls12)


@pytest.fixture
def device(both: tuple[wire.Wire, ssl.SSLContext]) -> wire.Wire:
    return both[0]


@pytest.fixture
def context(both: tuple[wire.Wire, ssl.SSLContext]) -> ssl.SSLContext:
    return both[1]


def named(table: list[tuple]) -> list:
    """The rows of a table whose first column is the name of the case."""
    return [pytest.param(*row[1:], id=row[0]) for row in table]


def check_alive(device: wire.Wire, port: int) -> None:
    """The next request on the same connection object is answered, and leaves nothing open."""
    after = device.send(port, close=True)
    assert (after["status"], after["body"]) == (200, "ok"), after


@pytest.mark.parametrize("fault", faults.ALL, ids=lambda each: each.name)
def test_a_fault_is_named_and_the_next_request_is_served(device, context, fault: Fault):
    with Rude(context, fault.script, well_behaved) as peer:
        outcome = device.send(peer.port, deadline=20_000)
        check_alive(device, peer.port)
    assert (outcome["stage"], outcome["status"]) == (fault.stage, fault.status), outcome
    assert fault.cause in outcome["cause"]
    assert not outcome["open"]
    assert outcome["took"] < 20_000  # none of them lasts until the deadline


def test_a_connection_reset_at_once_is_named(device, context):
    """Whether the reset comes before or after the client noticed that it is connected is a matter of luck."""
    with Rude(context, Visit.reset, well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert outcome["stage"] in ("connect", "tls"), outcome
    assert "came about" in outcome["cause"] or "closed the connection" in outcome["cause"]


def test_a_reset_before_the_first_reply_may_be_meant_for_our_certificate(device, context):
    """With TLS 1.3 a server judges us when we are done, and what it says of that gets lost in a reset."""
    with Rude(context, rude.send(then=Visit.reset), well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    if context.maximum_version == ssl.TLSVersion.TLSv1_2:
        assert (outcome["stage"], outcome["advice"]) == ("status", None)
        assert faults.RESET in outcome["cause"]
    else:
        assert outcome["stage"] == "tls"
        assert "most likely it asks for a client certificate" in outcome["cause"]


def test_an_end_before_the_first_reply_comes_with_advice_about_our_certificate(device, context):
    scripts = rude.send(then=Visit.leave), rude.send(rude.OK, then=Visit.leave)
    with Rude(context, *scripts, rude.send(then=Visit.leave), well_behaved) as peer:
        first = device.send(peer.port)
        assert device.send(peer.port)["status"] == 200
        peer.wait_quiet()
        later = device.send(peer.port)
        check_alive(device, peer.port)
    is_newest = context.maximum_version != ssl.TLSVersion.TLSv1_2
    assert ("client certificate" in (first["advice"] or "")) == is_newest, first
    assert (later["stage"], later["cause"], later["advice"]) == (
        "status",
        "The server closed the connection without an answer.",
        None,
    )


def test_a_reset_by_a_server_that_has_answered_before_is_not_meant_for_our_certificate(
    device, context
):
    once = rude.send(rude.OK, then=Visit.leave)
    with Rude(context, once, rude.send(then=Visit.reset), well_behaved) as peer:
        assert device.send(peer.port)["status"] == 200
        peer.wait_quiet()
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert (outcome["stage"], outcome["advice"]) == ("status", None), outcome
    assert faults.RESET in outcome["cause"]


def test_an_end_of_tls_in_the_middle_is_an_error(device, context):
    """Whatever the version of TLS: that there was TLS is known."""
    with Rude(context, rude.below_tls(rude.OK), well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert (outcome["stage"], outcome["status"]) == ("status", None), outcome
    assert outcome["cause"] == "The connection to 127.0.0.1 broke (error -29184)."


def test_a_document_that_does_not_fit_into_memory_twice_is_an_error_with_a_sentence(
    device, context
):
    with Rude(context, well_behaved) as peer:
        for _ in range(2):  # on a connection that is still to be opened, and on one that was kept
            outcome = device.send(peer.port, fill=True)
            assert (outcome["stage"], outcome["status"], outcome["open"]) == ("write", None, False)
            assert "ran out of memory" in outcome["cause"] and outcome["advice"]
            assert device.send(peer.port)["status"] == 200
        check_alive(device, peer.port)
    assert len(peer.requests) == 3


LATE = {
    "connect": "127.0.0.1 did not accept a connection within 5 s.",
    "tls": "127.0.0.1 did not finish the TLS handshake within 5 s.",
    "status": "127.0.0.1 did not answer within 5 s.",
    "body": "127.0.0.1 did not finish its answer within 5 s.",
}


def test_the_deadline_holds_whatever_the_server_is_slow_with(device, context):
    """All at once; a busy computer needs some of the time for the handshakes."""
    with ExitStack() as stack:
        crowded = stack.enter_context(Rude(context, well_behaved, crowded=True))
        peers = [Rude(context, script, well_behaved) for _, script, _ in faults.SLOW]
        ports = [crowded.port] + [stack.enter_context(peer).port for peer in peers]
        outcomes = device.send_together([{"port": port, "deadline": 5000} for port in ports])
        crowded.open_doors()
        for port in ports:
            check_alive(device, port)
    stages = ["connect"] + [stage for _, _, stage in faults.SLOW]
    assert [each["stage"] for each in outcomes] == stages
    assert [each["cause"] for each in outcomes] == [LATE[stage] for stage in stages]
    assert [each["status"] for each in outcomes] == [
        200 if stage == "body" else None for stage in stages
    ]
    assert all(4900 < each["took"] < 15_000 for each in outcomes), outcomes


def test_a_long_request_that_nobody_reads_is_given_up_at_the_deadline(authority, tmp_path):
    wire.add_set(tmp_path, "good", authority.pem)
    context = tls_peer.server_context(tmp_path, authority.server("127.0.0.1"), True)
    with wire.wire(tmp_path, heap_kb=2000) as roomy:
        with Rude(context, rude.read_nothing, well_behaved, narrow=True) as peer:
            outcome = roomy.send(peer.port, body="x" * 1000, times=300, deadline=2500)
            peer.told.set()
            check_alive(roomy, peer.port)
    assert outcome["stage"] == "write", outcome
    assert outcome["cause"] == "127.0.0.1 did not take the request within 2500 ms."


@pytest.mark.parametrize("script", named(faults.ENDLESS_BODIES))
def test_of_a_body_without_end_the_beginning_is_kept(device, context, script):
    with Rude(context, script, well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert (outcome["status"], outcome["truncated"], outcome["open"]) == (200, True, False)
    assert outcome["body"] == faults.BIG[:2048].decode()


@pytest.mark.parametrize(("script", "cause"), named(faults.ENDLESS_HEADS))
def test_a_head_without_end_is_given_up(device, context, script, cause):
    with Rude(context, script, well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert (outcome["stage"], outcome["status"]) == ("status", None)
    assert cause in outcome["cause"]


@pytest.mark.parametrize("pieces", named(faults.ODD_BUT_FINE))
def test_a_reply_that_is_odd_but_allowed_is_taken(device, context, pieces):
    with Rude(context, rude.send(*pieces, then=well_behaved)) as peer:
        first = device.send(peer.port)
        second = device.send(peer.port, close=True)
    assert (first["status"], first["body"], first["open"]) == (200, "ok", True), first
    assert (second["status"], second["handshakes"]) == (200, 1)


@pytest.mark.parametrize("ending", [Visit.leave, Visit.say_goodbye], ids=["end", "goodbye"])
def test_a_reply_without_a_length_ends_with_the_connection(device, context, ending):
    with Rude(context, rude.send(HEAD + b"\r\nall", then=ending), well_behaved) as peer:
        outcome = device.send(peer.port)
        check_alive(device, peer.port)
    assert (outcome["status"], outcome["body"], outcome["open"]) == (200, "all", False)


@pytest.mark.parametrize("script", named(faults.BETWEEN_REQUESTS))
def test_what_comes_between_requests_is_never_taken_for_an_answer(device, context, script):
    with Rude(context, script, well_behaved) as peer:
        first = device.send(peer.port)
        peer.told.set()
        peer.wait_quiet()
        second = device.send(peer.port, close=True)
    assert first["status"] in (200, 204), first
    assert (second["status"], second["body"], second["handshakes"]) == (200, "ok", 2), second
    assert len(peer.requests) == 2


def seen_second_request(ending: rude.Ending, reply: bytes = b"") -> Script:
    """Ends a kept connection just when the next request is sent."""

    def script(visit: Visit) -> None:
        visit.sock.recv(1)
        visit.send(reply)
        ending(visit)

    return rude.polite_once(script)


@pytest.mark.parametrize(
    "ending", [Visit.leave, Visit.say_goodbye, Visit.reset], ids=["end", "goodbye", "reset"]
)
def test_a_kept_connection_that_ends_under_a_request_costs_one_repetition(device, context, ending):
    with Rude(context, seen_second_request(ending), well_behaved) as peer:
        device.send(peer.port)
        second = device.send(peer.port, close=True)
    assert (second["status"], second["retries"], second["handshakes"]) == (200, 1, 2), second
    assert len(peer.requests) == 2  # the first, and the repeated one


def test_a_request_that_the_server_began_to_answer_is_not_repeated(device, context):
    with Rude(context, seen_second_request(Visit.leave, b"HTTP/1.1 2"), well_behaved) as peer:
        device.send(peer.port)
        second = device.send(peer.port)
        check_alive(device, peer.port)
    assert (second["stage"], second["retries"]) == ("status", 0), second
    assert len(peer.requests) == 2


def test_faults_leave_neither_memory_nor_sockets_behind(device, context):
    rounds = 4
    scripts = [fault.script for fault in faults.HANDSHAKE + faults.LOST]
    found = []
    with Rude(context, *scripts * rounds, well_behaved) as peer:
        for _ in range(rounds):
            for _ in scripts:
                assert device.send(peer.port)["stage"]
            found.append((device.used, device.files))
        check_alive(device, peer.port)
    used, files = zip(*found)
    assert len(set(files)) == 1, files
    assert used[-1] - used[0] < 2048, used
