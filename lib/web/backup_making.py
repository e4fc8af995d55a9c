"""Makes backups. Imported while that is done, then given back: see `web.backup`.

{"format":"wican-backup","version":1,"device":"30aea4000001","firmware":"0.1.0","made_s":1793491200,"settings":{…},
 "profile":{…}|null,"cert_sets":{"garage":{"ca":PEM or "default","cert":PEM|null}},"secrets":{…}}
The secrets are as `web.backup_sealing` makes them.
"""

import json
from hashlib import sha256

import jsontext
from trust.certsets import CertSetError, CertSets

from web import settings_view, tree
from web.problem import Problem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Model

    Content = list[tuple[str, object]]
    Pairs = dict[str, dict[str, str | None]]

FORMAT = "wican-backup"
VERSION = 1
_NEVER = "web."  # the beginning of keys: who restores a backup must not lock himself out
_CERTS = "certs."


def content(model: "Model") -> "Content":
    """The members of a backup without secrets, in their order. Raises Problem if a cert set cannot be read."""
    about = dict(model.status_pairs())
    store = model.store
    settings = json.loads("".join(settings_view.settings(store.settings, store.secrets())))
    return [
        ("format", FORMAT),
        ("version", VERSION),
        ("device", about["device_id"]),
        ("firmware", about["fw_version"]),
        ("made_s", model.clock.best_s()),
        ("settings", settings),
        ("profile", store.profile()),
        ("cert_sets", cert_sets(model)),
    ]


def pieces(content: "Content") -> "Iterator[str]":
    """The pieces of its JSON text."""
    mark = "{"
    for name, item in content:
        yield mark + jsontext.quote(name) + ":"
        yield from tree.pieces(item)
        mark = ","
    yield "}"


async def sealed(content: "Content", model: "Model", passphrase: str) -> "Content":
    """The members of a backup with the secrets, too, under a passphrase. Raises Problem."""
    from web import backup_sealing

    plain = tree.text(secrets(model)).encode()
    digest = digest_of(dict(content))
    return content + [("secrets", await backup_sealing.seal(plain, passphrase, digest))]


def digest_of(backup: dict) -> bytes:
    """SHA-256 of settings and cert sets: what the secrets belong to."""
    digest = sha256()
    for name in ("settings", "cert_sets"):
        for piece in tree.pieces(backup.get(name)):
            digest.update(piece.encode())
    return digest.digest()


def secrets(model: "Model") -> "dict[str, str]":
    """Every secret that a backup may hold: those of the settings by key, and "certs.<name>.key". Raises Problem."""
    stored = model.store.secrets()
    found = {key: stored[key] for key in stored if belongs(key)}
    sets = CertSets(model.root)
    for name in sets.names():
        key = _read(sets, name, "client.key")
        if key is not None:
            found[_CERTS + name + ".key"] = key
    return found


def belongs(key: str) -> bool:
    """Whether a secret is one that backups hold."""
    return not key.startswith(_NEVER)


def cert_sets(model: "Model") -> "Pairs":
    """What is no secret of every cert set. Raises Problem if one cannot be read."""
    sets = CertSets(model.root)
    model.certificates.recover()
    found: Pairs = {}
    for name in sets.names():
        ca = "default" if sets.has(name, "ca.default") else _read(sets, name, "ca.pem")
        found[name] = {"ca": ca, "cert": _read(sets, name, "client.crt")}
    return found


def _read(sets: CertSets, name: str, file: str) -> "str | None":
    try:
        data = sets.read(name, file)
        return None if data is None else data.decode()
    except CertSetError as error:
        text = str(error)
    except UnicodeError:
        text = "The file %s of the cert set %s is no PEM." % (file, name)
    raise Problem(409, "Conflict", "cert_sets." + name, "unreadable", text)
