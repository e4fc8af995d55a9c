"""Sessions of browsers: how they begin and end, and that only digests are kept."""

from vault import Clock
from web.sessions import Sessions

HOUR_MS = 3_600_000


def sessions():
    clock = Clock()
    return clock, Sessions(clock)


def test_each_login_has_an_id_and_a_token_of_its_own():
    _, known = sessions()
    begun = [known.begin() for _ in range(3)]
    assert len({id for id, _ in begun}) == 3
    assert len({session.csrf for _, session in begun}) == 3
    for id, session in begun:
        assert len(id) == 32 and known.find(id) is session
        assert id not in repr(session.__dict__) and id.encode() != session.digest


def test_only_the_exact_id_is_found():
    _, known = sessions()
    id, _ = known.begin()
    for wrong in (None, "", id[:-1], id + "0", id.upper() + "x", "0" * 32):
        assert known.find(wrong) is None, wrong


def test_session_ends_once_and_for_good():
    _, known = sessions()
    (one, first), (two, second) = known.begin(), known.begin()
    known.end(first)
    known.end(first)
    assert known.find(one) is None and known.find(two) is second


def test_all_others_or_all_can_be_ended():
    _, known = sessions()
    begun = [known.begin() for _ in range(3)]
    known.end_all(begun[1][1])
    assert [known.find(id) is not None for id, _ in begun] == [False, True, False]
    known.end_all()
    assert known.find(begun[1][0]) is None and len(known) == 0


def test_fifth_login_takes_the_place_of_the_idlest():
    clock, known = sessions()
    ids = []
    for _ in range(4):
        clock.now_ms += 1
        ids.append(known.begin()[0])
    clock.now_ms += 1
    assert known.find(ids[0]) is not None, "used by that"
    ids.append(known.begin()[0])
    assert [known.find(id) is not None for id in ids] == [True, False, True, True, True]


def test_session_ends_when_it_is_not_used_for_twelve_hours():
    clock, known = sessions()
    id, _ = known.begin()
    clock.now_ms += 12 * HOUR_MS
    assert known.find(id) is not None
    clock.now_ms += 12 * HOUR_MS + 1
    assert known.find(id) is None and len(known) == 0


def test_session_ends_after_seven_days_however_much_it_is_used():
    clock, known = sessions()
    id, _ = known.begin()
    for _ in range(7 * 24):
        clock.now_ms += HOUR_MS
        assert known.find(id) is not None
    clock.now_ms += 1
    assert known.find(id) is None


def test_request_belongs_to_a_session_by_its_token_only():
    _, known = sessions()
    _, session = known.begin()
    assert session.shown_by(session.csrf)
    for wrong in ("", session.csrf[:-1], session.csrf + "0", known.begin()[1].csrf):
        assert not session.shown_by(wrong), wrong
