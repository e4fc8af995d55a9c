"""What is remembered of attempts, and the sentences for every kind of answer."""

from delivery import verdict
from delivery.journal import Attempt, Journal
from net.http import RequestError
from world import Answer


def test_the_last_ten_attempts_are_kept_and_all_are_counted():
    journal = Journal()
    assert journal.last is None
    for at in range(25):
        outcome = verdict.of_response(Answer(200 if at % 5 else 500))
        journal.add(Attempt(at, 7, 30, outcome))
    assert [attempt.at_ms for attempt in journal] == list(range(15, 25))
    assert (journal.delivered, journal.failed, journal.last.at_ms) == (20, 5, 24)


def test_an_attempt_tells_when_how_far_and_why():
    error = RequestError("tls", "The certificate expired.", "It must be renewed.", -9984)
    assert Attempt(1200, 340, 90, verdict.of_error(error)).pairs() == [
        ("at_ms", 1200),
        ("ok", False),
        ("stage", "tls"),
        ("status", None),
        ("bytes", 90),
        ("latency_ms", 340),
        ("cause", "The certificate expired."),
        ("advice", "It must be renewed."),
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


def test_frequent_refusals_come_with_advice_of_their_own():
    for status, cause, advice in (
        (401, "does not know who is sending", "token"),
        (403, "refuses access", "token"),
        (404, "knows nothing at this path", "path"),
        (413, "too large", "fewer"),
        (429, "too many documents", "longer cycle"),
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
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        (None, 0),
    ):
        headers = [] if text is None else [("Retry-After", text)]
        assert verdict.of_response(Answer(503, headers)).pause_ms == pause, text
