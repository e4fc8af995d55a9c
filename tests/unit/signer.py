"""Signs updates for tests, under both interpreters, and holds a device's slots in a folder.

The key is made of two primes that everybody can look up, so it keeps no secret: it stands in for the developer's.
"""

import os
from binascii import hexlify
from hashlib import sha256

from device import update
from device.slots import Slots
from device.update import Update
from helper import run

_P = 2**1536 - 3453
_Q = 2**1536 - 4977
KEY = (_P * _Q).to_bytes(384, "big")
SALT = bytes(range(32))
OLD = {"app.mpy": b"old", "web/static/app.js": b"old page"}
NEW = {
    "app.mpy": b"new" * 900,
    "empty.mpy": b"",
    "web/pages.mpy": b"new pages",
    "web/static/app.js": b"\x00\xff" * 1500,
}


def inverse(number, modulus):
    """The inverse of a number (Euclid)."""
    left, right, a, b = number, modulus, 1, 0
    while right:
        quotient = left // right
        left, right, a, b = right, left - quotient * right, b, a - quotient * b
    return a % modulus


def mask(seed, size):
    blocks = [sha256(seed + count.to_bytes(4, "big")).digest() for count in range(size // 32 + 1)]
    return int.from_bytes(b"".join(blocks)[:size], "big")


def sign(digest, salt=SALT):
    """RSASSA-PSS with SHA-256 by the Chinese remainder theorem (RFC 8017 8.1.1, 9.1.1)."""
    hashed = sha256(bytes(8) + digest + salt).digest()
    block = bytes(318) + b"\x01" + salt
    masked = (int.from_bytes(block, "big") ^ mask(hashed, 351)) & ((1 << 2807) - 1)
    return power(int.from_bytes(masked.to_bytes(351, "big") + hashed + b"\xbc", "big"))


def power(message):
    """What the private key makes of a number, in 384 bytes."""
    parts = [pow(message, inverse(65537, prime - 1), prime) for prime in (_P, _Q)]
    found = parts[1] + _Q * ((parts[0] - parts[1]) * inverse(_Q, _P) % _P)
    return found.to_bytes(384, "big")


def pow_of_public(signed):
    """The number that was signed."""
    return pow(int.from_bytes(signed, "big"), 65537, _P * _Q)


def manifest(files, board="unix", version="1.4.0", minimum="1.2.0"):
    """The text about {path: content}."""
    lines = ["wican-update 1", "board " + board, "version " + version, "minimum " + minimum, ""]
    for path in sorted(files):
        digest = hexlify(sha256(files[path]).digest()).decode()
        lines.append("%s %d %s" % (digest, len(files[path]), path))
    return ("\n".join(lines) + "\n").encode()


def archive(files, text=None, signature=None, **head):
    """An update as bytes."""
    text = text or manifest(files, **head)
    signature = signature or sign(sha256(text).digest())
    content = b"".join([files[path] for path in sorted(files)])
    return update.MAGIC + len(text).to_bytes(4, "big") + text + signature + content


class Stream:
    """What `Update` reads from: `data` in pieces, then the end, or `fault`."""

    def __init__(self, data, fault=None):
        self.data = data
        self.fault = fault

    async def read(self, size):
        piece, self.data = self.data[: min(size, 700)], self.data[min(size, 700) :]
        if not piece and self.fault:
            raise self.fault
        return piece


def install(root, data, board="unix", length=None, fault=None):
    """Receives an update; returns its manifest or raises UpdateError."""
    stream = Stream(data, fault)
    return run(Update(Slots(root), KEY, board, stream.read, length).install())


def write(root, path, content):
    """Writes a file and the folders it is in."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        try:
            os.mkdir(root + "/" + "/".join(parts[:depth]))
        except OSError:
            pass
    with open(root + "/" + path, "wb") as file:
        file.write(content)


def fill(root, slot, files, **head):
    """Writes a whole application into a slot, as an image has it."""
    for path in files:
        write(root, "app_%s/%s" % (slot, path), files[path])
    write(root, "app_%s/manifest" % slot, manifest(files, **head))


def content(folder):
    """{path: content} of what is in a slot, without its manifest; None if there is no such folder."""
    found = {}
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            below = content(path)
            found.update({name + "/" + each: below[each] for each in below})
        elif name != "manifest":
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


class Root:
    """A new folder below /tmp that plays the device's file system, gone at the end of the block."""

    def __enter__(self):
        self.path = "/tmp/update-" + hexlify(os.urandom(6)).decode()
        os.mkdir(self.path)
        return self.path

    def __exit__(self, *_):
        remove(self.path)


def remove(folder):
    """Deletes a folder and all that is in it."""
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)
