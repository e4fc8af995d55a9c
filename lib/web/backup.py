"""What a person or a program can do with backups: the REST API at /api/v1/backup and /api/v1/restore.

A backup holds settings, vehicle profile and cert sets, and their secrets only under a passphrase; those that open
the page, its password and tokens, it never holds. What does the work is in memory only meanwhile: see
`web.backup_making`, `web.backup_sealing`, `web.backup_restoring`, `web.backup_changes`.
"""

import transient
from microdot.microdot import Response
from micropython import const

from web.api import JSON
from web.problem import Problem, bad, members, refuse_unknown, row, unfit
from web.settings_api import handler, in_pieces, received_object

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from web import Model
    from web.request import Incoming
    from web.site import Site

_BACKUP = "/api/v1/backup"
_RESTORE = "/api/v1/restore"
_LIMIT = const(524_288)  # bytes
_LEAST = const(8)  # characters
_MOST = const(128)
_USED = (
    transient.SETTINGS
    + transient.PLANNING
    + transient.CERT_EDITING
    + "web.backup_ web.settings_view web.tree delivery.signing "
)


def mount(site: "Site", model: "Model") -> None:
    """Adds the routes of backups to a site."""
    actions = Actions(model)
    site.accept_body("POST", _RESTORE, _LIMIT, in_pieces=True)
    site.get(_BACKUP)(handler(actions.load))
    site.post(_BACKUP)(handler(actions.load_with_secrets))
    site.post(_RESTORE)(handler(actions.restore))


class Actions:
    """What can be asked for: each returns the answer, or raises Problem or Problems."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._works = False

    async def load(self, _: "Incoming") -> Response:
        """Everything but secrets, as a file."""
        return await self._alone(self._make, None)

    async def load_with_secrets(self, request: "Incoming") -> Response:
        """Everything, the secrets under the passphrase."""
        data = members(request.body or b"")
        passphrase = data.pop("passphrase", None)
        refuse_unknown(data)
        return await self._alone(self._make, fit(passphrase))

    async def restore(self, request: "Incoming") -> Response:
        """Puts a backup into force, or tells what that would change."""
        return await self._alone(self._restore, await received_object(request))

    async def _make(self, passphrase: "str | None") -> Response:
        from web import backup_making  # given back by _alone

        content = backup_making.content(self._model)
        if passphrase is not None:
            content = await backup_making.sealed(content, self._model, passphrase)
        return in_pieces(_told(content), _file(self._model))

    async def _restore(self, data: dict) -> Response:
        from web import backup_restoring  # given back by _alone

        backup, passphrase = data.pop("backup", None), data.pop("passphrase", None)
        only_check, secrets = data.pop("check", False), data.pop("secrets", None) or {}
        refuse_unknown(data)
        if not isinstance(secrets, dict):
            raise bad("secrets", "type", "Must be an object of texts.")
        if passphrase is not None:
            passphrase = fit(passphrase)
        plan = backup_restoring.Plan(self._model)
        await plan.read(backup, passphrase, secrets)
        if only_check:
            return Response(plan.told(), 200, JSON)
        plan.apply()
        return Response('{"revision":%d}' % self._model.store.revision, 200, JSON)

    async def _alone(
        self, work: "Callable[..., Awaitable[Response]]", argument: object
    ) -> Response:
        """A passphrase takes seconds: one client at a time."""
        if self._works:
            text = "Another backup is being made or restored: try again when it is through."
            raise Problem(503, "Service Unavailable", "", "busy", text)
        self._works = True
        try:
            return await work(argument)
        finally:
            self._works = False
            transient.release(_USED)


def fit(passphrase: object) -> str:
    """The passphrase. Raises Problem or Problems if it is none."""
    if not isinstance(passphrase, str):
        raise bad("passphrase", "type", "Must be a text.")
    if not _LEAST <= len(passphrase) <= _MOST:
        text = "Must have %d to %d characters." % (_LEAST, _MOST)
        code = "too_short" if len(passphrase) < _LEAST else "too_long"
        raise unfit([row("passphrase", code, text)])
    return passphrase


def _file(model: "Model") -> "dict[str, str]":
    name = 'attachment; filename="%s-backup.json"' % model.store.settings["device"]["name"]
    return dict(JSON, **{"Content-Disposition": name})


def _told(content: "list[tuple[str, object]]") -> "Iterator[str]":
    from web import backup_making  # given back below

    try:
        yield from backup_making.pieces(content)
    finally:
        transient.release(_USED)
