"""Takes what somebody sends for a cert set, and stores it if the set that results would work.

Imported while that is done, then given back: see `web.certificates`.
"""

from trust import contents, editing, inspection
from trust.certsets import DEFAULT, MAX_SETS, CertSetError, CertSets, belongs, is_name

from web.problem import Problem, Problems, bad, members, refuse_unknown

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Model

    Changes = dict[str, bytes | None]

_FIELDS = ("ca", "cert", "key")
_MULTIPART = "multipart/form-data"
_NOT_FORM = (
    "The form is damaged: each part needs its name, and the last boundary must not be missing."
)


def store(model: "Model", name: str, content_type: str, body: bytes) -> None:
    """Stores a set as a JSON object or a form tells. Raises Problem or Problems."""
    check_name(name)
    multipart = content_type.lower().startswith(_MULTIPART)
    fields = from_form(content_type, body) if multipart else from_json(body)
    model.certificates.recover()
    sets = CertSets(model.root)
    check_room(sets, name)
    put(model, name, _Result(sets, name, fields).checked(model))
    model.certificates_changed(name)


def check_name(name: str) -> None:
    """Raises Problem if there cannot be a set of that name."""
    if name == DEFAULT:
        text = "The name default is kept for the bundle of public authorities."
        raise bad("name", "reserved", text)
    if not is_name(name):
        raise bad("name", "characters", "Must have 1 to 24 of A-Z a-z 0-9 _ -.")


def check_room(sets: CertSets, name: str) -> None:
    """Raises Problem if the set would be one too many."""
    names = sets.names()
    if name not in names and len(names) >= MAX_SETS:
        text = "There are %d cert sets already: delete one first." % len(names)
        raise Problem(409, "Conflict", "name", "too_many", text)


def put(model: "Model", name: str, changes: "Changes") -> None:
    """Writes files of a set. Raises Problem."""
    try:
        editing.store(model.root, name, changes)
    except OSError as error:
        raise unwritten(error)


def unwritten(error: OSError) -> Problem:
    """What is told of a medium that is full or broken."""
    text = "It could not be written (%s)." % error
    return Problem(500, "Internal Server Error", "", "storage", text)


def from_json(body: bytes) -> "Changes":
    """The members of a JSON object that were given, as bytes. Raises Problem or Problems."""
    data = members(body)
    fields: Changes = {}
    problems = []
    for field in _FIELDS:
        if field not in data:
            continue
        value = data.pop(field)
        if isinstance(value, str) or value is None:
            fields[field] = None if value is None else value.encode()
        else:
            text = "Must be text, PEM or base64 of DER, or null."
            problems.append({"field": field, "code": "type", "message": text})
    if problems:
        raise Problems(problems)
    refuse_unknown(data)
    return fields


def from_form(content_type: str, body: bytes) -> "Changes":
    """The fields of multipart/form-data (RFC 7578) with something in them. Raises Problem or Problems."""
    fields: Changes = {}
    unknown = {}
    for name, content in _parts(content_type, body):
        if name in _FIELDS:
            fields[name] = content
        else:
            unknown[name] = content
    refuse_unknown(unknown)
    return fields


def _parts(content_type: str, body: bytes) -> "Iterator[tuple[str, bytes]]":
    """Names and contents; a file field where nothing was chosen is left out."""
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise bad("", "form", _NOT_FORM)
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(pieces) < 2 or pieces[-1][:2] != b"--":
        raise bad("", "form", _NOT_FORM)
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = _parameter(disposition, "name")
        if not gap or name is None:
            raise bad("", "form", _NOT_FORM)
        if content or _parameter(disposition, "filename") != "":
            yield name, content


def _disposition(head: bytes) -> str:
    try:
        lines = head.decode().split("\r\n")
    except ValueError:
        raise bad("", "form", _NOT_FORM)
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value
    return ""


def _parameter(text: str, wanted: str) -> "str | None":
    """The value of a parameter of a header field: `form-data; name="ca"`."""
    for part in text.split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.lower() == wanted:
            return value.strip('"')
    return None


class _Result:
    """The set as it would be. Fields that are not given stay; None removes; ca may be "default"."""

    def __init__(self, sets: CertSets, name: str, fields: "Changes") -> None:
        self._sets = sets
        self._name = name
        self._changes: Changes = {}
        if "ca" in fields:
            default = fields["ca"] == DEFAULT.encode()
            self._changes["ca.pem"] = None if default else fields["ca"]
            self._changes["ca.default"] = b"" if default else None
        if "cert" in fields:
            self._changes["client.crt"] = fields["cert"]
        if "key" in fields:
            self._changes["client.key"] = fields["key"]
            if fields["key"] is None:
                self._changes["pending.key"] = None
        elif fields.get("cert") is not None:
            self._take_pending(fields["cert"])  # type: ignore[arg-type]  # not None

    def _take_pending(self, cert: bytes) -> None:
        """The key that waits for this certificate becomes the set's; also if it is the only one that there is."""
        pending = self._file("pending.key")
        if pending is None:
            return
        if belongs(pending, cert) or self._file("client.key") is None:
            self._changes["client.key"] = pending
            self._changes["pending.key"] = None

    def checked(self, model: "Model") -> "Changes":
        """What is to be written. Raises Problems if the set would not work."""
        from net.dates import stamp

        now = stamp(model.clock.best_s()) if model.clock.is_set else None
        ca, cert, key = [self._file(file) for file in ("ca.pem", "client.crt", "client.key")]
        _, problems = inspection.check(ca, cert, key, now)
        if ca is None and self._file("ca.default") is None:
            text = (
                'It needs authorities: send their certificates, or "default" for the public ones.'
            )
            problems.insert(0, {"field": "ca", "code": "field_empty", "message": text})
        if problems:
            raise Problems(problems)
        return self._tidied()

    def _tidied(self) -> "Changes":
        for file, tidy in (
            ("ca.pem", contents.tidy_certificates),
            ("client.crt", contents.tidy_certificates),
            ("client.key", contents.tidy_key),
        ):
            data = self._changes.get(file)
            if data is not None:
                self._changes[file] = tidy(data)
        return self._changes

    def _file(self, file: str) -> "bytes | None":
        if file in self._changes:
            return self._changes[file]
        try:
            return self._sets.read(self._name, file)
        except CertSetError as error:
            raise bad("", "unreadable", str(error))
