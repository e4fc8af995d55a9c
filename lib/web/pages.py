"""The page itself: the three files that the build made of static/, sent as they are.

They are compressed already. The shell is the same for everybody and holds no data; whoever may not come in sees its
login form. Scripts carry their version in the address, so that browsers may keep them for good.
"""

import os
import sys

from microdot.microdot import HTTPException, Response

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from microdot import Microdot, Request

    from web import Model
    from web.request import Incoming

SHELL = "index.html"
_TYPES = {SHELL: "text/html", "app.js": "text/javascript", "more.js": "text/javascript"}
_ALWAYS = "private, max-age=31536000, immutable"
CSP = (  # what a page may load; to be completed by where its style is
    "default-src 'none'; script-src 'self'; style-src %s; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NOT_BUILT = "This firmware came without its page: the API below /api/v1/ works all the same.\n"


def mount(site: "Microdot", model: "Model") -> None:
    """Adds the page and its scripts to a site."""
    files = Files(folder())

    async def get_shell(request: "Incoming") -> Response:
        return files.shell(request)

    async def get_static(request: "Request", name: str) -> Response:
        if name == SHELL:
            raise HTTPException(404)
        return files.response(name, request)

    site.get("/")(get_shell)
    site.get("/static/<name>")(get_static)


def folder() -> str | None:
    """Where the page is: a folder `page` beside the modules; None if there is none."""
    for place in sys.path:
        try:
            os.stat(place + "/page/versions")
            return place + "/page/"
        except OSError:
            continue
    return None


class Files:
    """The files of the page in a folder, each with a version made of its content; None for a page that is missing."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder

    def shell(self, request: "Incoming") -> Response:
        """The page without its data, which lets in the one style that stands in it."""
        if self._folder is None:
            return Response(_NOT_BUILT, 503, reason="Service Unavailable")
        response = self.response(SHELL, request)
        # What strangers get is not to be shown in the place of the page.
        if request.caller is None:
            response.headers["Cache-Control"] = "no-store"
        with open(self._folder + "csp") as csp:
            response.headers["Content-Security-Policy"] = CSP % csp.read()
        return response

    def response(self, name: str, request: "Request") -> Response:
        """The file in pieces, 304 if the client has it already, 404 if there is no such file."""
        version = self._version(name)
        fixed = request.args.get("v") == version
        headers = {"ETag": '"%s"' % version, "Cache-Control": _ALWAYS if fixed else "no-cache"}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response("", 304, headers, "Not Modified")
        path = "%s%s.gz" % (self._folder, name)
        headers["Content-Type"] = _TYPES[name] + "; charset=UTF-8"
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(os.stat(path)[6])
        return Response(open(path, "rb"), 200, headers)  # noqa: SIM115 (closed once sent)

    def _version(self, name: str) -> str:
        if self._folder is not None:
            with open(self._folder + "versions") as lines:
                for line in lines:
                    known, version = line.split()
                    if known == name:
                        return version
        raise HTTPException(404)
