"""What is remembered of attempts, and the sentences for every kind of answer."""

from delivery import refusals, verdict
from delivery.formats import wican
from delivery.journal import Attempt, Journal
from delivery.message import Message, Parcel
from net.http import RequestError
from net.reply import Head
from world import Answer

PARCEL = Parcel([Message("dev-7-3", b"x" * 90, 0, 0)], wican)


def test_the_last_ten_attempts_are_kept_and_all_are_counted():
    journal = Journal()
    assert journal.last is None
    for at in range(25):
        outcome = verdict.of_response(Answer(200 if at % 5 else 500))
        journal.add(Attempt(at, 7, PARCEL, outcome))
    assert [attempt.at_ms for attempt in journal] == list(range(15, 25))
    assert (journal.delivered, journal.failed, journal.last.at_ms) == (20, 5, 24)


def test_an_attempt_tells_when_how_far_and_why():
    error = RequestError("tls", "The certificate expired.", "It must be renewed.", -9984)
    error.certificate = "a.example, from Garage CA"
    assert Attempt(1200, 340, PARCEL, verdict.of_error(error)).pairs() == [
        ("at_ms", 1200),
        ("id", "dev-7-3"),
        ("count", 1),
        ("ok", False),
        ("stage", "tls"),
        ("status", None),
        ("bytes", 90),
        ("latency_ms", 340),
        ("cause", "The certificate expired."),
        ("advice", "It must be renewed."),
        ("certificate", "a.example, from Garage CA"),
    ]


def test_any_2xx_is_a_delivery_and_nothing_else():
    for status in (200, 201, 202, 204, 299):
        outcome = verdict.of_response(Answer(status))
        assert outcome.ok and outcome.stage == "body" and outcome.advice == "", status
    for status in (100, 199, 300, 304, 308, 400, 418, 499, 500, 599, 600):
        outcome = verdict.of_response(Answer(status))
        assert not outcome.ok and outcome.stage == "status" and outcome.status == status, status
        assert str(status) in outcome.cause and outcome.advice[-1] == ".", status


def test_a_2xx_counts_even_if_the_rest_of_the_reply_does_not_arrive():
    cut = "The server closed the connection in the middle of its reply."
    outcome = verdict.of_error(RequestError("body", cut, None, None, 201))
    assert (outcome.ok, outcome.stage, outcome.status) == (True, "body", 201)
    assert outcome.cause.startswith("The server accepted the document (201), but ")
    for status in (None, 199, 302, 500):
        assert not verdict.of_error(RequestError("body", cut, None, None, status)).ok, status


def cut(status, headers=None):
    """A reply whose body broke off; without headers, only its status is known."""
    head = None
    if headers is not None:
        head = Head(1, status)
        head.headers = [(name.lower(), value) for name, value in headers]
    return RequestError("body", "The server closed.", "Look at it.", 104, status, head)


def test_a_refusal_counts_even_if_the_rest_of_the_reply_does_not_arrive():
    for status in (300, 302, 400, 401, 403, 407, 408, 410, 418, 422, 429, 451, 500, 503, 599, 600):
        whole = verdict.of_response(Answer(status))
        for headers in (None, []):
            found = verdict.of_error(cut(status, headers))
            assert (found.kind, found.stage, found.status, found.advice, found.pause_ms) == (
                (whole.kind, whole.stage, whole.status, whole.advice, 0)
            ), status
            assert found.cause == whole.cause + " The server closed.", status


def test_the_head_of_a_refusal_counts_even_if_the_rest_of_the_reply_does_not_arrive():
    now = ("Date", "Fri, 31 Dec 1999 23:59:55 GMT")
    for status, headers, pause in (
        (429, [("Retry-After", "12")], 12000),
        (503, [now, ("Retry-After", "Sat, 01 Jan 2000 00:01:30 GMT")], 95000),
        (422, [("Content-Length", "100"), now], 0),
    ):
        assert verdict.of_error(cut(status, headers)).pause_ms == pause, status
    found = verdict.of_error(cut(302, [("Location", "https://b.example/s3cret")]))
    assert found.cause == (
        "The server redirects to https://b.example (302); that is not followed. The server closed."
    )


