"""The page itself: rendered here with the current values, so that it works without a script.

Where scripts run, static/app.js keeps it up to date; both make the same elements.
"""

from binascii import hexlify
from hashlib import sha256

from microdot.microdot import HTTPException, Response
from micropython import const

from web.api import delivery, log_lines, unit

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from autopid.parameter import Parameter
    from delivery.destination import Destination
    from microdot import Microdot, Request

    from web import Model

STALE_MS = const(60_000)
_CHUNK = const(512)
_FOLDER = __file__.rpartition("/")[0] + "/static/"
_TYPES = {"style.css": "text/css", "app.js": "text/javascript"}
_ALWAYS = "private, max-age=31536000, immutable"

_ROW = (
    '<tr%s><th scope="row"><span>%s</span><small>%s</small></th>'
    "<td>%s</td><td>%s</td><td>%s</td></tr>"
)
_CARD = (
    '<li><h3>%s</h3><span class="chip" data-state="%s">%s</span><p>%s</p><small>%s</small>'
    '<div hidden><button type="button">Send now</button><button type="button">Resume</button></div>'
    "<output></output><details hidden><summary>Request as sent</summary>"
    '<pre tabindex="0"></pre></details></li>'
)
_NOTABLE = (("queued", "queued"), ("dropped", "dropped"), ("dead", "undeliverable"))
_PAIR = "<div><dt>%s</dt><dd>%s</dd></div>"
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


def mount(site: "Microdot", model: "Model") -> None:
    """Adds the page and its static files to a site."""
    files = Files(_FOLDER, _TYPES)
    page = Page(model, files)

    async def get_page(_: "Request") -> "tuple[Iterator[str], int, dict[str, str]]":
        return page.render(), 200, {"Content-Type": "text/html; charset=UTF-8"}

    async def get_static(request: "Request", name: str) -> Response:
        return files.response(name, request)

    site.get("/")(get_page)
    site.get("/static/<name>")(get_static)


class Files:
    """The files of one folder that may be sent, each with a version made of its content."""

    def __init__(self, folder: str, types: "dict[str, str]") -> None:
        self._folder = folder
        self._types = types
        self._versions: dict[str, str] = {}

    def version(self, name: str) -> str:
        """Changes whenever the content does; addresses carry it, so that browsers may cache."""
        if name not in self._versions:
            self._versions[name] = _digest(self._folder + name)
        return self._versions[name]

    def response(self, name: str, request: "Request") -> Response:
        """The file in pieces, 304 if the client has it already, 404 if there is no such file."""
        content_type = self._types.get(name)
        if content_type is None:
            raise HTTPException(404)
        version = self.version(name)
        fixed = request.args.get("v") == version
        headers = {"ETag": '"%s"' % version, "Cache-Control": _ALWAYS if fixed else "no-cache"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response("", 304, headers, "Not Modified")
        headers["Content-Type"] = content_type + "; charset=UTF-8"
        return Response(open(self._folder + name, "rb"), 200, headers)  # noqa: SIM115 (closed once sent)


class Page:
    """index.html with its `{{marks}}` filled in."""

    def __init__(self, model: "Model", files: Files) -> None:
        self._model = model
        self._files = files
        self._marks: dict[str, Callable[[], Iterable[str]]] = {
            "name": lambda: (escape(model.name),),
            "css": lambda: (files.version("style.css"),),
            "js": lambda: (files.version("app.js"),),
            "ecu": lambda: (escape(model.ecu),),
            "delivery": lambda: (delivery(model.destinations()),),
            "values": self._values,
            "destinations": self._destinations,
            "card": lambda: (_CARD % ("", "", "", "", ""),),
            "device": self._device,
            "problems": self._problems,
            "log": self._log,
        }

    def render(self) -> "Iterator[str]":
        """The pieces of the page."""
        with open(_FOLDER + "index.html") as template:
            for line in template:
                before, mark, rest = line.partition("{{")
                while mark:
                    yield before
                    key, _, rest = rest.partition("}}")
                    yield from self._marks[key]()
                    before, mark, rest = rest.partition("{{")
                yield before

    def _values(self) -> "Iterator[str]":
        now_ms = self._model.uptime.ms()
        for parameter in self._model.group:
            yield _row(parameter, now_ms)

    def _destinations(self) -> "Iterator[str]":
        now_ms = self._model.uptime.ms()
        for destination in self._model.destinations():
            yield _card(destination, now_ms)

    def _device(self) -> "Iterator[str]":
        for key, value in self._model.status_pairs():
            yield _PAIR % (escape(words(key)), escape(shown(value)))

    def _problems(self) -> "Iterator[str]":
        for text in self._model.problems():
            yield "<li>%s</li>" % escape(text)

    def _log(self) -> "Iterator[str]":
        for text in log_lines(self._model.log):
            yield "<li>%s</li>" % escape(text)


def escape(text: str) -> str:
    """Text for any place in HTML, attributes in quotes included."""
    for character, entity in _ENTITIES:
        text = text.replace(character, entity)
    return text


def words(key: str) -> str:
    """The key of a document as text."""
    return key.replace("_", " ")


def shown(value: str | int | bool | None) -> str:
    """A plain value in words."""
    if value is None or value == "":
        return "–"
    if value is True or value is False:
        return "yes" if value else "no"
    return str(value)


def age(ms: int | None) -> str:
    """A time span in its largest whole unit: "2 s", "3 min", "4 h", "5 d"; "–" for none."""
    if ms is None:
        return "–"
    for symbol, length_ms in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= length_ms:
            return "%d %s" % (ms // length_ms, symbol)
    return "%d s" % (ms // 1000)


def _row(parameter: "Parameter", now_ms: int) -> str:
    age_ms = parameter.age_ms(now_ms)
    stale = age_ms is None or age_ms > STALE_MS or parameter.error is not None
    return _ROW % (
        ' class="stale"' if stale else "",
        escape(parameter.name),
        escape(parameter.error or ""),
        escape(shown(parameter.text)),
        escape(unit(parameter)),
        age(age_ms),
    )


def _card(destination: "Destination", now_ms: int) -> str:
    last = destination.journal.last
    return _CARD % (
        escape(destination.name),
        escape(destination.state),
        escape(words(destination.state)),
        escape(destination.reason or (last.cause if last else "Nothing has been sent yet.")),
        _counts(destination, now_ms),
    )


def _counts(destination: "Destination", now_ms: int) -> str:
    facts = dict(destination.pairs())
    parts = ["%s delivered" % facts["delivered"], "%s failed" % facts["failed"]]
    parts.extend(["%s %s" % (facts[key], word) for key, word in _NOTABLE if facts[key]])
    last = destination.journal.last
    if last:
        parts.append("last attempt %s ago" % age(now_ms - last.at_ms))
    return ", ".join(parts)


def _digest(path: str) -> str:
    digest = sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return hexlify(digest.digest()[:6]).decode()
