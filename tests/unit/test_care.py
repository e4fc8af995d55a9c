"""What watches over the device: started with it, and asked when somebody lost the password or the application ended."""

import asyncio
import json

from board_fake import Board, Restart
from device import care, crash
from helper import raises, run
from log import Log
from signer import Root, write
from supervisor import Supervisor
from uptime import Uptime
from vault import Vault
from web.auth import is_record, make_record


class Store:
    def __init__(self, *problems):
        self.problems = problems
        self.saved = None

    def save_secrets(self, changes):
        self.saved = changes
        return self.problems


def begun(root):
    """What is known of the last crash when the application starts, and the names of the tasks."""

    async def scene():
        uptime, log = Uptime(), Log(sink=lambda line: None)
        tasks = Supervisor(uptime, log.logger("tasks"))
        known = care.begin(Board(), root, tasks, uptime, log, lambda: None)
        await asyncio.sleep_ms(1)
        names = [task.name for task in tasks.tasks]
        tasks.stop_all()
        return known, names

    return run(scene())


def test_health_and_button_are_watched_and_the_last_crash_is_known():
    with Root() as root:
        assert begun(root) == ("", ["health", "button"])
        crash.keep(root, "The application ended.", ValueError("x"))
        assert begun(root)[0] == "The application ended."


def test_an_application_that_ends_is_noted_with_its_log_before_the_device_starts_again():
    with Root() as root:
        board, log = Board(), Log(sink=lambda line: None)
        log.logger("page").info("the last line")
        raises(Restart, care.ended, board, root, ValueError("made to fail"), log)
        text = crash.last(root)
        assert text.startswith("The application ended.\n") and "made to fail" in text
        assert text.endswith("I page    the last line")


def test_a_lost_password_becomes_the_devices_own_again():
    with Root() as root:
        write(
            root, "own.json", b'{"password": "pbkdf2-sha256$1$00$11", "access_point": "12345678"}'
        )
        store = Store()
        care.reset_password(root, store, Log(sink=lambda line: None))
        assert store.saved == {"web.password": "pbkdf2-sha256$1$00$11"}


def test_after_a_factory_reset_the_password_is_the_devices_own():
    record = make_record("on the label", b"0123456789abcdef")
    for own, kept in ((record, True), ("garbage", False), (None, False)):
        with Root() as root:
            if own is not None:
                write(root, "own.json", json.dumps({"password": own}).encode())
            vault = Vault()
            run(care.first_password(root, vault))
            found = vault.secrets["web.password"]
            assert is_record(found) and (found == record) is kept


def test_a_device_without_one_makes_a_new_password():
    for content in (None, b"", b"[]", b'{"password": 5}'):
        with Root() as root:
            if content is not None:
                write(root, "own.json", content)
            store, lines = Store(), []
            care.reset_password(root, store, Log(sink=lines.append))
            assert store.saved == {"web.password": None}
            assert "own again" in lines[0]
