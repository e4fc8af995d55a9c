"""Logging in and out, the password and tokens, as a browser and a script do it.

A real server under the Unix port of MicroPython.
"""

import json

import pytest
from page_server import BASIC, PASSWORD, ask, serving, told

SESSION = "/api/v1/session"
TOKENS = "/api/v1/tokens"
STATUS = "/api/v1/status"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


def told_plainly(port, path, method="GET", headers=None, data=None):
    """(status, document, response) without the password; no document is None."""
    body = None if data is None else json.dumps(data).encode()
    response, text = ask(port, path, headers or {}, method, body)
    return response.status, json.loads(text) if text else None, response


def log_in(port, password=PASSWORD, headers=None):
    """The headers of a browser that is logged in."""
    status, document, response = told_plainly(
        port, SESSION, "POST", headers, {"password": password}
    )
    assert status == 200, document
    cookie = response.headers["Set-Cookie"]
    return {"Cookie": cookie.partition(";")[0], "X-CSRF-Token": document["csrf"]}


def status_of(port, headers, path=STATUS):
    return ask(port, path, headers)[0].status


def code_of(answer):
    status, [problem], _ = answer
    assert set(problem) == {"field", "code", "message"}
    return status, problem["field"], problem["code"]


def test_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(port):
    _, document, response = told_plainly(port, SESSION, "POST", data={"password": PASSWORD})
    first, *rules = response.headers["Set-Cookie"].split("; ")
    name, _, id = first.partition("=")
    assert (name, len(id)) == ("session", 32)
    assert sorted(rules) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert list(document) == ["csrf"] and document["csrf"] != id
    assert response.headers["Cache-Control"] == "no-store"


def test_session_opens_what_is_closed_without(port):
    browser = log_in(port)
    for path in ("/", STATUS, "/static/app.js"):
        assert status_of(port, {}, path) == 401
        assert status_of(port, browser, path) == 200


def test_page_tells_who_is_logged_in_and_how(port):
    browser = log_in(port)
    for headers, by in ((None, None), (browser, "session"), (BASIC, "basic")):
        status, document, _ = told_plainly(port, SESSION, headers=headers)
        assert status == 200
        assert (document["authenticated"], document["by"]) == (by is not None, by)
        assert document["csrf"] == (browser["X-CSRF-Token"] if by == "session" else None)
        assert (document["name"], document["setup"]) == ("wican <one>", False)


@pytest.mark.parametrize(
    "data, expected",
    [
        ({"password": "wrong"}, (401, "password", "wrong_password")),
        ({"password": ""}, (401, "password", "wrong_password")),
        ({}, (400, "password", "type")),
        ({"password": 7}, (400, "password", "type")),
        ({"password": PASSWORD, "user": "admin"}, (400, "user", "unknown_setting")),
        ([], (400, "", "type")),
    ],
)
def test_refused_login_says_why_and_sets_no_cookie(data, expected):
    with serving() as port:
        answer = told_plainly(port, SESSION, "POST", data=data)
        assert code_of(answer) == expected
        assert "Set-Cookie" not in answer[2].headers
        assert "WWW-Authenticate" not in answer[2].headers, "no dialog of the browser's own"


def test_form_works_without_a_script(port):
    right = b"password=correct%3Ahorse"
    response, _ = ask(port, "/login", FORM, "POST", right)
    assert (response.status, response.headers["Location"]) == (303, "/")
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    assert status_of(port, {"Cookie": cookie}) == 200
    for wrong in (b"password=x", b"", b"password=%zz", b"other=correct%3Ahorse"):
        response, _ = ask(port, "/login", FORM, "POST", wrong)
        assert (response.status, response.headers["Location"]) == (303, "/#wrong"), wrong
        assert "Set-Cookie" not in response.headers


def test_form_says_that_one_has_to_wait():
    with serving() as port:
        for _ in range(5):
            ask(port, "/login", FORM, "POST", b"password=x")
        response, _ = ask(port, "/login", FORM, "POST", b"password=correct%3Ahorse")
        assert (response.status, response.headers["Location"]) == (303, "/#wait")


def test_cookie_is_worthless_after_logout(port):
    browser, other = log_in(port), log_in(port)
    response, body = ask(port, SESSION, browser, "DELETE")
    assert (response.status, body) == (204, b"")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert status_of(port, browser) == 401
    assert told_plainly(port, SESSION, headers=browser)[1]["authenticated"] is False
    assert status_of(port, other) == 200


