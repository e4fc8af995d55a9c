"""API tokens: what scripts show instead of the password. Each is told once; the device keeps its SHA-256.

A token is 160 random bits, so that nobody can guess it and a fast digest is enough.
"""

import json
from binascii import hexlify
from hashlib import sha256
from os import urandom

import jsontext
from micropython import const

from web.auth import same
from web.problem import Problem, bad

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.store import Store

    Row = dict[str, str | int]

_KEY = "web.tokens"
_MOST = const(8)
_LONGEST_NAME = const(32)
_RANDOM = const(20)  # bytes
_PREFIX = "wican_"  # found by who searches files for secrets


def fits(store: "Store", token: str) -> bool:
    """Whether a token is one of the device's."""
    digest = _digest(token).encode()
    return any([same(str(row["sha256"]).encode(), digest) for row in rows(store)])


def rows(store: "Store") -> "list[Row]":
    """The tokens: {"id", "name", "sha256"} each. What cannot be read counts as none."""
    try:
        found = json.loads(store.secret(_KEY) or "[]")
        return [row for row in found if row["id"] and row["name"] and len(row["sha256"]) == 64]
    except (ValueError, TypeError, KeyError):
        return []


def make(store: "Store", name: object) -> str:
    """Makes a token of that name: JSON text with "id", "name" and "token". Raises Problem."""
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or min(name) < " ":
        raise bad("name", "name", "Must be a text of 1 to %d characters." % _LONGEST_NAME)
    known = rows(store)
    if len(known) >= _MOST:
        text = "There are %d tokens already: delete one first." % len(known)
        raise Problem(409, "Conflict", "name", "too_many", text)
    taken = [row["id"] for row in known]
    id = [number for number in range(1, _MOST + 1) if number not in taken][0]
    token = _PREFIX + hexlify(urandom(_RANDOM)).decode()
    _keep(store, known + [{"id": id, "name": name, "sha256": _digest(token)}])
    return jsontext.plain((("id", id), ("name", name), ("token", token)))


def delete(store: "Store", id: str) -> None:
    """The token is worth nothing from now on. Raises Problem."""
    known = rows(store)
    left = [row for row in known if str(row["id"]) != id]
    if len(left) == len(known):
        raise Problem(404, "Not Found", "id", "unknown", "There is no token %s." % id[:40])
    _keep(store, left)


def _keep(store: "Store", known: "list[Row]") -> None:
    names = ("id", "name", "sha256")
    texts = [jsontext.plain([(name, row[name]) for name in names]) for row in known]
    for problem in store.save_secrets({_KEY: "[%s]" % ",".join(texts) if texts else None}):
        code, text = problem["code"], problem["message"]
        raise Problem(500, "Internal Server Error", "", code, text)


def _digest(token: str) -> str:
    return hexlify(sha256(token.encode()).digest()).decode()
