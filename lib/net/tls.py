"""TLS for clients, always verified: contexts made from cert sets.

The certificate must come from an authority of the set, be for the right name and be valid today. There is no way to
switch that off. Beyond what Mbed TLS asks, the name must stand where browsers look for it.
"""

import time
from binascii import b2a_base64, hexlify, unhexlify
from hashlib import sha256

import transient
from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from typing import Protocol

    import tls
    from trust.certsets import CertSet
    from trust.x509 import Certificate

    class TlsSocket(Protocol):
        """What `tls.SSLContext.wrap_socket` returns."""

        def read(self, size: int) -> bytes | None: ...
        def write(self, data: bytes | memoryview) -> int | None: ...
        def cipher(self) -> tuple[str, str]: ...
        def close(self) -> None: ...

    class Clock(Protocol):
        """What is asked of the clock: `net.clock.Clock`."""

        @property
        def state(self) -> str: ...

    class Choice(Protocol):
        """Remembers a short text, over restarts too."""

        def get(self) -> str | None: ...
        def put(self, text: str) -> None: ...


NO_TIME = "no_time"  # the clock's state while it is not set
_MAX_CHAIN = const(16384)
# As the callback's result. A positive one would count as a finished handshake.
NOT_VERIFIED = const(-0x2700)


class Handshake:
    """What is known of the latest handshake, for those who have to explain how it ended.

    Attributes:
        has_pair: is there a client certificate to show?
        is_bundle: are the authorities those of the default bundle?
        roots: their keys (see `trust.roots.key`), of the bundle's only.
        chain: certificates (DER) the server's was traced along, its own first.
        objection: what we refused beyond Mbed TLS: "", "names", "pins", "unreadable" or, for want of it, "memory".
    """

    def __init__(self, has_pair: bool, is_bundle: bool) -> None:
        self.has_pair = has_pair
        self.is_bundle = is_bundle
        self.roots: list[bytes] = []
        self.forget()

    def forget(self) -> None:
        """Before the next one."""
        self.chain: list[bytes] = []
        self.objection = ""

    def note(self, certificate: memoryview) -> None:
        """Keeps a copy: the original is gone afterwards. Authorities come first, and give way if it gets too much."""
        self.chain.insert(0, bytes(certificate))
        while sum([len(each) for each in self.chain]) > _MAX_CHAIN:
            self.chain.pop()