def test_login_again_ends_the_session_before(port):
    before = log_in(port)
    after = log_in(port, headers={"Cookie": before["Cookie"]})
    assert (status_of(port, before), status_of(port, after)) == (401, 200)


def test_changing_something_needs_the_sessions_token(port):
    browser, other = log_in(port), log_in(port)
    cookie = {"Cookie": browser["Cookie"]}
    wrong = {**cookie, "X-CSRF-Token": other["X-CSRF-Token"]}
    reset = "/api/v1/destinations/1/reset"
    for headers in (cookie, wrong, {**cookie, "X-CSRF-Token": ""}):
        assert code_of(told_plainly(port, reset, "POST", headers)) == (403, "", "csrf")
        assert code_of(told_plainly(port, SESSION, "DELETE", headers)) == (403, "", "csrf")
    assert ask(port, reset, browser, "POST")[0].status == 200
    assert status_of(port, cookie) == 200, "looking needs none"


def change(port, headers, old, new):
    return told_plainly(port, "/api/v1/password", "PUT", headers, {"old": old, "new": new})


def test_changed_password_counts_and_ends_the_other_sessions():
    with serving() as port:
        mine, other = log_in(port), log_in(port)
        assert change(port, mine, PASSWORD, "another password")[0] == 204
        assert (status_of(port, mine), status_of(port, other)) == (200, 401)
        assert status_of(port, BASIC) == 401
        log_in(port, "another password")


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("wrong", "another password", (400, "old", "wrong_password")),
        (PASSWORD, "1234567", (400, "new", "too_short")),
        (PASSWORD, "x" * 65, (400, "new", "too_long")),
        (PASSWORD, None, (400, "new", "type")),
        (None, "another password", (400, "old", "type")),
    ],
)
def test_refused_password_names_its_field_and_changes_nothing(port, old, new, expected):
    browser = log_in(port)
    assert code_of(change(port, browser, old, new)) == expected
    assert status_of(port, browser) == 200
    log_in(port)


def test_old_password_cannot_be_guessed_by_who_stole_a_session():
    with serving() as port:
        browser = log_in(port)
        for _ in range(5):
            change(port, browser, "wrong", "another password")
        answer = change(port, browser, PASSWORD, "another password")
        assert code_of(answer) == (429, "old", "too_many")
        assert answer[2].headers["Retry-After"] == "1"


def test_token_opens_the_api_until_it_is_deleted(port):
    status, made = told(port, TOKENS, "POST", body=b'{"name":"Grafana"}')
    assert status == 200 and sorted(made) == ["id", "name", "token"]
    script = {"Authorization": "Bearer " + made["token"]}
    assert status_of(port, script) == 200
    assert told_plainly(port, SESSION, headers=script)[1]["by"] == "token"
    reset = "/api/v1/destinations/1/reset"
    assert ask(port, reset, script, "POST")[0].status == 200, "scripts have no token of a session"
    listed = told(port, TOKENS)[1]
    assert listed == [{"id": made["id"], "name": "Grafana"}]
    assert ask(port, f"{TOKENS}/{made['id']}", BASIC, "DELETE")[0].status == 204
    assert code_of(told_plainly(port, STATUS, headers=script)) == (401, "", "wrong_token")
    assert told(port, TOKENS)[1] == []
    gone = told_plainly(port, f"{TOKENS}/{made['id']}", "DELETE", BASIC)
    assert code_of(gone) == (404, "id", "unknown")


def test_tokens_have_names_and_are_eight_at_most():
    with serving() as port:
        for number in range(8):
            assert told(port, TOKENS, "POST", body=b'{"name":"t%d"}' % number)[0] == 200
        ninth = told_plainly(port, TOKENS, "POST", BASIC, {"name": "t8"})
        assert code_of(ninth) == (409, "name", "too_many")
        nameless = told_plainly(port, TOKENS, "POST", BASIC, {})
        assert code_of(nameless) == (400, "name", "name")


def test_passwords_and_tokens_are_kept_as_digests_only(tmp_path):
    with serving(root=tmp_path) as port:
        token = told(port, TOKENS, "POST", body=b'{"name":"t"}')[1]["token"]
        browser = log_in(port)
        assert change(port, browser, PASSWORD, "another password")[0] == 204
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"pbkdf2-sha256$" in written and b'"name' in written
    secrets = (token, token[len("wican_") :], PASSWORD, "another password", browser["Cookie"][8:])
    assert not [secret for secret in secrets if secret.encode() in written]
