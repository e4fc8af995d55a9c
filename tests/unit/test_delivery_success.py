"""The HTTP 200 that says no: rules about status and reply beyond any 2xx."""

from delivery import success, verdict
from net.http import RequestError


class Answer:
    def __init__(self, status=200, body=b""):
        self.status = status
        self.body = body


def objection(status=200, body=b"", expected=0, path="", value="", accept=()):
    rules = {"status": expected, "json_path": path, "json_value": value, "accept": accept}
    return success.objection(rules, Answer(status, body))


def test_another_2xx_than_the_expected_one_is_delivered_with_a_remark():
    assert objection(200) is None and objection(204) is None
    assert objection(204, expected=204) is None
    found = objection(200, expected=204)
    assert (found.kind, found.stage, found.status) == (verdict.DELIVERED, "body", 200)
    assert "(200)" in found.cause and "204" in found.cause and found.advice


def test_a_status_that_is_not_accepted_is_no_delivery_whatever_the_reply_says():
    assert objection(204, accept=[200, 204]) is None
    assert objection(200, b'{"ok":true}', path="ok", accept=[200]) is None
    for more in ({}, {"body": b'{"ok":true}', "path": "ok"}, {"expected": 203}):
        found = objection(203, accept=[200, 204], **more)
        assert (found.kind, found.stage, found.status) == (verdict.RETRY, "status", 203)
        assert "203" in found.cause and found.advice
    assert objection(204, expected=200, accept=[200, 204]).ok  # the remark stays one


def test_a_reply_that_says_yes_is_a_delivery():
    for body, path, value in (
        (b'{"status":"ok"}', "status", "ok"),
        (b'{"result":[{"ok":false},{"ok":true}]}', "result.1.ok", "true"),
        (b'{"code":0}', "code", "0"),
        (b'{"code":0}', "code", ""),
        (b'{"id":"x"}', "id", ""),
        (b'{"error":null}', "error", "null"),
        (b'[{"ok":true}]', "0.ok", ""),
        ('{"stand":"für"}'.encode(), "stand", "für"),
    ):
        assert objection(200, body, path=path, value=value) is None, body


def test_a_reply_that_says_no_is_none():
    for body, path, value, shown in (
        (b'{"status":"error"}', "status", "ok", "status = error."),
        (b'{"ok":false}', "ok", "", "ok = false."),
        (b'{"ok":null}', "ok", "", "ok = null."),
        (b'{"ok":true}', "ok", "True", "ok = true."),
        (b'{"a":{"b":1}}', "a.b", "2", "a.b = 1."),
        (b'{"s":"a\\nb"}', "s", "ok", "s = a?b."),
        (b'{"s":"' + b"x" * 500 + b'"}', "s", "ok", "s = " + "x" * 80 + "."),
    ):
        found = objection(201, body, path=path, value=value)
        assert (found.kind, found.stage, found.status) == (verdict.REJECTED, "body", 201), body
        assert found.cause == "The server answered 201, but its reply says " + shown
        assert found.advice


def test_a_reply_that_cannot_be_read_is_no_delivery_either():
    for body in (
        b"",
        b"<html>Log in",
        b'{"status":"o',
        b'{"state":"ok"}',
        b"[1]",
        b'"ok"',
        b"\xff",
    ):
        found = objection(200, body, path="status", value="ok")
        assert (found.kind, found.status) == (verdict.RETRY, 200), body
        assert "no JSON that holds status" in found.cause and found.advice, body
    assert objection(200, b'{"a":[1]}', path="a.7", value="1") is not None
    assert objection(200, b'{"a":"text"}', path="a.b.c", value="1") is not None


def test_a_reply_that_was_cut_short_decides_only_if_it_was_to_be_read():
    cut = RequestError("body", "The server closed.", None, None, 200)
    rules = {"status": 0, "json_path": "status", "json_value": "ok", "accept": []}
    found = success.of_cut_reply(rules, cut)
    assert (found.kind, found.status) == (verdict.RETRY, 200)
    assert success.of_cut_reply(rules, RequestError("body", "Closed.", None, None, 500)) is None
    assert success.of_cut_reply(rules, RequestError("dns", "No name.")) is None
    rules["json_path"] = ""
    assert success.of_cut_reply(rules, cut) is None
    rules["accept"] = [200]
    assert success.of_cut_reply(rules, cut) is None
    rules["accept"] = [204]
    assert success.of_cut_reply(rules, cut).kind == verdict.RETRY
    assert success.of_cut_reply(rules, RequestError("body", "Closed.", None, None, 500)) is None