class Context:
    """A client's TLS settings for connections to one server.

    With the default bundle, `is_blind` tells that no authority is known so far that could have signed the server's
    certificate: the server has to show it first (`net.scout`), then `adopt` loads the one authority that is needed.

    Attributes:
        handshake: what is known of the latest one.
        valid: from when to when (YYYYMMDDHHMMSS) the server's certificate is.
    """

    def __init__(
        self,
        certset: "CertSet",
        ciphers: "list[str] | None" = None,
        pins: "Sequence[str]" = (),
        clock: "Clock | None" = None,
        choice: "Choice | None" = None,
    ) -> None:
        """`ciphers` are IANA names; None leaves the choice to Mbed TLS. `pins` are SHA-256 hashes of public keys in
        base64 (SubjectPublicKeyInfo, as in RFC 7469 2.4), one of which must be in the server's verified chain.
        `choice` remembers which of the default bundle's authorities served last.

        Raises ValueError with a sentence if certificates or ciphers cannot be used.
        """
        self._ciphers = ciphers
        self._pins = pins
        self._clock = clock
        self._choice = choice
        self._pinned = False
        self._is_recalled = False  # else the authorities were just looked up, or are the set's own
        self._read: type[Certificate] | None = None
        self._handshakes = 0  # under way
        self.valid = ("", "")
        self._certset = certset if certset.ca is None else None
        self._context: tls.SSLContext | None = None
        self.handshake = Handshake(certset.cert is not None, certset.ca is None)
        if certset.ca is None:
            self._recall()
        else:
            self._context = self._trusting(certset, [certset.ca])

    @property
    def is_blind(self) -> bool:
        """Whether no authority is known that could have signed the server's certificate."""
        return self._context is None

    @property
    def knows_time(self) -> bool:
        """Whether certificates can be judged: not while the clock is not set."""
        return self._clock is None or self._clock.state != NO_TIME

    def adopt(self, issuers: "list[bytes]") -> bool:
        """Trusts those authorities of the default bundle that go by one of these names (DER), and no others.

        False, and nothing is changed, if there are none. Raises ValueError with a sentence if the bundle cannot be
        read.
        """
        from trust import roots  # given back by what follows

        self._is_recalled = False
        return self._choose([roots.key(issuer) for issuer in issuers])

    def wrap(self, sock: "socket.socket", server_name: str) -> "TlsSocket":
        """A TLS socket over a connected, non-blocking one; the handshake runs at the first write or read.

        Call `over` when that is through, whatever came of it. Raises OSError(ENOMEM) when there is no memory for it.
        """
        from trust import x509  # not within the callback, where the stack is short

        self._read = x509.Certificate
        self.handshake.forget()
        self._pinned = False
        secure = wrapped(self._context, sock, server_name)
        self._handshakes += 1
        return secure

    def over(self) -> None:
        """A handshake is through; what reads certificates is given back with the last one."""
        self._handshakes -= 1
        if self._handshakes == 0:
            self._read = None
            transient.release(transient.CERTIFICATES)

    def release(self) -> None:
        """The server accepted the handshake: nobody has to explain anything, and its authority is the right one."""
        if self._handshakes == 1:  # else it is about another one
            self.handshake.forget()
        self._is_recalled = False
        if self._choice is not None and self.handshake.roots:
            self._choice.put(" ".join([hexlify(key).decode() for key in self.handshake.roots]))

    def explain(self, error: Exception, server_name: str) -> "tuple[str, str | None, str]":
        """Cause and advice for an exception of the latest handshake, and the certificate it is about, "" for none.

        Afterwards the context is blind if another of the bundle's authorities might do better. Raises MemoryError.
        """
        from net import tls_faults  # only failures need it

        if self.handshake.objection == "memory":
            raise MemoryError
        estimated = self._clock is not None and self._clock.state == "estimated"
        now = time.gmtime()
        cause, advice = tls_faults.explain(error, server_name, self.handshake, now, estimated)
        about = tls_faults.certificate(self.handshake, now)
        if self._certset is not None and self._may_need_others(error):
            self._context = None
        self.handshake.forget()
        return cause, advice, about

    def _may_need_others(self, error: Exception) -> bool:
        """Whether other authorities may lead to another verdict: those that served last may have expired meanwhile, or
        no longer be what is pinned."""
        from net import tls_faults

        refused = isinstance(error, ValueError) or self.handshake.objection in ("names", "pins")
        return tls_faults.is_untrusted(error) or (self._is_recalled and refused)

    def _recall(self) -> None:
        """Trusts what served last, if it is in the bundle still."""
        remembered = self._choice.get() if self._choice is not None else None
        try:
            keys = [unhexlify(each) for each in (remembered or "").split()]
        except ValueError:
            keys = []
        self._is_recalled = self._choose(keys)

    def _choose(self, keys: "list[bytes]") -> bool:
        """Trusts the authorities of the bundle with these keys, and no others. False if it has none of them."""
        from trust import roots, x509

        assert self._certset is not None and self._certset.bundle is not None
        try:
            found = roots.find(self._certset.bundle, keys)
            chosen = [roots.key(x509.Certificate(each).subject_raw) for each in found]
        except roots.RootsError as error:
            raise ValueError(str(error))
        finally:
            transient.release(transient.ROOTS)
        if not found:
            return False
        self._context = self._trusting(self._certset, found)
        self.handshake.roots = chosen
        return True

    def _trusting(self, certset: "CertSet", authorities: "list[bytes]") -> "tls.SSLContext":
        context = checking(self._note, self._ciphers)
        try:
            for authority in authorities:
                context.load_verify_locations(authority)
        except ValueError:
            # Those of the bundle have been checked: Mbed TLS says the same for want of memory.
            if certset.ca is None:
                raise MemoryError
            message = "The CA file of the cert set %s is damaged, or this device cannot use it."
            raise ValueError(message % certset.name)
        if certset.cert is not None:
            try:
                context.load_cert_chain(certset.cert, certset.key)
            except ValueError:
                raise ValueError(f"The client pair of the cert set {certset.name} is damaged.")
        return context

    def _note(self, certificate: memoryview, depth: int) -> int:
        """Called for each certificate of the chain, the server's own last; Mbed TLS judges when all are through.

        Nothing may be raised here: Mbed TLS would not get to free what it holds.
        """
        try:
            self.handshake.note(certificate)
            self._look_at(certificate, depth)
        except MemoryError:
            self.handshake.objection = "memory"
        except ValueError:
            self.handshake.objection = "unreadable"
        return NOT_VERIFIED if self.handshake.objection else 0

    def _look_at(self, certificate: memoryview, depth: int) -> None:
        """Objects where Mbed TLS would not. Raises ValueError if nobody can read this certificate, MemoryError."""
        if depth and not self._pins:
            return
        if self._read is None:  # no handshake is known of: what was not looked at is not believed
            raise ValueError("no reader")
        found = self._read(certificate)
        if self._pins and _pin(found.spki) in self._pins:
            self._pinned = True
        if depth:
            return
        self.valid = (found.not_before, found.not_after)
        if self._pins and not self._pinned:
            self.handshake.objection = "pins"
        elif not found.has_names:
            self.handshake.objection = "names"


def checking(
    note: "Callable[[memoryview, int], int]", ciphers: "list[str] | None" = None
) -> "tls.SSLContext":
    """A context of Mbed TLS that verifies, and trusts nobody yet. Raises ValueError with a sentence."""
    import tls  # MicroPython only

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]  # not in the stubs
    context.verify_callback = note  # type: ignore[attr-defined]  # not in the stubs
    if ciphers is not None:
        try:
            context.set_ciphers(ciphers)
        except OSError:
            raise ValueError("This device does not know all of the chosen ciphers.")
    return context


def wrapped(
    context: "tls.SSLContext | None", sock: "socket.socket", server_name: str
) -> "TlsSocket":
    """A TLS socket over a connected, non-blocking one. Raises OSError(ENOMEM)."""
    assert context is not None
    secure = context.wrap_socket(sock, server_hostname=server_name, do_handshake_on_connect=False)
    secure.setblocking(False)
    return secure


def _pin(spki: "bytes | memoryview") -> str:
    return b2a_base64(sha256(spki).digest()).decode().strip()
