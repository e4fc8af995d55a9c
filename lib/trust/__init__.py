"""What the device trusts: named certificate sets and the certificates in them."""

import os
from errno import ENOENT

import transient

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from trust.certsets import CertSet


class Sets:
    """The cert sets below a folder; what reads and checks them is only in memory while a connection is prepared."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._recovered = False

    def load(self, name: str) -> "CertSet":
        """The set of that name. Raises `trust.certsets.CertSetError`."""
        from trust.certsets import CertSets

        try:
            self.recover()
            return CertSets(self._root).load(name)
        finally:
            transient.release(transient.CERT_SETS)

    def recover(self) -> None:
        """Puts right what a power cut has left over; does nothing but look, and that once, if there is nothing."""
        if self._recovered:
            return
        folder = self._root.rstrip("/") + "/certs"
        try:
            if any(["." in name for name in os.listdir(folder)]):
                from trust import editing  # given back below

                editing.recover(folder)
            if _exists(folder + "/default/roots.bin.new"):
                os.remove(folder + "/default/roots.bin.new")
            self._recovered = True
        except OSError as error:
            self._recovered = (
                error.errno == ENOENT
            )  # there is no folder yet; else it is tried again
        finally:
            transient.release("trust.editing config.files")

    def takes_default(self, name: str) -> bool:
        """Whether a set believes the default bundle."""
        return name == "default" or _exists("%s/certs/%s/ca.default" % (self._root, name))


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
