"""The password's record, and how long one who guesses is kept waiting."""

import asyncio
from binascii import hexlify

from helper import raises, run
from vault import Vault
from web.auth import (
    PASSWORD,
    Lockout,
    Pbkdf2,
    check,
    check_slowly,
    is_record,
    keep,
    make_record,
    pbkdf2,
    same,
    settle,
)

SALT = b"0123456789abcdef"
RECORD = make_record("open:sesamé", SALT)
HOME = "192.168.4.2"


def test_pbkdf2_gives_the_published_keys():
    for password, salt, iterations, key in (
        # RFC 7914 section 11; the first 32 of its 64 bytes
        (
            b"passwd",
            b"salt",
            1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
        ),
        (
            b"Password",
            b"NaCl",
            80000,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
        ),
        # the inputs of RFC 6070 with SHA-256
        (
            b"password",
            b"salt",
            2,
            "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43",
        ),
        (
            b"password",
            b"salt",
            4096,
            "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a",
        ),
        # a password longer than SHA-256's block
        (
            b"p" * 65,
            b"salt",
            3,
            "9f1b4cba4b646ed9a5d20a3cfa7ef757b162f7073a4578d7e93864f7d91e146f",
        ),
        (
            b"p" * 64,
            b"salt",
            3,
            "a7eb20b4477a4cc9647a8343af3aa4465322d894a481e92a16da5e0ae37ad3d3",
        ),
    ):
        got = hexlify(pbkdf2(password, salt, iterations)).decode()
        assert got == key, (password, iterations, got)


def test_steps_of_any_size_give_the_same_key():
    derivation = Pbkdf2(b"password", b"salt")
    derivation.rounds(3)
    derivation.rounds(0)
    derivation.rounds(6)
    assert derivation.digest() == pbkdf2(b"password", b"salt", 10)


def test_record_fits_its_password_only():
    assert check(RECORD, "open:sesamé")
    for password in ("", "open", "open:sesame", "open:sesamé ", "OPEN:SESAMÉ"):
        assert not check(RECORD, password), password


def test_record_tells_nothing_and_differs_with_the_salt():
    assert "sesam" not in RECORD
    other = make_record("open:sesamé", b"fedcba9876543210")
    assert other.split("$")[3] != RECORD.split("$")[3]
    assert check(other, "open:sesamé")


def test_record_is_told_from_a_password():
    assert is_record(RECORD)
    for text in ("", "open:sesamé", "pbkdf2-sha256", "a$b$c$d"):
        assert not is_record(text), text


def test_damaged_record_fits_no_password():
    scheme, iterations, salt, key = RECORD.split("$")
    for record in (
        "",
        "open:sesamé",
        "md5$1000$%s$%s" % (salt, key),
        "%s$many$%s$%s" % (scheme, salt, key),
        "%s$%s$zz$%s" % (scheme, iterations, key),
        "%s$%s$%s$" % (scheme, iterations, salt),
        "%s$%s$%s$%s" % (scheme, iterations, salt, key[:-2]),
    ):
        assert not check(record, ""), record
        assert not check(record, "open:sesamé"), record


def test_empty_password_gets_no_record():
    raises(ValueError, make_record, "", SALT)


def test_same_compares_whole_digests():
    assert same(b"abc", b"abc")
    for left, right in ((b"abc", b"abd"), (b"abc", b"xbc"), (b"abc", b"ab"), (b"", b"a")):
        assert not same(left, right), (left, right)


def test_plain_password_is_replaced_by_its_record():
    vault = Vault(password="open:sesamé")
    record = run(settle(vault))
    assert is_record(record) and check(record, "open:sesamé")
    assert vault.secrets == {PASSWORD: record}
    assert run(settle(vault)) == record, "the second time there is nothing to do"


def test_device_without_a_password_makes_one_of_its_own():
    first, second = Vault(), Vault()
    records = [run(settle(vault)) for vault in (first, second)]
    assert is_record(records[0]) and records[0] != records[1]
    assert first.secrets == {PASSWORD: records[0]}


def test_password_that_cannot_be_stored_is_an_error():
    vault = Vault()
    vault.full = True
    error = raises(OSError, run, settle(vault))
    assert "cannot be stored" in str(error) and "(28)" in str(error)


def test_others_run_while_a_password_is_worked_on():
    async def scene():
        turns = []

        async def other():
            while True:
                turns.append(None)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        counts = []
        for work in (keep(Vault(), "open:sesamé"), check_slowly(RECORD, "wrong")):
            turns.clear()
            await work
            counts.append(len(turns))
        task.cancel()
        return counts

    assert min(run(scene())) >= 100


def test_new_records_ask_for_enough_work():
    assert int(RECORD.split("$")[1]) >= 5000


def test_pauses_double_up_to_five_minutes():
    lockout = Lockout()
    waits = []
    now_ms = 0
    for _ in range(15):
        lockout.failed(HOME, now_ms)
        waits.append(lockout.wait_ms(HOME, now_ms) // 1000)
        now_ms += waits[-1] * 1000
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_old_failures_are_forgiven():
    lockout = Lockout()
    for _ in range(5):
        lockout.failed(HOME, 0)
    lockout.failed(HOME, 1_000_000)
    assert lockout.wait_ms(HOME, 1_000_000) == 0


def test_many_addresses_do_not_push_out_those_that_are_locked():
    lockout = Lockout()
    for _ in range(10):
        lockout.failed(HOME, 0)
    for number in range(100):
        lockout.failed("10.0.0.%d" % number, 10)
    assert lockout.wait_ms(HOME, 10) > 0
    assert len(lockout._failures) <= 17


def test_who_changes_his_address_with_each_guess_has_to_wait_as_well():
    lockout = Lockout()
    tries, now_ms = 0, 0
    while now_ms < 600_000:
        wait_ms = lockout.wait_ms("10.0.%d.%d" % (tries // 256, tries % 256), now_ms)
        assert wait_ms <= 30_000, "all the others are not kept out for longer"
        now_ms += wait_ms + 1000
        lockout.failed("10.0.%d.%d" % (tries // 256, tries % 256), now_ms)
        tries += 1
    assert 16 < tries < 50
    assert lockout.wait_ms("10.0.0.0", now_ms) == 0, "one that failed once is told from those"
    assert lockout.wait_ms(HOME, now_ms) > 0
    assert lockout.wait_ms(HOME, now_ms + 1_000_000) == 0
