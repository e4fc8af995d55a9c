"""Deletes cert sets, makes keys, and receives the default bundle.

Imported while that is done, then given back: see `web.certificates`.
"""

import jsontext
from micropython import const
from trust import editing
from trust.certsets import CertSets

from web.cert_listing import unknown, users
from web.cert_upload import check_name, check_room, put, unwritten
from web.problem import Problem, bad, refuse_unknown

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from web import Model
    from web.request import Incoming

_PIECE = const(1024)
_FORMS = ("application/json", "multipart/form-data")


def delete(model: "Model", name: str) -> None:
    """Deletes a set that neither a destination nor a bridge uses. Raises Problem."""
    check_name(name)
    model.certificates.recover()
    if name not in CertSets(model.root).names():
        raise unknown(name)
    names = [str(pairs[-1][1]) for pairs in users(model, name)]
    if names:
        text = "It is used by %s: choose another cert set there first."
        raise Problem(409, "Conflict", "name", "in_use", text % _listed(names))
    try:
        editing.delete(model.root, name)
    except OSError as error:
        raise unwritten(error)
    model.certificates_changed(name)


def _listed(names: "list[str]") -> str:
    if len(names) == 1:
        return names[0]
    return ", ".join(names[:-1]) + " and " + names[-1]


async def make_key(model: "Model", name: str, data: dict) -> str:
    """Makes an EC P-256 key on the device, which takes seconds there: {"csr": PEM}. Raises Problem or Problems.

    The key replaces one that was waiting. The set in use stays what it is until the certificate comes.
    """
    from trust import csr

    check_name(name)
    common_name, names = _identity(model, data)
    model.certificates.recover()
    check_room(CertSets(model.root), name)
    try:
        key, request = await csr.make(common_name, names)
    except ValueError as error:
        field = "common_name" if "common name" in str(error) else "names"
        raise bad(field, "characters", str(error))
    check_room(CertSets(model.root), name)  # others may have stored one meanwhile
    put(model, name, {"pending.key": key})
    return jsontext.plain((("csr", request.decode()),))


def _identity(model: "Model", data: dict) -> "tuple[str, list[str]]":
    """Who the certificate is to be for: the device, unless something else is said."""
    common_name = data.pop("common_name", None)
    names = data.pop("names", None) or []
    refuse_unknown(data)
    if common_name is None:
        common_name = str(dict(model.status_pairs())["device_id"])
    if not isinstance(common_name, str):
        raise bad("common_name", "type", "Must be text.")
    if not isinstance(names, list) or not all([isinstance(one, str) for one in names]):
        raise bad("names", "type", "Must be a list of texts.")
    if any([min(one) < " " for one in names if one]):  # and what that is will not be repeated
        raise bad("names", "characters", "Must not hold line breaks or other control characters.")
    return common_name, names


async def replace_bundle(model: "Model", request: "Incoming") -> str:
    """Writes a new default bundle to flash as it comes in, and checks it there: {"date", "count"}. Raises Problem."""
    from trust import roots_update

    if (request.content_type or "").lower().startswith(_FORMS):
        check_name("default")
    model.certificates.recover()  # before there is a new bundle that is not whole yet
    try:
        with roots_update.Update(CertSets(model.root).bundle) as update:
            while True:
                piece = await request.upload.read(_PIECE)
                if not piece:
                    break
                update.write(piece)
            date, count = await update.commit()
    except roots_update.RootsError as error:
        raise bad("", "bundle", str(error))
    except (EOFError, OSError):
        raise bad("", "bundle", "The new bundle did not arrive whole.")
    model.certificates_changed("default")
    return jsontext.plain((("date", date), ("count", count)))
