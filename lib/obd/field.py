"""Whether a standard parameter is there in an answer. Alone, because it stays as long as the parameter is asked for."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.mode01 import Buffer


class Field:
    """Where a parameter stands in a single-PID answer (`41 <pid> A B …`).

    Args:
        start, end: of its bytes.
        support: (index of a byte, bit) that is 1 when the ECU has it, or None.
        may_be_blank: whether the standard says that all bits set mean "not available".
    """

    def __init__(
        self, start: int, end: int, support: "tuple[int, int] | None", may_be_blank: bool
    ) -> None:
        self._start = start
        self._end = end
        self._support = support
        self._may_be_blank = may_be_blank

    def present(self, payload: "Buffer") -> bool:
        """Whether this answer carries a value of the parameter: it is long enough, and says that there is one."""
        if len(payload) < self._end:
            return False
        if self._support and not payload[self._support[0]] >> self._support[1] & 1:
            return False
        if not self._may_be_blank:
            return True
        return any(payload[i] != 0xFF for i in range(self._start, self._end))
