"""Cert sets as the API tells them: what is in them, who uses them, what is wrong with them; never a key.

Imported while somebody asks, then given back: see `web.certificates`.
"""

import jsontext
from net.dates import stamp
from trust import inspection, roots
from trust.certsets import DEFAULT, CertSet, CertSetError, CertSets

from web.api import array
from web.problem import Problem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Model

    Details = dict[str, object]

_SHOWN = (
    ("subject", "issuer", "serial", "not_before", "not_after")  # and names
    + ("days_left", "warning", "fingerprint", "key")
)


class Listing:
    """The sets of a device at one moment."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._sets = CertSets(model.root)
        self._now = stamp(model.clock.best_s()) if model.clock.is_set else None
        model.certificates.recover()

    def all(self) -> "Iterator[str]":
        """The default bundle and every set, each whatever the others are like."""
        yield '{"default":%s,"sets":' % self._default()
        mark = "["
        for name in self._sets.names():
            yield mark
            yield from self._set(name)
            mark = ","
        yield "[]}" if mark == "[" else "]}"

    def known(self, name: str) -> "Iterator[str] | str":
        """One set, or the default bundle. Raises Problem if there is no such set."""
        if name == DEFAULT:
            return self._default()
        if name not in self._sets.names():
            raise unknown(name)
        return self._set(name)

    def _default(self) -> str:
        try:
            date, count = roots.about(self._sets.bundle)
        except roots.RootsError as error:
            return jsontext.plain((("error", str(error)),))
        return jsontext.plain((("date", date), ("count", count)))

    def _set(self, name: str) -> "Iterator[str]":
        found, problem = self._load(name)
        facts, problems = inspection.check(found.ca, found.cert, found.key, self._now)
        if problem is None and problems:
            problem = problems[0]["message"]
        authorities: list[Details] = facts["ca"]  # type: ignore[assignment]  # see `inspection.check`
        chain: list[Details] = facts["cert"]  # type: ignore[assignment]
        yield '{"name":%s,"ca":' % jsontext.quote(name)
        if found.ca is None and self._sets.has(name, "ca.default"):
            yield '"default"'
        else:
            yield from array(authorities, _certificate)
        yield ',"client":'
        yield from array(chain, _certificate) if found.cert is not None else ("null",)
        yield ',"has_key":%s' % jsontext.value(self._sets.has(name, "client.key"))
        yield ',"pending":%s,"used_by":' % jsontext.value(self._sets.has(name, "pending.key"))
        yield from array(users(self._model, name), jsontext.plain)
        yield ',"problem":%s,"warnings":' % jsontext.value(problem)
        yield from array(_warnings(authorities + chain), jsontext.quote)
        yield "}"

    def _load(self, name: str) -> "tuple[CertSet, str | None]":
        """The set and None, or as much of it as can be read and why it cannot be used."""
        try:
            return self._sets.load(name), None
        except CertSetError as error:
            cert, key = self._file(name, "client.crt"), self._file(name, "client.key")
            return CertSet(name, self._file(name, "ca.pem"), cert, key), str(error)

    def _file(self, name: str, file: str) -> "bytes | None":
        try:
            return self._sets.read(name, file)
        except CertSetError:
            return None


def unknown(name: str) -> Problem:
    """What is told of a set that is not there."""
    text = "There is no cert set named %s." % name
    return Problem(404, "Not Found", "name", "unknown", text)


def users(model: "Model", name: str) -> "list[tuple[tuple[str, int | str], ...]]":
    """(key, value) pairs of those that use a set, enabled or not: id and name of destinations, names of bridges."""
    settings = model.store.settings
    found: list[tuple[tuple[str, int | str], ...]] = [
        (("id", destination["id"]), ("name", destination["name"]))
        for destination in settings["destinations"]
        if destination["cert_set"] == name
    ]
    for bridge in settings["bridges"]:
        if bridge["kind"] == "tls" and bridge["cert_set"] == name:
            found.append((("bridge", bridge["name"]),))
    return found


def _certificate(one: "Details") -> str:
    pairs = [(key, jsontext.value(one[key])) for key in _SHOWN]  # type: ignore[arg-type]  # all are plain
    names: list[str] = one["names"]  # type: ignore[assignment]
    pairs.append(("names", "".join(array(names, jsontext.quote))))
    return jsontext.members(pairs)


def _warnings(shown: "list[Details]") -> "list[str]":
    return ["%s: %s" % (one["subject"], one["warning"]) for one in shown if one["warning"]]