def test_without_memory_to_judge_a_refusal_the_document_is_sent_again():
    def starving(status, error):
        raise MemoryError

    kept, refusals.of_cut_reply = refusals.of_cut_reply, starving
    try:
        found = verdict.of_error(cut(422))
    finally:
        refusals.of_cut_reply = kept
    assert (found.kind, found.stage, found.status) == (verdict.RETRY, "body", 422)
    assert (found.cause, found.advice) == ("The server closed.", "Look at it.")


def test_frequent_refusals_come_with_advice_of_their_own():
    for status, cause, advice in (
        (401, "does not know who is sending", "token"),
        (403, "refuses access", "token"),
        (404, "knows nothing at this path", "path"),
        (413, "too large", "fewer"),
        (429, "too many documents", "longer cycle"),
        (410, "gone for good", "Nothing more is sent"),
        (503, "overloaded", "server's side"),
        (507, "failed", "server's side"),
        (418, "rejects", "expects"),
    ):
        outcome = verdict.of_response(Answer(status))
        assert cause in outcome.cause and advice in outcome.advice, status


def test_a_redirect_tells_where_to_without_secrets():
    long = "https://" + "x" * 200 + ".example/"
    for location, shown in (
        ("https://b.example/s3cret?token=s3cret", "to https://b.example (302)"),
        ("https://me:s3cret@b.example/in#s3cret", "to https://b.example (302)"),
        ("/s3cret?back=s3cret", "to another path of the same server (302)"),
        ("s3cret", "to another path of the same server (302)"),
        ("//b.example:8443", "to //b.example:8443 (302)"),
        ("https://a\x1b[31m/", "to https://a?[31m (302)"),
        (long, "to %s (302)" % long[:120]),
        (None, "without saying where to (302)"),
    ):
        headers = [] if location is None else [("Location", location)]
        outcome = verdict.of_response(Answer(302, headers))
        assert shown in outcome.cause and "s3cret" not in outcome.cause, outcome.cause


def test_a_server_may_ask_to_be_left_alone_for_an_hour_at_most():
    for text, pause in (
        ("12", 12000),
        ("0", 0),
        ("999999", 3600000),
        ("99999999999999999999", 0),
        ("-5", 0),
        ("1.5", 0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 4000),
        ("Fri, 31 Dec 1999 23:59:50 GMT", 0),
        ("Sat, 01 Jan 2000 00:01:30 GMT", 95000),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 3600000),
        ("Sat, 01 Foo 2000 00:01:30 GMT", 0),
        ("soon", 0),
        (None, 0),
    ):
        headers = [("Date", "Fri, 31 Dec 1999 23:59:55 GMT")]
        headers += [] if text is None else [("Retry-After", text)]
        assert verdict.of_response(Answer(503, headers)).pause_ms == pause, text


def test_what_happens_next_depends_on_who_can_do_something():
    for kind, statuses in (
        ("retry", (100, 408, 425, 500, 502, 504, 599)),
        ("throttled", (429, 503)),
        ("auth", (401, 403, 407)),
        ("gone", (410,)),
        ("redirect", (301, 302, 307, 308)),
        ("rejected", (400, 402, 404, 405, 409, 411, 413, 415, 422, 451)),
        ("delivered", (200, 201, 204)),
    ):
        for status in statuses:
            assert verdict.of_response(Answer(status)).kind == kind, status


def test_a_date_without_the_servers_own_date_says_nothing():
    headers = [("Retry-After", "Sat, 01 Jan 2000 00:01:30 GMT")]
    assert verdict.of_response(Answer(503, headers)).pause_ms == 0


def test_only_the_latest_request_is_kept_in_full():
    journal = Journal()
    for _ in range(3):
        parcel = Parcel([Message("dev-7-3", b"x", 0, 0)], wican, True)
        parcel.trace = "POST"
        journal.add(Attempt(0, 7, parcel, verdict.of_response(Answer(200))))
    assert [attempt.trace for attempt in journal] == ["", "", "POST"]
