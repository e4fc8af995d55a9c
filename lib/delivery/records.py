"""Messages as records in a file, each with a checksum over all of it: half a record is recognised as what it is.

A record, integers with the least significant byte first:

    number 4, length of the body 4, made_s 4, made_ms 8, length of the tag 1, marks 1
    tag (id, space, name of the format), body, CRC-32 (ISO 3309) of everything before 4

The number is the one the reader expects here, or the record does not count. Marks: 1 introduces the device, 2 made_ms
is known.
"""

import os
import struct
from binascii import crc32
from errno import ENOENT

from config import files
from micropython import const

from delivery.message import Message

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import IO

    Fields = tuple[int, int, int, int, int, int]  # of a record's head

_HEAD = "<IIIQBB"
_HEAD_SIZE = const(22)
_CRC_SIZE = const(4)
_FIRST = const(1)
_KNOWN_MS = const(2)


def write(file: "IO[bytes]", number: int, message: Message) -> None:
    """Adds a record at the end of a file. Raises OSError."""
    tag = (message.id + " " + message.format).encode()
    marks = (_FIRST if message.first else 0) | (0 if message.made_ms is None else _KNOWN_MS)
    made_ms = message.made_ms or 0
    head = struct.pack(_HEAD, number, len(message.body), message.made_s, made_ms, len(tag), marks)
    checksum = crc32(message.body, crc32(tag, crc32(head)))
    for part in (head, tag, message.body, struct.pack("<I", checksum)):
        file.write(part)


def read_head(file: "IO[bytes]", number: int, most: int) -> "tuple[bytes, Fields] | None":
    """The head of the record at the file's position, as bytes and fields; None if it is not `number`.

    `most` is how many bytes the record may take.
    """
    head = file.read(_HEAD_SIZE)
    if len(head) < _HEAD_SIZE:
        return None
    fields = struct.unpack(_HEAD, head)
    if fields[0] != number or record_size(fields) > most:
        return None
    return head, fields


def record_size(fields: "Fields") -> int:
    """Bytes of the whole record with this head."""
    return _HEAD_SIZE + fields[4] + fields[1] + _CRC_SIZE


def read_tag(file: "IO[bytes]", fields: "Fields", boot: str) -> "tuple[bytes, int | None]":
    """The tag behind that head, and the uptime at which the message was made if that was in this boot."""
    tag = file.read(fields[4])
    known = fields[5] & _KNOWN_MS and tag.startswith(boot.encode())
    return tag, fields[3] if known else None


def read(file: "IO[bytes]", number: int, most: int, boot: str) -> "Message | None":
    """The message at the file's position; None if it is damaged or not `number`. Raises OSError.

    `boot` is what the ids of this boot begin with.
    """
    found = read_head(file, number, most)
    if found is None:
        return None
    head, fields = found
    tag, made_ms = read_tag(file, fields, boot)
    body = file.read(fields[1])
    checksum = struct.pack("<I", crc32(body, crc32(tag, crc32(head))))
    if file.read(_CRC_SIZE) != checksum:
        return None
    id, _, format = tag.decode().partition(" ")
    return Message(id, body, fields[2], made_ms, bool(fields[5] & _FIRST), format)


def open_in(folder: str, name: str, mode: str) -> "IO[bytes]":
    """Opens a file to write; makes its folder and the one above if they are not there. Raises OSError."""
    path = folder + "/" + name
    try:
        return open(path, mode)
    except OSError as error:
        if error.errno != ENOENT:
            raise
    files.make_folder(folder.rpartition("/")[0])
    files.make_folder(folder)
    return open(path, mode)


def names_in(folder: str) -> "list[str]":
    """The files in a folder, in no order; none if there is no such folder. Raises OSError."""
    try:
        return os.listdir(folder)
    except OSError as error:
        if error.errno == ENOENT:
            return []
        raise


def remove_all(folder: str, names: "list[str]") -> None:
    """Deletes these files, then the folder if nothing is left in it. Raises OSError."""
    for name in names:
        files.remove(folder + "/" + name)
    if not names_in(folder):
        try:
            os.rmdir(folder)
        except OSError as error:
            if error.errno != ENOENT:
                raise
