"""Puts the page together: gate, API and pages on one server."""

import os
from binascii import hexlify

from micropython import const

from web import api, auth, pages
from web.server import Server, Site

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.store import Store

    from web import Model

_SALT = const(16)
_PASSWORD = const(5)  # random bytes: ten hexadecimal digits
_KEY = "web.password"


async def serve(model: "Model", record: str, port: int) -> None:
    """Serves the page of `model` on a port until cancelled. Raises OSError if the port is taken."""
    log = model.log.logger("page")
    site = Site(auth.Gate(record, model.uptime), log)
    api.mount(site, model)
    pages.mount(site, model)
    await Server(site, port, model.uptime, log).run()


def password_record(store: "Store") -> str:
    """The stored password record.

    A password that was written in plain is replaced by its record. A device that has none makes one and shows it once,
    on its console: there is no password that all devices share.
    """
    stored = store.secret(_KEY)
    if stored is not None and auth.is_record(stored):
        return stored
    password = stored or hexlify(os.urandom(_PASSWORD)).decode()
    record = auth.make_record(password, os.urandom(_SALT))
    for problem in store.save(store.draft(), {_KEY: record}):
        raise OSError("the password cannot be stored: %s" % problem["message"])
    if stored is None:
        print("The password of the page is %s (shown this once)" % password)
    return record
