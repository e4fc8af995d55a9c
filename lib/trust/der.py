"""Distinguished Encoding Rules (ITU-T X.690): walking them and writing them.

Every length is checked and nothing recurses, since the bytes come from strangers. Positions are offsets into the view,
so that walking copies nothing.
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    Item = tuple[int, int, int]

SEQUENCE = const(0x30)
INTEGER = const(0x02)
BIT_STRING = const(0x03)
OCTET_STRING = const(0x04)
OID = const(0x06)

_MAX_CHILDREN = const(64)  # of names, extensions, key fields; longer lists are walked item by item


def item(view: memoryview, at: int, end: int) -> "Item":
    """Tag of the item at `at`, start and stop of its content; `end` is where its parent stops.

    Raises ValueError if it is not whole.
    """
    if at + 2 > end or view[at] & 0x1F == 0x1F:  # tags of several bytes occur nowhere in X.509
        raise ValueError("The DER is damaged.")
    tag, length, at = view[at], view[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3 or at + size > end:
            raise ValueError("The DER is damaged.")
        length = int.from_bytes(bytes(view[at : at + size]), "big")
        at += size
    if at + length > end:
        raise ValueError("The DER is damaged.")
    return tag, at, at + length


def content(view: memoryview, at: int, end: int, tag: int = SEQUENCE) -> "tuple[int, int]":
    """Start and stop of the content of the item at `at`. Raises ValueError if it is of another tag."""
    found, start, stop = item(view, at, end)
    if found != tag:
        raise ValueError("The DER holds something else.")
    return start, stop


def children(view: memoryview, start: int, stop: int) -> "list[Item]":
    """The items one after the other between `start` and `stop`, at most 64. Raises ValueError."""
    found = []
    while start < stop:
        one = item(view, start, stop)
        found.append(one)
        start = one[2]
        if len(found) > _MAX_CHILDREN:
            raise ValueError("The DER holds too many items.")
    return found


def tlv(tag: int, *parts: bytes) -> bytes:
    """One item whose content is all `parts`, at most 65535 bytes. Raises ValueError if they are longer."""
    length = 0
    for part in parts:
        length += len(part)
    if length > 0xFFFF:
        raise ValueError("Too long for DER.")
    if length < 0x80:
        head = bytes((tag, length))
    elif length < 0x100:
        head = bytes((tag, 0x81, length))
    else:
        head = bytes((tag, 0x82, length >> 8, length & 0xFF))
    return b"".join((head,) + parts)
