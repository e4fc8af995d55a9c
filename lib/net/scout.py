"""Has a server show its certificates, to find out which authority of the default bundle is to be loaded.

The handshake trusts nobody and shows no client certificate, so it always fails before anything else is said: Mbed TLS
refuses to go on without an authority. Which one is loaded afterwards decides nothing by itself: the second handshake
verifies.
"""

import time

from micropython import const

from net import faults, tls

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from net.opening import Opening
    from net.tls import Context, TlsSocket

_NO_CA = const(-0x7680)
_UNCHECKED = "The TLS library did not check the server's certificate."


class Scout:
    """The same face as `tls.Context`, for one handshake."""

    MESSAGE = b"\0"  # something to drive the handshake with; it never leaves

    def __init__(self) -> None:
        self.handshake = tls.Handshake(False, True)
        self._context = tls.checking(self._note)

    def wrap(self, sock: "socket.socket", server_name: str) -> "TlsSocket":
        """See `tls.Context.wrap`."""
        return tls.wrapped(self._context, sock, server_name)

    def has_seen(self, error: Exception) -> bool:
        """Whether the handshake ended as it should: after the server had shown its certificates."""
        return bool(self.handshake.chain) and faults.number(error) == _NO_CA

    def issuers(self) -> "list[bytes]":
        """Who signed the server's certificate, who signed theirs and so on (DER names); none if it showed nothing, or
        something that this device cannot read: then that is noted as an objection."""
        from trust import x509

        try:
            return [x509.Certificate(each).issuer_raw for each in self.handshake.chain]
        except ValueError:
            self.handshake.objection = "unreadable"
            return []

    def explain(self, error: Exception, server_name: str) -> "tuple[str, str | None, str]":
        """See `tls.Context.explain`."""
        from net import tls_faults

        now = time.gmtime()
        cause, advice = tls_faults.explain(error, server_name, self.handshake, now)
        return cause, advice, tls_faults.certificate(self.handshake, now)

    def refusal(self) -> "tuple[str, str | None, str]":
        """Cause, advice and certificate when the bundle has none of these authorities, or nobody can tell."""
        from net import tls_faults

        told = tls_faults.unfit if self.handshake.objection else tls_faults.untrusted
        cause, advice = told(self.handshake)
        return cause, advice, tls_faults.certificate(self.handshake, time.gmtime())

    def _note(self, certificate: memoryview, depth: int) -> int:
        try:
            self.handshake.note(certificate)
        except MemoryError:  # nothing may be raised here, see `tls.Context`
            return tls.NOT_VERIFIED
        return 0


async def look(way: "Opening", context: "Context") -> None:
    """Gives `context` the authorities that the server's certificates name.

    Raises RequestError if the bundle has none of them. `way` may have a connection afterwards that is of no more use.
    """
    try:
        way.judge = scout = Scout()
        await _show(way, scout)
        if not context.adopt(scout.issuers()):
            raise way.told(scout.refusal())
    except ValueError as error:
        raise way.failed(str(error))
    except (OSError, MemoryError) as error:
        raise way.broken(error)


async def _show(way: "Opening", scout: Scout) -> None:
    """Opens a connection on which the server shows its certificates, and nothing else happens."""
    link = await way.connect_tls(scout)
    try:
        await way.shake_hands(link, scout.MESSAGE)
    except (OSError, ValueError, MemoryError) as error:
        if not scout.has_seen(error):
            raise way.broken(error)
        return
    raise way.failed(_UNCHECKED)
