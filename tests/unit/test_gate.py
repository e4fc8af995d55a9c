"""The gate: who passes, by which of the three ways, and that guessing is slowed down."""

import asyncio
from binascii import b2a_base64

from helper import raises, run
from vault import Clock, Vault
from web import tokens
from web.auth import PASSWORD, make_record
from web.gate import Gate, Refusal, challenge

RECORD = make_record("open:sesamé", b"0123456789abcdef")
HOME = "192.168.4.2"


class Request:
    """What the gate reads of a request."""

    def __init__(self, authorization=None, cookie=None, address=HOME, path="/api/v1/x", **headers):
        self.headers = {name.replace("_", "-"): headers[name] for name in headers}
        if authorization is not None:
            self.headers["Authorization"] = authorization
        self.cookies = {} if cookie is None else {"session": cookie}
        self.client_addr = (address, 0)
        self.path = path


class Answer:
    """What it writes into a response."""

    def __init__(self, status):
        self.status_code = status
        self.headers = {}


def gate(**secrets):
    return Gate(Vault(**(secrets or {"password": RECORD})), Clock())


def basic(password, user="admin"):
    return "Basic " + b2a_base64((user + ":" + password).encode()).decode().strip()


def known_by(gate, *shown, **more):
    """How the gate knows who asks: None for nobody, the code if it refuses."""
    try:
        caller = run(gate.caller(Request(*shown, **more)))
    except Refusal as refusal:
        return refusal.code
    return None if caller is None else caller.by


def test_password_passes_under_any_user_name():
    one = gate()
    for user in ("admin", "", "somebody"):
        assert known_by(one, basic("open:sesamé", user)) == "basic", user


def test_who_shows_nothing_is_nobody():
    for shown in (None, "", "Digest abc", "open:sesamé"):
        assert known_by(gate(), shown) is None, shown


def test_wrong_and_unreadable_passwords_are_refused():
    for shown in (
        basic("wrong"),
        basic(""),
        "Basic !",
        "Basic ////",
        "Basic YQ==",
        "basic " + b2a_base64(b"open:sesam").decode().strip(),
    ):
        assert known_by(gate(), shown) == "wrong_password", shown


def test_damaged_record_lets_nobody_pass():
    for record in ("pbkdf2-sha256$$$", RECORD[:-2]):
        for password in ("", "admin", "open:sesamé", record):
            assert known_by(gate(password=record), basic(password)) == "wrong_password"


def test_plain_password_in_the_store_passes_and_is_replaced():
    one = gate(password="as it was written")
    assert known_by(one, basic("as it was written")) == "basic"
    assert known_by(one, basic("as it was written")) == "basic"
    assert "written" not in one._store.secrets[PASSWORD]


def test_session_passes_by_its_cookie_until_it_ends():
    one = gate()
    cookie, session = one.sessions.begin()
    assert known_by(one, None, cookie) == "session"
    assert run(one.caller(Request(None, cookie))).session is session
    one.sessions.end(session)
    assert known_by(one, None, cookie) is None


def test_stale_cookie_does_not_keep_the_password_out():
    assert known_by(gate(), basic("open:sesamé"), "0" * 32) == "basic"


def test_token_passes_and_others_do_not():
    one = gate()
    tokens.make(one._store, "first")
    [row] = tokens.rows(one._store)
    shown = tokens.make(one._store, "second").split('"token":"')[1].split('"')[0]
    assert known_by(one, "Bearer " + shown) == "token"
    assert known_by(one, "bearer  " + shown) == "token"
    for wrong in ("", shown[:-1], shown + "0", row["sha256"], "first"):
        assert known_by(one, "Bearer " + wrong) == "wrong_token", wrong


def test_changed_password_counts_at_once_and_ends_the_other_sessions():
    one = gate()
    (mine, session), (other, _) = one.sessions.begin(), one.sessions.begin()
    assert known_by(one, basic("open:sesamé")) == "basic"
    run(one.change("another one", session))
    assert known_by(one, basic("open:sesamé")) == "wrong_password"
    assert known_by(one, basic("another one")) == "basic"
    assert known_by(one, None, mine) == "session"
    assert known_by(one, None, other) is None


def test_password_changed_in_the_settings_counts_at_once_and_ends_every_session():
    one = gate()
    cookie, _ = one.sessions.begin()
    assert known_by(one, basic("open:sesamé")) == "basic"
    one._store.secrets[PASSWORD] = "another one"
    assert known_by(one, None, cookie) is None
    assert known_by(one, basic("open:sesamé")) == "wrong_password"
    assert known_by(one, basic("another one")) == "basic"


