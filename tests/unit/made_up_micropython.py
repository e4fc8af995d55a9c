"""A file that looks like an official MicroPython for the ESP32-S3 to every tool that looks: nothing in it runs.

Sources: ESP-IDF Programming Guide, "Application Image Format" and "Partition Tables".
"""

import hashlib
import struct

OCTAL = "Generic ESP32S3 module with Octal-SPIRAM"
VFS = 0x200000
_TABLE = (("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000))
_FACTORY = ("factory", 0, 0, 0x10000, 0x1F0000)


def official(version="1.29.0", machine=OCTAL, chip=9, vfs=None, table=None):
    """The file; `vfs` is the size of a file system that the partition table names, as it did until 1.25."""
    entries = [*_TABLE, table or _FACTORY]
    if vfs:
        entries.append(("vfs", 1, 0x81, VFS, vfs))
    banner = f"MicroPython v{version} on 2026-10-09; {machine} with ESP32S3\0".encode()
    parts = {
        0: program(b"second stage bootloader", chip),
        0x8000: partition_table(entries),
        0x10000: program(b"\x90" * 5000 + banner, chip),
    }
    data = b""
    for offset, part in parts.items():
        data += b"\xff" * (offset - len(data)) + part
    return data


def program(content, chip=9):
    """A sound program of one segment, with checksum and SHA-256."""
    content += bytes(-len(content) % 4)
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x3F, 0x40380000)
    head += struct.pack("<B3xHBHH4xB", 0xEE, chip, 0, 0, 0xFFFF, 1)
    data = head + struct.pack("<II", 0x3FC90000, len(content)) + content
    checksum = 0xEF
    for byte in content:
        checksum ^= byte
    data += bytes(15 - len(data) % 16) + bytes([checksum])
    return data + hashlib.sha256(data).digest()


def partition_table(entries):
    """The table with its MD5, in 3 KB."""
    data = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, offset, size, label.encode(), 0)
        for label, kind, sub, offset, size in entries
    )
    data += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(data).digest()
    return data + b"\xff" * (0xC00 - len(data))
