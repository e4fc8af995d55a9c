"""Updates of the firmware, below /api/v1/update.

    GET  /api/v1/update        what is installed, what is on its way, and whose signature counts
    POST /api/v1/update        the update itself as body; answered when it is installed
    POST /api/v1/update/url    {"url": "https://…", "cert_set": "default"}: the device fetches it; GET tells more
    GET, DELETE /api/v1/crash  what is known of the last crash: {"reset_cause", "text"}

An installed update is tried at once: the device starts again half a second after the answer, or after the download,
unless "?restart=no" stands in the address or "restart" is false.
"""

import asyncio

import jsontext
import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON
from web.problem import Problem, Problems, bad, members, refuse_unknown

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.update import Update
    from net.http import Connection
    from net.url import Url

    from web import Model
    from web.request import Incoming
    from web.site import Site

    Action = Callable[[Incoming], Awaitable[Response]]

_BASE = "/api/v1/update"
_CRASH = "/api/v1/crash"
_LIMIT = const(5_000_000)  # bytes
_REST_MS = const(500)  # for the answer to arrive
_CONFLICTS = ("busy", "on_trial", "no_key")
_ADDRESSES = transient.ADDRESSES


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes to a site."""
    updates = Updates(model)
    site.accept_body("POST", _BASE, _LIMIT, in_pieces=True)
    for method, path, action in (
        ("GET", _BASE, updates.show),
        ("POST", _BASE, updates.receive),
        ("POST", _BASE + "/url", updates.fetch),
        ("GET", _CRASH, updates.show_crash),
        ("DELETE", _CRASH, updates.forget_crash),
    ):
        site.route(path, [method])(_handler(action))


def _handler(action: "Action") -> "Action":
    async def handle(request: "Incoming") -> Response:
        try:
            return await action(request)
        except (Problem, Problems) as problem:
            return problem.response()

    return handle


class Updates:
    """What can be asked for: each returns an answer, or raises Problem or Problems."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._log = model.log.logger("update")
        self._current: Update | None = None
        self._busy = False
        self._trouble: tuple[str, str] | None = None  # code and text of what ended the last one
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    async def show(self, _: "Incoming") -> Response:
        """The slots, and the update that is on its way or was the last."""
        from device.slots import Slots

        slots = Slots(self._model.root)
        running = slots.running
        waits = slots.trial if not slots.tried else ""
        pairs = [
            ("board", self._model.board.NAME),
            ("version", slots.version(running) or _built_version()),
            ("slot", running),
            ("state", "trial" if slots.trial and slots.tried else "confirmed"),
            ("next", slots.version(waits)),
            ("failed", slots.failed),
            ("oldest", slots.oldest),
            ("key", _fingerprint(self._model.root)),
        ]
        texts = [(name, jsontext.quote(str(value))) for name, value in pairs]
        texts.append(("job", self._job()))
        if not self._busy:
            transient.release(transient.UPDATE)
        return Response(jsontext.members(texts), 200, JSON)

    async def receive(self, request: "Incoming") -> Response:
        """Installs what is sent."""
        upload = request.upload
        self._begin()
        version = await self._install(upload.read, upload.left, upload.stay)
        if request.args.get("restart") != "no":
            self._restart()
        return _accepted(version)

    async def fetch(self, request: "Incoming") -> Response:
        """Has the device fetch an update in the background."""
        data = members(request.body or b"")
        address, cert_set = data.pop("url", None), data.pop("cert_set", "default")
        restart = data.pop("restart", True)
        refuse_unknown(data)
        for name, value, kind in (
            ("url", address, str),
            ("cert_set", cert_set, str),
            ("restart", restart, bool),
        ):
            if not isinstance(value, kind):
                raise bad(
                    name, "type", "Must be %s." % ("a text" if kind is str else "true or false")
                )
        self._begin()
        self._task = asyncio.create_task(self._fetched(address, cert_set, restart))
        return _accepted("")

    async def show_crash(self, _: "Incoming") -> Response:
        """The last crash."""
        from device import crash

        pairs = (
            ("reset_cause", self._model.board.reset_cause()),
            ("text", crash.last(self._model.root)),
        )
        return Response(jsontext.plain(pairs), 200, JSON)

    async def forget_crash(self, _: "Incoming") -> Response:
        """Deletes what is known of it."""
        from device import crash

        crash.forget(self._model.root)
        self._model.crash = ""
        return Response("", 204, reason="No Content")

    # At work

    def _begin(self) -> None:
        if self._busy:
            text = "Another update is on its way: try again when that is through."
            raise Problem(409, "Conflict", "", "busy", text)
        self._busy, self._current, self._trouble = True, None, None

    async def _install(
        self,
        read: "Callable[[int], Awaitable[bytes]]",
        length: int,
        stay: "Callable[[], None] | None" = None,
    ) -> str:
        """Returns the version. Raises Problem."""
        from device import update
        from device.manifest import UpdateError
        from device.slots import Slots

        self._model.show("updating", True)
        self._log.info("an update of %d bytes arrives", length)
        root, board = self._model.root, self._model.board.NAME
        try:
            key = update.read_key(root)
            self._current = update.Update(Slots(root), key, board, read, length, stay)
            version = (await self._current.install()).version
            self._log.info("version %s is installed and waits for its trial", version)
            return version
        except UpdateError as error:
            raise self._refused(error.code, str(error))
        finally:
            self._ended()

    def _ended(self) -> None:
        self._busy = False
        self._model.show("updating", False)
        transient.release(transient.UPDATE)

    def _refused(self, code: str, text: str) -> Problem:
        self._trouble = code, text
        self._log.warning("%s", text)
        if code in _CONFLICTS:
            return Problem(409, "Conflict", "", code, text)
        return Problem(422, "Unprocessable Content", "", code, text)

    async def _fetched(self, address: str, cert_set: str, restart: bool) -> None:
        from device import fetch
        from device.manifest import UpdateError

        download = fetch.Download(lambda place: self._connect(place, cert_set))
        try:
            length = await download.begin(address)
            await self._install(download.read, length)
            if restart:
                self._restart()
        except UpdateError as error:
            self._refused(error.code, str(error))
        except Problem:
            pass  # told already
        finally:
            download.close()
            self._ended()
            transient.release(_ADDRESSES)

    def _connect(self, place: "Url", cert_set: str) -> "Connection":
        """Raises UpdateError."""
        from delivery.contexts import Contexts
        from delivery.errors import RouteError
        from device.manifest import UpdateError
        from net.http import Connection

        contexts = Contexts(self._model.certificates, self._model.clock)
        try:
            context = contexts.make(cert_set, "roots.update")
        except RouteError as error:
            raise UpdateError("cert_set", str(error))
        return Connection(place.host, place.port, context, keep=False)

    def _restart(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._reset())

    async def _reset(self) -> None:
        from device import boot

        await asyncio.sleep_ms(_REST_MS)
        self._log.info("the device starts again to try the update")
        boot.forgive(self._model.board)
        self._model.board.reset()

    def _job(self) -> str:
        """The update that is on its way, or the last: JSON text."""
        if not self._busy and self._trouble is None and self._current is None:
            return "null"
        current = self._current
        known = current.manifest if current is not None else None
        code, text = self._trouble or ("", "")
        pairs = (
            ("busy", self._busy),
            ("version", known.version if known is not None else ""),
            ("written", current.written if current is not None else 0),
            ("size", known.size if known is not None else 0),
            ("code", code),
            ("message", text),
        )
        return jsontext.plain(pairs)


def _built_version() -> str:
    """What this firmware says of itself, where it does not run from a slot."""
    from device.status import VERSION

    transient.release(transient.STATUS)
    return VERSION


def _fingerprint(root: str) -> str:
    """The beginning of the SHA-256 of the key whose signatures count; "" without one."""
    from binascii import hexlify
    from hashlib import sha256

    from device import update
    from device.manifest import UpdateError

    try:
        return hexlify(sha256(update.read_key(root)).digest()[:8]).decode()
    except UpdateError:
        return ""


def _accepted(version: str) -> Response:
    return Response(jsontext.plain((("version", version),)), 202, JSON, "Accepted")