def test_password_that_cannot_be_stored_changes_nothing():
    one = gate()
    cookie, _ = one.sessions.begin()
    one._store.full = True
    raises(OSError, run, one.change("another one", None))
    assert known_by(one, basic("open:sesamé")) == "basic"
    assert known_by(one, None, cookie) == "session"


def test_guessing_locks_an_address_out_and_no_other():
    one = gate()
    for attempt in range(5):
        assert known_by(one, basic("wrong")) == "wrong_password", attempt
    refusal = raises(Refusal, run, one.caller(Request(basic("open:sesamé"))))
    assert (refusal.code, refusal.wait_ms) == ("too_many", 1000)
    assert known_by(one, basic("open:sesamé"), address="192.168.4.3") == "basic"
    assert known_by(one, basic("open:sesamé")) == "too_many", "known by now, but not from there"
    one._uptime.now_ms += 1000
    assert known_by(one, basic("open:sesamé")) == "basic"


def test_who_is_logged_in_stays_so_while_its_address_is_locked_out():
    one = gate()
    cookie, _ = one.sessions.begin()
    for _ in range(6):
        known_by(one, basic("wrong"))
    assert known_by(one, None, cookie) == "session"


def test_login_clears_the_failures_of_its_address():
    one = gate()
    for _ in range(3):
        for _ in range(4):
            assert known_by(one, basic("wrong")) == "wrong_password"
        assert known_by(one, basic("open:sesamé")) == "basic"


def test_guesses_made_at_the_same_time_are_not_free():
    async def scene():
        one = gate()
        guesses = [one.caller(Request(basic("wrong %d" % number))) for number in range(12)]
        return await asyncio.gather(*guesses, return_exceptions=True)

    codes = [refusal.code for refusal in run(scene())]
    assert codes == ["wrong_password"] * 5 + ["too_many"] * 7


def test_guessing_from_many_addresses_leaves_places_to_others():
    async def scene():
        one = gate()
        cookie, _ = one.sessions.begin()
        one._lockout.failed("10.0.0.9", one._uptime.ms())
        requests = [Request(basic("x"), address="10.0.0.%d" % number) for number in range(3)]
        tasks = [asyncio.create_task(one.caller(request)) for request in requests]
        for _ in range(3):
            await asyncio.sleep(0)
        refusal = [task.done() for task in tasks]
        assert (await one.caller(Request(None, cookie))).by == "session"
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert await one.caller(Request(basic("open:sesamé"))), "later there is room again"
        return refusal, [each.code for each in found]

    assert run(scene()) == (
        [False, False, True],
        ["wrong_password", "wrong_password", "too_many"],
    )


def test_scripts_that_begin_together_all_get_in():
    async def scene():
        one = gate()
        requests = [one.caller(Request(basic("open:sesamé"))) for _ in range(4)]
        return [caller.by for caller in await asyncio.gather(*requests)]

    assert run(scene()) == ["basic"] * 4


def test_old_password_does_not_get_in_while_it_is_changed():
    async def scene():
        one = gate()
        late = asyncio.create_task(one.check("open:sesamé", HOME))
        await asyncio.sleep(0)
        one._store.secrets[PASSWORD] = make_record("another one", b"0123456789abcdef")
        return await asyncio.gather(late, return_exceptions=True)

    assert [each.code for each in run(scene())] == ["wrong_password"]


def test_who_got_in_is_known_until_the_session_or_the_password_ends():
    one = gate()
    (mine, session), (other, _) = one.sessions.begin(), one.sessions.begin()
    callers = [run(one.caller(Request(None, cookie))) for cookie in (mine, other)]
    callers.append(run(one.caller(Request(basic("open:sesamé")))))
    assert [one.still_knows(caller) for caller in callers + [None]] == [True, True, True, False]
    run(one.change("another one", session))
    assert [one.still_knows(caller) for caller in callers] == [True, False, False]
    one.sessions.end(session)
    assert not one.still_knows(callers[0])


def test_browser_is_asked_for_the_password_at_addresses_of_the_api_only():
    def asked(status=401, **about):
        answer = Answer(status)
        challenge(Request(**about), answer)
        return "WWW-Authenticate" in answer.headers

    assert asked()
    assert not asked(status=429)
    assert not asked(path="/") and not asked(path="/static/app.js") and not asked(path="/x")
    assert not asked(X_Requested_With="page"), "the page shows its own form"
    assert not asked(Accept="text/event-stream"), "an event stream cannot say who it is"
