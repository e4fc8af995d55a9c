"""TLS for clients, always verified: contexts made from cert sets.

The certificate must come from an authority of the set, be for the right name and be valid today. There is no way to
switch that off.
"""

import time

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Protocol

    from trust.certsets import CertSet

    class TlsSocket(Protocol):
        """What `tls.SSLContext.wrap_socket` returns."""

        def read(self, size: int) -> bytes | None: ...
        def write(self, data: bytes | memoryview) -> int | None: ...
        def cipher(self) -> tuple[str, str]: ...
        def close(self) -> None: ...


_MAX_CERTIFICATE = const(8192)


class Context:
    """A client's TLS settings, shared by all connections that use the same cert set."""

    def __init__(self, certset: "CertSet", ciphers: "list[str] | None" = None) -> None:
        """`ciphers` are IANA names; None leaves the choice to Mbed TLS.

        Raises ValueError with a sentence if the certificates or ciphers cannot be used.
        """
        import tls  # MicroPython only

        self._has_pair = certset.cert is not None
        self._leaf: bytes | None = None
        self._context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        self._context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]  # not in the stubs
        self._load(certset)
        if ciphers is not None:
            self._restrict(ciphers)
        try:
            self._context.verify_callback = self._note  # type: ignore[attr-defined]  # not in the stubs
        except AttributeError:  # before v1.23: the sentences say less
            pass

    def _load(self, certset: "CertSet") -> None:
        try:
            self._context.load_verify_locations(certset.ca)
        except ValueError:
            raise ValueError(f"The CA file of the cert set {certset.name} is damaged.")
        if self._has_pair:
            try:
                self._context.load_cert_chain(certset.cert, certset.key)
            except ValueError:
                raise ValueError(f"The client pair of the cert set {certset.name} is damaged.")

    def _restrict(self, ciphers: "list[str]") -> None:
        try:
            self._context.set_ciphers(ciphers)
        except OSError:
            raise ValueError("This device does not know all of the chosen ciphers.")

    def _note(self, certificate: memoryview, depth: int) -> int:
        """Called for each certificate, the server's own last. Keeps a copy: the original is gone afterwards."""
        if depth == 0 and len(certificate) <= _MAX_CERTIFICATE:
            self._leaf = bytes(certificate)
        return 0

    def wrap(self, sock: "socket.socket", server_name: str) -> "TlsSocket":
        """A TLS socket over a connected, non-blocking one; the handshake runs at the first write or read.

        Raises OSError(ENOMEM) when there is no memory for it.
        """
        self._leaf = None
        secure = self._context.wrap_socket(
            sock, server_hostname=server_name, do_handshake_on_connect=False
        )
        secure.setblocking(False)
        return secure

    def release(self) -> None:
        """Drops the copy of the server's certificate, once nobody has to explain anything with it."""
        self._leaf = None

    def explain(self, error: Exception, server_name: str) -> "tuple[str, str | None]":
        """Cause and advice for an exception of the latest handshake."""
        from net import tls_faults  # only failures need it

        leaf, self._leaf = self._leaf, None
        return tls_faults.explain(error, server_name, leaf, self._has_pair, time.gmtime())
