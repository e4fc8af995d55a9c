"""What went wrong while a connection was opened or used, in sentences. Loaded when something has: see `net.opening`."""

from net import faults

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.opening import Opening, RequestError

_LATE = (
    "The name look-up of %s took more than %s.",
    "%s did not accept a connection within %s.",
    "%s did not finish the TLS handshake within %s.",
    "%s did not take the request within %s.",
    "%s did not answer within %s.",
    "%s did not finish its answer within %s.",
)
_BUSY = "This device was busy with other TLS handshakes; %s had no turn within %s."
_FULL = "This device was busy with as many connections as it may hold; %s had no turn within %s."
_TOO_MUCH = "The server may not take a document of this size, or it asks for a client certificate."


def late(way: "Opening", deadline_ms: int) -> "RequestError":
    """The deadline passed at the stage that `way` is at."""
    limit = "%d ms" % deadline_ms if deadline_ms % 1000 else "%d s" % (deadline_ms // 1000)
    if way.waits:
        way.enter(1)
        return way.failed((_FULL if way.waits == "place" else _BUSY) % (way.host, limit))
    if way.stage == 1:
        way.address.reject()
    return way.failed(_LATE[way.stage] % (way.host, limit))


def broken(way: "Opening", error: Exception) -> "RequestError":
    """What an exception of the system or of Mbed TLS means at the stage that `way` is at."""
    code = faults.number(error)
    refused = way.is_doubtful and faults.is_cut(code)
    too_much = refused and way.is_long  # perhaps; the server's words about it are lost
    if way.stage == 2 and faults.is_unreachable(code):
        way.enter(1)  # some ports tell of a failed connect at the first use only
    elif refused and not too_much or way.is_unheard and code == faults.ALERT:
        way.enter(2)  # TLS 1.3: the server judges us after our side is done
    if way.stage == 1:
        way.address.reject()
    if way.stage == 2 and way.judge is not None:
        return way.told(way.judge.explain(error, way.server_name), code)
    cause, advice = faults.explain(way.stage_name, code, way.host, way.port)
    return way.failed(cause, _TOO_MUCH if too_much else advice, code)
