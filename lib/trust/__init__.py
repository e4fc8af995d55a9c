"""What the device trusts: named certificate sets and the certificates in them."""

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

    def load(self, name: str) -> "CertSet":
        """The set of that name. Raises `trust.certsets.CertSetError`."""
        from trust.certsets import CertSets

        try:
            return CertSets(self._root).load(name)
        finally:
            transient.release(transient.CERT_SETS)
